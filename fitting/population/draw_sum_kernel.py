"""A normal density summed over weighted draws, with the moments that its gradient is made of."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True, fastmath=True)
def draw_sum(points, log_weights, centre, precision):  # type: ignore[no-untyped-def]
    r"""Sum over each patient's draws, and their moments under the weights that the sum gives them.

    .. math:: l_i = \log \sum_j \exp(\ell_{ij} - d_{ij}' P d_{ij} / 2), \quad d_{ij} = x_{ij} - m_i

    Parameters
    ----------
    points : ndarray, shape (w, m, c)
        x.
    log_weights : ndarray, shape (w, m)
        The logarithms that are added.
    centre : ndarray, shape (w, c)
        m.
    precision : ndarray, shape (c, c)
        P, symmetric.

    Returns
    -------
    value : ndarray, shape (w,)
        l.
    first, second : ndarray, shape (w, c), (w, c, c)
        Weighted means of d and of d d': the derivative of l is ``P first`` in m, and ``-second/2`` in P.
    """
    w, m, c = points.shape
    value, first, second = np.empty(w), np.zeros((w, c)), np.zeros((w, c, c))
    logs, away = np.empty(m), np.empty(c)
    for i in range(w):
        top = -np.inf
        for j in range(m):
            for a in range(c):
                away[a] = points[i, j, a] - centre[i, a]
            total = 0.0
            for a in range(c):
                inner = 0.5 * precision[a, a] * away[a]
                for b in range(a):
                    inner += precision[a, b] * away[b]
                total += inner * away[a]
            logs[j] = log_weights[i, j] - total
            top = max(top, logs[j])
        mass = 0.0
        for j in range(m):
            if logs[j] < top - 40.0:  # worth less than one part in 10^17
                continue
            share = np.exp(logs[j] - top)
            mass += share
            for a in range(c):
                away[a] = points[i, j, a] - centre[i, a]
                first[i, a] += share * away[a]
                for b in range(a + 1):
                    second[i, a, b] += share * away[a] * away[b]
        value[i] = top + np.log(mass)
        for a in range(c):
            first[i, a] /= mass
            for b in range(a + 1):
                second[i, a, b] /= mass
                second[i, b, a] = second[i, a, b]
    return value, first, second
