"""Tail probabilities for values that an assay could not resolve: at or below, or at or above, a limit.

Each function takes the limit ``y``, the model output ``mu``, the dispersion ``phi``, and the side (-1 at or
below, +1 at or above), all of one shape. It returns, like :meth:`fitting.likelihood.Likelihood.terms`, the
negative logarithm of the tail probability, its slope and information in ``mu``, its slope and curvature in
``log phi``. The limit itself may be exceeded by many orders of magnitude while a fit searches; everything
stays finite there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp
from scipy import special

Terms = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]

K, MU, PHI = sp.symbols("k mu phi", positive=True)

UNDERFLOW = 1e-290  # below this, a tail is summed from its largest term outwards
TAIL_TERMS = 40
PHI_STEP = 1e-4  # of the central differences in log phi


def _normal_terms(z: np.ndarray, dz_mu: np.ndarray, side: np.ndarray) -> Terms:
    r"""Terms of :math:`-\log \Phi(\mp z)` for a standardised limit ``z``, whose slope in log phi is -z."""
    sign = np.where(side < 0, 1.0, -1.0)
    a = sign * z
    # inverse Mills ratio phi(a)/Phi(a); the scaled error function keeps it exact in far tails
    mills = np.sqrt(2 / np.pi) / special.erfcx(-a / np.sqrt(2))
    # second derivative of -log Phi(a), never negative; its expansion takes over where mills + a cancels
    curvature = np.where(a < -1e3, 1 - 1 / np.minimum(a, -1.0) ** 2, mills * (mills + a))
    slope_phi = mills * a
    return (
        -special.log_ndtr(a),
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


@dataclass(frozen=True)
class CountTail:
    """Tail of a count distribution.

    The information in ``mu`` is the curvature in ``log mu``, where the logarithm of a tail is concave,
    divided by ``mu**2``: the curvature in ``mu`` itself may be negative.

    Parameters
    ----------
    log_pmf : sympy.Expr
        Logarithm of P(Y = k), in ``K``, ``MU``, ``PHI``.
    drain : sympy.Expr
        -d P(Y <= k) / d mu as a multiple of P(Y = k).
    at_most, at_least : callable
        ``(k, mu, phi)`` -> P(Y <= k), P(Y >= k).
    """

    log_pmf: sp.Expr
    drain: sp.Expr
    at_most: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
    at_least: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]

    @cached_property
    def expressions(self) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
        """Logarithms of P(Y = k) and of the drain from "at most k", the latter's slope in log mu."""
        log_drain = self.log_pmf + sp.log(self.drain)
        return self.log_pmf, log_drain, MU * sp.diff(log_drain, MU)

    @cached_property
    def _compiled(self) -> Callable:
        """The expressions as one function of (k, mu, phi)."""
        return sp.lambdify([K, MU, PHI], list(self.expressions), modules=["scipy", "numpy"], cse=True)

    def _value(self, k: np.ndarray, mu: np.ndarray, phi: np.ndarray, below: np.ndarray) -> np.ndarray:
        """Negative logarithm of the tail probability."""
        tail = np.where(below, self.at_most(k, mu, phi), self.at_least(np.maximum(k, 1e-12), mu, phi))
        result = -np.log(np.maximum(tail, UNDERFLOW))
        far = tail < UNDERFLOW
        if np.any(far):
            result[far] = -self._log_far_tail(k[far], mu[far], phi[far], np.where(below[far], -1.0, 1.0))
        return result

    def _log_far_tail(self, k: np.ndarray, mu: np.ndarray, phi: np.ndarray, step: np.ndarray) -> np.ndarray:
        """Sum the tail from its largest term, P(Y = k), outwards; a geometric series bounds the rest."""
        log_largest = self._compiled(k, mu, phi)[0]
        total, last, ratio = np.ones_like(mu), np.ones_like(mu), np.zeros_like(mu)
        for i in range(1, TAIL_TERMS):
            at = k + i * step
            term = np.where(
                at < 0, 0.0, np.exp(self._compiled(np.maximum(at, 0.0), mu, phi)[0] - log_largest)
            )
            ratio = np.divide(term, last, out=np.zeros_like(term), where=last > 0)
            total += term
            last = term
        return log_largest + np.log(total + last * ratio / (1 - np.minimum(ratio, 0.999)))

    def __call__(self, y: np.ndarray, mu: np.ndarray, phi: np.ndarray, side: np.ndarray) -> Terms:
        """Terms of the negative logarithm of the tail beyond a limit ``y``; see the module docstring."""
        below = side < 0
        k = np.where(below, np.floor(y), np.ceil(y))
        value = self._value(k, mu, phi, below)
        # "at least k" is the complement of "at most k - 1"
        j = np.where(below, k, k - 1)
        _, log_drain, log_drain_slope = self._compiled(j, mu, phi)
        slope = np.where(below, 1.0, -1.0) * np.exp(np.where(j < 0, -np.inf, log_drain + value) + np.log(mu))
        curvature = slope * (1 + log_drain_slope + slope)
        none = np.zeros_like(value)
        slope_phi, curvature_phi = none, none
        if self.log_pmf.has(PHI):
            # a regularised beta function has no closed derivative in its own parameter
            up = self._value(k, mu, phi * np.exp(PHI_STEP), below)
            down = self._value(k, mu, phi * np.exp(-PHI_STEP), below)
            slope_phi = (up - down) / (2 * PHI_STEP)
            curvature_phi = np.maximum((up - 2 * value + down) / PHI_STEP**2, 0.0)
        return value, slope / mu, np.maximum(curvature, 0.0) / mu**2, slope_phi, curvature_phi


poisson = CountTail(
    log_pmf=K * sp.log(MU) - MU - sp.loggamma(K + 1),
    drain=sp.Integer(1),
    at_most=lambda k, mu, phi: special.gammaincc(k + 1, mu),  # noqa: ARG005
    at_least=lambda k, mu, phi: special.gammainc(k, mu),  # noqa: ARG005
)

negative_binomial = CountTail(
    log_pmf=sp.loggamma(K + PHI)
    - sp.loggamma(PHI)
    - sp.loggamma(K + 1)
    + PHI * sp.log(PHI / (PHI + MU))
    + K * sp.log(MU / (PHI + MU)),
    drain=(PHI + K) / (PHI + MU),
    at_most=lambda k, mu, phi: special.betainc(phi, k + 1, phi / (phi + mu)),
    at_least=lambda k, mu, phi: special.betainc(k, phi, mu / (phi + mu)),
)

TAILS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], Terms]] = {
    "normal": normal,
    "log_normal": log_normal,
    "poisson": poisson,
    "negative_binomial": negative_binomial,
}
