"""The rank of a matrix of p-adic numbers that are known to some digits, with the unknowns it pins down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from identifiability.structural.rings import PadicIntegers


@dataclass(frozen=True)
class RowSpace:
    """What the rows of a Jacobian determine.

    Parameters
    ----------
    rank : int
    null_directions : tuple of tuple of int
        One for each missing direction: the columns with a part in it.
    """

    rank: int
    columns: int
    null_directions: tuple[tuple[int, ...], ...]

    @property
    def determined(self) -> tuple[bool, ...]:
        """For each column, whether its unit vector lies in the row space."""
        moving = {i for direction in self.null_directions for i in direction}
        return tuple(i not in moving for i in range(self.columns))


def row_space(matrix: np.ndarray, ring: PadicIntegers) -> RowSpace:
    """Return rank and null directions, shape (rows, columns) in.

    The rank is that of the known digits, never more than the true one.
    """
    columns = matrix.shape[1]
    basis, pivots = echelon(matrix, ring)
    free = [i for i in range(columns) if i not in pivots]
    directions = []
    for i, moves in zip(free, _null_vectors(basis, pivots, free, ring).T, strict=True):
        movers = [pivot for pivot, part in zip(pivots, moves, strict=True) if part != 0]
        directions.append(tuple(sorted([*movers, i])))
    return RowSpace(len(pivots), columns, tuple(directions))


def echelon(matrix: np.ndarray, ring: PadicIntegers) -> tuple[np.ndarray, list[int]]:
    """Return rows that span the same space, shape (rank, columns), with the pivots' columns.

    A pivot's column is zero in later rows, and no entry of its row has a smaller valuation.
    """
    if matrix.size == 0:
        return matrix.reshape(0, matrix.shape[1]), []
    return _prime_echelon(matrix, ring) if ring.digits == 1 else _padic_echelon(matrix, ring)


def _null_vectors(basis: np.ndarray, pivots: list[int], free: list[int], ring: PadicIntegers) -> np.ndarray:
    """Return the pivots' parts of the null vectors, one for each free column, shape (rank, free)."""
    parts = np.zeros((len(pivots), len(free)), dtype=ring.dtype)
    digits = ring.digits
    for k in range(len(pivots) - 1, -1, -1):
        size = int(basis[k, pivots[k]])
        lost = 0
        while size % ring.p == 0:
            size //= ring.p
            lost += 1
        # Rows come with rising valuation, so that the last row decides how many digits all parts are known to.
        digits = min(digits, ring.digits - lost)
        row = basis[k] // ring.p**lost
        ahead = (
            row[free] + ring.dot(row[pivots[k + 1 :]], parts[k + 1 :]) if k + 1 < len(pivots) else row[free]
        )
        parts[k] = ring.reduce(-ring.reduce(ahead) * ring.inverse(size))
    return parts % ring.p**digits


def _prime_echelon(matrix: np.ndarray, ring: PadicIntegers) -> tuple[np.ndarray, list[int]]:
    """Reduce over the prime field."""
    import flint

    reduced, rank = flint.nmod_mat(matrix.tolist(), ring.p).rref()
    width = matrix.shape[1]
    entries = reduced.entries()[: rank * width]
    rows = np.array([int(v) for v in entries], dtype=ring.dtype).reshape(rank, width)
    return rows, [int(np.flatnonzero(row)[0]) for row in rows]


def _padic_echelon(matrix: np.ndarray, ring: PadicIntegers) -> tuple[np.ndarray, list[int]]:
    """Reduce with the pivot of least valuation, so that no known digit is lost."""
    work = np.array(matrix, dtype=object) % ring.modulus
    rows: list[np.ndarray] = []
    pivots: list[int] = []
    scale = 1
    for _ in range(ring.digits):
        work = work[(work != 0).any(axis=1)]
        # All entries are multiples of the scale here; the next pivot is one that is no multiple of p more.
        units = work // scale % ring.p != 0
        while units.any():
            i, j = np.argwhere(units)[0]
            pivot = work[i]
            # The quotient is known to fewer digits, but it multiplies a row of multiples of the scale.
            factors = work[:, j] // scale * ring.inverse(pivot[j] // scale) % ring.modulus
            rows.append(pivot)
            pivots.append(int(j))
            work = np.delete(work, i, axis=0)
            work = (work - np.outer(np.delete(factors, i), pivot)) % ring.modulus
            units = work // scale % ring.p != 0
        scale *= ring.p
    basis = np.array(rows, dtype=object).reshape(len(rows), matrix.shape[1])
    return basis, pivots
