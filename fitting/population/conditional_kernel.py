"""Normal of each patient's log parameters given the population and a summary of the data, compiled."""

import math

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy", nogil=True)
def _factor(information, precision, w, lower):
    """Fill the Cholesky factor of ``information[w] + precision``; False where there is none."""
    c = precision.shape[0]
    for i in range(c):
        for j in range(i + 1):
            total = information[w, i, j] + precision[i, j]
            for k in range(j):
                total -= lower[i, k] * lower[j, k]
            if i == j:
                if not total > 0:
                    return False
                lower[i, i] = math.sqrt(total)
            else:
                lower[i, j] = total / lower[j, j]
    return True


@njit(cache=True, error_model="numpy", nogil=True)
def _forward_solve(lower, x):
    """Solve ``L x = b`` in place."""
    for i in range(len(x)):
        for j in range(i):
            x[i] -= lower[i, j] * x[j]
        x[i] /= lower[i, i]


@njit(cache=True, error_model="numpy", nogil=True)
def _backward_solve(lower, x):
    """Solve ``L' x = b`` in place."""
    for i in range(len(x) - 1, -1, -1):
        for j in range(i + 1, len(x)):
            x[i] -= lower[j, i] * x[j]
        x[i] /= lower[i, i]


@njit(cache=True, error_model="numpy", nogil=True)
def conditional(z, centre, precision, information, score):
    r"""Carry standard normal coordinates to log parameters, patient by patient.

    With :math:`P = H_i + \Omega^{-1} = L L'` and :math:`m = P^{-1} (b_i + \Omega^{-1} \mu_i)`, the log parameters are
    :math:`m + L^{-T} z`.

    Parameters
    ----------
    z : ndarray, shape (w, c)
    centre : ndarray, shape (w, c)
        mu_i.
    precision : ndarray, shape (c, c)
        Inverse of Omega.
    information, score : ndarray, shape (w, c, c), (w, c)
        H and b: minus the log-likelihood is about ``x'Hx/2 - b'x``.

    Returns
    -------
    x : ndarray, shape (w, c)
    volume : ndarray, shape (1,)
        Logarithm of the volume that the map stretches; NaN where a matrix is not positive definite.
    """
    w, c = z.shape
    x, volume = np.empty((w, c)), np.zeros(1)
    lower, m, step = np.zeros((c, c)), np.empty(c), np.empty(c)
    for i in range(w):
        if not _factor(information, precision, i, lower):
            volume[0] = np.nan
            x[i] = np.nan
            continue
        for k in range(c):
            m[k], step[k] = score[i, k], z[i, k]
            for j in range(c):
                m[k] += precision[k, j] * centre[i, j]
            volume[0] -= math.log(lower[k, k])
        _forward_solve(lower, m)
        _backward_solve(lower, m)
        _backward_solve(lower, step)
        for k in range(c):
            x[i, k] = m[k] + step[k]
    return x, volume


@njit(cache=True, error_model="numpy", nogil=True)
def conditional_pullback(z, centre, precision, information, score, x_bar, volume_bar):
    """Carry cotangents of :func:`conditional` back to z, centre and precision.

    The derivative of the Cholesky factor is that of Murray 2016, eq. 9; the cotangent of the precision is symmetric.

    Parameters
    ----------
    z, centre, precision, information, score : ndarray
        As in :func:`conditional`.
    x_bar : ndarray, shape (w, c)
    volume_bar : ndarray, shape (1,)

    Returns
    -------
    z_bar, centre_bar : ndarray, shape (w, c)
    precision_bar : ndarray, shape (c, c)

    References
    ----------
    Murray (2016), Differentiation of the Cholesky decomposition, arXiv:1602.07527.
    """
    w, c = z.shape
    z_bar, centre_bar, precision_bar = np.empty((w, c)), np.empty((w, c)), np.zeros((c, c))
    lower, m, step, v, u = np.zeros((c, c)), np.empty(c), np.empty(c), np.empty(c), np.empty(c)
    factor_bar, middle, column = np.zeros((c, c)), np.zeros((c, c)), np.empty(c)
    for i in range(w):
        if not _factor(information, precision, i, lower):
            z_bar[i], centre_bar[i], precision_bar[:] = np.nan, np.nan, np.nan
            continue
        for k in range(c):
            m[k], step[k], v[k], u[k] = score[i, k], z[i, k], x_bar[i, k], x_bar[i, k]
            for j in range(c):
                m[k] += precision[k, j] * centre[i, j]
        _forward_solve(lower, m)
        _backward_solve(lower, m)
        _backward_solve(lower, step)
        _forward_solve(lower, v)
        _backward_solve(lower, v)  # P^-1 x_bar
        _forward_solve(lower, u)  # L^-1 x_bar
        for k in range(c):
            z_bar[i, k] = u[k]
            centre_bar[i, k] = 0.0
            for j in range(c):
                centre_bar[i, k] += precision[k, j] * v[j]
            for j in range(k + 1):
                factor_bar[k, j] = -step[k] * u[j]
            factor_bar[k, k] -= volume_bar[0] / lower[k, k]
        # middle = Phi(L' L_bar), made symmetric: the lower triangle mirrored, the diagonal kept
        for a in range(c):
            for b in range(a + 1):
                total = 0.0
                for k in range(a, c):
                    total += lower[k, a] * factor_bar[k, b]
                middle[a, b] = total
                middle[b, a] = total
        # 0.5 L^-T middle L^-1, column by column
        for b in range(c):
            for a in range(c):
                column[a] = middle[a, b]
            _backward_solve(lower, column)
            for a in range(c):
                middle[a, b] = column[a]
        for a in range(c):
            for b in range(c):
                column[b] = middle[a, b]
            _backward_solve(lower, column)
            for b in range(c):
                precision_bar[a, b] += 0.5 * column[b]
        for a in range(c):
            for b in range(c):
                # of m = P^-1 s: -v m' through P, and v mu' through s, both made symmetric
                precision_bar[a, b] -= 0.5 * (v[a] * m[b] + v[b] * m[a])
                precision_bar[a, b] += 0.5 * (v[a] * centre[i, b] + v[b] * centre[i, a])
    return z_bar, centre_bar, precision_bar
