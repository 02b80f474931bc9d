"""Cost-to-go recursion of a finite population, exact (Fischer 2015, eq. 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dosing.stochastic.wright_fisher.population import frequencies, loss_probability, resampling_matrix
from dosing.stochastic.wright_fisher.selection import ControlledSelection, WrightFisherError

__all__ = ["Objective", "Recursion", "crossing", "solve_recursion"]

Objective = Literal["time", "probability"]

_NEGLIGIBLE = 1e-200  # smaller costs turn denormal in the next product
_SETTLED = 0.1  # share of the horizon over which a stationary policy must not have changed


@dataclass(frozen=True)
class Recursion:
    """Optimal control of a finite population up to a horizon.

    Parameters
    ----------
    selection : ControlledSelection
    population : int
    objective : {"time", "probability"}
    x : ndarray
        (n,) frequencies with both alleles present.
    horizon : float
        In N generations.
    time_to_go : ndarray
        (m,) in N generations, rising; the policy of each is in ``policy``.
    policy : ndarray
        (m, n) control u in units of scaled selection.
    thresholds : ndarray
        (m,) frequency at which the strongest control becomes better than none, between grid points; NaN where
        neither is better (one generation to go: nothing can be lost from most states).
    value : ndarray
        (n,) at the full horizon: expected time kept (in N generations), or the probability of keeping both alleles.
    cost : ndarray
        (n,) cost-to-go J of eq. 2 at the full horizon, in generations: expected time lost (objective "time") or the
        probability of loss.
    """

    selection: ControlledSelection
    population: int
    objective: Objective
    x: np.ndarray
    horizon: float
    time_to_go: np.ndarray
    policy: np.ndarray
    thresholds: np.ndarray
    value: np.ndarray
    cost: np.ndarray

    @property
    def threshold(self) -> float:
        """Threshold of the first decision: the stationary one if the horizon is long enough."""
        return float(self.thresholds[-1])

    @property
    def is_stationary(self) -> bool:
        """Whether the threshold stood still, within a tenth of 1/N, over the last tenth of the horizon."""
        recent = self.thresholds[self.time_to_go >= (1 - _SETTLED) * self.horizon]
        return bool(np.ptp(recent) < 0.1 / self.population)

    @property
    def sentence(self) -> str:
        """What came out, in words, with the remedy if the policy still moves."""
        kept = {"time": "expected time kept", "probability": "probability of keeping both alleles"}
        told = (
            f"N = {self.population}, {self.horizon:g} N generations ahead: control above a frequency of "
            f"{self.threshold:.4f} maximises the {kept[self.objective]}"
        )
        if self.is_stationary:
            return told
        return (
            f"{told}; the threshold still moves with the horizon: take a longer one for a stationary policy"
        )


def crossing(x: np.ndarray, advantage: np.ndarray) -> float:
    """Frequency at which an advantage changes from negative to positive for the last time, between points.

    Returns
    -------
    float
        NaN where it has one sign throughout, or none.
    """
    positive = advantage > 0
    rises = np.flatnonzero(~positive[:-1] & positive[1:])
    if len(rises) == 0:
        return float("nan")
    i = rises[-1]
    return float(x[i] + (x[i + 1] - x[i]) * advantage[i] / (advantage[i] - advantage[i + 1]))


def solve_recursion(
    selection: ControlledSelection,
    population: int = 500,
    *,
    horizon: float = 3.0,
    objective: Objective = "time",
    levels: tuple[float, ...] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Recursion:
    """Solve eq. 2 backwards, generation by generation, with the exact binomial propagator.

    With ``J(0, t) = J(1, t) = T - t`` the cost-to-go is the expected time lost, and its control is the one that keeps
    both alleles longest within the horizon; with cost 1 at the edges it is the probability of loss. Far from the
    horizon the first leads to the control that maximises the mean survival time, the second to the one that minimises
    the lasting rate of loss. They agree if survival is long (to 1e-5 at 8000 N generations) and differ if it is
    short: 0.433 and 0.423 for sigma = 2 and the strongest control -2.5. Equal controls: the weaker one is taken.

    Parameters
    ----------
    selection : ControlledSelection
    population : int
        N.
    horizon : float
        T in N generations; two or more are needed for a stationary policy.
    objective : {"time", "probability"}
    levels : tuple of float, optional
        Controls to choose from, within [strongest, 0]; none and strongest where not given.
    progress : callable, optional
        Called with the share done.
    """
    levels = (0.0, selection.strongest) if levels is None else tuple(sorted(levels, reverse=True))
    if not all(selection.strongest <= u <= 0 for u in levels) or len(levels) < 2:
        raise WrightFisherError(
            f"controls {levels} must be two or more values between {selection.strongest:g} and 0, the strongest "
            "control and none"
        )
    generations = round(horizon * population)
    if generations < 2:
        raise WrightFisherError(
            f"a horizon of {horizon:g} times N = {population} generations holds no decision; take 2 or more"
        )
    matrices = [resampling_matrix(population, selection.sigma + u) for u in levels]
    stacked = np.concatenate(matrices)
    x = frequencies(population)
    shape = (len(levels), len(x))
    loss = np.array([loss_probability(population, selection.sigma + u) for u in levels])
    policy = np.empty((generations, len(x)))
    thresholds = np.empty(generations)
    cost = np.zeros(len(x))
    for k in range(generations):
        edge = float(k) if objective == "time" else 1.0
        costs = (stacked @ cost).reshape(shape) + loss * edge
        best = np.argmin(costs, axis=0)  # the first, which is the weaker one, where equal
        policy[k] = np.take(levels, best)
        # between the two extreme controls: positive where the strongest is better
        thresholds[k] = crossing(x, costs[0] - costs[-1])
        cost = costs[best, np.arange(len(x))]
        cost[cost < _NEGLIGIBLE] = 0.0
        if progress is not None and k % 100 == 99:
            progress((k + 1) / generations)
    value = (generations - cost) / population if objective == "time" else 1.0 - cost
    return Recursion(
        selection, population, objective, x, generations / population,
        np.arange(1, generations + 1) / population, policy, thresholds, value, cost,
    )  # fmt: skip
