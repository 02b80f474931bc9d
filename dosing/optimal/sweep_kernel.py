"""Template: states forwards, costates backwards under held controls, with RK4.

The functions between the marks are replaced by the printed equations of a problem before numba compiles the text.
Between nodes the states and costates are read from cubic Hermite polynomials, so the backward pass keeps fourth order.
"""

import numpy as np
from numba import njit

# <problem>
N_STATES, N_CONTROLS = 1, 1


@njit
def field(t, x, p, u, dx):  # noqa: ARG001
    """Time derivative of the states, then of the cost."""
    dx[0] = -u[0] * x[0]
    dx[1] = x[0]


@njit
def costate_field(t, x, l, p, u, dl):  # noqa: ARG001, E741
    """Time derivative of the costates."""
    dl[0] = -1.0 + l[0] * u[0]


@njit
def slope(t, x, l, p, u, g):  # noqa: ARG001, E741
    """First derivatives of the Hamiltonian in the controls, then second ones."""
    g[0] = -l[0] * x[0]
    g[1] = 0.0


# </problem>


@njit(cache=True, error_model="numpy", nogil=True)
def forward(x0, controls, edges, steps, p, states, rates):
    """Fill states (intervals * steps + 1, n + 1), the last being the cost, and their rates at both ends of a step.

    ``rates`` has shape (intervals * steps, 2, n + 1): the control jumps at an edge, and the rate with it.
    """
    size = N_STATES + 1
    k1, k2, k3, k4 = np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    z = np.empty(size)
    for i in range(N_STATES):
        states[0, i] = x0[i]
    states[0, N_STATES] = 0.0
    row = 0
    for j in range(len(controls)):
        u = controls[j]
        h = (edges[j + 1] - edges[j]) / steps
        for s in range(steps):
            t = edges[j] + s * h
            x = states[row]
            field(t, x, p, u, k1)
            for i in range(size):
                z[i] = x[i] + 0.5 * h * k1[i]
            field(t + 0.5 * h, z, p, u, k2)
            for i in range(size):
                z[i] = x[i] + 0.5 * h * k2[i]
            field(t + 0.5 * h, z, p, u, k3)
            for i in range(size):
                z[i] = x[i] + h * k3[i]
            field(t + h, z, p, u, k4)
            for i in range(size):
                states[row + 1, i] = x[i] + h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i])
                rates[row, 0, i] = k1[i]
            field(t + h, states[row + 1], p, u, k4)
            for i in range(size):
                rates[row, 1, i] = k4[i]
            row += 1


@njit(cache=True, error_model="numpy", nogil=True)
def backward(final, controls, edges, steps, p, states, rates, costates, slopes):
    """Fill costates (intervals * steps + 1, n) and ∫∂H/∂u dt, ∫∂²H/∂u² dt per interval, (intervals, 2, controls)."""
    n = N_STATES
    k1, k2, k3, k4 = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    z, middle, l_middle = np.empty(n), np.empty(n + 1), np.empty(n)
    g = np.empty(2 * N_CONTROLS)
    row = len(controls) * steps
    for i in range(n):
        costates[row, i] = final[i]
    for j in range(len(controls) - 1, -1, -1):
        u = controls[j]
        h = (edges[j + 1] - edges[j]) / steps
        for i in range(N_CONTROLS):
            slopes[j, 0, i] = 0.0
            slopes[j, 1, i] = 0.0
        for s in range(steps - 1, -1, -1):
            t = edges[j] + s * h
            left, right, lam = states[row - 1], states[row], costates[row]
            for i in range(n + 1):
                middle[i] = 0.5 * (left[i] + right[i]) + 0.125 * h * (
                    rates[row - 1, 0, i] - rates[row - 1, 1, i]
                )
            costate_field(t + h, right, lam, p, u, k1)
            for i in range(n):
                z[i] = lam[i] - 0.5 * h * k1[i]
            costate_field(t + 0.5 * h, middle, z, p, u, k2)
            for i in range(n):
                z[i] = lam[i] - 0.5 * h * k2[i]
            costate_field(t + 0.5 * h, middle, z, p, u, k3)
            for i in range(n):
                z[i] = lam[i] - h * k3[i]
            costate_field(t, left, z, p, u, k4)
            for i in range(n):
                costates[row - 1, i] = lam[i] - h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i])
            costate_field(t, left, costates[row - 1], p, u, k4)
            for i in range(n):
                l_middle[i] = 0.5 * (lam[i] + costates[row - 1, i]) + 0.125 * h * (k4[i] - k1[i])
            for place in range(3):
                if place == 0:
                    slope(t, left, costates[row - 1], p, u, g)
                elif place == 1:
                    slope(t + 0.5 * h, middle, l_middle, p, u, g)
                else:
                    slope(t + h, right, lam, p, u, g)
                weight = h * (4.0 if place == 1 else 1.0) / 6.0
                for i in range(N_CONTROLS):
                    slopes[j, 0, i] += weight * g[i]
                    slopes[j, 1, i] += weight * g[N_CONTROLS + i]
            row -= 1
