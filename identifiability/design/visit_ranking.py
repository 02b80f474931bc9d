"""Further visits in the order of what they are expected to tell.

The expected information of a visit depends on the very parameters in question, so that it is averaged over
several admitted sets (geometrically), not taken at the estimate alone. It may be singular; the declared bounds
then serve as a weak prior: a normal distribution of the logarithm with the standard deviation of a uniform one
between the bounds (on Bayesian design see Chaloner and Verdinelli, Statistical Science 10:273, 1995).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from identifiability.information.measurement import measurement_information

if TYPE_CHECKING:
    from fitting.problem import CohortProblem
    from identifiability.resampling.held import Target

CHUNK = 4000  # plans whose matrices are inverted together


@dataclass(frozen=True)
class RankedVisits:
    """Some visits of one course, with what they are expected to leave open.

    Parameters
    ----------
    course : int
        Row of the problem, such as a dose level.
    visits : tuple of int
        Columns of the problem.
    before, after : float
        Without, with the visits: standard error of the target (on the scale of the search), geometric mean over
        the sets; without a target, the geometric mean of the standard errors along the principal axes too.
    worst : float
        Largest ``after`` of any set.
    """

    course: int
    visits: tuple[int, ...]
    before: float
    after: float
    worst: float

    @property
    def gain(self) -> float:
        """Factor by which the standard error shrinks."""
        return self.before / self.after


def visit_information(
    problem: CohortProblem,
    sets: np.ndarray,
    limits: tuple[np.ndarray | float, np.ndarray | float] = (np.nan, np.nan),
) -> np.ndarray:
    """Compute the expected information of every visit of every course, at every set.

    Parameters
    ----------
    problem : CohortProblem
        One row a course.
    sets : ndarray, shape (m, q)
        Free vectors.
    limits : tuple of float or ndarray, shape (n,)
        Limits of the assay.

    Returns
    -------
    ndarray, shape (w, m, n, q, q)
        Zero for sets at which the model cannot be solved.
    """
    courses, m, p = len(problem.burdens), len(sets), problem.n_parameters
    who = np.repeat(np.arange(courses), m)
    y, dy, solved = problem.outputs(np.tile(sets, (courses, 1)), who, sensitive=True)
    solved = solved & np.all(np.isfinite(y), axis=1) & np.all(np.isfinite(dy), axis=(1, 2))
    y, dy = np.where(solved[:, None], y, 1.0), np.where(solved[:, None, None], dy, 0.0)
    phi = np.exp(sets[:, p]) if problem.likelihood.has_dispersion else np.ones(m)
    each = measurement_information(problem.likelihood, y, np.tile(phi, courses)[:, None], *limits)
    slopes = np.zeros((*y.shape, 2, problem.size))
    slopes[..., 0, :p] = dy
    if problem.likelihood.has_dispersion:
        slopes[..., 1, p] = 1.0
    found = np.einsum("bnai,bnac,bncj->bnij", slopes, each, slopes)
    found *= (solved[:, None] & problem.measured[who])[..., None, None]
    return found.reshape(courses, m, y.shape[1], problem.size, problem.size)


def weak_prior(problem: CohortProblem, w: int = 0) -> np.ndarray:
    """Information of a prior as wide as the declared bounds, shape (q, q)."""
    width = problem.upper[w] - problem.lower[w]
    return np.diag(12.0 / width**2)


def rank_visits(
    problem: CohortProblem,
    sets: np.ndarray,
    candidates: Sequence[int],
    target: Target | None,
    *,
    number: int = 1,
    limits: tuple[np.ndarray | float, np.ndarray | float] = (np.nan, np.nan),
) -> tuple[RankedVisits, ...]:
    """Rank all combinations of so many candidate visits, of every course.

    Parameters
    ----------
    problem : CohortProblem
        One row a course: the same past, another dose from now on. All visits that are no candidates count as
        made.
    sets : ndarray, shape (m, q)
        Free vectors that the data admit; those at which the target does not exist are left out.
    candidates : sequence of int
        Columns.
    target : Target or None
        What is to become known; None for all parameters alike (D-optimality).
    number : int
        Visits to be chosen together.
    limits : tuple
        See :func:`visit_information`.

    Returns
    -------
    tuple of RankedVisits
        Most telling first.

    Raises
    ------
    ValueError
        A target that exists at none of the sets.
    """
    p = problem.n_parameters
    if target is not None:
        measure, slope = target.measure(sets, p), target.slope(sets, p)
        exists = np.isfinite(measure) & np.all(np.isfinite(slope), axis=1)
        if not exists.any():
            raise ValueError(
                f"{target.name} exists at none of the {len(sets)} parameter sets that the data admit"
            )
        sets, slope = sets[exists], slope[exists]
    else:
        slope = np.zeros_like(sets)
    information = visit_information(problem, sets, limits)
    made = np.ones(problem.burdens.shape[1], dtype=bool)
    made[list(candidates)] = False
    now = information[:, :, made].sum(axis=2) + weak_prior(problem)
    before = _geometric(_errors(now, slope, target is None))
    chosen = np.array(list(combinations(candidates, number)), dtype=int).reshape(-1, number)
    ranked = []
    for course in range(len(information)):
        for first in range(0, len(chosen), CHUNK):
            some = chosen[first : first + CHUNK]
            matrices = now[course][None] + information[course][:, some].sum(axis=2).swapaxes(0, 1)
            errors = _errors(matrices, slope, target is None)
            mean, worst = _geometric(errors), errors.max(axis=1)
            ranked += [
                RankedVisits(course, tuple(int(v) for v in visits), float(before[course]), float(a), float(b))
                for visits, a, b in zip(some, mean, worst, strict=True)
            ]
    return tuple(sorted(ranked, key=lambda r: r.after))


def _geometric(errors: np.ndarray) -> np.ndarray:
    """Geometric mean over the sets: a set that nothing can teach must not drown those that can be told."""
    return np.exp(np.log(np.maximum(errors, 1e-300)).mean(axis=1))


def _errors(matrices: np.ndarray, slope: np.ndarray, everything: bool) -> np.ndarray:
    """Read standard errors from informations (..., m, q, q), shape (..., m)."""
    if everything:
        size = matrices.shape[-1]
        return np.exp(-0.5 * np.linalg.slogdet(matrices)[1] / size)
    right = np.broadcast_to(slope[..., None], (*matrices.shape[:-1], 1))
    solved = np.linalg.solve(matrices, right)[..., 0]
    return np.sqrt(np.maximum(np.einsum("...i,...i->...", solved, np.broadcast_to(slope, solved.shape)), 0.0))
