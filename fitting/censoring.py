"""Tail probabilities for values that an assay could not resolve: at or below, or at or above, a limit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

Terms = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _normal_terms(z: np.ndarray, dz_mu: np.ndarray, side: np.ndarray) -> Terms:
    r"""Terms of :math:`-\log \Phi(\mp z)` for a standardised limit ``z``; its own derivative in ``log phi`` is -z."""
    sign = np.where(side < 0, 1.0, -1.0)
    a = sign * z
    log_tail = special.log_ndtr(a)
    # inverse Mills ratio, from logarithms so that far tails stay finite
    mills = np.exp(-0.5 * a**2 - 0.5 * np.log(2 * np.pi) - log_tail)
    curvature = mills * (mills + a)  # second derivative of -log Phi(a) in a; never negative
    slope_phi = mills * a
    return (
        -log_tail,
        -mills * sign * dz_mu,
        curvature * dz_mu**2,
        slope_phi,
        curvature * a**2 - slope_phi,
    )


def normal(y: np.ndarray, mu: np.ndarray, phi: np.ndarray, side: np.ndarray) -> Terms:
    """Tail of the normal distribution beyond a limit ``y``."""
    return _normal_terms((y - mu) / phi, -1.0 / phi + 0.0 * mu, side)


def log_normal(y: np.ndarray, mu: np.ndarray, phi: np.ndarray, side: np.ndarray) -> Terms:
    """Tail of the log-normal distribution beyond a limit ``y``."""
    return _normal_terms((np.log(np.maximum(y, 1e-300)) - np.log(mu)) / phi, -1.0 / (phi * mu), side)


def _count_terms(log_cdf: Callable, log_survival: Callable, log_slope: Callable) -> Callable:
    """Build the terms of a count distribution from its cdf and from -d cdf / d mu, in logarithms."""

    def terms(y: np.ndarray, mu: np.ndarray, phi: np.ndarray, side: np.ndarray) -> Terms:
        k = np.floor(y)
        below = side < 0

        def value(size: np.ndarray) -> np.ndarray:
            return np.where(below, -log_cdf(k, mu, size), -log_survival(k, mu, size))

        v = value(phi)
        # the dispersion's derivative of a censored count has no closed form: central differences in its logarithm
        # "at or above k" is the complement of "at or below k - 1"
        slope = np.where(below, np.exp(log_slope(k, mu, phi) + v), -np.exp(log_slope(k - 1, mu, phi) + v))
        up, down = value(phi * np.exp(1e-4)), value(phi * np.exp(-1e-4))
        return v, slope, slope**2, (up - down) / 2e-4, np.maximum((up - 2 * v + down) / 1e-8, 0.0)

    return terms


poisson = _count_terms(
    lambda k, mu, phi: np.log(np.maximum(special.gammaincc(k + 1, mu), 1e-300)) + 0.0 * phi,
    lambda k, mu, phi: np.log(np.maximum(special.gammainc(np.maximum(k, 1e-12), mu), 1e-300)) + 0.0 * phi,
    lambda k, mu, phi: np.where(k < 0, -np.inf, k * np.log(mu) - mu - special.gammaln(k + 1)),
)

negative_binomial = _count_terms(
    lambda k, mu, phi: np.log(np.maximum(special.betainc(phi, k + 1, phi / (phi + mu)), 1e-300)),
    lambda k, mu, phi: np.log(np.maximum(special.betainc(np.maximum(k, 1e-12), phi, mu / (phi + mu)), 1e-300)),
    lambda k, mu, phi: np.where(
        k < 0,
        -np.inf,
        phi * np.log(phi / (phi + mu))
        + k * np.log(mu / (phi + mu))
        + special.gammaln(phi + k + 1)
        - special.gammaln(phi)
        - special.gammaln(k + 1)
        - np.log(phi + mu),
    ),
)

TAILS = {"normal": normal, "log_normal": log_normal, "poisson": poisson, "negative_binomial": negative_binomial}
