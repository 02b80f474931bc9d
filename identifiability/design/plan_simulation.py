"""Simulating what further visits would show, to see what they would settle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from identifiability.design.design_result import Candidate
from identifiability.resampling.reach import Reach, reach, widened
from identifiability.resampling.refits import refit
from identifiability.resampling.replicates import limits_of, repeated, with_fresh_data

if TYPE_CHECKING:
    from fitting.problem import CohortProblem
    from identifiability.resampling.held import Target


def simulate_plan(
    problem: CohortProblem,
    candidate: Candidate,
    target: Target,
    best: np.ndarray,
    sets: np.ndarray,
    admitted: np.ndarray,
    limits: tuple[float, float],
    simulations: int,
    level: float,
    generator: np.random.Generator,
) -> Candidate:
    """Simulate a plan's visits, refit, locate the ends of the target's interval.

    Parameters
    ----------
    problem : CohortProblem
        One patient, the plan's visits last.
    candidate : Candidate
    target : Target
    best : ndarray, shape (q,)
    sets : ndarray, shape (m, q)
        What the data are simulated from, in turn.
    admitted : ndarray, shape (k, q)
        What no interval may leave out unless the new data do.
    limits : tuple of float
        Of the assay at the new visits.
    """
    n, more = int(problem.measured[0].sum()), len(candidate.plan.days)
    many = repeated(problem, np.zeros(simulations, dtype=int))
    # every second data set from the estimate, the others from the other sets in turn
    turn = np.arange(simulations)
    origin = (
        np.where(turn % 2 == 0, 0, 1 + (turn // 2) % max(len(sets) - 1, 1)) if len(sets) > 1 else 0 * turn
    )
    new = np.zeros(many.measured.shape, dtype=bool)
    new[:, n - more : n] = True
    below, above = (np.where(new, limit, known) for limit, known in zip(limits, limits_of(many), strict=True))
    many = with_fresh_data(many, sets[origin], generator, limits=(below, above), visits=new)
    found, _ = refit(many, [np.vstack([best, sets]) for _ in origin])
    ends = widened(many, reach(many, found, target, level=level), target, admitted, level)
    width = interval_width(ends, target)
    return Candidate(
        candidate.plan, candidate.se_now, candidate.se_after, candidate.se_worst,
        simulations=simulations,
        closed=float(ends.closed[origin == 0].mean()),
        closed_elsewhere=float(ends.closed[origin > 0].mean()) if np.any(origin > 0) else float("nan"),
        lower_closed=float(ends.lower_closed.mean()),
        upper_closed=float(ends.upper_closed.mean()),
        width_after=float(np.median(width)),
        shares=tuple(float(ends.closed[origin == k].mean()) for k in range(len(sets)) if np.any(origin == k)),
    )  # fmt: skip


def interval_width(found: Reach, target: Target) -> np.ndarray:
    """Width of intervals: a factor where the target is positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return found.upper / found.lower if target.logarithmic else found.upper - found.lower
