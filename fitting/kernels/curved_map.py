"""The map of :mod:`fitting.bayesian.curved_map` with its derivatives, compiled: what a sampler calls every step.

The equations are those of :class:`fitting.bayesian.curved_map.CurvedMap`, which a test holds against these.
"""

import math

import numpy as np
from numba import njit

REACH = 3.0  # as in fitting.bayesian.curved_map


@njit(cache=True, error_model="numpy", nogil=True)
def curve(z, order, location, scale, constant, linear, quadratic, cubic, log_scale, log_linear, log_square):
    """Map one point and differentiate.

    Parameters
    ----------
    z : ndarray, shape (c,)
    order, location, scale, constant, log_scale : ndarray, shape (c,)
    linear, cubic, log_linear, log_square : ndarray, shape (c, c)
    quadratic : ndarray, shape (c, c, c)

    Returns
    -------
    x : ndarray, shape (c,)
    volume : ndarray, shape (1,)
        Logarithm of the determinant of dx/dz.
    slope : ndarray, shape (c, c)
        dx/dz.
    volume_slope : ndarray, shape (c,)
        Derivatives of the volume in z.
    """
    c = z.shape[0]
    v, w, dw = np.zeros(c), np.zeros(c), np.zeros(c)
    dv = np.zeros((c, c))
    x, slope, volume_slope = np.empty(c), np.zeros((c, c)), np.zeros(c)
    volume = 0.0
    for k in range(c):
        middle, width = constant[k], log_scale[k]
        for j in range(k):
            middle += linear[k, j] * v[j] + cubic[k, j] * w[j] ** 3
            width += log_linear[k, j] * w[j] + log_square[k, j] * w[j] ** 2
            for i in range(j + 1):
                middle += quadratic[k, i, j] * w[i] * w[j]
        spread = math.exp(width)
        v[k] = middle + z[k] * spread
        w[k] = REACH * math.tanh(v[k] / REACH)
        dw[k] = 1.0 - (w[k] / REACH) ** 2
        volume += width + math.log(scale[k])
        for j in range(k):
            d_width = (log_linear[k, j] + 2.0 * log_square[k, j] * w[j]) * dw[j]
            d_middle = linear[k, j] + 3.0 * cubic[k, j] * w[j] ** 2 * dw[j]
            for i in range(j + 1):
                d_middle += quadratic[k, i, j] * w[i] * dw[j]
            for i in range(j, k):
                d_middle += quadratic[k, j, i] * w[i] * dw[j]
            for n in range(j + 1):
                dv[k, n] += (d_middle + z[k] * spread * d_width) * dv[j, n]
                volume_slope[n] += d_width * dv[j, n]
        dv[k, k] = spread
        at = int(order[k])
        x[at] = location[k] + scale[k] * v[k]
        for n in range(k + 1):
            slope[at, n] = scale[k] * dv[k, n]
    return x, np.array([volume]), slope, volume_slope
