"""The curved maps of all patients of a cohort, compiled."""

import numpy as np
from numba import njit

from fitting.kernels.curved_map import curve


@njit(cache=True, error_model="numpy", nogil=True)
def bend(
    z, middle, standard, order, location, scale, constant, linear, log_scale, exponents, bends, log_bends
):
    """Map each patient's standard normal coordinates to residuals of its conditional normal.

    Parameters
    ----------
    z : ndarray, shape (w, c)
    middle, standard : ndarray, shape (w, c), (w, c, c)
        Residuals are ``standard (x - middle)`` with x from the curved map.
    order, location, scale, constant, linear, log_scale, exponents, bends, log_bends : ndarray
        As in :func:`fitting.kernels.curved_map.curve`, patients first; the exponents are those of all.

    Returns
    -------
    u : ndarray, shape (w, c)
    volume : ndarray, shape (1,)
        Up to the constant of ``standard``.
    slope : ndarray, shape (w, c, c)
        du/dz.
    volume_slope : ndarray, shape (w, c)
    """
    w, c = z.shape
    u, slope, volume_slope, volume = np.empty((w, c)), np.empty((w, c, c)), np.empty((w, c)), np.zeros(1)
    for i in range(w):
        x, one_volume, one_slope, volume_slope[i] = curve(
            z[i], order[i], location[i], scale[i], constant[i], linear[i], log_scale[i], exponents, bends[i],
            log_bends[i],
        )  # fmt: skip
        volume[0] += one_volume[0]
        for a in range(c):
            u[i, a] = 0.0
            for b in range(c):
                u[i, a] += standard[i, a, b] * (x[b] - middle[i, b])
                slope[i, a, b] = 0.0
                for k in range(c):
                    slope[i, a, b] += standard[i, a, k] * one_slope[k, b]
    return u, volume, slope, volume_slope
