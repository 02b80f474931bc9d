"""Exponential decay of one part of the tumour, exponential growth of the other."""

from __future__ import annotations

import numpy as np

from fitting.forecast.baselines.curve import Curve


class DecayRegrowth(Curve):
    r"""Decay and regrowth, :math:`V = V_0 (\varphi e^{-dt} + (1 - \varphi) e^{gt})`.

    Stein et al., Clin. Cancer Res. 17:907 (2011), with the fraction of Wilkerson et al., Lancet Oncol. 18:143
    (2017). Parameters: log V0, logit of the fraction, logarithms of the two rates per typical training length.
    """

    name = "decay-regrowth"
    centre = np.array([0.0, 0.0, 0.0, -1.0])
    widths = np.array([1.0, 2.0, 1.0, 1.0])
    lower = np.array([-60.0, -7.0, -5.0, -7.0])
    upper = np.array([60.0, 7.0, 4.0, 3.0])
    starts = np.array([[0.0, 3.0, 1.5, -1.0], [0.0, -3.0, 0.0, 0.0]])

    @staticmethod
    def logarithm(theta: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Evaluate the sum of the two exponentials, without overflow."""
        level, logit, decay, growth = (theta[:, [j]] for j in range(4))
        falling = -np.logaddexp(0.0, -logit) - np.exp(decay) * u
        rising = -np.logaddexp(0.0, logit) + np.exp(growth) * u
        return level + np.logaddexp(falling, rising)
