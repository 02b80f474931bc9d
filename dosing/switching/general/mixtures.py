"""The best mixtures on intervals of given lengths, with a proof that they are: Devia and Giordano, eq. 20."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dosing.switching.cost import SwitchingCost
from dosing.switching.general.ensemble_members import SwitchingEnsemble
from dosing.switching.general.mixture_cost import MixtureCost
from dosing.switching.general.simplex_newton import (
    SimplexOptimum,
    frank_wolfe_bound,
    minimise_over_simplices,
)
from dosing.switching.model import SwitchingError, SwitchingModel
from dosing.switching.schedule import SwitchingSchedule

__all__ = ["Criterion", "MixturePlan", "bound_on_cells", "optimal_mixtures"]

Criterion = Literal["average", "worst"]
_CLOSED = 1e-6
_COARSE = 5


@dataclass(frozen=True)
class MixturePlan:
    """Mixtures of drugs that no others on the same intervals beat by more than the gap.

    A mixture is no treatment for a patient: it is the limit of switching ever faster, and bounds from below what a
    schedule of one drug at a time can reach.

    Parameters
    ----------
    schedule : SwitchingSchedule
    criterion : {"average", "worst"}
    value : float
        The cost, the weighted average of costs, or the largest cost.
    lower_bound : float
        No mixtures on these intervals cost less.
    member_values : ndarray, shape (K,)
        Cost of each member.
    multipliers : ndarray, shape (K,)
        Weights of the members under which the bound holds.
    steps : int
    second_start : float or None
        Value reached from another start, relative to this one less one; None where it was not tried.
    """

    schedule: SwitchingSchedule
    criterion: Criterion
    value: float
    lower_bound: float
    member_values: np.ndarray
    multipliers: np.ndarray
    steps: int
    second_start: float | None = None

    @property
    def gap(self) -> float:
        """How far the value may be above the least, relative to it (Frank–Wolfe duality gap)."""
        return (self.value - self.lower_bound) / max(abs(self.value), np.finfo(float).tiny)

    @property
    def is_optimal(self) -> bool:
        """Whether the gap is below a millionth."""
        return self.gap <= _CLOSED

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        what = "cost" if len(self.member_values) == 1 else f"{self.criterion} cost"
        intervals = len(self.schedule.days)
        text = (
            f"The best mixtures on {intervals} interval{'s' * (intervals > 1)} over {self.schedule.horizon_days:g} "
            f"days have the {what} {self.value:.6g}; no other mixtures on them are cheaper by more than "
            f"{max(self.gap, 0.0):.1e} of it"
        )
        if self.second_start is not None:
            text += f", and a second start ends within {abs(self.second_start):.1e} of it"
        if not self.is_optimal:
            text += "; this is not closed to 1e-06: use fewer or longer intervals, or start from this plan"
        return text + "."


def optimal_mixtures(
    models: SwitchingModel | SwitchingEnsemble | Sequence[SwitchingModel],
    cost: SwitchingCost,
    interval_days: np.ndarray,
    *,
    criterion: Criterion = "average",
    start: np.ndarray | None = None,
    second_start: bool = False,
    spent: np.ndarray | None = None,
    tolerance: float = 1e-8,
    progress: Callable[[str], None] | None = None,
) -> MixturePlan:
    """Minimise the whole cost over one mixture an interval, for any A with flows between lines and any f (eq. 20).

    Parameters
    ----------
    models : SwitchingModel, SwitchingEnsemble or sequence of SwitchingModel
    cost : SwitchingCost
    interval_days : ndarray, shape (N,)
        Lengths of the intervals, days.
    criterion : {"average", "worst"}
        Of an ensemble's costs.
    start : ndarray, shape (N, d), optional
        Mixtures to start from, such as those of a plan made before.
    second_start : bool
        Minimise again from elsewhere and report how far the two ends are apart.
    spent : ndarray, shape (K,), optional
        What each member has cost before the first interval.
    tolerance : float
        Relative gap at which the search ends.
    progress : callable, optional
        Given a line after each step.

    Raises
    ------
    SwitchingError
        An unknown criterion, lengths or a start that do not fit, costs that overflow.
    """
    ensemble = SwitchingEnsemble.of(models)
    weights = _weights(ensemble, criterion)
    problem = MixtureCost(ensemble, cost, interval_days, spent)
    N, d = problem.shape
    if start is not None:
        first = SwitchingSchedule(problem.days, start).mixtures
        if first.shape != (N, d):
            raise SwitchingError(
                f"the start has the shape {first.shape}, but {N} intervals and {d} drugs need {N, d}"
            )
        first = first / first.sum(axis=1, keepdims=True)
    else:
        first = _coarse_start(ensemble, cost, problem, criterion, progress)
    found = minimise_over_simplices(problem, first, weights=weights, tolerance=tolerance, progress=progress)
    apart = None
    if second_start:
        # near the corner that the first end gives least weight
        least = np.argmin(found.mixtures.T @ problem.days)
        corner = np.full((N, d), 0.1 / d) + 0.9 * np.eye(d)[least]
        other = minimise_over_simplices(
            problem, corner, weights=weights, tolerance=tolerance, progress=progress
        )
        apart = other.value / found.value - 1
        if other.value < found.value:
            found = other
    return _plan(problem.days, criterion, found, apart)


def bound_on_cells(
    models: SwitchingModel | SwitchingEnsemble | Sequence[SwitchingModel],
    cost: SwitchingCost,
    plan: MixturePlan,
    cell_days: np.ndarray,
    *,
    spent: np.ndarray | None = None,
) -> float:
    """Return what no mixtures held on finer cells, one drug at a time among them, can cost less than.

    The gradient at the plan's mixtures, taken cell by cell, bounds the convex cost from below whatever is given.

    Parameters
    ----------
    models : SwitchingModel, SwitchingEnsemble or sequence of SwitchingModel
    cost : SwitchingCost
    plan : MixturePlan
    cell_days : ndarray, shape (M,)
        Lengths of cells that divide the plan's intervals, days.
    spent : ndarray, shape (K,), optional
        What each member has cost before the first interval, as the plan was made with.

    Raises
    ------
    SwitchingError
        A cell that crosses the border of an interval.
    """
    days = np.asarray(cell_days, dtype=float)
    edges, borders = np.cumsum(days), np.cumsum(plan.schedule.days)
    slack = 1e-9 * borders[-1]
    owner = np.searchsorted(borders, edges - days / 2)
    outside = abs(edges[-1] - borders[-1]) > slack or np.any(owner >= len(borders))
    if (
        outside
        or np.any(edges > borders[owner] + slack)
        or np.any(edges - days < (borders - plan.schedule.days)[owner] - slack)
    ):
        raise SwitchingError("cells must divide the intervals of the plan: one of them crosses a border")
    sweep = MixtureCost(SwitchingEnsemble.of(models), cost, days, spent)(plan.schedule.mixtures[owner])
    return frank_wolfe_bound(sweep, plan.multipliers)


def _weights(ensemble: SwitchingEnsemble, criterion: str) -> np.ndarray | None:
    """Return the weights of an average, None for the worst case."""
    if criterion not in ("average", "worst"):
        raise SwitchingError(f"criterion {criterion!r} is not known; it is 'average' or 'worst'")
    return ensemble.shares if criterion == "average" or len(ensemble) == 1 else None


def _coarse_start(
    ensemble: SwitchingEnsemble,
    cost: SwitchingCost,
    fine: MixtureCost,
    criterion: Criterion,
    progress: Callable[[str], None] | None,
) -> np.ndarray:
    """Return the mixtures of the same problem on fewer, longer intervals; even shares where there are few already."""
    days, d = fine.days, len(ensemble.drugs)
    if len(days) <= _COARSE:
        return np.full((len(days), d), 1 / d)
    groups = np.array_split(np.arange(len(days)), -(-len(days) // _COARSE))
    coarse = MixtureCost(ensemble, cost, np.array([days[g].sum() for g in groups]), fine.spent)
    start = _coarse_start(ensemble, cost, coarse, criterion, progress)
    found = minimise_over_simplices(
        coarse, start, weights=_weights(ensemble, criterion), tolerance=1e-4,
        progress=progress,
    )  # fmt: skip
    return np.repeat(found.mixtures, [len(g) for g in groups], axis=0)


def _plan(days: np.ndarray, criterion: Criterion, found: SimplexOptimum, apart: float | None) -> MixturePlan:
    """Wrap an optimum."""
    return MixturePlan(
        SwitchingSchedule(days, found.mixtures), criterion, found.value, found.lower_bound,
        found.member_values, found.multipliers, found.steps, apart,
    )  # fmt: skip
