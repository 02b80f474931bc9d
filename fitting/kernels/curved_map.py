"""The map of :mod:`fitting.bayesian.curved_map` with its derivatives, compiled: what a sampler calls every step.

The equations are those of :class:`fitting.bayesian.curved_map.CurvedMap`, which a test holds against these.
"""

import math

import numpy as np
from numba import njit

REACH = 3.0  # as in fitting.bayesian.curved_map


@njit(cache=True, error_model="numpy", nogil=True)
def curve(z, order, location, scale, constant, linear, log_scale, exponents, bend, log_bend):
    """Map one point and differentiate.

    Parameters
    ----------
    z : ndarray, shape (c,)
    order, location, scale, constant, log_scale : ndarray, shape (c,)
    linear : ndarray, shape (c, c)
    exponents : ndarray, shape (f, c)
    bend, log_bend : ndarray, shape (c, f)

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
    c, count = z.shape[0], exponents.shape[0]
    v, w, dw = np.zeros(c), np.zeros(c), np.zeros(c)
    dv = np.zeros((c, c))
    d_middle, d_width = np.zeros(c), np.zeros(c)
    x, slope, volume_slope = np.empty(c), np.zeros((c, c)), np.zeros(c)
    volume = 0.0
    for k in range(c):
        middle, width = constant[k], log_scale[k]
        for j in range(k):
            middle += linear[k, j] * v[j]
            d_middle[j], d_width[j] = linear[k, j], 0.0
        for f in range(count):
            b, s = bend[k, f], log_bend[k, f]
            if b == 0.0 and s == 0.0:
                continue
            value = 1.0
            for j in range(k):
                for _ in range(int(exponents[f, j])):
                    value *= w[j]
            middle += b * value
            width += s * value
            for j in range(k):
                power = int(exponents[f, j])
                if power > 0:
                    rest = float(power)
                    for i in range(k):
                        for _ in range(int(exponents[f, i]) - (1 if i == j else 0)):
                            rest *= w[i]
                    d_middle[j] += b * rest * dw[j]
                    d_width[j] += s * rest * dw[j]
        spread = math.exp(width)
        v[k] = middle + z[k] * spread
        w[k] = REACH * math.tanh(v[k] / REACH)
        dw[k] = 1.0 - (w[k] / REACH) ** 2
        volume += width + math.log(scale[k])
        for j in range(k):
            for n in range(j + 1):
                dv[k, n] += (d_middle[j] + z[k] * spread * d_width[j]) * dv[j, n]
                volume_slope[n] += d_width[j] * dv[j, n]
        dv[k, k] = spread
        at = int(order[k])
        x[at] = location[k] + scale[k] * v[k]
        for n in range(k + 1):
            slope[at, n] = scale[k] * dv[k, n]
    return x, np.array([volume]), slope, volume_slope
