"""Predicting where a valley of the likelihood goes when one parameter moves."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from dynamics.kernels.linear import solve_linear

# a direction in which a whole log unit costs less than half of this is not predicted: it would be sent to its
# bound at every step, and the step be cut short there
NEGLIGIBLE = 1e-4
TOUCHING = 1e-4  # a component this close to its bound (in the logarithm) is on it


@njit(cache=True, error_model="numpy", nogil=True)
def tangent(q, information, index, low, high):
    """Change of the other components per unit of the moving one, shape (q,); zero on bounds.

    Parameters
    ----------
    q : ndarray, shape (q,)
        Solution, logarithms of the parameters.
    information : ndarray, shape (q, q)
        Fisher information there.
    index : int
        Component that moves; its own entry is zero.
    low, high : ndarray, shape (q,)
        Bounds.
    """
    n = len(q)
    free = (q > low) & (q < high)
    free[index] = False
    inner, right = np.zeros((n, n)), np.zeros(n)
    for i in range(n):
        if not free[i]:
            inner[i, i] = 1.0
            continue
        right[i] = -information[i, index]
        for j in range(n):
            if free[j]:
                inner[i, j] = information[i, j]
        # no more than twelve digits: the floor may be narrower than its length by a factor of a million
        inner[i, i] += 1e-12 * information[i, i] + NEGLIGIBLE
    solve_linear(inner, right)
    return right


@njit(cache=True, error_model="numpy", nogil=True)
def profile_curvature(q, information, index, low, high):
    """Curvature of the profile in the moving component's logarithm; see :func:`tangent`."""
    along = tangent(q, information, index, low, high)
    along[index] = 1.0
    total = 0.0
    for i in range(len(q)):
        for j in range(len(q)):
            total += along[i] * information[i, j] * along[j]
    return total


@njit(cache=True, error_model="numpy", nogil=True)
def tangent_in_parameters(q, information, index, shift, low, high, moved):
    """Predict with a tangent in the parameters themselves, up to the first bound in its way.

    Valleys of competition models are straight in the parameters (K and r in proportion to c, delta as r less a
    constant), not in their logarithms. Where another component would cross a bound, the step ends exactly
    there: from then on that component is held and the valley turns.

    Parameters
    ----------
    q, information, index, low, high
        See :func:`tangent`.
    shift : float
        Change of the moving component's logarithm.
    moved : ndarray, shape (q,)
        Filled with the prediction.

    Returns
    -------
    float
        The change that was made; smaller than asked for where a bound was met.
    """
    n = len(q)
    for i in range(n):
        moved[i] = low[i] if q[i] < low[i] + TOUCHING else high[i] if q[i] > high[i] - TOUCHING else q[i]
    change = tangent(moved, information, index, low, high) * math.expm1(shift)
    share, first = np.full(n, np.inf), 1.0
    for i in range(n):
        if change[i] != 0.0:
            room = math.expm1((low[i] if change[i] < 0 else high[i]) - moved[i])
            share[i] = room / change[i]
            first = min(first, share[i])
    made = math.log1p(math.expm1(shift) * first)
    for i in range(n):
        if i == index:
            moved[i] = moved[i] + made
        elif share[i] <= first + 1e-12 and share[i] <= 1.0:
            moved[i] = low[i] if change[i] < 0 else high[i]
        else:
            step = min(max(change[i] * first, -0.99), 30.0)
            moved[i] = min(max(moved[i] + math.log1p(step), low[i]), high[i])
    return made
