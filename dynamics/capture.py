"""Neighbourhoods of stable equilibria that no course leaves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dynamics.equilibria import Equilibrium
from dynamics.numeric_field import NumericField

_LARGEST, _HALVINGS, _SHELLS, _DIRECTIONS = 0.25, 40, 12, 512


class Capture:
    """An ellipsoid around a stable equilibrium on which the flow points inwards.

    With the Jacobian A, the solution P of ``A'P + PA = -1`` measures distances, ``V = z'Pz``; the ellipsoid is
    the largest one tried on which ``dV/dt < 0`` at every one of some thousand sampled states (of populations
    only those that are not negative). What is inside is decided.

    Parameters
    ----------
    field : NumericField
    equilibrium : Equilibrium
        Stable.
    widths : ndarray, shape (states,)
        Scale of the states, in which the ellipsoid is round about as large as possible.
    populations : ndarray of bool, shape (states,)
        States that cannot be negative.
    """

    def __init__(
        self, field: NumericField, equilibrium: Equilibrium, widths: np.ndarray, populations: np.ndarray
    ) -> None:
        from scipy.linalg import solve_continuous_lyapunov

        self.point, self.widths = equilibrium.point, widths
        slope = field.jacobian(self.point) * widths[None, :] / widths[:, None]
        self.matrix = solve_continuous_lyapunov(slope.T, -np.eye(len(widths)))
        self.level = self._largest(field, populations)

    def _largest(self, field: NumericField, populations: np.ndarray) -> float:
        """Largest level of V tried on which every sampled state moves inwards."""
        rng = np.random.default_rng(7)
        directions = rng.standard_normal((len(self.widths), _DIRECTIONS))
        directions /= np.sqrt(np.sum(directions * (self.matrix @ directions), axis=0))
        radius = _LARGEST * np.sqrt(np.min(np.linalg.eigvalsh(self.matrix)))
        for _ in range(_HALVINGS):
            shells = radius * np.arange(1, _SHELLS + 1) / _SHELLS
            z = (directions[:, :, None] * shells).reshape(len(self.widths), -1)
            x = self.point[:, None] + self.widths[:, None] * z
            seen = np.all((x >= 0) | ~populations[:, None], axis=0)
            rates = field(x[:, seen]) / self.widths[:, None]
            if np.all(np.sum(rates * (self.matrix @ z[:, seen]), axis=0) < 0):
                return radius**2
            radius *= 0.5
        return 0.0

    def holds(self, states: np.ndarray) -> np.ndarray:
        """Say which states, shape (m, states), are inside; shape (m,)."""
        z = (np.asarray(states, dtype=float) - self.point) / self.widths
        with np.errstate(invalid="ignore"):
            return np.einsum("mi,ij,mj->m", z, self.matrix, z) <= self.level


def captures(
    field: NumericField, attractors: Sequence[Equilibrium], widths: np.ndarray, populations: np.ndarray
) -> tuple[Capture, ...]:
    """Return one neighbourhood for every stable equilibrium."""
    return tuple(Capture(field, e, widths, populations) for e in attractors)
