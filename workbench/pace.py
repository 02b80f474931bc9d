"""How long a run will still take."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from workbench.observer import STAGE_NAMES

# Seconds a patient, measured on two cores; only their proportions matter, and only until every stage was seen once.
TYPICAL = {
    "fitting": 0.1, "identifiability": 3.0, "dosing": 0.1,
    "window profiles": 15.0, "declared bounds": 3.0, "what to measure next": 20.0,
    "posteriors": 15.0, "population": 300.0,
}  # fmt: skip


class Pace:
    """Measures the stages and extrapolates.

    Parameters
    ----------
    clock : callable
        Seconds; replaced in tests.
    stages : sequence of str
        Of every patient, in turn.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, stages: Sequence[str] = STAGE_NAMES
    ) -> None:
        self._clock, self._stages = clock, tuple(stages)
        self._total = 0
        self._passed: dict[str, int] = dict.fromkeys(self._stages, 0)
        self._seconds: dict[str, float] = dict.fromkeys(self._stages, 0.0)
        self._stage, self._begun, self._done, self._size = "", 0.0, 0.0, 0

    def start(self, patients: int) -> None:
        """Set how many patients have to be computed."""
        self._total = patients

    def stage(self, name: str, patients: int) -> None:
        """Close the stage before and begin this one."""
        self._close()
        self._stage, self._begun, self._done, self._size = name, self._clock(), 0.0, patients

    def tick(self, done: float) -> None:
        """Set how many patients of the chunk have passed the present stage."""
        self._done = done

    def finished(self, patients_done: int) -> None:
        """Close the chunk; after it every stage has seen ``patients_done`` patients."""
        self._close()
        self._stage = ""
        self._passed = dict.fromkeys(self._stages, patients_done)

    def _close(self) -> None:
        """Book the present stage."""
        if self._stage:
            self._seconds[self._stage] += self._clock() - self._begun
            self._passed[self._stage] += self._size

    @property
    def fraction(self) -> float:
        """Share of the work that is done, in [0, 1]."""
        left, done = self._work()
        return done / (left + done) if left + done > 0 else 1.0

    def seconds_left(self) -> float | None:
        """Seconds until the end; None before anything was measured."""
        left, done = self._work()
        spent = sum(self._seconds.values()) + (self._clock() - self._begun if self._stage else 0.0)
        return None if done <= 0 or spent <= 0 else left * spent / done

    def _work(self) -> tuple[float, float]:
        """Work left, work done, in seconds of a typical patient as far as they are known."""
        left = done = 0.0
        for name in self._stages:
            passed = self._passed[name] + (self._done if name == self._stage else 0)
            passed = min(passed, self._total)
            weight = self._weight(name)
            done += weight * passed
            left += weight * (self._total - passed)
        return left, done

    def _weight(self, name: str) -> float:
        """Seconds a patient: measured where it can be, otherwise typical, scaled to the pace so far."""
        known = [s for s in self._stages if self._passed[s] and self._seconds[s] > 0]
        if name in known:
            return self._seconds[name] / self._passed[name]
        if not known:
            return TYPICAL[name]
        spent = sum(self._seconds[s] / self._passed[s] for s in known)
        return TYPICAL[name] * spent / sum(TYPICAL[s] for s in known)


def in_words(seconds: float | None) -> str:
    """Write a duration as a person says it."""
    if seconds is None:
        return "time left unknown"
    if seconds < 10:
        return "a few seconds left"
    if seconds < 90:
        return f"about {round(seconds / 5) * 5:.0f} s left"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} min left"
    return f"about {seconds / 3600:.1f} h left"
