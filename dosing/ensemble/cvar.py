"""Conditional value at risk (CVaR): the average cost of the worst members, between average and worst case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.criterion import Measured
from dosing.ensemble.problem import ProblemError

if TYPE_CHECKING:
    from dosing.ensemble.evaluation import Outcomes

__all__ = ["ConditionalValueAtRisk", "SmoothConditionalValueAtRisk", "tail_average"]


def tail_average(costs: np.ndarray, weights: np.ndarray, tail: float) -> float:
    """Average cost of the worst members that make up the weight ``tail``, the last one in part."""
    order = np.argsort(-costs)
    before = np.cumsum(weights[order]) - weights[order]
    share = np.clip(tail - before, 0.0, weights[order])
    return float(share @ costs[order] / share.sum())


def logistic(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow."""
    half = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, half) / (1.0 + half)


@dataclass(frozen=True)
class SmoothConditionalValueAtRisk:
    """``min over z of z + Σ w s softplus((J - z) / s) / tail``: Rockafellar and Uryasev 2000, corner rounded.

    Parameters
    ----------
    tail : float
        Weight of the worst members, in (0, 1).
    smoothing : float
        s, in the unit of the cost.
    """

    tail: float
    smoothing: float

    def measure(self, outcomes: Outcomes) -> Measured:
        """See :class:`~dosing.ensemble.criterion.SmoothCriterion`."""
        costs, weights, s = outcomes.costs, outcomes.weights, self.smoothing
        # the best z stands where the smooth share above it is the tail; that share falls with z
        reach = 40 * s + s * abs(np.log(self.tail)) + s * abs(np.log1p(-self.tail))
        low, high = float(costs.min()) - reach, float(costs.max()) + reach
        for _ in range(200):
            z = 0.5 * (low + high)
            if not low < z < high:
                break
            if weights @ logistic((costs - z) / s) > self.tail:
                low = z
            else:
                high = z
        z = 0.5 * (low + high)
        value = z + s * float(weights @ np.logaddexp(0.0, (costs - z) / s)) / self.tail
        # z is at its best, so its own change counts for nothing in the derivative
        return Measured(value, weights * logistic((costs - z) / s) / self.tail)


@dataclass(frozen=True)
class ConditionalValueAtRisk:
    """Average cost of the worst members that make up a given weight.

    Parameters
    ----------
    tail : float
        That weight: 0.1 for the worst tenth. Near 1 it is the average, near 0 the worst case.
    smoothings : tuple of float
        Scales of the smooth stages, as shares of the spread of the costs.

    Raises
    ------
    ProblemError
        A tail outside (0, 1).
    """

    tail: float = 0.1
    smoothings: tuple[float, ...] = (0.1, 0.03, 0.01, 0.003)

    def __post_init__(self) -> None:
        """Validate."""
        if not 0 < self.tail < 1:
            raise ProblemError(
                f"CVaR: the tail {self.tail:g} is outside (0, 1); it is the weight of the worst members, 0.1 for the "
                "worst tenth. Take `Averaged` for 1, `WorstCase` for 0"
            )

    @property
    def name(self) -> str:
        """See :class:`~dosing.ensemble.criterion.Criterion`."""
        return f"worst {100 * self.tail:g} %"

    def exact(self, outcomes: Outcomes) -> float:
        """See :class:`~dosing.ensemble.criterion.Criterion`."""
        return tail_average(outcomes.costs, outcomes.weights, self.tail)

    def stages(self, outcomes: Outcomes) -> Sequence[SmoothConditionalValueAtRisk]:
        """See :class:`~dosing.ensemble.criterion.Criterion`."""
        scale = max(float(np.std(outcomes.costs)), 1e-9 * float(np.abs(outcomes.costs).max()), 1e-300)
        return [SmoothConditionalValueAtRisk(self.tail, s * scale) for s in self.smoothings]
