"""Template: negative log posterior of one patient under a normal prior of the logarithms, with its curvature.

The import from ``placeholder`` is replaced by a compiled likelihood; see :mod:`fitting.kernels.objective`.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

# <likelihood>
from fitting.kernels.placeholder import evaluate_one as likelihood_one

# </likelihood>

OUT_OF_REACH = 1e12


class PenalisedData(NamedTuple):
    """Measurements with the normal prior of each patient's free vector: ``mean`` (w, q), ``precision`` (w, q, q)."""

    measurements: tuple
    mean: np.ndarray
    precision: np.ndarray


@njit(cache=True, error_model="numpy", nogil=True)
def evaluate_one(w, q, data, gradient, information):
    """Fill gradient and information, return the value, up to the constant of the prior."""
    value = likelihood_one(w, q, data.measurements, gradient, information)
    if value >= OUT_OF_REACH:
        return value
    n = len(q)
    for i in range(n):
        pull = 0.0
        for j in range(n):
            pull += data.precision[w, i, j] * (q[j] - data.mean[w, j])
            information[i, j] += data.precision[w, i, j]
        gradient[i] += pull
        value += 0.5 * (q[i] - data.mean[w, i]) * pull
    return value
