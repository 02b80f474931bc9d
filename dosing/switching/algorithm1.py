"""Days under each drug in each subinterval, so that an interruption costs little: Devia and Giordano, Algorithm 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dosing.switching.cost import SwitchingCost
from dosing.switching.durations import solve_durations
from dosing.switching.durations_problem import DurationsProblem
from dosing.switching.model import SwitchingError, SwitchingModel

__all__ = ["OptimalPath", "SubintervalDurations", "algorithm_1"]

_SHORT = 1e-9  # of a horizon: durations that miss it by less do, but for rounding


@dataclass(frozen=True)
class SubintervalDurations:
    """Which share of each drug's total falls into which subinterval.

    Parameters
    ----------
    nominal_ends_days : ndarray, shape (n,)
        Ends of n equal subintervals.
    days : ndarray, shape (n, d)
        Delta of the algorithm, never negative; the columns sum to the totals exactly.
    totals : ndarray, shape (d,)
    largest_shift_days : float
        How far the end of a subinterval lies before its nominal end; zero but for rounding unless differences were
        truncated.
    """

    nominal_ends_days: np.ndarray
    days: np.ndarray
    totals: np.ndarray
    largest_shift_days: float


class OptimalPath:
    """Optimal durations as a function of the horizon, each solved once, from its neighbour's answer.

    Parameters
    ----------
    model : SwitchingModel
    cost : SwitchingCost
    horizon_days : float
        The longest horizon that will be asked for.
    """

    def __init__(self, model: SwitchingModel, cost: SwitchingCost, horizon_days: float) -> None:
        self.problem = DurationsProblem.of(model, cost, horizon_days)
        self._known: dict[float, np.ndarray] = {}
        self.cost_at(horizon_days)

    def at(self, day: float) -> np.ndarray:
        """Return the best durations for a horizon, shape (d,)."""
        day = float(day)
        if day <= 0:
            return np.zeros(len(self.problem.drugs))
        if day not in self._known:
            near = min(self._known, key=lambda known: abs(known - day), default=None)
            start = None if near is None else self._known[near] * (day / near)
            self._known[day] = solve_durations(self.problem.with_horizon(day), start=start).durations
        return self._known[day]

    def cost_at(self, day: float) -> float:
        """Return J_opt of a horizon."""
        return self.problem.cost(self.at(day))


def algorithm_1(
    path: OptimalPath, totals: np.ndarray, subintervals: int, *, truncate: bool = False
) -> SubintervalDurations:
    """Go back from the last subinterval, giving each what the optimum needs beyond the one before (Algorithm 1).

    The optimum for a shorter horizon may use a drug for longer than the rest of the course has left of it. The paper
    sets such negative differences to zero, which makes later subintervals longer and can leave nothing for the first
    ones. Here the shorter horizon is solved again with what is left as upper bounds: subintervals keep their lengths,
    and each border is the best that the later ones allow. Without negative differences the two are the same.

    Parameters
    ----------
    path : OptimalPath
    totals : ndarray, shape (d,), days
        Durations of the whole course: the optimum, or the optimum under a dwell time.
    subintervals : int
    truncate : bool
        Set negative differences to zero, as printed in the paper.

    Raises
    ------
    SwitchingError
    """
    if subintervals < 1:
        raise SwitchingError(f"{subintervals} subintervals; a course has at least one")
    totals = np.asarray(totals, dtype=float)
    ends = totals.sum() * np.arange(1, subintervals + 1) / subintervals
    days = np.zeros((subintervals, len(totals)))
    left, shift = totals.copy(), 0.0
    for k in range(subintervals - 1, 0, -1):
        before = path.at(ends[k - 1])
        kept = np.minimum(left, before)
        if not truncate and ends[k - 1] - kept.sum() > _SHORT * ends[k - 1]:
            within = path.problem.with_horizon(float(ends[k - 1])).with_bounds(np.zeros_like(left), left)
            kept = np.minimum(left, solve_durations(within, start=within.within_bounds(kept)).durations)
        days[k], left = left - kept, kept
        shift = max(shift, float(ends[k - 1] - left.sum()))
    # whatever is left belongs to the first subinterval, so that the sum is the total to the last digit
    days[0] = left
    return SubintervalDurations(ends, days, totals, shift)
