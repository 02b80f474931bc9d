"""Constrained Newton steps of many small jobs, compiled: for each, a call of LAPACK costs more than the step.

The methods are documented where they are called, in :mod:`identifiability.functions.level_step`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from dynamics.kernels.linear import copy_vector

RIDGE, LEAST = 1e-11, 1e-300
SMALLEST_PIVOT = 1e-14  # of its diagonal entry: rounding alone may leave less


@njit(cache=True, error_model="numpy", nogil=True)
def _factorise(a):
    """Cholesky factor in the lower triangle, in place."""
    n = len(a)
    for j in range(n):
        least = SMALLEST_PIVOT * a[j, j]
        for k in range(j):
            for i in range(j, n):
                a[i, j] -= a[i, k] * a[j, k]
        root = math.sqrt(max(a[j, j], least))
        a[j, j] = root
        for i in range(j + 1, n):
            a[i, j] /= root


@njit(cache=True, error_model="numpy", nogil=True)
def _solve(a, x):
    """Solve with a Cholesky factor, in place."""
    n = len(x)
    for i in range(n):
        for j in range(i):
            x[i] -= a[i, j] * x[j]
        x[i] /= a[i, i]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            x[i] -= a[j, i] * x[j]
        x[i] /= a[i, i]


@njit(cache=True, error_model="numpy", nogil=True)
def _step(
    matrix, gradient, slopes, excess, equal, held, displaced, inner, columns, normal, step, multipliers
):
    """Fill the constrained step and the multipliers of one job."""
    n, m = len(gradient), len(excess)
    # scaled components: unit diagonal; the last row of columns is the step without constraints
    free = columns[m]
    for i in range(n):
        for j in range(n):
            inner[i, j] = 0.0
            if not (held[i] or held[j]):
                inner[i, j] = matrix[i, j] / math.sqrt(matrix[i, i] * matrix[j, j])
        inner[i, i] += 1.0 if held[i] else 1e-13
        force = 0.0
        if not held[i]:
            force = gradient[i]
            for j in range(n):
                if held[j]:
                    force += matrix[i, j] * displaced[j]
        free[i] = -force / math.sqrt(matrix[i, i])
    _factorise(inner)
    _solve(inner, free)
    for k in range(m):
        for i in range(n):
            columns[k, i] = 0.0
            if equal[k] and not held[i]:
                columns[k, i] = slopes[k, i] / math.sqrt(matrix[i, i])
        _solve(inner, columns[k])
    for k in range(m):
        multipliers[k] = 0.0
        for j in range(m):
            normal[k, j] = 0.0
            if equal[k] and equal[j]:
                for i in range(n):
                    if not held[i]:
                        normal[k, j] += slopes[k, i] / math.sqrt(matrix[i, i]) * columns[j, i]
        # a constraint that no free component can move, or twice the same one, must not stop the others
        if equal[k] and normal[k, k] > 0.0:
            normal[k, k] += RIDGE * normal[k, k] + LEAST
            multipliers[k] = -excess[k]
            for i in range(n):
                if held[i]:
                    multipliers[k] -= slopes[k, i] * displaced[i]
                else:
                    multipliers[k] -= slopes[k, i] / math.sqrt(matrix[i, i]) * free[i]
        else:
            normal[k, k] = 1.0
    _factorise(normal)
    _solve(normal, multipliers)
    for i in range(n):
        if held[i]:
            step[i] = displaced[i]
        else:
            total = free[i]
            for k in range(m):
                total += multipliers[k] * columns[k, i]
            step[i] = total / math.sqrt(matrix[i, i])


@njit(cache=True, error_model="numpy", nogil=True)
def constrained_steps(matrix, gradient, slopes, excess, equal, held, displaced, step, multipliers):
    """Fill step (b, n) and multipliers (b, m)."""
    n, m = gradient.shape[1], excess.shape[1]
    inner, columns, normal = np.empty((n, n)), np.empty((m + 1, n)), np.empty((m, m))
    for b in range(len(gradient)):
        _step(
            matrix[b], gradient[b], slopes[b], excess[b], equal[b], held[b], displaced[b], inner, columns, normal,
            step[b], multipliers[b],
        )  # fmt: skip


@njit(cache=True, error_model="numpy", nogil=True)
def bounded_steps(matrix, gradient, slopes, excess, equal, held, low, high, longest, step):
    """Fill step (b, n); components that would leave ``[low, high]`` become ``held``."""
    n, m = gradient.shape[1], excess.shape[1]
    inner, columns, normal = np.empty((n, n)), np.empty((m + 1, n)), np.empty((m, m))
    displaced, multipliers = np.empty(n), np.empty(m)
    for b in range(len(gradient)):
        for i in range(n):
            displaced[i] = 0.0
        for _ in range(n):
            _step(
                matrix[b], gradient[b], slopes[b], excess[b], equal[b], held[b], displaced, inner, columns, normal,
                step[b], multipliers,
            )  # fmt: skip
            crossing = False
            for i in range(n):
                if not held[b, i] and (step[b, i] < low[b, i] or step[b, i] > high[b, i]):
                    crossing = True
                    held[b, i] = True
                    displaced[i] = min(max(step[b, i], low[b, i]), high[b, i])
            if not crossing:
                break
        largest = 1e-300
        for i in range(n):
            largest = max(largest, abs(step[b, i]))
        for i in range(n):
            step[b, i] = min(max(step[b, i] * min(1.0, longest / largest), low[b, i]), high[b, i])


@njit(cache=True, error_model="numpy", nogil=True)
def multipliers_of(
    matrix, information, gradient, slopes, equal, at_low, at_high, held, force, multipliers, gain
):
    """Fill held (b, n), force (b, n), multipliers (b, m), gain (b,)."""
    n, m = gradient.shape[1], equal.shape[1]
    inner, columns, normal = np.empty((n, n)), np.empty((m + 1, n)), np.empty((m, m))
    nothing, excess, step, pull = np.zeros(n), np.zeros(m), np.empty(n), np.empty(n)
    for b in range(len(gradient)):
        for i in range(n):
            held[b, i] = at_low[b, i] or at_high[b, i]
        for _ in range(2):
            _step(
                matrix[b], gradient[b], slopes[b], excess, equal[b], held[b], nothing, inner, columns, normal, step,
                multipliers[b],
            )  # fmt: skip
            for i in range(n):
                pull[i] = gradient[b, i]
                for j in range(n):
                    pull[i] += information[b, i, j] * step[j]
                for k in range(m):
                    if equal[b, k]:
                        pull[i] -= slopes[b, k, i] * multipliers[b, k]
                held[b, i] = (at_low[b, i] and pull[i] > 0) or (at_high[b, i] and pull[i] < 0)
        gain[b] = 0.0
        copy_vector(force[b], pull)
        for i in range(n):
            if not held[b, i]:
                force[b, i] = 0.0
            for j in range(n):
                gain[b] += 0.5 * step[i] * information[b, i, j] * step[j]


__all__ = ["bounded_steps", "constrained_steps", "multipliers_of"]
