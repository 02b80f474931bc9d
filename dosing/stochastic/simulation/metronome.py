"""The best fixed times on and off the drug, found by simulation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dosing.stochastic.simulation.forward import simulate
from dosing.stochastic.simulation.policies import Metronomic
from dosing.stochastic.simulation.runs import Runs
from dosing.stochastic.simulation.setting import SimulationError, SimulationSetting

__all__ = ["MetronomeSearch", "MetronomeTrial", "optimise_metronome"]

# times on and off to begin with, in units of K generations
COARSE = (0.025, 0.05, 0.1, 0.2, 0.4)
# neighbours of the best pair so far: first far ones, then near ones
FACTORS = (1.5, 1.22, 1.1)


@dataclass(frozen=True)
class MetronomeTrial:
    """One pair of times that was tried.

    Parameters
    ----------
    policy : Metronomic
    value : float
        Mean of exp(-summed hazard).
    error : float
        Its standard error.
    below_best, below_best_error : float
        How much less than the best pair, on the same random numbers, and the standard error of that difference.
    """

    policy: Metronomic
    value: float
    error: float
    below_best: float
    below_best_error: float


@dataclass(frozen=True)
class MetronomeSearch:
    """The best times on and off, and what is next to them.

    Parameters
    ----------
    best : Metronomic
    confirmed : Runs
        The best pair on fresh random numbers: the value under which it was chosen flatters it.
    trials : tuple of MetronomeTrial
        All pairs that were tried, the best first.
    search_runs : int
    """

    best: Metronomic
    confirmed: Runs
    trials: tuple[MetronomeTrial, ...]
    search_runs: int

    @property
    def as_good(self) -> tuple[MetronomeTrial, ...]:
        """Pairs that are less than two standard errors below the best one, itself among them."""
        return tuple(t for t in self.trials if t.below_best <= 2 * t.below_best_error)

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        k = self.confirmed.setting.capacity
        on = [t.policy.on_generations / k for t in self.as_good]
        off = [t.policy.off_generations / k for t in self.as_good]
        return (
            f"Of {len(self.trials)} pairs of times the best is {self.best.on_generations / k:.3g} K generations on and "
            f"{self.best.off_generations / k:.3g} K off, {'on' if self.best.starts_on else 'off'} first: "
            f"{self.confirmed.value:.4f} (standard error {self.confirmed.value_error:.4f}) on fresh runs. "
            f"{len(self.as_good) - 1} others cannot be told from it in {self.search_runs} runs, with times on from "
            f"{min(on):.3g} K to {max(on):.3g} K and off from {min(off):.3g} K to {max(off):.3g} K."
        )


def optimise_metronome(
    setting: SimulationSetting,
    *,
    times: Sequence[float] = COARSE,
    search_runs: int = 200,
    runs: int = 1000,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> MetronomeSearch:
    """Search the times on and off that make a driver event least likely.

    A grid of both times and both orders on common random numbers, then neighbours of the best pair, ever nearer, for
    as long as one is better.

    Parameters
    ----------
    setting : SimulationSetting
    times : sequence of float
        Times on and off of the grid, in units of K generations.
    search_runs : int
        Runs for each pair.
    runs : int
        Fresh runs of the best pair.
    seed : int
    threads : int, optional
    progress : callable, optional
        Is told the share of the work that is done; the number of neighbours is an estimate.

    Raises
    ------
    SimulationError
        No time that is one generation or longer.
    """
    capacity = setting.capacity
    lengths = sorted({round(x * capacity) for x in times if round(x * capacity) >= 1})
    if not lengths:
        raise SimulationError(
            f"times {tuple(times)} of K = {capacity:g} generations are all shorter than one"
        )
    tried: dict[Metronomic, np.ndarray] = {}
    expected = 2 * len(lengths) ** 2 + 8 * (len(FACTORS) + 1)

    def tell(share: float) -> None:
        if progress is not None:
            progress(min(share, 1.0))

    def value(policy: Metronomic) -> float:
        if policy not in tried:
            found = simulate(setting, policy, runs=search_runs, seed=seed, marks=1, threads=threads)
            tried[policy] = found.values
            tell(0.95 * min(len(tried) / expected, 1.0))
        return float(tried[policy].mean())

    grid = [Metronomic(a, b, first) for a in lengths for b in lengths for first in (True, False)]
    best = max(grid, key=value)
    for factor in FACTORS:
        while True:
            near = max(_neighbours(best, factor), key=value)
            if value(near) <= value(best):
                break
            best = near
    # the search has seen its own random numbers: the confirmation must not
    confirmed = simulate(setting, best, runs=runs, seed=seed + 1, threads=threads)
    tell(1.0)
    trials = []
    for policy, values in tried.items():
        below = tried[best] - values
        root = np.sqrt(len(values))
        trials.append(
            MetronomeTrial(
                policy, float(values.mean()), float(values.std(ddof=1) / root), float(below.mean()),
                float(below.std(ddof=1) / root),
            )
        )  # fmt: skip
    trials.sort(key=lambda t: -t.value)
    return MetronomeSearch(best, confirmed, tuple(trials), search_runs)


def _neighbours(policy: Metronomic, factor: float) -> list[Metronomic]:
    """Pairs with one or both times longer or shorter by a factor."""
    a, b = policy.on_generations, policy.off_generations
    moves = [(x, y) for x in (1 / factor, 1, factor) for y in (1 / factor, 1, factor)]
    pairs = [(max(round(a * x), 1), max(round(b * y), 1)) for x, y in moves]
    return [Metronomic(x, y, policy.starts_on) for x, y in pairs]
