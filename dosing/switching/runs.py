"""From days in subintervals to runs of one drug that respect the dwell time, and the number of subintervals that fits.

A drug whose share of a subinterval is shorter than the dwell time saves it up and is given once enough has come
together; what is left at the end joins its last run. Every drug's total stays what it was, so the cost at the end does
too, and no drug is ever further behind the plan than one dwell time.
"""

from __future__ import annotations

import numpy as np

from dosing.switching.algorithm1 import OptimalPath, SubintervalDurations, algorithm_1
from dosing.switching.model import SwitchingError
from dosing.switching.schedule import SwitchingSchedule

__all__ = ["most_subintervals", "saved_up", "shortest_run_days", "split"]

_SHORT = 1e-9  # of the dwell time
_FINE = 64


def saved_up(days: np.ndarray, dwell_days: float) -> np.ndarray:
    """Postpone days under a drug until they last the dwell time.

    Parameters
    ----------
    days : ndarray, shape (n, d)
        Each column's sum is zero or at least the dwell time.
    dwell_days : float

    Returns
    -------
    days : ndarray, shape (n, d)
        Each number is zero or at least the dwell time; the columns have the same sums.

    Raises
    ------
    SwitchingError
    """
    found = np.zeros_like(days)
    for s in range(days.shape[1]):
        total = float(days[:, s].sum())
        if total <= 0:
            continue
        if total < dwell_days * (1 - _SHORT):
            raise SwitchingError(
                f"a drug is given for {total:g} days in all, less than the dwell time of {dwell_days:g} days"
            )
        saved, last = 0.0, -1
        for k, share in enumerate(days[:, s]):
            saved += share
            if saved > 0 and saved >= dwell_days * (1 - _SHORT):
                found[k, s], saved, last = saved, 0.0, k
        found[last if last >= 0 else len(days) - 1, s] += saved
    return found


def most_subintervals(path: OptimalPath, totals: np.ndarray, dwell_days: float, *, at_most: int = 200) -> int:
    """Return the largest number of subintervals, each of which holds a run under the dwell time (n_max).

    Candidates are screened with the durations of a fine division, interpolated; the one returned is verified.

    Parameters
    ----------
    path : OptimalPath
    totals : ndarray, shape (d,), days
    dwell_days : float
    at_most : int
        More are not tried: visits are no more frequent.
    """
    horizon = float(np.sum(totals))
    ceiling = at_most if dwell_days <= 0 else min(at_most, int(horizon / dwell_days * (1 + _SHORT)))
    fine = algorithm_1(path, totals, _FINE)
    grid = np.append(0.0, fine.nominal_ends_days)
    reached = np.vstack([np.zeros_like(totals), np.cumsum(fine.days, axis=0)])
    for count in range(ceiling, 1, -1):
        ends = horizon * np.arange(count + 1) / count
        guess = np.diff(np.column_stack([np.interp(ends, grid, column) for column in reached.T]), axis=0)
        if _all_hold_a_run(guess, dwell_days) and _all_hold_a_run(
            algorithm_1(path, totals, count).days, dwell_days
        ):
            return count
    return 1


def _all_hold_a_run(days: np.ndarray, dwell_days: float) -> bool:
    """Whether every subinterval still holds something once short shares are saved up."""
    return bool(np.all(saved_up(np.maximum(days, 0.0), dwell_days).sum(axis=1) > 0))


def split(durations: SubintervalDurations, dwell_days: float) -> list[np.ndarray]:
    """Return the days under each drug of each subinterval that holds any, under the dwell time."""
    return [row for row in saved_up(durations.days, dwell_days) if row.sum() > 0]


def shortest_run_days(schedule: SwitchingSchedule) -> float:
    """Return the length of the shortest time between two switches, runs of one drug joined across borders."""
    merged = schedule.merged()
    return float(merged.days.min()) if len(merged.days) else float("inf")
