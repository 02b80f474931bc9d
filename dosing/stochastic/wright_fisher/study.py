"""The paper's study of the Wright-Fisher population: Figs 1, S4 and S5 with their numbers (Fischer 2015)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dosing.stochastic.wright_fisher.monitoring import preemptive_control
from dosing.stochastic.wright_fisher.propagation import diffusion_regimes
from dosing.stochastic.wright_fisher.protocols import Protocol, naive, perfect, preemptive, uncontrolled
from dosing.stochastic.wright_fisher.selection import ControlledSelection
from dosing.stochastic.wright_fisher.simulate import (
    Course,
    SurvivalSample,
    simulate_course,
    simulate_survival,
)
from dosing.stochastic.wright_fisher.survival import survival_threshold
from dosing.stochastic.wright_fisher.threshold_curve import ThresholdCurve, threshold_curve
from dosing.stochastic.wright_fisher.value import ValueOfMonitoring, value_of_monitoring

__all__ = ["MonitoringStudy", "SimulatedSurvival", "monitoring_study", "paper_courses"]


@dataclass(frozen=True)
class SimulatedSurvival:
    """Simulated survival under naive and pre-emptive control at one interval.

    Parameters
    ----------
    interval : float
        In N generations.
    naive, preemptive : SurvivalSample
    """

    interval: float
    naive: SurvivalSample
    preemptive: SurvivalSample


@dataclass(frozen=True)
class MonitoringStudy:
    """All that the figures show.

    Parameters
    ----------
    courses : tuple of Course
        Fig. 1A.
    value : ValueOfMonitoring
        Figs 1B, 1C and S5, computed.
    simulated : tuple of SimulatedSurvival
        Figs 1B, 1C, simulated.
    curves : tuple of ThresholdCurve
        Fig. S4.
    """

    courses: tuple[Course, ...]
    value: ValueOfMonitoring
    simulated: tuple[SimulatedSurvival, ...]
    curves: tuple[ThresholdCurve, ...]

    @property
    def largest_deviation(self) -> float:
        """Largest distance of a simulated mean from the computed one, in standard errors."""
        return max(
            (
                abs(sample.mean - float(np.interp(point.interval, self.value.intervals, line)))
                / sample.standard_error
                for point in self.simulated
                for sample, line in (
                    (point.naive, self.value.naive),
                    (point.preemptive, self.value.preemptive),
                )
            ),
            default=0.0,
        )

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        return (
            f"{self.value.sentence}. Simulated survival at {len(self.simulated)} intervals lies within "
            f"{self.largest_deviation:.1f} standard errors of the computed one"
        )


def paper_courses(
    selection: ControlledSelection, *, population: int = 10_000, interval: float = 0.1, seed: int = 0
) -> tuple[Course, ...]:
    """Simulate one population under each of the four ways of control (Fig. 1A).

    Parameters
    ----------
    selection : ControlledSelection
    population : int
    interval : float
        Between looks, in N generations.
    seed : int
    """
    threshold = survival_threshold(selection).frequency
    plan = preemptive_control(diffusion_regimes(selection, interval / 50, 121), interval)
    protocols: list[Protocol] = [
        uncontrolled(selection, population),
        perfect(selection, population, threshold),
        naive(selection, population, threshold, interval),
        preemptive(selection, population, plan),
    ]
    return tuple(simulate_course(p, seed=seed + i, horizon=2.0) for i, p in enumerate(protocols))


def monitoring_study(
    *,
    selection: ControlledSelection | None = None,
    intervals: Sequence[float] | np.ndarray | None = None,
    simulate_at: Sequence[float] = (0.05, 0.1, 0.2, 0.5, 1.0),
    runs: int = 1000,
    population: int = 10_000,
    steps_per_point: float = 5e8,
    sigmas: Sequence[float] = (2.0, 5.0, 10.0, 20.0),
    threshold_population: int = 500,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> MonitoringStudy:
    """Compute and simulate the study at the paper's sigma = 10, sigma + u = -20.

    Parameters
    ----------
    selection : ControlledSelection, optional
    intervals : sequence of float, optional
        At which survival is computed, in N generations; those of ``simulate_at`` are added.
    simulate_at : sequence of float
        At which it is simulated, too.
    runs : int
        Simulated populations for each protocol and interval (the paper: 5000).
    population : int
        N of the simulations.
    steps_per_point : float
        Most generations to simulate for one point; longer survival is censored. A generation takes about 30 ns.
    sigmas : sequence of float
        Selections whose threshold is followed over the control strength.
    threshold_population : int
        N of the finite populations beside these curves.
    seed : int
    progress : callable, optional
        Called with the share done.
    """
    selection = ControlledSelection() if selection is None else selection
    report = progress if progress is not None else (lambda _: None)
    grid = np.geomspace(0.002, 2.0, 31) if intervals is None else np.asarray(intervals, float)
    grid = np.unique(np.concatenate([grid, simulate_at]))
    value = value_of_monitoring(selection, grid, progress=lambda share: report(0.3 * share))
    # a censored run must still be far longer than the settling time
    horizon = max(steps_per_point / runs / population, 5.0)
    simulated = []
    for i, interval in enumerate(simulate_at):
        plan = value.plans[int(np.flatnonzero(grid == interval)[0])]
        pair = (
            naive(selection, population, value.threshold, interval),
            preemptive(selection, population, plan),
        )
        samples = [
            simulate_survival(p, start=value.start, runs=runs, horizon=horizon, seed=seed + 2 * i + j)
            for j, p in enumerate(pair)
        ]
        simulated.append(SimulatedSurvival(float(interval), samples[0], samples[1]))
        report(0.3 + 0.5 * (i + 1) / len(simulate_at))
    curves = []
    for i, sigma in enumerate(sigmas):
        ratios = np.array([1.25, 1.5, 2.0, 3.0, 4.0, 6.0])
        strongest = -sigma * np.linspace(1.05, 6.5, 60)
        curves.append(
            threshold_curve(sigma, strongest, finite_at=-sigma * ratios, population=threshold_population)
        )
        report(0.8 + 0.2 * (i + 1) / len(sigmas))
    return MonitoringStudy(
        paper_courses(selection, population=population, seed=seed), value, tuple(simulated), tuple(curves)
    )
