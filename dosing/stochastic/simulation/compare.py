"""Therapies held against each other, and predictions against simulations: Fischer 2015, Figs 3 and S6."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dosing.stochastic.simulation.forward import simulate
from dosing.stochastic.simulation.policies import Adaptive, StochasticPolicy
from dosing.stochastic.simulation.runs import Runs
from dosing.stochastic.simulation.setting import SimulationError, SimulationSetting

if TYPE_CHECKING:
    from dosing.stochastic.control_table import ControlTable

__all__ = [
    "PREDICTION_STARTS",
    "Prediction",
    "TherapyComparison",
    "TherapyStep",
    "compare_therapies",
    "predictions",
]

# starts of a comparison of predictions, in units of K; none with as many sensitive as resistant cells, where symmetry
# makes unlike policies equal
PREDICTION_STARTS = ((0.1, 0.3), (0.3, 0.1), (0.6, 0.4), (0.9, 0.1), (0.2, 0.8), (0.5, 0.05))


@dataclass(frozen=True)
class TherapyStep:
    """How much better one therapy is than the one before it, run by run on the same random numbers.

    Parameters
    ----------
    worse, better : str
    gain : float
        Difference of the chances of no driver event.
    error : float
        Its standard error, from the differences of the runs.
    """

    worse: str
    better: str
    gain: float
    error: float

    @property
    def separated(self) -> bool:
        """Whether the gain is more than three standard errors above zero."""
        return self.gain > 3 * self.error


@dataclass(frozen=True)
class TherapyComparison:
    """Several therapies of the same tumour.

    Parameters
    ----------
    runs : tuple of Runs
        In the order in which the therapies were given.
    """

    runs: tuple[Runs, ...]

    def step(self, worse: Runs, better: Runs) -> TherapyStep:
        """Return what one therapy gains over another."""
        gain = better.values - worse.values
        return TherapyStep(
            worse.policy, better.policy, float(gain.mean()), float(gain.std(ddof=1) / np.sqrt(len(gain)))
        )

    @property
    def steps(self) -> tuple[TherapyStep, ...]:
        """Gain of each therapy over the one before it."""
        return tuple(self.step(a, b) for a, b in pairwise(self.runs))

    @property
    def in_order(self) -> bool:
        """Whether every therapy is better than the one before it by more than three standard errors."""
        return all(step.separated for step in self.steps)

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        values = ", ".join(f"{r.policy} {r.value:.4f} ± {r.value_error:.4f}" for r in self.runs)
        open_ = [
            f"{s.better} and {s.worse} ({s.gain:+.4f} ± {s.error:.4f})" for s in self.steps if not s.separated
        ]
        last = (
            "each is better than the one before it by more than three standard errors"
            if not open_
            else f"not separated by three standard errors in this order: {'; '.join(open_)}"
        )
        return f"Chance of no driver event in {self.runs[0].runs} runs: {values}; {last}."


def compare_therapies(
    setting: SimulationSetting,
    policies: Sequence[StochasticPolicy],
    *,
    runs: int = 1000,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> TherapyComparison:
    """Simulate several therapies on common random numbers (Fischer 2015, Fig. 3).

    Parameters
    ----------
    setting : SimulationSetting
        Not one with as many sensitive as resistant cells in a symmetric set: no drug and the full dose are then equal.
    policies : sequence of StochasticPolicy
        From the one that is expected to be the worst to the best.
    runs, seed, threads, progress
        See :func:`~dosing.stochastic.simulation.forward.simulate`.

    Raises
    ------
    SimulationError
        Fewer than two policies.
    """
    if len(policies) < 2:
        raise SimulationError(f"{len(policies)} policies: a comparison needs at least two")
    found = []
    for done, policy in enumerate(policies):

        def share(x: float, done: int = done) -> None:
            if progress is not None:
                progress((done + x) / len(policies))

        found.append(simulate(setting, policy, runs=runs, seed=seed, threads=threads, progress=share))
    return TherapyComparison(tuple(found))


@dataclass(frozen=True)
class Prediction:
    """What a dynamic programme predicts for a start, and what simulations under its controls show.

    Parameters
    ----------
    start : tuple of float
        Cells of both types in units of K.
    predicted : float
        Value of the dynamic programme at its own K.
    simulated : float
        Mean over the runs of exp(-summed hazard), less the cost of the drug where the programme counts one.
    error : float
        Its standard error.
    runs : Runs
    """

    start: tuple[float, float]
    predicted: float
    simulated: float
    error: float
    runs: Runs

    @property
    def deviation(self) -> float:
        """Simulated value less the predicted one, in standard errors of the simulation."""
        return (self.simulated - self.predicted) / self.error


def predictions(
    table: ControlTable,
    *,
    starts: Sequence[tuple[float, float]] = PREDICTION_STARTS,
    capacity: float | None = None,
    runs: int = 1000,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[Prediction, ...]:
    """Hold the predicted chance against simulations with the same scaled parameters (Fischer 2015, Fig. S6).

    Parameters
    ----------
    table : ControlTable
        With controls by the time that is left, these are used, and at the table's own K the prediction is exact.
        Otherwise the controls of the first generation are used throughout, which can only be worse.
    starts : sequence of tuple of float
        In units of K.
    capacity : float, optional
        K of the simulations; the table's own where none is given.
    runs, seed, threads, progress
        See :func:`~dosing.stochastic.simulation.forward.simulate`; every start has its own random numbers.
    """
    policy = Adaptive(table, visit_generations=table.visit_generations, by_time=table.stages is not None)
    found = []
    for done, start in enumerate(starts):
        setting = SimulationSetting.of_table(table, start=start, capacity=capacity)
        result = simulate(setting, policy, runs=runs, seed=seed + done, threads=threads)
        back = table.capacity / setting.capacity
        at = [n * back for n in setting.start]
        values = result.values_with_cost(table.drug_cost)
        found.append(
            Prediction(
                (start[0], start[1]), table.value_at(at[0], at[1]), float(values.mean()),
                float(values.std(ddof=1) / np.sqrt(runs)), result,
            )
        )  # fmt: skip
        if progress is not None:
            progress((done + 1) / len(starts))
    return tuple(found)
