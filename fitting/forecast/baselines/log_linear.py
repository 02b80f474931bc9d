"""A straight line through the logarithm of the burden."""

from __future__ import annotations

import numpy as np

from fitting.forecast.baselines.curve import Curve


class LogLinear(Curve):
    r"""Log-linear trend, :math:`\log V = \alpha + \beta t`: exponential growth or decay at a constant rate."""

    name = "log-linear trend"
    centre = np.array([0.0, 0.0])
    widths = np.array([1.0, 1.0])
    lower = np.array([-60.0, -20.0])
    upper = np.array([60.0, 20.0])
    starts = np.empty((0, 2))

    @staticmethod
    def logarithm(theta: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Evaluate the line."""
        return theta[:, :1] + theta[:, 1:] * u
