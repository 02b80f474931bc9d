"""What a population model reads of its patients, as arrays: the visits of all end to end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fitting.bayesian.penalised_problem import PenalisedProblem


@dataclass(frozen=True)
class CohortData:
    """Measurements, doses and constants of w patients, nothing padded.

    Parameters
    ----------
    burdens, times, at_or_below, at_or_above : ndarray, shape (n,)
        The limits are infinite where a value was measured.
    n_times, n_switches : ndarray of int, shape (w,)
        They sum to n and m.
    switches : ndarray, shape (m,)
    doses : ndarray, shape (m, inputs)
    constants : ndarray, shape (w, k)
    log_scale : ndarray, shape (w, c)
        Logarithms of what a patient's coordinates are measured in.
    """

    burdens: np.ndarray
    times: np.ndarray
    at_or_below: np.ndarray
    at_or_above: np.ndarray
    n_times: np.ndarray
    n_switches: np.ndarray
    switches: np.ndarray
    doses: np.ndarray
    constants: np.ndarray
    log_scale: np.ndarray

    @property
    def who(self) -> np.ndarray:
        """The patient's place of each visit, shape (n,)."""
        return np.repeat(np.arange(len(self.n_times)), self.n_times)

    @property
    def censoring(self) -> np.ndarray:
        """0 measured, -1 at or below the burden, +1 at or above it, shape (n,)."""
        return np.isfinite(self.at_or_above).astype(int) - np.isfinite(self.at_or_below).astype(int)

    @property
    def is_censored(self) -> bool:
        """Whether any value lies beyond a limit."""
        return bool(np.any(self.censoring))

    def arrays(self) -> dict[str, np.ndarray]:
        """Arrays by name, as a PyMC model's data."""
        limits = () if self.is_censored else ("at_or_below", "at_or_above")
        return {k: v for k, v in vars(self).items() if k not in limits}

    @classmethod
    def of(cls, problem: PenalisedProblem) -> CohortData:
        """Lay a cohort's problem end to end."""
        c = problem.courses
        kept = np.arange(c.times.shape[1]) < c.n_times[:, None]
        switched = np.arange(c.switches.shape[1]) < c.n_switches[:, None]
        burdens, censoring = problem.burdens[kept].astype(float), problem.censoring[kept]
        return cls(
            burdens=burdens,
            times=c.times[kept],
            at_or_below=np.where(censoring < 0, burdens, -np.inf),
            at_or_above=np.where(censoring > 0, burdens, np.inf),
            n_times=np.asarray(c.n_times, dtype=np.int64),
            n_switches=np.asarray(c.n_switches, dtype=np.int64),
            switches=c.switches[switched],
            doses=c.doses[switched],
            constants=np.ascontiguousarray(c.constants),
            log_scale=problem.log_scale,
        )
