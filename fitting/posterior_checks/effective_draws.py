"""How many independent draws would say as much as correlated ones."""

from __future__ import annotations

import math

import numpy as np

from fitting.posterior_checks.array_statistics import arviz_arrays


def effective_draws(values: np.ndarray, method: str = "bulk") -> float:
    """Return the effective sample size of draws of shape (chain, draw); NaN where it has no meaning."""
    if not np.all(np.isfinite(values)) or np.ptp(values) == 0 or values.shape[1] < 4:
        return math.nan

    probability = {"prob": (0.05, 0.95)} if method == "tail" else {}
    return float(arviz_arrays().ess(values, chain_axis=0, draw_axis=1, method=method, **probability))
