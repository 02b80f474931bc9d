"""Durations under a dwell time: each drug is given for at least T_min, or not at all.

The paper rounds a duration below the dwell time up and takes the difference from a long one. Which short durations are
better dropped than rounded up is a choice between a few cases; branch and bound settles it, each case being a durations
problem with other bounds, so that the answer is the cheapest and the price of dwelling is known.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass

import numpy as np

from dosing.switching.durations import Durations, solve_durations
from dosing.switching.durations_problem import NO_TREATMENT, DurationsProblem
from dosing.switching.model import SwitchingError

__all__ = ["DwellDurations", "dwell_durations", "rounded_up"]

_MOST_CASES = 4000
_SHORT = 1e-9  # of the dwell time


def days_in_words(days: float) -> str:
    """Write a number of days with its unit."""
    return f"{days:g} day" if days == 1 else f"{days:g} days"


@dataclass(frozen=True)
class DwellDurations:
    """The cheapest durations that are zero or at least the dwell time.

    Parameters
    ----------
    dwell_days : float
    durations : ndarray, shape (d,), days
    cost : float
    free : Durations
        The optimum without a dwell time.
    rounded_cost : float
        Cost of the paper's rounding of it; infinite where that has no room.
    lower_bound : float
        What no durations under this dwell time can undercut.
    cases : int
        Problems solved.
    """

    dwell_days: float
    durations: np.ndarray
    cost: float
    free: Durations
    rounded_cost: float
    lower_bound: float
    cases: int

    @property
    def price_of_dwelling(self) -> float:
        """What the dwell time costs beyond the optimum without it, relative to that."""
        return max(0.0, (self.cost - self.free.cost) / self.free.cost) if self.free.cost > 0 else 0.0

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        if self.price_of_dwelling < 1e-9:
            return f"A dwell time of {days_in_words(self.dwell_days)} costs nothing."
        return (
            f"A dwell time of {days_in_words(self.dwell_days)} raises the cost from {self.free.cost:.6g} to "
            f"{self.cost:.6g}, by {100 * self.price_of_dwelling:.3g} %."
        )


def dwell_durations(problem: DurationsProblem, dwell_days: float) -> DwellDurations:
    """Find the cheapest durations under a dwell time, by branch and bound over the drugs in use.

    Parameters
    ----------
    problem : DurationsProblem
        The dummy choice of a free horizon, if it has one, is under no dwell time.
    dwell_days : float

    Raises
    ------
    SwitchingError
        A dwell time longer than the horizon, or negative; more cases than are tried.
    """
    if not (np.isfinite(dwell_days) and dwell_days >= 0):
        raise SwitchingError(f"the dwell time is {dwell_days} days; it must not be negative")
    if dwell_days > problem.horizon_days:
        raise SwitchingError(
            f"a dwell time of {dwell_days:g} days does not fit into {problem.horizon_days:g} days; shorten it, or "
            "treat for longer"
        )
    under = np.array([name != NO_TREATMENT for name in problem.drugs])
    free = solve_durations(problem)
    rounded = rounded_up(problem, free.durations, dwell_days)
    best, best_cost = rounded, np.inf if rounded is None else problem.cost(rounded)
    rounded_cost, cases = best_cost, 1
    ties = itertools.count()
    open_cases: list[tuple[float, int, Durations]] = [(free.lower_bound, next(ties), free)]
    proven = free.lower_bound
    while open_cases:
        bound, _, case = heapq.heappop(open_cases)
        # the least bound of all open cases is a bound of everything not yet looked at
        proven = max(proven, min(bound, best_cost))
        if bound >= best_cost * (1 - 1e-12):
            break
        short = under & (case.durations > _SHORT * dwell_days) & (case.durations < dwell_days * (1 - _SHORT))
        if not short.any():
            settled = np.where(under & (case.durations <= _SHORT * dwell_days), 0.0, case.durations)
            settled = _with_sum(problem, settled)
            if problem.cost(settled) < best_cost:
                best, best_cost = settled, problem.cost(settled)
            continue
        s = int(np.argmax(np.where(short, np.minimum(case.durations, dwell_days - case.durations), -1.0)))
        for given in (False, True):
            least, most = case.problem.least.copy(), case.problem.most.copy()
            if given:
                least[s] = dwell_days
            else:
                most[s] = 0.0
            child = problem.with_bounds(least, most)
            if not child.is_feasible:
                continue
            cases += 1
            if cases > _MOST_CASES:
                raise SwitchingError(
                    f"{_MOST_CASES} combinations of drugs did not settle which of {len(problem.drugs)} drugs to use "
                    f"under a dwell time of {dwell_days:g} days; leave out drugs that act alike"
                )
            answer = solve_durations(child, start=case.durations)
            if answer.lower_bound < best_cost:
                heapq.heappush(open_cases, (answer.lower_bound, next(ties), answer))
    else:
        proven = best_cost
    if best is None:
        raise SwitchingError(
            f"no drug can be given for {dwell_days:g} days within {problem.horizon_days:g} days"
        )
    return DwellDurations(
        float(dwell_days), best, float(best_cost), free, float(rounded_cost), min(proven, best_cost), cases
    )


def rounded_up(problem: DurationsProblem, durations: np.ndarray, dwell_days: float) -> np.ndarray | None:
    """Round short durations up to the dwell time and take the difference from the longest (below eq. 23).

    Returns
    -------
    durations : ndarray, shape (d,), or None
        None where no duration is long enough to take it from.
    """
    under = np.array([name != NO_TREATMENT for name in problem.drugs])
    found = np.where(durations <= _SHORT * dwell_days, 0.0, durations)
    short = under & (found > 0) & (found < dwell_days)
    found[short] = dwell_days
    least = np.where(under & (found > 0), dwell_days, 0.0)
    for _ in problem.drugs:
        excess = found.sum() - problem.horizon_days
        if excess <= 0:
            break
        longest = int(np.argmax(found - least))
        found[longest] -= min(excess, found[longest] - least[longest])
    if found.sum() > problem.horizon_days * (1 + 1e-12):
        return None
    return _with_sum(problem, found)


def _with_sum(problem: DurationsProblem, durations: np.ndarray) -> np.ndarray:
    """Give the last digits that are missing from the horizon to the longest duration."""
    found = durations.copy()
    found[int(np.argmax(found))] += problem.horizon_days - found.sum()
    return found
