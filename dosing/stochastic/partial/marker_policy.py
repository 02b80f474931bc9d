"""Runs of tumours that are steered by a noisy marker at visits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from dosing.stochastic.partial.observed import FilterVote
from dosing.stochastic.partial.particle_filter import RESAMPLE_BELOW, particle_kernel
from dosing.stochastic.simulation.forward import in_blocks, recorded
from dosing.stochastic.simulation.runs import Runs
from dosing.stochastic.simulation.setting import SimulationError, SimulationSetting
from dosing.stochastic.simulation.streams import run_keys

__all__ = ["MarkerRuns", "MarkerVisits", "simulate_marker"]


@dataclass(frozen=True)
class MarkerVisits:
    """How often the marker is read, how well, and what the observer does with it.

    Parameters
    ----------
    visit_generations : int
        The dose is held between visits.
    sigma_log : float
        Standard deviation of the logarithm of a reading, above zero.
    vote : FilterVote
        What each particle votes for.
    particles : int
    shares : tuple of float
        Shares of the first type that are thought possible at the start, all equally likely.
    """

    visit_generations: int
    sigma_log: float
    vote: FilterVote = field(default_factory=FilterVote)
    particles: int = 200
    shares: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True)
class MarkerRuns:
    """Runs under a policy that reads a marker, and how well the filter held.

    Parameters
    ----------
    runs : Runs
    visits : MarkerVisits
    effective : ndarray, shape (runs,)
        Mean effective share of the particles at the visits of a run.
    restarts : ndarray of int, shape (runs,)
        Visits at which no particle could explain the reading, so that the filter began anew.
    """

    runs: Runs
    visits: MarkerVisits
    effective: np.ndarray
    restarts: np.ndarray

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        return (
            f"{self.runs.sentence} At a visit {100 * self.effective.mean():.0f} % of the "
            f"{self.visits.particles} particles counted; the filter began anew in "
            f"{100 * np.mean(self.restarts > 0):.3g} % of the runs."
        )


def simulate_marker(
    setting: SimulationSetting,
    visits: MarkerVisits,
    *,
    runs: int = 300,
    seed: int | np.random.Generator = 0,
    marks: int = 100,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> MarkerRuns:
    """Simulate tumours whose dose follows from a particle filter of a noisy marker.

    The tumours meet the same random numbers as in :func:`~dosing.stochastic.simulation.forward.simulate`. That no
    driver event was seen so far is not used as evidence about the size: next to a marker it says little.

    Parameters
    ----------
    setting : SimulationSetting
        Of two types.
    visits : MarkerVisits
    runs, seed, marks, threads, progress
        See :func:`~dosing.stochastic.simulation.forward.simulate`.

    Raises
    ------
    SimulationError
        No noise, no particles, a process without two types.
    """
    if (
        len(setting.start) != 2
        or visits.visit_generations < 1
        or not visits.sigma_log > 0
        or visits.particles < 2
    ):
        raise SimulationError(
            f"{len(setting.start)} types, a reading with noise {visits.sigma_log:g} every {visits.visit_generations} "
            f"generations, {visits.particles} particles: give two types, a noise above zero, a visit at least every "
            "generation and at least two particles"
        )
    doses, votes, axis = _ballot(setting, visits.vote)
    kernel = particle_kernel(setting.process)
    at = recorded(setting.generations, marks)
    keys, start = run_keys(seed, runs), np.array(setting.start, dtype=float)
    driver, extinct = np.full(runs, -1, np.int64), np.full(runs, -1, np.int64)
    hazard, cells = np.empty((runs, len(at))), np.empty((runs, len(at), 2))
    given, effective, restarts = (
        np.zeros((runs, len(doses)), np.int64),
        np.zeros(runs),
        np.zeros(runs, np.int64),
    )

    def work(first: int, last: int) -> None:
        kernel.marker_block(
            first, last, keys, start, setting.generations, setting.constants, doses, setting.driver_chance_per_cell,
            float(setting.edge), setting.edge_rule.name == "LOST", votes, axis, visits.particles, visits.sigma_log,
            float(visits.shares[0]), float(visits.shares[1]), visits.visit_generations, RESAMPLE_BELOW, at, driver,
            hazard, cells, given, extinct, effective, restarts,
        )  # fmt: skip

    in_blocks(work, runs, threads, progress, block=10)
    name = f"marker every {visits.visit_generations} generations, noise {visits.sigma_log:g}"
    result = Runs(name, setting, doses, at, driver, hazard, cells, given, extinct)
    return MarkerRuns(result, visits, effective, restarts)


def _ballot(setting: SimulationSetting, vote: FilterVote) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return doses, what each place votes for (empty for a majority), and the place of each number of cells."""
    if vote.table is None:
        inputs = len(setting.process.inputs)
        nowhere = np.zeros(1, np.int64)
        return np.vstack([np.zeros(inputs), np.ones(inputs)]), np.zeros((0, 0), np.int8), nowhere
    table = vote.table
    axis = table.axis_map(setting.edge, setting.capacity).astype(np.int64)
    return np.ascontiguousarray(table.controls, dtype=float), table.indices.astype(np.int8), axis
