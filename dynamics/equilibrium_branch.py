"""A branch of equilibria over a parameter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class EquilibriumBranch:
    """Equilibria that belong together, along a curve; the parameter may turn back.

    Parameters
    ----------
    present : tuple of str
        States that are not zero on it.
    values : ndarray, shape (m,)
        Of the parameter, in its unit.
    points : ndarray, shape (m, states)
    outputs : ndarray, shape (m, outputs)
        What a visit would measure; NaN where that needs more numbers than the equations do.
    eigenvalues : ndarray of complex, shape (m, states)
        Of the Jacobian, per day, real parts descending; NaN where the model has no derivative.
    """

    present: tuple[str, ...]
    values: np.ndarray
    points: np.ndarray
    outputs: np.ndarray
    eigenvalues: np.ndarray

    @property
    def label(self) -> str:
        """What is there: ``S alone``, ``S and R``, ``nothing``."""
        if len(self.present) < 2:
            return f"{self.present[0]} alone" if self.present else "nothing"
        return f"{', '.join(self.present[:-1])} and {self.present[-1]}"

    @property
    def stable(self) -> np.ndarray:
        """Whether every eigenvalue has a negative real part, shape (m,); False where one is not known."""
        with np.errstate(invalid="ignore"):
            return np.all(np.real(self.eigenvalues) < 0, axis=1)

    def stretches(self) -> list[tuple[slice, bool]]:
        """Split the branch where stability changes: slices that share an end, and whether stable inside."""
        # A piece between neighbours is stable if its ends are; a bifurcation point itself counts as neither.
        growth = np.real(self.eigenvalues[:, 0])
        size = np.max(np.abs(self.eigenvalues), axis=1)
        marginal = np.abs(growth) <= 1e-7 * size
        ends = self.stable | marginal
        inner = ends[:-1] & ends[1:] & ~(marginal[:-1] & marginal[1:])
        found, start = [], 0
        for k in range(1, len(inner) + 1):
            if k == len(inner) or inner[k] != inner[start]:
                found.append((slice(start, k + 1), bool(inner[start])))
                start = k
        return found

    def stable_between(self) -> tuple[tuple[float, float], ...]:
        """Intervals of the parameter on which the branch is stable, a branch that turns back piece by piece."""
        return tuple(
            (float(self.values[part].min()), float(self.values[part].max()))
            for part, stable in self.stretches()
            if stable
        )
