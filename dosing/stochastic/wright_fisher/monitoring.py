"""Control between looks: naive, or pre-emptive by waiting times (Fischer 2015, 3.2 and 3.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dosing.stochastic.wright_fisher.propagation import Propagator, Regimes, nothing
from dosing.stochastic.wright_fisher.selection import WrightFisherError

__all__ = ["NaiveControl", "PreemptiveControl", "naive_control", "preemptive_control"]

_ROUNDS = 100


@dataclass(frozen=True)
class NaiveControl:
    """What the control for the frequency last seen achieves if it is kept until the next look.

    Parameters
    ----------
    x : ndarray
        (n,) frequency at a look.
    interval : float
        Between looks, in N generations.
    threshold : float
    survival : ndarray
        (n,) mean survival time in N generations, from a look at that frequency.
    """

    x: np.ndarray
    interval: float
    threshold: float
    survival: np.ndarray

    def survival_from(self, start: float) -> float:
        """Mean survival time from a frequency, in N generations."""
        return _at(self.x, self.survival, start)


@dataclass(frozen=True)
class PreemptiveControl:
    """The best protocol that starts with no or the strongest control and turns neutral after a waiting time.

    Parameters
    ----------
    x : ndarray
        (n,) frequency at a look.
    interval, step : float
        Between looks, and between waiting times to choose from, in N generations.
    signed_waiting : ndarray
        (n,) waiting time tau_c in N generations; negative where the strongest control comes first, positive where
        none does.
    survival : ndarray
        (n,) mean survival time in N generations, from a look at that frequency.
    safe : float
        The position at which the waiting time is zero.
    rounds : int
        Of policy iteration.
    """

    x: np.ndarray
    interval: float
    step: float
    signed_waiting: np.ndarray
    survival: np.ndarray
    safe: float
    rounds: int

    def survival_from(self, start: float) -> float:
        """Mean survival time from a frequency, in N generations."""
        return _at(self.x, self.survival, start)

    @property
    def waiting(self) -> np.ndarray:
        """Waiting time tau_c(x, Delta) before neutral, in N generations."""
        return np.abs(self.signed_waiting)

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        return (
            f"Looking every {self.interval:g} N generations: steer towards a frequency of {self.safe:.3f}, then make "
            f"both alleles equal until the next look; from 0.5 both are kept for {self.survival_from(0.5):.4g} N "
            "generations on average"
        )


def _at(x: np.ndarray, values: np.ndarray, start: float) -> float:
    """Value at a frequency; it vanishes at 0 and 1."""
    from scipy.interpolate import PchipInterpolator

    nodes, padded = np.concatenate([[0.0], x, [1.0]]), np.concatenate([[0.0], values, [0.0]])
    return float(PchipInterpolator(nodes, padded)(start))


def _steps(regimes: Regimes, interval: float) -> int:
    """Return the number of steps in an interval, which must be whole."""
    steps = round(interval / regimes.step)
    if steps < 1 or abs(steps * regimes.step - interval) > 1e-9 * interval:
        raise WrightFisherError(
            f"an interval of {interval:g} is not a whole number of steps of {regimes.step:g} N generations; take a "
            "step that divides it"
        )
    return steps


def naive_control(regimes: Regimes, interval: float, threshold: float) -> NaiveControl:
    """Mean survival when the bang-bang control for the last seen frequency is kept until the next look.

    From look to look the frequency is a Markov chain with loss; the survival times solve
    ``T = time kept until the next look + chain T``, a linear system, without simulation.

    Parameters
    ----------
    regimes : Regimes
    interval : float
        In N generations, a whole number of steps.
    threshold : float
    """
    steps = _steps(regimes, interval)
    free, opposed = regimes.free.repeated(steps), regimes.opposed.repeated(steps)
    above = regimes.share_above(threshold)
    matrix = (1.0 - above)[:, None] * free.matrix + above[:, None] * opposed.matrix
    kept = (1.0 - above) * free.kept + above * opposed.kept
    survival = np.linalg.solve(np.eye(len(kept)) - matrix, kept)
    return NaiveControl(regimes.x, interval, threshold, survival)


class _Waits:
    """All protocols of an interval: a start regime for k steps, then neutral."""

    def __init__(self, regimes: Regimes, steps: int) -> None:
        if regimes.neutral is None:
            raise WrightFisherError(
                f"the strongest control {regimes.selection.strongest:g} cannot make the alleles equal (that takes "
                f"{-regimes.selection.sigma:g}), so there is no neutral regime to wait in; use naive control or a "
                "stronger one"
            )
        self.steps = steps
        self.first = [self._powers(p, steps) for p in (regimes.free, regimes.opposed)]
        self.neutral = self._powers(regimes.neutral, steps)

    @staticmethod
    def _powers(one: Propagator, steps: int) -> list[Propagator]:
        powers = [nothing(len(one.kept))]
        for _ in range(steps):
            powers.append(powers[-1].after(one))
        return powers

    def values(self, survival: np.ndarray) -> np.ndarray:
        """Mean time kept under each protocol if ``survival`` follows, shape (2, steps + 1, n)."""
        parked = [p.kept + p.matrix @ survival for p in reversed(self.neutral)]
        return np.array(
            [[p.kept + p.matrix @ w for p, w in zip(powers, parked, strict=True)] for powers in self.first]
        )

    def chain(self, start: np.ndarray, wait: np.ndarray) -> Propagator:
        """Interval under a protocol a state: start regime (0 free, 1 opposed) and number of steps."""
        matrix, kept = np.empty_like(self.neutral[0].matrix), np.empty(len(start))
        for first, k in {(int(a), int(b)) for a, b in zip(start, wait, strict=True)}:
            rows = (start == first) & (wait == k)
            head, tail = self.first[first][k], self.neutral[self.steps - k]
            matrix[rows] = head.matrix[rows] @ tail.matrix
            kept[rows] = head.kept[rows] + head.matrix[rows] @ tail.kept
        return Propagator(matrix, kept)


def preemptive_control(regimes: Regimes, interval: float) -> PreemptiveControl:
    """Find the waiting times that maximise the mean survival time, by policy iteration on the chain of looks.

    Each round solves the linear system of the current protocol, then takes the better protocol for every
    frequency; the survival times rise until nothing changes, and what remains is the best of all tables of waiting
    times in whole steps. Keeping a control for the whole interval is among the choices, so this is never worse than
    naive control with any threshold on the same grid.

    Parameters
    ----------
    regimes : Regimes
        Their step is the resolution of the waiting times.
    interval : float
        In N generations, a whole number of steps.
    """
    steps = _steps(regimes, interval)
    waits = _Waits(regimes, steps)
    x = regimes.x
    start, wait = (x >= 0.5).astype(int), np.zeros(len(x), dtype=int)
    everyone = np.arange(len(x))
    rounds = 0
    while rounds < _ROUNDS:
        rounds += 1
        chain = waits.chain(start, wait)
        survival = np.linalg.solve(np.eye(len(x)) - chain.matrix, chain.kept)
        values = waits.values(survival)
        flat = values.reshape(-1, len(x))
        best = np.argmax(flat, axis=0)
        # rounding must not exchange protocols for ever: leave one only for a real gain
        better = flat[best, everyone] > values[start, wait, everyone] * (1 + 1e-11)
        if not better.any():
            break
        start = np.where(better, best // (steps + 1), start)
        wait = np.where(better, best % (steps + 1), wait)
    else:
        raise WrightFisherError(
            f"policy iteration over waiting times did not settle in {_ROUNDS} rounds (interval {interval:g}, "
            f"{steps} steps): take fewer, longer steps"
        )
    signed = np.where(start == 0, 1.0, -1.0) * wait * regimes.step
    return PreemptiveControl(
        x, interval, regimes.step, signed, survival, _safe_position(x, values[0, 0]), rounds
    )


def _safe_position(x: np.ndarray, parked: np.ndarray) -> float:
    """Maximum of the value of going neutral at once: a push up or down gains nothing there."""
    i = int(np.clip(np.argmax(parked), 1, len(x) - 2))
    a, b, _ = np.polyfit(x[i - 1 : i + 2] - x[i], parked[i - 1 : i + 2] / parked[i] - 1.0, 2)
    return float(x[i] - b / (2 * a))
