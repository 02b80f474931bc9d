"""Template: values of a compiled objective at many points of one patient.

The import from ``placeholder`` is replaced by a compiled objective.
"""

import numpy as np
from numba import njit

# <evaluate>
from fitting.kernels.placeholder import evaluate_one

# </evaluate>


@njit(cache=True, error_model="numpy", nogil=True)
def evaluate_many(w, q, data, value):
    """Fill ``value`` (m,) at the rows of ``q`` (m, q)."""
    size = q.shape[1]
    gradient, information = np.empty(size), np.empty((size, size))
    for i in range(len(q)):
        value[i] = evaluate_one(w, q[i], data, gradient, information)
