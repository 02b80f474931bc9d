"""One equilibrium without sensitive, or without resistant, cells at numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import sympy as sp

if TYPE_CHECKING:
    from dosing.window_symbolic import Branch, WindowExpressions


class BranchState(NamedTuple):
    """An equilibrium of m parameter sets under a dose.

    Parameters
    ----------
    rests : ndarray of bool, shape (m,)
        Whether it exists with the population present, and the remaining states rest there.
    point : ndarray, shape (states - 1, m)
    output, invasion : ndarray, shape (m,)
    """

    rests: np.ndarray
    point: np.ndarray
    output: np.ndarray
    invasion: np.ndarray


class CompiledBranch:
    """Compiled expressions of one equilibrium.

    Parameters
    ----------
    known : tuple of Symbol
        Parameters and constants, the order of all ``numbers``.
    expressions : WindowExpressions
    branch : Branch
    population : int
        Coordinate of the population that the branch is named after.
    """

    def __init__(
        self, known: tuple[sp.Symbol, ...], expressions: WindowExpressions, branch: Branch, population: int
    ) -> None:
        rows = [*branch.point, branch.output, branch.invasion, *branch.own.flat()]
        self._size = len(branch.point)
        # A tumour-free equilibrium keeps its zero; everywhere else the population has to be there.
        self._living = [population] if branch.point[population] != 0 else []
        self._rows = sp.lambdify([list(known), expressions.dose], rows, "numpy", cse=True)
        self._tolerable = sp.lambdify([list(known), expressions.k_tol], list(branch.tolerable_at), "numpy")
        self._invaded = sp.lambdify([list(known)], list(branch.invaded_from), "numpy")
        self.used: set[sp.Basic] = set().union(*(row.free_symbols for row in rows))

    def at(self, numbers: list[np.ndarray], dose: np.ndarray) -> BranchState:
        """Evaluate at a dose, shape (m,)."""
        values = self._rows(numbers, dose)
        rows = np.stack([np.broadcast_to(np.asarray(v, dtype=float), dose.shape) for v in values])
        size = self._size
        point, own = rows[:size], rows[size + 2 :]
        rests = np.all(np.isfinite(rows), axis=0) & np.all(point >= 0, axis=0)
        rests &= np.all(point[self._living] > 0, axis=0)
        if size == 1:
            rests &= own[0] < 0
        elif np.any(rests):
            matrices = np.moveaxis(own.reshape(size, size, -1), -1, 0)[rests]
            rests[rests] = np.max(np.real(np.linalg.eigvals(matrices)), axis=1) < 0
        return BranchState(rests, point, rows[size], rows[size + 1])

    def tolerable_at(self, numbers: list[np.ndarray], k_tol: np.ndarray) -> list[np.ndarray]:
        """Doses at which the output equals the tolerable burden, shape (m,) each."""
        roots = self._tolerable(numbers, k_tol)
        return [np.broadcast_to(np.asarray(u, dtype=float), k_tol.shape) for u in roots]

    def invaded_from(self, numbers: list[np.ndarray]) -> list[np.ndarray]:
        """Doses at which the missing population begins to grow, shape (m,) each."""
        return [np.broadcast_to(np.asarray(u, dtype=float), numbers[0].shape) for u in self._invaded(numbers)]
