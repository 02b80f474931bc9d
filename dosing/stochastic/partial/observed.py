"""Runs of tumours of which only the size is seen, in every generation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

import numpy as np

from dosing.stochastic.birth_death.skellam import DEVIATIONS, MORE, SETTLE
from dosing.stochastic.partial.next_cells import LARGEST_EDGE
from dosing.stochastic.process_kernel import rates_at
from dosing.stochastic.simulation.forward import in_blocks, process_section, recorded, run_kernel
from dosing.stochastic.simulation.runs import Runs
from dosing.stochastic.simulation.setting import SimulationError, SimulationSetting
from dosing.stochastic.simulation.streams import run_keys
from dynamics.birth_death import BirthDeathProcess
from dynamics.kernels.compile import generated

if TYPE_CHECKING:
    from dosing.stochastic.control_table import ControlTable
    from dosing.stochastic.partial.size_policy import SizePolicy

__all__ = [
    "FilterVote",
    "LastTwoSizes",
    "SizeOnlyPolicy",
    "longest_distribution",
    "observed_kernel",
    "simulate_observed",
]


class SizeOnlyPolicy(Protocol):
    """A policy that sees the size of the tumour in every generation, and nothing else."""

    @property
    def name(self) -> str:
        """Name in tables and legends."""
        ...

    def arrays(
        self, setting: SimulationSetting
    ) -> tuple[np.ndarray, bool, np.ndarray, np.ndarray, np.ndarray]:
        """Return doses, whether a filter decides, votes, indices by stage, and indices of the first generation."""
        ...


@dataclass(frozen=True)
class LastTwoSizes:
    """The policy of the reduced propagator (Fischer 2015, Fig. S7).

    Parameters
    ----------
    policy : SizePolicy
    by_time : bool
        Use the choices by the time that is left; otherwise those of the first generation throughout.
    name : str
    """

    policy: SizePolicy
    by_time: bool = True
    name: str = "last two sizes"

    def arrays(
        self, setting: SimulationSetting
    ) -> tuple[np.ndarray, bool, np.ndarray, np.ndarray, np.ndarray]:
        """See :class:`SizeOnlyPolicy`.

        Raises
        ------
        SimulationError
            The policy was computed for another K or another horizon.
        """
        own = self.policy.setting
        if (own.capacity, own.generations) != (setting.capacity, setting.generations):
            raise SimulationError(
                f"the policy is one for K = {own.capacity:g} over {own.generations} generations, the tumour has "
                f"K = {setting.capacity:g} over {setting.generations}: a step in size means something else there; "
                "compute the policy for this setting"
            )
        indices = self.policy.indices if self.by_time else self.policy.indices[:1]
        return self.policy.doses, False, np.zeros((1, 1), np.int8), indices, self.policy.first


@dataclass(frozen=True)
class FilterVote:
    """The dose that is right for most of the posterior P(n_s, n_r | all sizes and doses so far).

    Before the first step all compositions are equally likely.

    Parameters
    ----------
    table : ControlTable, optional
        Each composition votes for its control there (Fischer 2015, section 4.3). Without one it votes for the drug
        where sensitive cells are the most: a majority decision.
    name : str, optional
    """

    table: ControlTable | None = None
    label: str = ""

    @property
    def name(self) -> str:
        """Name in tables and legends."""
        return self.label or ("filter, majority" if self.table is None else "filter, weighted controls")

    def arrays(
        self, setting: SimulationSetting
    ) -> tuple[np.ndarray, bool, np.ndarray, np.ndarray, np.ndarray]:
        """See :class:`SizeOnlyPolicy`."""
        doses, votes = self.votes(setting)
        return doses, True, votes, np.zeros((1, len(doses), 1, 1), np.int8), np.zeros(1, np.int8)

    def votes(self, setting: SimulationSetting) -> tuple[np.ndarray, np.ndarray]:
        """Return doses (controls, inputs) and the row that each state votes for, shape (edge + 1, edge + 1)."""
        if self.table is None:
            inputs = len(setting.process.inputs)
            n = np.arange(setting.edge + 1)
            # as many of both: the drug, as in the majority rule with perfect information
            return np.vstack([np.zeros(inputs), np.ones(inputs)]), (n[:, None] >= n[None, :]).astype(np.int8)
        axis = self.table.axis_map(setting.edge, setting.capacity)
        return np.ascontiguousarray(self.table.controls, dtype=float), self.table.indices[np.ix_(axis, axis)]


@lru_cache(maxsize=16)
def observed_kernel(process: BirthDeathProcess) -> ModuleType:
    """Return the compiled loops with the process's equations in them."""
    section = f"{process_section(process)}\nfrom {run_kernel(process).__name__} import step  # noqa\n"
    return generated(Path(__file__).parent / "observed_template.py", "process", section)


def longest_distribution(setting: SimulationSetting, doses: np.ndarray) -> int:
    """Length of work that a distribution of the next cells needs, from any state."""
    corners = np.array([[a, b] for a in (0, 1, setting.edge) for b in (0, 1, setting.edge)], dtype=float)
    most = max(
        float(np.max(rates_at(setting.process, corners, np.asarray(u, dtype=float), setting.constants)))
        for u in doses
    )
    # births and deaths are largest where there are most cells of the type; the change is one less the other
    return int(4 * most + 4 * DEVIATIONS * np.sqrt(2 * most + 1)) + 2 * MORE + SETTLE


def simulate_observed(
    setting: SimulationSetting,
    policy: SizeOnlyPolicy,
    *,
    runs: int = 1000,
    seed: int | np.random.Generator = 0,
    marks: int = 100,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Runs:
    """Simulate tumours under a policy that sees the size alone.

    With the same seed the tumours meet the same random numbers as in
    :func:`~dosing.stochastic.simulation.forward.simulate`.

    Parameters
    ----------
    setting, runs, seed, marks, threads, progress
        See :func:`~dosing.stochastic.simulation.forward.simulate`.
    policy : SizeOnlyPolicy

    Raises
    ------
    SimulationError
        A process without two types; a lattice that is too large for the exact filter.
    """
    doses, by_filter, votes, indices, initial = policy.arrays(setting)
    if len(setting.start) != 2 or (by_filter and setting.edge > LARGEST_EDGE):
        raise SimulationError(
            f"{len(setting.start)} types with up to {setting.edge} cells: the exact filter keeps every composition of "
            f"two types, up to {LARGEST_EDGE} cells each; use the particle filter, or a smaller K with the same scaled "
            "rates"
        )
    kernel = observed_kernel(setting.process)
    at = recorded(setting.generations, marks)
    keys, start = run_keys(seed, runs), np.array(setting.start, dtype=float)
    driver, extinct = np.full(runs, -1, np.int64), np.full(runs, -1, np.int64)
    hazard, cells = np.empty((runs, len(at))), np.empty((runs, len(at), 2))
    given = np.zeros((runs, len(doses)), np.int64)
    longest = longest_distribution(setting, doses)

    def work(first: int, last: int) -> None:
        kernel.observed_block(
            first, last, keys, start, setting.generations, setting.constants, doses, setting.driver_chance_per_cell,
            float(setting.edge), setting.edge_rule.name == "LOST", by_filter, votes, indices, initial, longest, at,
            driver, hazard, cells, given, extinct,
        )  # fmt: skip

    in_blocks(work, runs, threads, progress)
    return Runs(policy.name, setting, doses, at, driver, hazard, cells, given, extinct)
