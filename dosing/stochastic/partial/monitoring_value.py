"""The value of monitoring: what the time between visits and the noise of the marker do to the tumours watched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.stochastic.partial.marker_policy import MarkerRuns, MarkerVisits, simulate_marker
from dosing.stochastic.partial.observed import FilterVote
from dosing.stochastic.simulation.forward import simulate
from dosing.stochastic.simulation.policies import Adaptive, MajorityRule
from dosing.stochastic.simulation.runs import Runs
from dosing.stochastic.simulation.setting import SimulationError, SimulationSetting

if TYPE_CHECKING:
    import pandas as pd

    from dosing.stochastic.control_table import ControlTable

__all__ = ["MonitoringValue", "monitoring_value"]


@dataclass(frozen=True)
class MonitoringValue:
    """The same tumours, watched more or less often, with more or less noise.

    Parameters
    ----------
    always : Runs
        The composition is seen in every generation.
    visit_generations : tuple of int
        Generations between visits.
    noises : tuple of float
        Standard deviations of the logarithm of a reading.
    composition : tuple of Runs
        By interval: the composition is seen at each visit.
    marker : tuple of tuple of MarkerRuns
        By noise, then by interval: only a noisy size is seen, through a particle filter.
    """

    always: Runs
    visit_generations: tuple[int, ...]
    noises: tuple[float, ...]
    composition: tuple[Runs, ...]
    marker: tuple[tuple[MarkerRuns, ...], ...]

    def loss(self, runs: Runs) -> tuple[float, float]:
        """Return how much less the value is than under perfect monitoring, and the standard error, run by run."""
        lost = self.always.values - runs.values
        return float(lost.mean()), float(lost.std(ddof=1) / np.sqrt(len(lost)))

    def curves(self) -> list[tuple[str, tuple[Runs, ...]]]:
        """Return a label and the runs by interval, for the composition and for each noise."""
        rows = [("composition seen", self.composition)]
        return rows + [
            (f"size seen, noise {s:g}", tuple(m.runs for m in row))
            for s, row in zip(self.noises, self.marker, strict=True)
        ]

    def table(self) -> pd.DataFrame:
        """Return one row for each way of watching: value, its error, the loss and its error, all shares of one."""
        import pandas as pd

        capacity = self.always.setting.capacity
        rows = []
        for label, by_interval in self.curves():
            for visit, runs in zip(self.visit_generations, by_interval, strict=True):
                lost, error = self.loss(runs)
                rows.append(
                    (label, visit, visit / capacity, runs.value, runs.value_error, lost, error, runs.extinct)
                )
        columns = [
            "watched", "visit_generations", "visit_in_K_generations", "value", "value_error", "loss", "loss_error",
            "extinct",
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        capacity = self.always.setting.capacity
        seldom = f"every {self.visit_generations[-1] / capacity:.3g} K generations"
        often = f"every {self.visit_generations[0] / capacity:.3g} K generations"

        def said(runs: Runs) -> str:
            lost, error = self.loss(runs)
            return f"{100 * lost:.1f} ± {100 * error:.1f} points"

        text = (
            f"Seeing the composition in every generation gives a chance of {self.always.value:.4f} of no driver event "
            f"in {self.always.setting.generations} generations. Seeing it only {seldom} costs "
            f"{said(self.composition[-1])}"
        )
        if self.noises:
            text += (
                f"; a marker of the size with noise {self.noises[-1]:g} costs {said(self.marker[-1][0].runs)} {often} "
                f"and {said(self.marker[-1][-1].runs)} {seldom}"
            )
        return text + f" (standard errors from {self.always.runs} runs on common random numbers)."


def monitoring_value(
    setting: SimulationSetting,
    *,
    intervals: Sequence[float] = (0.01, 0.02, 0.05, 0.1, 0.2),
    noises: Sequence[float] = (0.1, 0.5),
    table: ControlTable | None = None,
    shares: tuple[float, float] = (0.0, 1.0),
    particles: int = 200,
    runs: int = 200,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> MonitoringValue:
    """Simulate the same tumours under monitoring that is ever less frequent and less precise.

    The dose is held between visits. All ways of watching meet the same random numbers.

    Parameters
    ----------
    setting : SimulationSetting
        Its K may be smaller than the tumour's, with the scaled rates kept: the work grows as K.
    intervals : sequence of float
        Times between visits, in units of K generations.
    noises : sequence of float
        Standard deviations of the logarithm of a reading.
    table : ControlTable, optional
        Control at a known composition; the majority rule where none is given.
    shares : tuple of float
        Shares of the first type that the observer thinks possible at the start.
    particles : int
    runs, seed, threads, progress
        See :func:`~dosing.stochastic.simulation.forward.simulate`.

    Raises
    ------
    SimulationError
        No interval.
    """
    visits = sorted({max(round(x * setting.capacity), 1) for x in intervals})
    if not visits:
        raise SimulationError(
            "no interval between visits was given: name at least one, in units of K generations"
        )

    def seen(visit: int) -> Runs:
        policy = MajorityRule(visit) if table is None else Adaptive(table, visit)
        return simulate(setting, policy, runs=runs, seed=seed, threads=threads)

    always = seen(1)
    composition = tuple(seen(visit) for visit in visits)
    marker, whole = [], max(len(noises) * len(visits), 1)
    for i, noise in enumerate(noises):
        row = []
        for j, visit in enumerate(visits):
            watched = MarkerVisits(visit, noise, FilterVote(table), particles, shares)
            row.append(simulate_marker(setting, watched, runs=runs, seed=seed, threads=threads))
            if progress is not None:
                progress((i * len(visits) + j + 1) / whole)
        marker.append(tuple(row))
    return MonitoringValue(always, tuple(visits), tuple(noises), composition, tuple(marker))
