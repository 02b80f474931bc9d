"""Profile likelihoods of a cohort, several valleys deep.

A profile that follows one branch from the optimum reports the limits of that valley. Here walkers leave the
optimum along every parameter in both directions; fresh starts look for further valleys; walkers follow those
too, from line to line, until nothing improves; a better optimum restarts the patient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fitting.problem import CohortProblem
from fitting.result import Fit
from identifiability.profiles.line import Line
from identifiability.profiles.profile_settings import ProfileSettings
from identifiability.profiles.search import ProfileSearch
from identifiability.profiles.sides import intervals_of, side_statuses
from identifiability.result import Profile


@dataclass(frozen=True)
class ProfiledPatient:
    """Profiles of one patient, with the optimum they rest on.

    Parameters
    ----------
    best : ndarray, shape (q,)
        Logarithms of the best parameters seen, which may be better than the fit's.
    nll : float
    profiles : tuple of Profile
    """

    best: np.ndarray
    nll: float
    profiles: tuple[Profile, ...]


def profile_cohort(
    problem: CohortProblem,
    fits: Sequence[Fit],
    settings: ProfileSettings,
    progress: Callable[[float], None] | None = None,
) -> tuple[ProfiledPatient, ...]:
    """Profile every parameter of every patient of a problem.

    Parameters
    ----------
    problem : CohortProblem
        The patients of ``fits``, in the same order.
    fits : sequence of Fit
    settings : ProfileSettings
    progress : callable, optional
        Called with the share of the work done.

    Returns
    -------
    tuple of ProfiledPatient
    """
    report = progress or (lambda _: None)
    search = ProfileSearch(problem, fits, settings)
    search.exchange()
    report(0.3)
    search.look_for_valleys()
    report(0.5)
    for attempt in range(4):
        search.exchange()
        report(0.7 + 0.05 * attempt)
        if not search.adopt_better_optimum():
            break
    search.look_beyond_cliffs()
    search.exchange()
    search.settle_ends()
    report(1.0)
    return tuple(_finish(search, w) for w in range(len(fits)))


def _finish(search: ProfileSearch, w: int) -> ProfiledPatient:
    """Read confidence sets and side statuses off a patient's lines."""
    best, nll = search.best[w], float(search.best_nll[w])
    lines = sorted((line for line in search.lines if line.w == w), key=lambda line: line.index)
    profiles = tuple(_profile(search.problem, line, best, nll, search.settings) for line in lines)
    return ProfiledPatient(best, nll, profiles)


def _profile(
    problem: CohortProblem, line: Line, best: np.ndarray, nll_min: float, settings: ProfileSettings
) -> Profile:
    """Read confidence set and side statuses off a finished line."""
    p = problem.n_parameters
    known = np.isfinite(line.nll)
    grid, nll, q, converged = line.grid[known], line.nll[known], line.q[known], line.converged[known]
    others = np.delete(np.arange(problem.size), line.index)
    low, high = problem.lower[line.w], problem.upper[line.w]
    on_bound = np.any((q[:, others] <= low[others] + 1e-6) | (q[:, others] >= high[others] - 1e-6), axis=1)
    inside = nll <= nll_min + settings.threshold
    inside[int(np.abs(grid - best[line.index]).argmin())] = True
    reaches = (abs(grid[0] - low[line.index]) < 1e-9, abs(grid[-1] - high[line.index]) < 1e-9)
    lower_status, upper_status = side_statuses(inside, on_bound, converged, reaches)
    return Profile(
        parameter=problem.model.parameter_names[line.index],
        values=np.exp(grid),
        nll=nll,
        sets=np.exp(q[:, :p]),
        estimate=float(np.exp(best[line.index])),
        nll_min=nll_min,
        threshold=settings.threshold,
        level=settings.level,
        df=settings.df,
        intervals=intervals_of(np.exp(grid), nll - nll_min, settings.threshold, inside),
        lower_status=lower_status,
        upper_status=upper_status,
    )
