"""Small arrays inside compiled loops, where a call of LAPACK costs more than the elimination."""

from __future__ import annotations

from numba import njit


@njit(cache=True, error_model="numpy", nogil=True)
def copy_vector(target, source):
    """Copy entry by entry; a slice assignment compiles its checks of shape, a second of compilation each."""
    for i in range(len(target)):
        target[i] = source[i]


@njit(cache=True, error_model="numpy", nogil=True)
def copy_matrix(target, source):
    """Copy entry by entry; see :func:`copy_vector`."""
    for i in range(target.shape[0]):
        for j in range(target.shape[1]):
            target[i, j] = source[i, j]


@njit(cache=True, error_model="numpy", nogil=True)
def solve_linear(a, b):
    """Solve ``a x = b`` in place by elimination with partial pivoting; ``b`` becomes x, ``a`` is destroyed."""
    n = len(b)
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[pivot, k]):
                pivot = i
        if pivot != k:
            for j in range(k, n):
                a[k, j], a[pivot, j] = a[pivot, j], a[k, j]
            b[k], b[pivot] = b[pivot], b[k]
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            if factor != 0.0:
                for j in range(k + 1, n):
                    a[i, j] -= factor * a[k, j]
                b[i] -= factor * b[k]
    for k in range(n - 1, -1, -1):
        total = b[k]
        for j in range(k + 1, n):
            total -= a[k, j] * b[j]
        b[k] = total / a[k, k]
