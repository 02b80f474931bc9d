"""General Bertalanffy growth, with the exponent estimated."""

from __future__ import annotations

import numpy as np

from fitting.forecast.baselines.curve import Curve

GOMPERTZ = 1e-4  # below this exponent the limit is exact to eight digits


class GeneralBertalanffy(Curve):
    r"""General Bertalanffy model, :math:`\dot V = \omega\, B_\lambda(V_\infty / V)\, V`.

    :math:`B_\lambda(x) = (x^\lambda - 1)/\lambda` is the Box-Cox transformation, the logarithm at
    :math:`\lambda = 0`. Members: logistic (-1), Gompertz (0), classical Bertalanffy (1/3 for volumes). In
    :math:`V^\lambda` the equation is linear, so

    .. math:: V(t) = V_\infty \left(1 + ((V_0/V_\infty)^\lambda - 1)\, e^{-\omega t}\right)^{1/\lambda},

    the form that TumorGrowth.jl names general Bertalanffy, best of its comparison. Parameters: log V0,
    log(V0/V∞), logarithm of omega per typical training length, lambda.
    """

    name = "general Bertalanffy"
    centre = np.array([0.0, 0.0, 0.0, 1 / 3])
    widths = np.array([1.0, 1.0, 1.0, 0.5])
    lower = np.array([-60.0, -8.0, -5.0, -2.0])
    upper = np.array([60.0, 8.0, 4.0, 2.0])
    starts = np.array([[0.0, 1.0, 1.0, 1 / 3], [0.0, -1.0, -0.5, 1 / 3]])

    @staticmethod
    def logarithm(theta: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Evaluate the closed form."""
        level, above, speed, power = (theta[:, [j]] for j in range(4))
        left = np.exp(-np.exp(speed) * u)
        safe = np.where(np.abs(power) < GOMPERTZ, 1.0, power)
        general = np.log1p(np.expm1(safe * above) * left) / safe
        return level - above + np.where(np.abs(power) < GOMPERTZ, above * left, general)
