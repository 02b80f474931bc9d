"""Template: model outputs of several patients with exact sensitivities, their visits laid end to end.

The import from ``placeholder`` is replaced by the solver of a model. Nothing is padded: a patient's visits, dose
switches and doses are slices of flat arrays, so that one compiled function serves cohorts of any shape.
"""

import math

import numpy as np
from numba import njit

# <solver>
from fitting.kernels.placeholder import N_PARAMETERS, N_STATES, solve_one

# </solver>


@njit(cache=True, error_model="numpy", nogil=True)
def cohort_outputs(q, constants, times, n_times, switches, doses, n_switches, rtol, max_steps):
    """Solve every patient at the logarithms of its parameters.

    Parameters
    ----------
    q : ndarray, shape (w, p)
    constants : ndarray, shape (w, k)
    times : ndarray, shape (n,)
    n_times : ndarray of int, shape (w,)
        Visits of each patient; they sum to n.
    switches : ndarray, shape (m,)
    doses : ndarray, shape (m, inputs)
    n_switches : ndarray of int, shape (w,)
        Switches of each patient; they sum to m.
    rtol : float
    max_steps : int

    Returns
    -------
    output : ndarray, shape (n,)
        NaN for a patient whose model could not be solved.
    sensitivity : ndarray, shape (n, p)
        Derivatives in the logarithms of the patient's parameters.
    """
    total = times.shape[0]
    output, sensitivity = np.empty(total), np.empty((total, N_PARAMETERS))
    p = np.empty(N_PARAMETERS)
    visit, switch = 0, 0
    for w in range(n_times.shape[0]):
        n, m = n_times[w], n_switches[w]
        x, y, dy = np.empty((n, N_STATES)), np.empty((n, 1)), np.empty((n, 1, N_PARAMETERS))
        for i in range(N_PARAMETERS):
            p[i] = math.exp(q[w, i])
        status = solve_one(
            True, p, constants[w], times[visit : visit + n], n, switches[switch : switch + m],
            doses[switch : switch + m], m, rtol, max_steps, x, y, dy,
        )  # fmt: skip
        for v in range(n):
            output[visit + v] = y[v, 0] if status == 0 else np.nan
            for i in range(N_PARAMETERS):
                sensitivity[visit + v, i] = dy[v, 0, i] if status == 0 else np.nan
        visit += n
        switch += m
    return output, sensitivity
