"""Therapies that see everything, or nothing: the ones compared in Fischer 2015, Fig. 3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from dosing.stochastic.simulation.program import MAJORITY, PERIODIC, TABLE, PolicyProgram
from dosing.stochastic.simulation.setting import SimulationError

if TYPE_CHECKING:
    from dosing.stochastic.control_table import ControlTable
    from dosing.stochastic.simulation.setting import SimulationSetting

__all__ = ["Adaptive", "MajorityRule", "MaximumDose", "Metronomic", "NoDrug", "StochasticPolicy"]


class StochasticPolicy(Protocol):
    """A rule that turns what is seen of a small tumour into the next dose."""

    @property
    def name(self) -> str:
        """Name in tables and legends."""
        ...

    def program(self, setting: SimulationSetting) -> PolicyProgram:
        """Write the policy in the numbers that the compiled loop reads."""
        ...


def _full(setting: SimulationSetting) -> np.ndarray:
    """All inputs at zero, then all at one."""
    inputs = len(setting.process.inputs)
    return np.vstack([np.zeros(inputs), np.ones(inputs)])


@dataclass(frozen=True)
class NoDrug:
    """No drug at any time."""

    name: str = "none"

    def program(self, setting: SimulationSetting) -> PolicyProgram:
        """See :class:`StochasticPolicy`."""
        return PolicyProgram(PERIODIC, _full(setting))


@dataclass(frozen=True)
class MaximumDose:
    """The maximum tolerated dose of every drug, always."""

    name: str = "MTD"

    def program(self, setting: SimulationSetting) -> PolicyProgram:
        """See :class:`StochasticPolicy`."""
        return PolicyProgram(PERIODIC, _full(setting), rows=np.ones(1, np.int64))


@dataclass(frozen=True)
class Metronomic:
    """The full dose and none in turn, for fixed times.

    Parameters
    ----------
    on_generations, off_generations : int
    starts_on : bool
    name : str

    Raises
    ------
    SimulationError
        Negative times, or none at all.
    """

    on_generations: int
    off_generations: int
    starts_on: bool = True
    name: str = "metronomic"

    def __post_init__(self) -> None:
        """Check the times."""
        if (
            min(self.on_generations, self.off_generations) < 0
            or self.on_generations + self.off_generations == 0
        ):
            raise SimulationError(
                f"{self.on_generations} generations on and {self.off_generations} off: give times of at least zero, "
                "one of them longer"
            )

    def program(self, setting: SimulationSetting) -> PolicyProgram:
        """See :class:`StochasticPolicy`."""
        lengths = np.array([self.on_generations, self.off_generations], np.int64)
        rows = np.array([1, 0], np.int64)
        order = slice(None) if self.starts_on else slice(None, None, -1)
        return PolicyProgram(PERIODIC, _full(setting), lengths=lengths[order].copy(), rows=rows[order].copy())


@dataclass(frozen=True)
class Adaptive:
    """The control of a dynamic programme at the numbers of cells seen at each visit.

    Parameters
    ----------
    table : ControlTable
        Computed at any K; it is read at n / K.
    visit_generations : int
        The dose is held in between (naive control, Fischer 2015, section 3.2).
    by_time : bool
        Use the controls by the time that is left; otherwise those of the first generation throughout (a receding
        horizon).
    name : str
    """

    table: ControlTable
    visit_generations: int = 1
    by_time: bool = False
    name: str = "adaptive"

    def program(self, setting: SimulationSetting) -> PolicyProgram:
        """See :class:`StochasticPolicy`.

        Raises
        ------
        SimulationError
            Controls by time are asked for, and the table has none; another process.
        """
        table = self.table
        if table.process.types != setting.process.types:
            raise SimulationError(
                f"the table steers {', '.join(table.process.types)}, the tumour has {', '.join(setting.process.types)}"
            )
        axis = table.axis_map(setting.edge, setting.capacity)
        shared = {
            "kind": TABLE, "doses": np.ascontiguousarray(table.controls, dtype=float), "visit": self.visit_generations,
        }  # fmt: skip
        if not self.by_time:
            return PolicyProgram(
                **shared, tables=table.indices[None].astype(np.int8), axis_a=axis, axis_b=axis,
                stage_of=np.zeros(setting.generations, np.int64),
            )  # fmt: skip
        if table.stages is None:
            raise SimulationError(
                "the table keeps only the controls of the first generation; compute it with keep_stages=True, or use "
                "by_time=False"
            )
        left = (setting.generations - np.arange(setting.generations)) * table.capacity / setting.capacity
        stage_of = np.abs(table.stages.to_go[:, None] - left).argmin(axis=0)
        nodes = table.stages.nodes
        place = np.searchsorted((nodes[1:] + nodes[:-1]) / 2, axis)
        return PolicyProgram(
            **shared,
            tables=table.stages.indices.astype(np.int8),
            axis_a=place,
            axis_b=place,
            stage_of=stage_of,
        )


@dataclass(frozen=True)
class MajorityRule:
    """The drug while sensitive cells are the most, none otherwise: optimal where mutation is rapid (Fig. 2C).

    Parameters
    ----------
    visit_generations : int
        The dose is held in between.
    name : str
    """

    visit_generations: int = 1
    name: str = "majority rule"

    def program(self, setting: SimulationSetting) -> PolicyProgram:
        """See :class:`StochasticPolicy`."""
        rows = np.zeros(len(setting.process.types), np.int64)
        rows[0] = 1
        return PolicyProgram(MAJORITY, _full(setting), rows=rows, visit=self.visit_generations)
