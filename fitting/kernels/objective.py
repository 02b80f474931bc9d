"""Template: negative log-likelihood of one patient with gradient and expected information.

The import from ``placeholder`` is replaced by the solver of a model and the printed terms of a likelihood. The
equations are those of :meth:`fitting.problem.CohortProblem.evaluate`, which a test holds against these.
"""

import math

import numpy as np
from numba import njit

# <objective>
from fitting.kernels.placeholder import (
    HAS_DISPERSION,
    N_PARAMETERS,
    N_STATES,
    measured_terms,
    solve_one,
    tail_terms,
)

# </objective>

POSITIVE_FLOOR, OUT_OF_REACH = 1e-12, 1e12


@njit(cache=True, error_model="numpy", nogil=True)
def _clear(gradient, information):
    """Set to zero, entry by entry; see :func:`dynamics.kernels.linear.copy_vector`."""
    for i in range(len(gradient)):
        gradient[i] = 0.0
        for j in range(len(gradient)):
            information[i, j] = 0.0


@njit(cache=True, error_model="numpy", nogil=True)
def evaluate_one(w, q, data, gradient, information):
    """Fill gradient (q,) and information (q, q); return the value, ``OUT_OF_REACH`` where there is none."""
    n = data.n_times[w]
    size = len(q)
    p = np.empty(N_PARAMETERS)
    for i in range(N_PARAMETERS):
        p[i] = math.exp(q[i])
    phi = math.exp(q[N_PARAMETERS]) if HAS_DISPERSION else 1.0
    x, y, dy = np.empty((n, N_STATES)), np.empty((n, 1)), np.empty((n, 1, N_PARAMETERS))
    terms, work = np.empty(5), np.empty(3)
    status = solve_one(
        True, p, data.constants[w], data.times[w], n, data.switches[w], data.doses[w], data.n_switches[w],
        data.rtol, data.max_steps, x, y, dy,
    )  # fmt: skip
    _clear(gradient, information)
    if status != 0:
        return OUT_OF_REACH
    total, curvature = 0.0, 0.0
    for v in range(n):
        mu = max(y[v, 0], POSITIVE_FLOOR)
        if data.censoring[w, v] == 0:
            measured_terms(data.burdens[w, v], mu, phi, terms)
        else:
            tail_terms(data.burdens[w, v], mu, phi, data.censoring[w, v], terms, work)
        total += terms[0]
        for i in range(N_PARAMETERS):
            gradient[i] += terms[1] * dy[v, 0, i]
            for j in range(i + 1):
                information[i, j] += terms[2] * dy[v, 0, i] * dy[v, 0, j]
        if HAS_DISPERSION:
            gradient[N_PARAMETERS] += terms[3]
            curvature += terms[4]
    if HAS_DISPERSION:
        information[N_PARAMETERS, N_PARAMETERS] = max(curvature, abs(gradient[N_PARAMETERS]))
    good = math.isfinite(total)
    for i in range(size):
        good = good and math.isfinite(gradient[i])
        for j in range(i + 1):
            good = good and math.isfinite(information[i, j])
            information[j, i] = information[i, j]
    if not good:
        _clear(gradient, information)
        return OUT_OF_REACH
    return total
