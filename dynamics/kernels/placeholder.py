"""The functions that a printed model provides, here for exponential decay, so that templates are plain Python."""

from __future__ import annotations

import math

from numba import njit

N_STATES, N_PARAMETERS, N_OUTPUTS = 1, 1, 1
LOGARITHMIC = True


@njit
def initial(p, k, z):
    """Initial coordinates."""
    z[0] = math.log(k[0])


@njit
def initial_sensitivity(p, k, z):
    """Initial sensitivities to log parameters."""
    z[1] = 0.0


@njit
def field(t, z, p, k, u, dz):
    """Time derivative of the coordinates."""
    dz[0] = -p[0] * u[0]


@njit
def sensitivity_field(t, z, p, k, u, dz):
    """Time derivative of the coordinates and of their sensitivities."""
    dz[0] = -p[0] * u[0]
    dz[1] = -p[0] * u[0]


@njit
def observe(z, p, k, x, y):
    """States and outputs from the coordinates."""
    x[0] = math.exp(z[0])
    y[0] = x[0]


@njit
def observe_sensitivity(z, p, k, dy):
    """Sensitivities of the outputs to log parameters."""
    dy[0, 0] = math.exp(z[0]) * z[1]


@njit
def plain_field(t, x, p, k, u, dx):
    """Time derivative of the states."""
    dx[0] = -p[0] * u[0] * x[0]


@njit
def plain_initial(p, k, x):
    """Initial states."""
    x[0] = k[0]


@njit
def plain_output(x, p, k, y):
    """Outputs from the states."""
    y[0] = x[0]
