"""Adaptive importance sampling of one patient's posterior: a proposal that bends until it fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from fitting.bayesian.curved_map import CurvedMap, fit_map

HEAVINESS = 5.0  # degrees of freedom of the proposal's tails
FLAT_BELOW = 60.0  # effective draws a coordinate needs before its bends are fitted


@dataclass(frozen=True)
class WeightedDraws:
    """Draws with importance weights.

    Parameters
    ----------
    points : ndarray, shape (m, c)
        On the sampler's line; see :class:`fitting.bayesian.soft_box.SoftBox`.
    log_weights : ndarray, shape (m,)
        Normalised to a sum of one.
    map : CurvedMap
        The last proposal.
    evaluations : int
    """

    points: np.ndarray
    log_weights: np.ndarray
    map: CurvedMap
    evaluations: int

    @property
    def weights(self) -> np.ndarray:
        """Weights, shape (m,), with a sum of one."""
        return np.exp(self.log_weights)

    @property
    def effective(self) -> float:
        """Kish's effective number of draws."""
        return float(np.exp(-logsumexp(2 * self.log_weights)))


def adapt(
    log_density: Callable[[np.ndarray], np.ndarray],
    proposals: list[CurvedMap],
    generator: np.random.Generator,
    *,
    prior_draws: np.ndarray | None = None,
    prior_log_density: Callable[[np.ndarray], np.ndarray] | None = None,
    rounds: int = 6,
    draws: int = 2000,
) -> WeightedDraws:
    """Sample, weight, refit the proposal, and again; all rounds count (Cornuet 2012, AMIS).

    Parameters
    ----------
    log_density : callable
        (m, c) -> (m,), up to a constant; minus infinity where there is no value.
    proposals : list of CurvedMap
        First proposals, one a mode.
    generator : numpy.random.Generator
    prior_draws : ndarray, shape (m, c), optional
        Draws that guard against modes nobody started in, with ``prior_log_density`` of their distribution.
    rounds, draws : int
        Rounds after the first, and draws of each.
    """
    points: list[np.ndarray] = []
    maps: list[CurvedMap | None] = []
    counts: list[int] = []
    if prior_draws is not None:
        points.append(prior_draws)
        maps.append(None)
        counts.append(len(prior_draws))
    for proposal in proposals:
        points.append(proposal.forward(_noise(generator, draws, proposal.size))[0])
        maps.append(proposal)
        counts.append(draws)
    everything = np.concatenate(points)
    target = log_density(everything)
    for round_ in range(rounds + 1):
        mixture = logsumexp(
            np.stack(
                [
                    np.log(n) + _density(m, everything, prior_log_density)
                    for m, n in zip(maps, counts, strict=True)
                ]
            ),
            axis=0,
        )
        log_weights = np.where(np.isfinite(target), target - mixture, -np.inf)
        log_weights -= logsumexp(log_weights)
        weights = _tempered(log_weights, 20.0 * everything.shape[1])
        effective = 1 / np.sum(weights**2)
        latest = fit_map(everything, weights, curved=bool(effective > FLAT_BELOW * everything.shape[1]))
        if round_ == rounds:
            break
        fresh = latest.forward(_noise(generator, draws, latest.size))[0]
        everything = np.concatenate([everything, fresh])
        target = np.concatenate([target, log_density(fresh)])
        maps.append(latest)
        counts.append(draws)
    return WeightedDraws(everything, log_weights, latest, len(everything))


def _noise(generator: np.random.Generator, count: int, size: int) -> np.ndarray:
    """Heavy-tailed noise of unit scale, shape (count, size)."""
    return generator.standard_t(HEAVINESS, size=(count, size))


def _density(
    proposal: CurvedMap | None,
    points: np.ndarray,
    prior_log_density: Callable[[np.ndarray], np.ndarray] | None,
) -> np.ndarray:
    """Log density of a proposal at the points."""
    from scipy.special import gammaln

    if proposal is None:
        assert prior_log_density is not None
        return prior_log_density(points)
    z, volume = proposal.inverse(points)
    nu = HEAVINESS
    each = (
        gammaln((nu + 1) / 2)
        - gammaln(nu / 2)
        - 0.5 * np.log(nu * np.pi)
        - (nu + 1) / 2 * np.log1p(z**2 / nu)
    )
    return each.sum(axis=1) - volume


def _tempered(log_weights: np.ndarray, wanted: float) -> np.ndarray:
    """Flatten weights until they are worth the wanted number of draws: few heavy ones fit no proposal."""
    power = 1.0
    for _ in range(40):
        flattened = power * log_weights
        flattened = flattened - logsumexp(flattened)
        if np.exp(-logsumexp(2 * flattened)) >= wanted:
            break
        power *= 0.8
    return np.exp(flattened)
