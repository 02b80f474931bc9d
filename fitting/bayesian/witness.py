"""The second witness of sampled draws: importance draws of the same posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fitting.bayesian.explore import Exploration
    from fitting.bayesian.sampling import Sampled
    from fitting.posterior_checks.convergence import Convergence

MOST_DIVERGING = 0.002  # share of the draws
LEAST_EFFECTIVE = 400.0  # importance draws
SHARES = (0.025, 0.1, 0.5, 0.9, 0.975)
ERRORS = 3.5  # Monte Carlo standard errors; 20 comparisons of equal posteriors pass in 99 of 100 cases


def agrees(check: Convergence, sampled: Sampled, explored: Exploration) -> bool:
    """Say whether divergences are all that is wrong, few, and without a trace in the quantiles.

    A divergence marks a place that a trajectory could not enter, and the bias to fear is that draws are missing there.
    Importance draws have no trajectories: where as many of the sampler's draws lie below each of their quantiles as
    should, up to Monte Carlo error, none are missing. Shares are compared, not quantiles: a quantile far out in a
    heavy tail moves by half a standard deviation from chance alone.

    Parameters
    ----------
    check : Convergence
    sampled : Sampled
    explored : Exploration
    """
    from fitting.posterior_checks.convergence import LIMITS

    diverging = float(np.mean(sampled.sample_stats.get("diverging", np.ones(1))))
    mixed = check.worst_rhat <= LIMITS.rhat and check.least_ess >= LIMITS.ess
    if not mixed or diverging > MOST_DIVERGING or explored.draws.effective < LEAST_EFFECTIVE:
        return False
    draws = sampled.coordinates.reshape(-1, sampled.coordinates.shape[-1])
    points, weights = explored.coordinates(), explored.draws.weights
    per_draw = 1 / check.least_ess + 1 / explored.draws.effective
    for i in range(draws.shape[1]):
        order = np.argsort(points[:, i])
        cumulative = np.cumsum(weights[order])
        for share in SHARES:
            quantile = points[order[np.searchsorted(cumulative, share * cumulative[-1])], i]
            error = np.sqrt(share * (1 - share) * per_draw)
            if abs(float(np.mean(draws[:, i] <= quantile)) - share) > ERRORS * error:
                return False
    return True
