"""Which control to use at which cell numbers: what a dynamic programme returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dosing.stochastic.edge_rule import EdgeRule
from dynamics.birth_death import BirthDeathProcess
from dynamics.expressions import ModelError

__all__ = ["ControlStages", "ControlTable", "capacity_of"]


def capacity_of(process: BirthDeathProcess, values: Mapping[str, float]) -> float:
    """Return the carrying capacity, the constant ``K``, which scales cell numbers and time.

    Raises
    ------
    ModelError
        The process has no constant ``K``; it is not a positive number.
    """
    if not values.get("K", 0.0) > 0:
        raise ModelError(
            f"process {process.name!r} has K = {values.get('K')}: cell numbers and the driver rate are scaled by a "
            "positive constant K; declare one"
        )
    return values["K"]


@dataclass(frozen=True)
class ControlStages:
    """Controls by the time that is left, on some of the states.

    Parameters
    ----------
    to_go : array of int, (stages,)
        Generations left when the control is chosen, decreasing.
    nodes : array of int, (nodes,)
        Cell numbers of each axis at which controls are kept.
    indices : array of int8, (stages, nodes, nodes)
        Rows of the controls.
    """

    to_go: np.ndarray
    nodes: np.ndarray
    indices: np.ndarray


@dataclass(frozen=True)
class ControlTable:
    """The best control at every state of two types, and what it is worth (Fischer 2015, eqs 9 and 10).

    Parameters
    ----------
    process : BirthDeathProcess
    values : mapping of str to float
        Its constants, with K.
    driver_rate : float
        nu = K² nu_0, nu_0 the chance per cell and generation of the driver event.
    horizon_generations : int
        The value is the chance that no driver event happened in so many generations.
    controls : array, (controls, inputs)
        Doses to choose from.
    indices : array of int8, (edge + 1, edge + 1)
        Row of ``controls`` for the first generation, by cells of the first and of the second type.
    value : array, (edge + 1, edge + 1)
        Value at the start, before the first generation; less than the chance where drugs cost something.
    edge_rule : EdgeRule
    tie_tolerance : float
        A later control is taken only where it is better by more than this fraction: ties go to the earlier one.
    visit_generations : int
        Generations between two choices.
    drug_cost : array, (inputs,)
        A generation at dose u multiplies the value by exp(-drug_cost . u).
    method : str
        How it was computed, in words.
    stages : ControlStages, optional
        Controls by the time that is left.
    """

    process: BirthDeathProcess
    values: Mapping[str, float]
    driver_rate: float
    horizon_generations: int
    controls: np.ndarray
    indices: np.ndarray
    value: np.ndarray
    edge_rule: EdgeRule
    tie_tolerance: float
    visit_generations: int
    drug_cost: np.ndarray
    method: str
    stages: ControlStages | None = None

    @property
    def capacity(self) -> float:
        """Carrying capacity K of the table."""
        return capacity_of(self.process, self.values)

    @property
    def edge(self) -> int:
        """Largest number of cells of a type."""
        return len(self.indices) - 1

    @property
    def driver_chance_per_cell(self) -> float:
        """Chance nu_0 of the driver event, per cell and generation."""
        return self.driver_rate / self.capacity**2

    def axis_map(self, last: int, capacity: float | None = None) -> np.ndarray:
        """Return the row of the table for 0, 1, …, ``last`` cells of a tumour with another carrying capacity.

        Parameters
        ----------
        last : int
        capacity : float, optional
            K of that tumour; the table's own where none is given.

        Returns
        -------
        array of int, (last + 1,)
            Nearest row at the same n / K; cells stay cells: a type that is there is never mapped to none.
        """
        cells = np.arange(last + 1)
        return self._rows(cells, capacity)

    def _rows(self, cells: np.ndarray, capacity: float | None) -> np.ndarray:
        scale = self.capacity / (capacity or self.capacity)
        near = np.rint(np.asarray(cells) * scale).astype(int)
        # a type that is there can recover; the table's row for none would treat it as extinct
        return np.clip(np.where(np.asarray(cells) > 0, np.maximum(near, 1), near), 0, self.edge)

    def control_index(
        self,
        first: np.ndarray | int,
        second: np.ndarray | int,
        *,
        capacity: float | None = None,
        to_go: int | None = None,
    ) -> np.ndarray:
        """Return rows of ``controls``.

        Parameters
        ----------
        first, second : array of int
            Cells of the two types.
        capacity : float, optional
            K of the tumour that is steered: a table at K = 500 steers one at K = 10⁴ by n / K.
        to_go : int, optional
            Generations left, of the tumour that is steered; without it the control of the first generation is used
            throughout (a receding horizon).

        Raises
        ------
        ValueError
            ``to_go`` is given, but the table does not keep controls by time.
        """
        rows, columns = self._rows(np.asarray(first), capacity), self._rows(np.asarray(second), capacity)
        left = None if to_go is None else to_go * self.capacity / (capacity or self.capacity)
        if left is None or left >= self.horizon_generations:
            return self.indices[rows, columns]
        if self.stages is None:
            raise ValueError(
                f"to_go = {to_go}, but this table keeps only the controls of the first generation; "
                "compute it with keep_stages=True"
            )
        if not len(self.stages.to_go):  # a single choice for the whole horizon
            return self.indices[rows, columns]
        stage = int(np.argmin(np.abs(self.stages.to_go - left)))
        nodes = self.stages.nodes
        middles = (nodes[1:] + nodes[:-1]) / 2
        return self.stages.indices[stage, np.searchsorted(middles, rows), np.searchsorted(middles, columns)]

    def control(
        self,
        first: np.ndarray | int,
        second: np.ndarray | int,
        *,
        capacity: float | None = None,
        to_go: int | None = None,
    ) -> np.ndarray:
        """Return doses, (..., inputs); see :meth:`control_index`."""
        return self.controls[self.control_index(first, second, capacity=capacity, to_go=to_go)]

    def value_at(self, first: float, second: float, *, capacity: float | None = None) -> float:
        """Return the value at a state, linear between the four states around n / K."""
        scale = self.capacity / (capacity or self.capacity)
        place = np.clip(np.array([first, second], dtype=float) * scale, 0, self.edge)
        low = np.minimum(place.astype(int), self.edge - 1)
        part = place - low
        corners = self.value[low[0] : low[0] + 2, low[1] : low[1] + 2]
        return float(np.array([1 - part[0], part[0]]) @ corners @ np.array([1 - part[1], part[1]]))

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        size = min(round(self.capacity), self.edge)
        first, second = self.process.types
        cells = np.add.outer(np.arange(self.edge + 1), np.arange(self.edge + 1))
        below = self.indices[(cells > 0) & (cells <= size)]
        shares = [
            f"{100 * np.mean(below == row):.0f} % of the states call for {_dose_text(self.process, dose)}"
            for row, dose in enumerate(self.controls)
        ]
        worth = "value, with the cost of the drug," if np.any(self.drug_cost) else "chance"
        return (
            f"With K = {self.capacity:g} and a driver rate nu = {self.driver_rate:g} the {worth} of no driver event in "
            f"{self.horizon_generations} generations is {self.value[size, 0]:.4f} from {size} cells all of {first}, "
            f"and {self.value[0, size]:.4f} from {size} cells all of {second}. Up to {size} cells "
            f"{', '.join(shares)}. Computed by {self.method}; at the edge {self.edge_rule.value}; ties go to the "
            "control that is listed first."
        )


def _dose_text(process: BirthDeathProcess, dose: np.ndarray) -> str:
    """Name a dose."""
    return ", ".join(f"{i.name} = {float(x):g}" for i, x in zip(process.inputs, dose, strict=True))
