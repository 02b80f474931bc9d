"""Mean survival time by adaptive quadrature: the witness of the closed form, without an exponential integral."""

from __future__ import annotations

import itertools
import math

import numpy as np

from dosing.stochastic.wright_fisher.generator import log_scale_density, speed_weight
from dosing.stochastic.wright_fisher.selection import ControlledSelection

__all__ = ["quadrature_survival_time"]


def quadrature_survival_time(start: float, threshold: float, selection: ControlledSelection) -> float:
    """Return eq. 15 with the order of its double integrals exchanged, in N generations.

    Parameters
    ----------
    start, threshold : float
    selection : ControlledSelection
    """
    from scipy.integrate import quad

    corner = float(log_scale_density(threshold, selection.opposed)) - float(
        log_scale_density(threshold, selection.sigma)
    )

    def log_density(x: float) -> float:
        """Logarithm of the scale density, continuous at the threshold."""
        if x < threshold:
            return float(log_scale_density(x, selection.sigma)) + corner
        return float(log_scale_density(x, selection.opposed))

    largest = max(log_density(x) for x in (0.0, threshold, 1.0))
    # the integrand lives near the ends and, with strong selection, near the threshold
    near = 1.0 / max(selection.sigma, abs(selection.opposed), 1.0)
    marks = sorted(
        {0.0, 1.0, start, threshold, *np.clip([near, 1 - near, threshold - near, threshold + near], 0, 1)}
    )

    def over(function, a: float, b: float, tolerance: float) -> float:
        cuts = [a, *(m for m in marks if a < m < b), b]
        return sum(
            quad(function, p, q, epsabs=0.0, epsrel=tolerance, limit=200)[0]
            for p, q in itertools.pairwise(cuts)
        )

    def scale(a: float, b: float) -> float:
        return over(lambda y: math.exp(log_density(y) - largest), a, b, 1e-12)

    def speed(z: float) -> float:
        return float(speed_weight(z)) * math.exp(largest - log_density(z))

    left, right = scale(0.0, start), scale(start, 1.0)
    from_left = over(lambda z: scale(0.0, z) * speed(z), 0.0, start, 1e-11)
    from_right = over(lambda z: scale(z, 1.0) * speed(z), start, 1.0, 1e-11)
    return (right * from_left + left * from_right) / (left + right)
