"""What is simulated forwards: a tumour, its start, its horizon, the rate of the event to be avoided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from dosing.stochastic.control_table import capacity_of
from dosing.stochastic.edge_rule import EdgeRule
from dosing.stochastic.process_kernel import constant_vector
from dynamics.birth_death import BirthDeathProcess

if TYPE_CHECKING:
    from dosing.stochastic.control_table import ControlTable

__all__ = ["SimulationError", "SimulationSetting"]

EDGE_IN_CAPACITIES = 1.5


class SimulationError(ValueError):
    """A simulation that cannot be run as it was asked for; the message says why."""


@dataclass(frozen=True)
class SimulationSetting:
    """A small tumour and the event to be avoided (Fischer 2015, eqs 5 to 8).

    Use :meth:`define`, which fills in what follows from K.

    Parameters
    ----------
    process : BirthDeathProcess
    values : mapping of str to float
        Its constants, with K.
    driver_rate : float
        nu = K² nu_0, nu_0 the chance per cell and generation of the driver event.
    start : tuple of int
        Cells of each type.
    generations : int
        Horizon.
    edge : int
        Largest number of cells of a type.
    edge_rule : EdgeRule
    """

    process: BirthDeathProcess
    values: Mapping[str, float]
    driver_rate: float
    start: tuple[int, ...]
    generations: int
    edge: int
    edge_rule: EdgeRule = EdgeRule.STAYS
    constants: np.ndarray = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the numbers."""
        object.__setattr__(self, "constants", constant_vector(self.process, self.values))
        capacity_of(self.process, self.values)
        if len(self.start) != len(self.process.types):
            raise SimulationError(
                f"the start has {len(self.start)} numbers, process {self.process.name!r} has the types "
                f"{', '.join(self.process.types)}: give one number of cells for each"
            )
        if min(self.start) < 0 or max(self.start) > self.edge:
            raise SimulationError(
                f"the start {self.start} is outside 0 to {self.edge} cells: start inside, or raise the edge"
            )
        if self.generations < 1 or not self.driver_rate >= 0:
            raise SimulationError(
                f"{self.generations} generations at driver rate {self.driver_rate:g}: the horizon needs at least one "
                "generation, and the rate cannot be negative"
            )

    @classmethod
    def define(
        cls,
        process: BirthDeathProcess,
        values: Mapping[str, float],
        *,
        driver_rate: float,
        start: tuple[float, ...],
        generations: int | None = None,
        edge: int | None = None,
        edge_rule: EdgeRule = EdgeRule.STAYS,
    ) -> SimulationSetting:
        """Describe a simulation in scaled numbers.

        Parameters
        ----------
        process, values, driver_rate, edge_rule
            See the class; constants that are not given have their defaults.
        start : tuple of float
            Cells of each type as fractions of K.
        generations : int, optional
            K / driver_rate where it is not given (T = 1 / nu in units of K generations).
        edge : int, optional
            1.5 K where it is not given.
        """
        found = process.values(values)
        capacity = capacity_of(process, found)
        if generations is None:
            if not driver_rate > 0:
                raise SimulationError(
                    f"driver rate {driver_rate:g}: the horizon K / driver rate does not exist; give generations"
                )
            generations = max(round(capacity / driver_rate), 1)
        return cls(
            process, found, driver_rate, tuple(round(x * capacity) for x in start), generations,
            round(EDGE_IN_CAPACITIES * capacity) if edge is None else edge, edge_rule,
        )  # fmt: skip

    @property
    def capacity(self) -> float:
        """Carrying capacity K."""
        return self.values["K"]

    @property
    def driver_chance_per_cell(self) -> float:
        """Chance nu_0 of the driver event, per cell and generation."""
        return self.driver_rate / self.capacity**2

    def starting_at(self, *start: int) -> SimulationSetting:
        """Return the same setting from other numbers of cells."""
        return replace(self, start=tuple(start))

    @classmethod
    def of_table(
        cls, table: ControlTable, *, start: tuple[float, ...], capacity: float | None = None
    ) -> SimulationSetting:
        """Return the setting that a table was computed for, or the same at another K with all scaled rates kept.

        Parameters
        ----------
        table : ControlTable
        start : tuple of float
            Fractions of K.
        capacity : float, optional
            Horizon and edge are scaled along.
        """
        scale = (capacity or table.capacity) / table.capacity
        return cls.define(
            table.process, {**table.values, "K": scale * table.capacity}, driver_rate=table.driver_rate, start=start,
            generations=round(scale * table.horizon_generations), edge=round(scale * table.edge),
            edge_rule=table.edge_rule,
        )  # fmt: skip
