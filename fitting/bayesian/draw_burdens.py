"""Drawing what a visit would measure, around the model's output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fitting.likelihood import Likelihood

LARGEST_MEAN = 1e9  # of a count that NumPy can draw


def draw_burdens(
    likelihood: Likelihood, mu: np.ndarray, phi: np.ndarray | None, generator: np.random.Generator
) -> np.ndarray:
    """Draw one measurement an entry of ``mu``.

    Parameters
    ----------
    likelihood : Likelihood
    mu : ndarray
        Model outputs; NaN stays NaN.
    phi : ndarray or None
        Dispersion, broadcastable to ``mu``.
    generator : numpy.random.Generator
    """
    good = np.isfinite(mu)
    spread = np.ones(1) if phi is None else phi
    mean = np.where(good, np.clip(mu, 1e-12, LARGEST_MEAN), 1.0)
    match likelihood.name:
        case "poisson":
            drawn = generator.poisson(mean).astype(float)
        case "negative_binomial":
            rate = generator.gamma(np.broadcast_to(spread, mean.shape), mean / spread)
            drawn = generator.poisson(np.minimum(rate, LARGEST_MEAN)).astype(float)
        case "log_normal":
            drawn = mean * np.exp(spread * generator.standard_normal(mean.shape))
        case "normal":
            drawn = mean + spread * generator.standard_normal(mean.shape)
        case name:
            raise ValueError(f"no draws for the likelihood {name!r}")
    return np.where(good, drawn, np.nan)
