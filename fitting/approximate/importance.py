"""Importance weights with a check that says when not to believe them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitting.bayesian.curved_map import linear_map
from fitting.bayesian.importance import Mixture, WeightedDraws, heavy_noise

if TYPE_CHECKING:
    from fitting.approximate.laplace import Laplace
    from fitting.bayesian.prior_set import PriorSet

GOOD_K, USABLE_K = 0.5, 0.7  # Vehtari 2024, section 3.2.4
ENOUGH = 400.0  # effective draws that quantiles of a posterior need
GUARDS = 500  # draws of the prior beside those of the normal approximation


@dataclass(frozen=True)
class Smoothed:
    """Pareto-smoothed importance weights.

    Parameters
    ----------
    log_weights : ndarray, shape (m,)
        Normalised to a sum of one.
    pareto_k : float
        Shape of the weights' tail: beyond 0.5 their variance, beyond 1 their mean is infinite.
    """

    log_weights: np.ndarray
    pareto_k: float

    @property
    def effective(self) -> float:
        """Kish's effective number of draws."""
        return float(1 / np.sum(np.exp(2 * self.log_weights)))

    @property
    def usable(self) -> bool:
        """Whether the weighted draws stand for the posterior."""
        return self.pareto_k < USABLE_K and self.effective >= ENOUGH

    @property
    def verdict(self) -> str:
        """How far to believe them, as a sentence."""
        told = f"Pareto k {self.pareto_k:.2f}, {self.effective:.0f} effective draws"
        if self.pareto_k >= USABLE_K:
            return (
                f"not to be believed: {told}; a few draws carry the weights, and the proposal misses part of the "
                "posterior; sample with NUTS"
            )
        if self.effective < ENOUGH:
            return f"not to be believed: {told}, of which {ENOUGH:.0f} are needed; sample with NUTS"
        return f"good: {told}" if self.pareto_k < GOOD_K else f"usable: {told}; its tails are less certain"


def smooth(log_weights: np.ndarray) -> Smoothed:
    """Smooth the largest importance weights by a generalised Pareto distribution (Vehtari 2024, algorithm 1).

    The draws may come from several proposals, as those of adaptive rounds do. Their weights must then be the
    posterior over the *mixture* of all proposals, each counted by its draws (the balance heuristic; Cornuet 2012):
    so weighted they are draws from one distribution, and the tail that Pareto k describes is that of this
    distribution. Weights that divide each draw by its own round's proposal mix several tails, and k then says
    nothing.

    Parameters
    ----------
    log_weights : ndarray, shape (m,)
        Minus infinity where the posterior has no density.

    Raises
    ------
    ValueError
        No finite weight, or one that is not a number.
    """
    from fitting.posterior_checks.array_statistics import arviz_arrays

    log_weights = np.asarray(log_weights, dtype=float)
    finite = np.isfinite(log_weights)
    if np.isnan(log_weights).any() or np.isposinf(log_weights).any() or not finite.any():
        raise ValueError("importance weights must be numbers, and one of them positive")
    shifted = np.maximum(log_weights - log_weights[finite].max(), -700.0)  # finite, as the smoothing needs it
    if np.ptp(shifted[finite]) < 1e-10 and finite.all():  # equal weights have no tail
        return Smoothed(np.full(len(shifted), -np.log(len(shifted))), -np.inf)
    smoothed, k = arviz_arrays().psislw(-shifted, axis=0)
    smoothed = np.where(finite, smoothed, -np.inf)
    return Smoothed(smoothed - _log_sum(smoothed), float(np.nan_to_num(float(k), nan=np.inf)))


def weigh_laplace(
    laplace: Laplace,
    log_density: Callable[[np.ndarray], np.ndarray],
    priors: PriorSet,
    generator: np.random.Generator,
    *,
    draws: int = 2000,
) -> WeightedDraws:
    """Weigh draws of the normal approximation, with t tails of five degrees of freedom, and of the prior.

    The tails keep the weights bounded where the posterior falls off more slowly than the normal; the draws of the
    prior show mass that the approximation does not reach.

    Parameters
    ----------
    laplace : Laplace
    log_density : callable
        On the line; see :func:`fitting.bayesian.explore.line_density`.
    priors : PriorSet
    generator : numpy.random.Generator
    draws : int
    """
    box = laplace.box

    def prior_density(line: np.ndarray) -> np.ndarray:
        return priors.log_density(box.to_box(line)).sum(axis=1) + box.log_slope(line).sum(axis=1)

    mixture = Mixture(prior_density)
    mixture.add(None, box.to_line(priors.draw(generator, GUARDS)))
    proposal = linear_map(laplace.mode, laplace.covariance)
    mixture.add(proposal, proposal.forward(heavy_noise(generator, draws, proposal.size))[0])
    log_weights = mixture.log_weights(log_density(mixture.points))
    return WeightedDraws(mixture.points, log_weights, proposal, len(mixture.points))


def resample(log_weights: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Choose draws in proportion to their weights: systematic resampling, in random order.

    Parameters
    ----------
    log_weights : ndarray, shape (m,)
        Normalised.
    count : int
    generator : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (count,)
        Each draw appears its expected number of times, rounded up or down.
    """
    cumulative = np.cumsum(np.exp(log_weights))
    marks = (generator.uniform() + np.arange(count)) / count * cumulative[-1]
    chosen = np.minimum(np.searchsorted(cumulative, marks, side="right"), len(cumulative) - 1)
    return generator.permutation(chosen)


def _log_sum(values: np.ndarray) -> float:
    """Logarithm of the sum of exponentials."""
    top = values.max()
    return float(top + np.log(np.exp(values - top).sum()))
