"""A smaller problem that stands for a large one: where a solver starts, never where it ends."""

from __future__ import annotations

import dataclasses

import numpy as np

from dosing.ensemble.problem import EnsembleProblem
from dynamics.ensemble import Ensemble

__all__ = ["thinned"]


def thinned(problem: EnsembleProblem, members: int, *, seed: int = 0) -> EnsembleProblem:
    """Replace the members by weighted averages of clusters (k-means on the standardised columns).

    Minimisers of the reduced problems approach those of the whole as the measures do (Scagliotti 2026, Theorem 2.2).

    Parameters
    ----------
    problem : EnsembleProblem
    members : int
        Number of clusters asked for.
    seed : int
        Of the first centres.
    """
    from scipy.cluster.vq import kmeans2

    weights = problem.weights
    spread = problem.rows.std(axis=1)
    varies = spread > 1e-12 * np.abs(problem.rows).max(axis=1)
    if members >= len(problem) or not varies.any():
        return problem
    points = (problem.rows[varies] / spread[varies, None]).T
    present = np.flatnonzero(weights > 0)
    _, label = (
        kmeans2(points[present], members, minit="++", rng=seed, missing="warn") if len(present) else (0, [])
    )
    found, inverse = np.unique(label, return_inverse=True)
    share = np.zeros((len(found), len(problem)))
    share[inverse, present] = weights[present]
    total = share.sum(axis=1)
    share /= total[:, None]

    def mean(value: float | np.ndarray) -> float | np.ndarray:
        return share @ value if np.ndim(value) else value

    own = problem.ensemble
    ensemble = Ensemble(
        own.parameter_names,
        share @ own.values,
        total / total.sum(),
        {n: mean(v) for n, v in own.constants.items()},  # type: ignore[misc]
        f"{len(found)} clusters of: {own.provenance}",
    )
    return dataclasses.replace(
        problem,
        ensemble=ensemble,
        constants={n: mean(v) for n, v in problem.constants.items()},
        numbers={n: mean(v) for n, v in problem.numbers.items()},
    )
