"""Exponentials of Metzler matrices, many at once, each entry to full relative precision.

A Metzler matrix shifted by a multiple of the identity has no negative entry, so that Taylor terms and squarings only
add (Xue and Ye 2013). Lines of 10⁹ cells and lines of a single cell stand in one state here; an exponential whose error
is small against its *largest* entry would lose the small line, and the gradient of a plan with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial

import numpy as np

__all__ = ["Exponentials", "exponentials"]

# a Taylor polynomial of order 12 at this norm leaves out 2e-18 of each entry
_NORM = 0.25
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2


@dataclass(frozen=True)
class Exponentials:
    """``exp(B T)`` of a stack, with what its derivatives need.

    Parameters
    ----------
    powers : list of ndarray, shape (..., m, m)
        ``exp(B T / 2**k)``, then each the square of the one before; the last is ``exp(B T)``.
    shifted : ndarray, shape (..., m, m)
        ``(B + c I) T / 2**k``, no entry negative.
    shift : ndarray, shape (...)
        ``c T / 2**k``.
    days : ndarray, shape (...)
        T.
    """

    powers: list[np.ndarray]
    shifted: np.ndarray
    shift: np.ndarray
    days: np.ndarray

    @property
    def whole(self) -> np.ndarray:
        """``exp(B T)``, shape (..., m, m)."""
        return self.powers[-1]

    @property
    def half(self) -> np.ndarray:
        """``exp(B T / 2)``, shape (..., m, m)."""
        return self.powers[-2]

    def overlap(self, state: np.ndarray, adjoint: np.ndarray) -> np.ndarray:
        """Return ``int_0^T x_j(t) p_j(t) dt`` for each j, shape (..., m).

        With ``x(t) = exp(B t) x`` and ``p(t) = exp(B' (T - t)) p`` this is the diagonal of the Fréchet derivative of
        the exponential at ``B T`` in the direction ``T x p'``: squared along with the exponential, from a Gauss rule
        of six nodes on the shortest step, which is exact there to the last digit.

        Parameters
        ----------
        state : ndarray, shape (..., m)
            x at the start, not negative.
        adjoint : ndarray, shape (..., m)
            p at the end, not negative.
        """
        step = self.days / 2 ** (len(self.powers) - 1)
        forward = [_on_vector(self.shifted, state, t) for t in _NODES]
        transposed = np.swapaxes(self.shifted, -1, -2)
        back = [_on_vector(transposed, adjoint, 1 - t) for t in _NODES]
        weights = _WEIGHTS * (step * np.exp(-self.shift))[..., None]
        left = np.stack(forward, axis=-1) * weights[..., None, :]
        derivative = left @ np.stack(back, axis=-2)
        for power in self.powers[:-2]:
            derivative = power @ derivative + derivative @ power
        last, turned = self.powers[-2], np.swapaxes(self.powers[-2], -1, -2)
        # of the last product only the diagonal is asked for
        return (last * np.swapaxes(derivative, -1, -2)).sum(-1) + (derivative * turned).sum(-1)


def exponentials(matrices: np.ndarray, days: np.ndarray) -> Exponentials:
    """Return ``exp(B T)`` of a stack of Metzler matrices.

    Parameters
    ----------
    matrices : ndarray, shape (..., m, m), per day
        B; no entry off the diagonal is negative.
    days : ndarray, broadcasts to shape (...)
        T, not negative.
    """
    size = matrices.shape[-1]
    days = np.broadcast_to(np.asarray(days, dtype=float), matrices.shape[:-2])
    lowest = np.diagonal(matrices, axis1=-2, axis2=-1).min(axis=-1)
    shift = np.maximum(-lowest, 0.0)
    shifted = (matrices + shift[..., None, None] * np.eye(size)) * days[..., None, None]
    norm = float(shifted.sum(axis=-1).max(initial=0.0))
    squarings = max(1, int(np.ceil(np.log2(max(norm, _NORM) / _NORM))))
    shifted, shift = shifted / 2**squarings, shift * days / 2**squarings
    powers = [_taylor(shifted) * np.exp(-shift)[..., None, None]]
    for _ in range(squarings):
        powers.append(powers[-1] @ powers[-1])
    return Exponentials(powers, shifted, shift, days)


def _taylor(P: np.ndarray) -> np.ndarray:
    """Return the Taylor polynomial of order 12 of ``exp(P)``, in five products (Paterson and Stockmeyer)."""
    one = np.eye(P.shape[-1])
    square = P @ P
    cube = square @ P
    total = cube / factorial(12)
    for j in (3, 2, 1, 0):
        total = total if j == 3 else cube @ total
        total = total + one / factorial(3 * j) + P / factorial(3 * j + 1) + square / factorial(3 * j + 2)
    return total


def _on_vector(P: np.ndarray, vector: np.ndarray, share: float) -> np.ndarray:
    """Return ``exp(share P) vector`` for P of norm at most 1/4."""
    term = total = np.broadcast_to(vector, P.shape[:-1])
    for k in range(1, 13):
        term = (P @ term[..., None])[..., 0] * (share / k)
        total = total + term
    return total
