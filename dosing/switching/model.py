"""Cell lines that grow, mutate and migrate under one drug at a time: Devia and Giordano, eqs 1 to 5."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dynamics.model import Model

__all__ = ["SwitchingError", "SwitchingModel"]


class SwitchingError(ValueError):
    """A switching problem that cannot be posed or solved; the message names the line or drug and the remedy."""


@dataclass(frozen=True)
class SwitchingModel:
    """The system ``dx/dt = (A - sum_s D_s l_s(t)) x`` (eq. 1) with its start.

    Parameters
    ----------
    growth : ndarray, shape (n, n), per day
        A: net growth on the diagonal, mutation and migration from line k into line j at (j, k).
    kill : ndarray, shape (d, n), per day
        Diagonals of D_s: what drug s at its maximum tolerated dose takes from each line's growth.
    cells : ndarray, shape (n,)
        Cells of each line at the start.
    lines, drugs : tuple of str
        Names, in the order of the arrays. "No drug" is a drug with ``kill`` of zero.
    compartments : tuple of str
        Body compartment of each line; all empty where there is one only.
    source : str
    assumptions : tuple of str
        What was declared and not measured; printed with every result.

    Raises
    ------
    SwitchingError
        Arrays that do not fit, a negative flow between lines, a negative effect, no cell at the start.
    """

    growth: np.ndarray
    kill: np.ndarray
    cells: np.ndarray
    lines: tuple[str, ...]
    drugs: tuple[str, ...]
    compartments: tuple[str, ...] = ()
    source: str = ""
    assumptions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check shapes and signs."""
        for name in ("growth", "kill", "cells"):
            array = np.array(getattr(self, name), dtype=float)
            if not np.all(np.isfinite(array)):
                raise SwitchingError(f"{name} holds a value that is not a finite number")
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        for name in ("lines", "drugs", "compartments", "assumptions"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        n, d = len(self.lines), len(self.drugs)
        if not self.compartments:
            object.__setattr__(self, "compartments", ("",) * n)
        if self.growth.shape != (n, n) or self.kill.shape != (d, n) or self.cells.shape != (n,) or not n * d:
            raise SwitchingError(
                f"{n} lines and {d} drugs need growth of shape ({n}, {n}), kill of shape ({d}, {n}) and {n} "
                f"cell numbers; they have {self.growth.shape}, {self.kill.shape} and {self.cells.shape}"
            )
        if len(self.compartments) != n:
            raise SwitchingError(f"{n} lines, but {len(self.compartments)} compartments")
        if len(set(zip(self.lines, self.compartments, strict=True))) < n or len(set(self.drugs)) < d:
            raise SwitchingError("a line (within its compartment) or a drug is named twice")
        flows = self.growth - np.diag(np.diag(self.growth))
        if np.any(flows < 0):
            j, k = np.argwhere(flows < 0)[0]
            raise SwitchingError(
                f"the flow from {self.label(k)} into {self.label(j)} is {flows[j, k]:g} per day; mutation and "
                "migration cannot be negative (A must be a Metzler matrix)"
            )
        if np.any(self.kill < 0):
            s, j = np.argwhere(self.kill < 0)[0]
            raise SwitchingError(
                f"{self.drugs[s]} has the effect {self.kill[s, j]:g} per day on {self.label(j)}; an effect is "
                "what the drug takes from growth and cannot be negative"
            )
        if np.any(self.cells < 0) or not self.cells.sum() > 0:
            raise SwitchingError("cell numbers at the start must not be negative, and one must be positive")

    def label(self, line: int) -> str:
        """Name of a line with its compartment."""
        where = self.compartments[line]
        return f"{self.lines[line]} ({where})" if where else self.lines[line]

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of all lines with their compartments."""
        return tuple(self.label(i) for i in range(len(self.lines)))

    @property
    def net_growth(self) -> np.ndarray:
        """Diagonals of ``A_s = A - D_s``, shape (d, n), per day (eq. 5)."""
        return np.diag(self.growth) - self.kill

    @property
    def is_diagonal(self) -> bool:
        """Whether no line flows into another (Assumption 1)."""
        return not np.any(self.growth - np.diag(np.diag(self.growth)))

    def diagonal(self) -> SwitchingModel:
        """Return the same without mutation and migration (Assumption 1)."""
        return dataclasses.replace(self, growth=np.diag(np.diag(self.growth)))

    def with_cells(self, cells: np.ndarray) -> SwitchingModel:
        """Return the same from another start, such as a measured state."""
        return dataclasses.replace(self, cells=cells)

    def matrix(self, mixture: np.ndarray) -> np.ndarray:
        """Return ``A - sum_s D_s l_s`` for a mixture of shape (..., d), shape (..., n, n), per day."""
        mixture = np.asarray(mixture, dtype=float)
        effect = mixture @ self.kill
        return self.growth - effect[..., None] * np.eye(len(self.lines))

    def lines_no_drug_shrinks(self) -> tuple[int, ...]:
        """Return the lines that grow whatever is given (the exceptions to Assumption 2)."""
        return tuple(int(j) for j in np.flatnonzero(np.all(self.net_growth >= 0, axis=0)))

    def control_model(self) -> Model:
        """Return the same equations as a model of the catalogue's kind, with one input a drug."""
        from dynamics.catalogue.bilinear import bilinear_model

        effects = {f"u{s + 1}": -np.diag(self.kill[s]) for s in range(len(self.drugs))}
        return bilinear_model(
            "switching", self.growth, effects, self.cells, source="Devia and Giordano, eq. 1",
            meanings={f"N{i + 1}": self.label(i) for i in range(len(self.lines))},
        )  # fmt: skip
