"""One profile under construction."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Line:
    """Best known solutions along the grid of one parameter of one patient.

    Parameters
    ----------
    w, index : int
        Patient and parameter.
    grid : ndarray, shape (g,)
        Logarithms, increasing.
    q : ndarray, shape (g, q)
        Best known solution at each point.
    nll : ndarray, shape (g,)
        Its negative log-likelihood, infinite where nothing is known.
    converged : ndarray of bool, shape (g,)
    information : ndarray, shape (g, q, q)
    improvement : float
        Smaller gains are not worth another look.
    changed : ndarray of bool, shape (g,)
        Points that improved since their surroundings were last visited.
    beyond : list
        Solutions off the grid, (q, nll, converged, information), where a walker stopped above the range of
        interest; :meth:`absorb` makes grid points of them, so that a steep end is bracketed closely.
    offers : set of (float, float)
        Solutions of other lines, (grid value, nll), that a walker tried to carry here already.
    """

    w: int
    index: int
    grid: np.ndarray
    q: np.ndarray
    nll: np.ndarray
    converged: np.ndarray
    information: np.ndarray
    improvement: float = 1e-3
    changed: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    beyond: list[tuple[np.ndarray, float, bool, np.ndarray]] = field(default_factory=list)
    offers: set[tuple[float, float]] = field(default_factory=set)

    @classmethod
    def unknown(cls, w: int, index: int, grid: np.ndarray, size: int) -> Line:
        """Start with every point unknown."""
        n = len(grid)
        return cls(
            w,
            index,
            grid,
            np.full((n, size), np.nan),
            np.full(n, np.inf),
            np.zeros(n, dtype=bool),
            np.zeros((n, size, size)),
            changed=np.zeros(n, dtype=bool),
        )

    def keep(self, g: int, q: np.ndarray, value: float, done: bool, information: np.ndarray) -> None:
        """Adopt a solution at point ``g`` if it is better than the known one."""
        if value < self.nll[g] - 1e-9:
            self.changed[g] |= value < self.nll[g] - self.improvement
            self.q[g], self.nll[g], self.converged[g], self.information[g] = q, value, done, information

    def insert(self, g: int, value: float) -> None:
        """Add an unknown grid point after point ``g``."""
        for name in ("q", "nll", "converged", "grid", "changed", "information"):
            array = getattr(self, name)
            setattr(self, name, np.insert(array, g + 1, array[g], axis=0))
        self.grid[g + 1], self.nll[g + 1], self.converged[g + 1], self.changed[g + 1] = (
            value,
            np.inf,
            False,
            False,
        )

    def absorb(self) -> None:
        """Turn the solutions of ``beyond`` into grid points."""
        for q, nll, converged, information in self.beyond:
            value = float(q[self.index])
            g = int(np.searchsorted(self.grid, value))
            near = [k for k in (g - 1, g) if 0 <= k < len(self.grid) and abs(self.grid[k] - value) < 1e-6]
            if not near and 0 < g < len(self.grid):
                self.insert(g - 1, value)
                near = [g]
            for k in near:
                there = q.copy()
                there[self.index] = self.grid[k]
                self.keep(k, there, nll, converged, information)
        self.beyond = []
