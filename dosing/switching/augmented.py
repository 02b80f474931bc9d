"""The augmented linear system whose final state is the whole cost: Devia and Giordano, Theorem 1."""

from __future__ import annotations

import numpy as np

from dosing.switching.cost import SwitchingCost
from dosing.switching.model import SwitchingModel

__all__ = ["AugmentedSystem"]


class AugmentedSystem:
    """``dz/dt = H(l) z`` with ``z = (x, chi, xi, omega)`` and cost ``h_hat z(t_F)`` (eq. 13).

    Here ``xi`` is one instead of c_g, and c_g stands in the row of omega: the same system with its third state scaled,
    which keeps the matrix small where costs are large.

    Parameters
    ----------
    model : SwitchingModel
    cost : SwitchingCost
    """

    def __init__(self, model: SwitchingModel, cost: SwitchingCost) -> None:
        self.model = model
        self.h, self.toxicity, self.f = cost.weights(model)
        n = len(model.lines)
        self.start = np.concatenate([model.cells, [0.0, 1.0, 0.0]])
        self.readout = np.concatenate([self.h, [1.0, 0.0, 1.0]])
        self._n = n

    def matrix(self, mixture: np.ndarray) -> np.ndarray:
        """Return H(l), shape (n + 3, n + 3), for a mixture of shape (d,)."""
        n = self._n
        H = np.zeros((n + 3, n + 3))
        H[:n, :n] = self.model.matrix(mixture)
        H[n, :n] = self.f
        H[n + 2, n + 1] = self.toxicity @ mixture
        return H
