"""Cell numbers of an axis at which the value is kept, and the interpolation between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["AxisNodes"]

_ORDER = 4


@dataclass(frozen=True)
class AxisNodes:
    """Nodes of an axis, and what every cell number takes from which four of them.

    Parameters
    ----------
    nodes : array of int, (nodes,)
        Increasing, from 0 to the edge.
    first : array of int, (edge + 1,)
        First of the four nodes around a cell number.
    shares : array, (edge + 1, 4)
        Coefficients of the cubic Lagrange interpolation; they sum to one. One of them is one at a node.
    """

    nodes: np.ndarray
    first: np.ndarray
    shares: np.ndarray

    @classmethod
    def every(cls, edge: int) -> AxisNodes:
        """Keep every cell number: nothing is interpolated."""
        return cls._with(np.arange(edge + 1))

    @classmethod
    def graded(cls, edge: int, fineness: float = 0.4) -> AxisNodes:
        """Keep 0, 1, 2, …, then steps of ``fineness`` standard deviations sqrt(2 n) of one generation.

        Parameters
        ----------
        edge : int
        fineness : float
            Step over sqrt(2 n); smaller is more exact and slower.

        Raises
        ------
        ValueError
            The fineness is not positive.
        """
        if not fineness > 0:
            raise ValueError(
                f"fineness is {fineness}; it is a step in standard deviations, so it is positive"
            )
        nodes = [0]
        while nodes[-1] < edge:
            nodes.append(nodes[-1] + max(1, int(fineness * (2 * nodes[-1]) ** 0.5)))
        nodes[-1] = edge
        return cls._with(np.array(nodes))

    @classmethod
    def _with(cls, nodes: np.ndarray) -> AxisNodes:
        cells = np.arange(nodes[-1] + 1)
        left = np.searchsorted(nodes, cells, side="right") - 1
        first = np.clip(left - 1, 0, len(nodes) - _ORDER)
        around = nodes[first[:, None] + np.arange(_ORDER)].astype(float)
        shares = np.ones((len(cells), _ORDER))
        for i in range(_ORDER):
            for j in range(_ORDER):
                if i != j:
                    shares[:, i] *= (cells - around[:, j]) / (around[:, i] - around[:, j])
        return cls(nodes=nodes, first=first, shares=shares)
