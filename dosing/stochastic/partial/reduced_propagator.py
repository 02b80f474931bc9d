"""The next size of a tumour from its last two sizes and doses, its composition summed out (Fischer 2015, eqs 51-53)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dosing.stochastic.partial.next_cells import NextCells

__all__ = ["ReducedPropagator", "reduced_propagator"]


@dataclass(frozen=True)
class ReducedPropagator:
    """Chances of the next size N' after sizes M, N and doses v, u; sizes run from 0 to ``size``.

    Eqs 52 and 53 multiply to one conditional: of all compositions of M, taken as equally likely before, and of N, those
    that the step from M to N under v makes likely. It is kept as ``composition``, and the step from a known composition
    as ``growth``; W of eq. 51 is their product.

    Parameters
    ----------
    cells : NextCells
    composition : ndarray, shape (controls v, size + 1 of M, size + 1 of N, size + 1 of n)
        Probability of n cells of the first type among N. Where the step is impossible in double precision, all
        compositions are equally likely.
    growth : ndarray, shape (controls u, size + 1 of N, size + 1 of n, size + 1 of N')
        Probability of the next size; a tumour that would grow beyond ``size`` stays there.
    reachable : ndarray of bool, shape (controls v, size + 1, size + 1)
        Whether N can follow M under v.
    """

    cells: NextCells
    composition: np.ndarray
    growth: np.ndarray
    reachable: np.ndarray

    @property
    def size(self) -> int:
        """Largest size of the tumour."""
        return self.composition.shape[1] - 1

    def distribution(self, before: int, dose_before: int, now: int, dose: int) -> np.ndarray:
        """Return W(N' | N, M, v; u) for all N', shape (size + 1,): eq. 51.

        Parameters
        ----------
        before, now : int
            Sizes M and N.
        dose_before, dose : int
            Rows v and u of the controls.
        """
        return self.composition[dose_before, before, now] @ self.growth[dose, now]

    def unknown(self) -> np.ndarray:
        """Return the composition of a tumour of which nothing but the size is known, shape (size + 1, size + 1)."""
        return _even(self.size)


def reduced_propagator(cells: NextCells) -> ReducedPropagator:
    """Sum the composition out of the exact transition probabilities.

    Parameters
    ----------
    cells : NextCells
        Sizes are kept up to its edge.
    """
    size = cells.edge
    controls = len(cells.doses)
    composition = np.zeros((controls, size + 1, size + 1, size + 1))
    growth = np.zeros((controls, size + 1, size + 1, size + 1))
    n = np.arange(size + 1)
    for u in range(controls):
        for now in range(size + 1):
            a = n[: now + 1]
            s, r = cells.first[u, a, now - a], cells.second[u, a, now - a]
            # all pairs of next numbers, by composition; along the diagonals N' is fixed
            growth[u, now, : now + 1] = _sums(s, r)
            for after in range(size + 1):
                k = n[: after + 1]
                composition[u, now, after, : after + 1] = (s[:, k] * r[:, after - k]).sum(axis=0)
    mass = composition.sum(axis=-1, keepdims=True)
    reachable = mass[..., 0] > 0
    even = np.broadcast_to(_even(size), composition.shape)
    composition = np.where(reachable[..., None], composition / np.where(mass > 0, mass, 1.0), even)
    return ReducedPropagator(cells, composition, growth, reachable)


def _even(size: int) -> np.ndarray:
    """All compositions of each size equally likely."""
    n = np.arange(size + 1)
    return (n[None, :] <= n[:, None]) / (n[:, None] + 1.0)


def _sums(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Distribution of the sum of two independent numbers, row by row; what is beyond the end is put on the end."""
    from scipy.signal import fftconvolve

    size = first.shape[1]
    # round-off of the transform may be negative in the far tails
    sums = np.maximum(fftconvolve(first, second, axes=1), 0.0)
    sums[:, size - 1] += sums[:, size:].sum(axis=1)
    return sums[:, :size]
