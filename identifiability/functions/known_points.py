"""What earlier searches know of a likelihood, as starting points for the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fitting.optimizer import minimise

if TYPE_CHECKING:
    from fitting.problem import CohortProblem
    from fitting.result import Fit
    from identifiability.result import Profile


def known_points(
    problem: CohortProblem, w: int, fit: Fit, profiles: Sequence[Profile] = (), *, margin: float = 3.0
) -> np.ndarray:
    """Collect optima and profile points of a patient as free vectors.

    Every one of them is an upper bound of any function's profile at its own value of that function.

    Parameters
    ----------
    problem : CohortProblem
    w : int
        The patient's place in the problem.
    fit : Fit
    profiles : sequence of Profile
        Points higher than ``margin`` above their threshold are left out.

    Returns
    -------
    ndarray, shape (k, q)
        The optimum first; the dispersion, which profiles do not keep, is fitted again.
    """
    p = problem.n_parameters
    sets = [fit.estimates[None, :], fit.optima[fit.optima_nll <= fit.nll + 6.0]]
    sets += [profile.sets[profile.rise <= profile.threshold + margin] for profile in profiles]
    x = np.log(np.concatenate(sets))
    if problem.size == p:
        return np.clip(x, problem.lower[w], problem.upper[w])
    start = np.column_stack([x, np.full(len(x), np.log(fit.dispersion or 1.0))])
    fixed = np.zeros(start.shape, dtype=bool)
    fixed[1:, :p] = True
    who = np.full(len(x), w)
    return minimise(
        problem.evaluate, start, who, problem.lower[who], problem.upper[who], fixed=fixed, tolerance=1e-6,
        max_iterations=30,
    ).q  # fmt: skip
