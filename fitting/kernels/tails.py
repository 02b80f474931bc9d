"""Tail of the normal distribution beyond a limit, for compiled kernels; see :mod:`fitting.censoring`."""

from __future__ import annotations

import math

from numba import njit

from fitting.kernels.special import erfcx, log_ndtr


@njit(cache=True, error_model="numpy")
def normal_tail(z, dz_mu, side, out):
    """Fill value, slope and information in mu, slope and curvature in log phi, at a standardised limit ``z``."""
    sign = 1.0 if side < 0 else -1.0
    a = sign * z
    mills = math.sqrt(2 / math.pi) / erfcx(-a / math.sqrt(2))
    # the expansion takes over where mills + a cancels
    curvature = 1 - 1 / (a * a) if a < -1e3 else mills * (mills + a)
    slope_phi = mills * a
    out[0] = -log_ndtr(a)
    out[1] = -mills * sign * dz_mu
    out[2] = curvature * dz_mu * dz_mu
    out[3] = slope_phi
    out[4] = curvature * a * a - slope_phi
