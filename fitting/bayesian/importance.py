"""Adaptive importance sampling of one patient's posterior: a proposal that bends until it fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from fitting.bayesian.curved_map import CurvedMap
from fitting.bayesian.map_fitting import best_map, fit_map

HEAVINESS = 5.0  # degrees of freedom of the proposal's tails
# of the draws, and how much wider: a fitted map narrows to where draws already are, and a tail that it never visits
# leaves no trace in the weights
WIDE_SHARE, WIDENING = 0.25, 2.5
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
    mixture = Mixture(prior_log_density)
    if prior_draws is not None:
        mixture.add(None, prior_draws)
    for proposal in proposals:
        mixture.add(proposal, proposal.forward(heavy_noise(generator, draws, proposal.size))[0])
    target = log_density(mixture.points)
    order = None
    for round_ in range(rounds + 1):
        log_weights = mixture.log_weights(target)
        size = mixture.points.shape[1]
        weights = tempered(log_weights, 20.0 * size)
        effective = 1 / np.sum(weights**2)
        curved = bool(effective > FLAT_BELOW * size)
        if curved and round_ in (rounds // 2, rounds):
            latest = best_map(mixture.points, weights, generator)
            order = latest.order
        else:
            latest = fit_map(mixture.points, weights, degrees=(3, 2) if curved else (1, 0), order=order)
        if round_ == rounds:
            break
        fresh = latest.forward(heavy_noise(generator, draws, size))[0]
        target = np.concatenate([target, log_density(fresh)])
        mixture.add(latest, fresh)
    return WeightedDraws(mixture.points, log_weights, latest, len(mixture.points))


class Mixture:
    """Points with the log density of the mixture that they all came from, each proposal counted by its draws.

    Every proposal is evaluated once at every point: at those drawn before it when it joins, at later ones when
    they are drawn.

    Parameters
    ----------
    prior_log_density : callable or None
        Density of the points that came from no proposal.
    """

    def __init__(self, prior_log_density: Callable[[np.ndarray], np.ndarray] | None) -> None:
        self.points = np.empty((0, 0))
        self.log_density = np.empty(0)
        self._prior_log_density = prior_log_density
        self._parts: list[tuple[CurvedMap | None, float]] = []

    def log_weights(self, target: np.ndarray) -> np.ndarray:
        """Logarithms of weights with a sum of one, given the log density of what is wanted at all points."""
        log_weights = np.where(np.isfinite(target), target - self.log_density, -np.inf)
        return log_weights - logsumexp(log_weights)

    def add(self, proposal: CurvedMap | None, points: np.ndarray) -> None:
        """Take in points drawn from a proposal."""
        self._parts.append((proposal, np.log(len(points))))
        fresh = logsumexp(np.stack([self._share(part, points) for part in self._parts]), axis=0)
        if len(self.points):
            before = np.logaddexp(self.log_density, self._share(self._parts[-1], self.points))
            points, fresh = np.concatenate([self.points, points]), np.concatenate([before, fresh])
        self.points, self.log_density = points, fresh

    def _share(self, part: tuple[CurvedMap | None, float], points: np.ndarray) -> np.ndarray:
        """Log density of one proposal, times its number of draws."""
        proposal, log_count = part
        return log_count + _density(proposal, points, self._prior_log_density)


def heavy_noise(generator: np.random.Generator, count: int, size: int) -> np.ndarray:
    """Heavy-tailed noise of unit scale, a share of it wider, shape (count, size)."""
    noise = generator.standard_t(HEAVINESS, size=(count, size))
    noise[generator.random(count) < WIDE_SHARE] *= WIDENING
    return noise


def _log_noise(z: np.ndarray, width: float) -> np.ndarray:
    """Log density of Student's t of this width in every coordinate, shape (m,)."""
    from scipy.special import gammaln

    nu = HEAVINESS
    constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(nu * np.pi) - np.log(width)
    return (constant - (nu + 1) / 2 * np.log1p((z / width) ** 2 / nu)).sum(axis=1)


def _density(
    proposal: CurvedMap | None,
    points: np.ndarray,
    prior_log_density: Callable[[np.ndarray], np.ndarray] | None,
) -> np.ndarray:
    """Log density of a proposal at the points."""
    if proposal is None:
        assert prior_log_density is not None
        return prior_log_density(points)
    z, volume = proposal.inverse(points)
    narrow = np.log1p(-WIDE_SHARE) + _log_noise(z, 1.0)
    return np.logaddexp(narrow, np.log(WIDE_SHARE) + _log_noise(z, WIDENING)) - volume


def tempered(log_weights: np.ndarray, wanted: float) -> np.ndarray:
    """Flatten weights until they are worth the wanted number of draws: few heavy ones fit no proposal."""
    power = 1.0
    for _ in range(40):
        flattened = power * log_weights
        flattened = flattened - logsumexp(flattened)
        if np.exp(-logsumexp(2 * flattened)) >= wanted:
            break
        power *= 0.8
    return np.exp(flattened)
