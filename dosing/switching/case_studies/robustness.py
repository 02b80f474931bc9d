"""How one plan fares over matrices that differ from those it was made for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dosing.switching.cost import SwitchingCost
from dosing.switching.durations import solve_durations
from dosing.switching.durations_problem import DurationsProblem
from dosing.switching.general.ensemble_members import SwitchingEnsemble
from dosing.switching.general.plan import GeneralPlan, plan_general
from dosing.switching.general.uncertainty import member_costs
from dosing.switching.model import SwitchingModel
from dosing.switching.schedule import SwitchingSchedule, cells_over_time, evaluate

__all__ = ["RobustPlan", "Robustness", "robust_plan", "robustness"]


@dataclass(frozen=True)
class Robustness:
    """Costs and cells of one schedule over an ensemble.

    Parameters
    ----------
    name : str
        What differs between the members.
    planned : float
        Cost on the model that the schedule was made for.
    costs : ndarray, shape (K,)
        Cost on each member.
    bounds : ndarray, shape (K,)
        What no schedule of the same length can undercut for each member, had its matrices been known.
    times_days : ndarray, shape (m,)
    cells : ndarray, shape (K, m)
        All cells of each member.
    planned_cells : ndarray, shape (m,)
    growing : int
        Members in which some line grows whatever is given.
    """

    name: str
    planned: float
    costs: np.ndarray
    bounds: np.ndarray
    times_days: np.ndarray
    cells: np.ndarray
    planned_cells: np.ndarray
    growing: int

    @property
    def average(self) -> float:
        """Average cost over the members."""
        return float(self.costs.mean())

    @property
    def worst(self) -> float:
        """Largest cost of a member."""
        return float(self.costs.max())

    @property
    def price_of_not_knowing(self) -> float:
        """Average excess over each member's bound, relative to the bounds' average: at most this is lost."""
        return float(self.costs.mean() / self.bounds.mean() - 1)

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        count = len(self.costs)
        text = (
            f"{self.name}: over {count} {'draws' if count > 1 else 'draw'} the plan costs {self.average:.4g} on "
            f"average and {self.worst:.4g} at worst ({self.planned:.4g} as planned); knowing each draw would save at "
            f"most {self.price_of_not_knowing / (1 + self.price_of_not_knowing):.0%} of the average cost."
        )
        if self.growing:
            text += f" In {self.growing} of them a line grows whatever is given."
        return text


def robustness(
    name: str,
    ensemble: SwitchingEnsemble,
    model: SwitchingModel,
    cost: SwitchingCost,
    schedule: SwitchingSchedule,
    *,
    points: int = 80,
    progress: Callable[[float], object] | None = None,
) -> Robustness:
    """Judge a schedule on every member of an ensemble.

    Parameters
    ----------
    name : str
        What differs between the members.
    ensemble : SwitchingEnsemble
    model : SwitchingModel
        For which the schedule was made.
    cost : SwitchingCost
    schedule : SwitchingSchedule
    points : int
        Times at which cells are looked at.
    progress : callable, optional
        Called with the share done.
    """
    times = np.linspace(0.0, schedule.horizon_days, points)
    cells = np.empty((len(ensemble), points))
    bounds, start = [], schedule.durations
    for k, member in enumerate(ensemble.models):
        cells[k] = cells_over_time(member, schedule, times).sum(axis=1)
        problem = DurationsProblem.of(member, cost, schedule.horizon_days)
        bounds.append(solve_durations(problem, start=start).lower_bound)
        if progress is not None:
            progress((k + 1) / len(ensemble))
    return Robustness(
        name, evaluate(model, cost, schedule).total, member_costs(ensemble, cost, schedule), np.array(bounds), times,
        cells, cells_over_time(model, schedule, times).sum(axis=1),
        sum(bool(m.lines_no_drug_shrinks()) for m in ensemble.models),
    )  # fmt: skip


@dataclass(frozen=True)
class RobustPlan:
    """A plan made for the average cost of some draws, beside the plan made without them, both judged on other draws.

    Parameters
    ----------
    plan : GeneralPlan
        Made for the draws.
    nominal, robust : Robustness
        Of the plan made without the draws, and of this one, on other draws.
    """

    plan: GeneralPlan
    nominal: Robustness
    robust: Robustness

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        given = ", ".join(
            f"{name} {days:.4g}"
            for name, days in zip(self.plan.drugs, self.plan.schedule.durations, strict=True)
            if days > 0
        )
        return (
            f"{self.nominal.sentence} A plan made for the average of as many other draws ({given} days) costs "
            f"{self.robust.average:.4g} on average and {self.robust.worst:.4g} at worst on the same draws."
        )


def robust_plan(
    name: str,
    draw: Callable[[int], SwitchingEnsemble],
    seed: int,
    model: SwitchingModel,
    cost: SwitchingCost,
    schedule: SwitchingSchedule,
    *,
    dwell_days: float,
    progress: Callable[[str], None] | None = None,
) -> RobustPlan:
    """Make a plan for the average of some draws, and judge it and a given one on others.

    Parameters
    ----------
    name : str
        What differs between the draws.
    draw : callable
        Returns an ensemble for a seed; it is called with ``seed`` to plan and with ``seed + 1`` to judge.
    seed : int
    model : SwitchingModel
    cost : SwitchingCost
    schedule : SwitchingSchedule
        The plan made without the draws.
    dwell_days : float
    progress : callable, optional
        Given a line now and then.

    Raises
    ------
    SwitchingError
    """
    others = draw(seed + 1)
    plan = plan_general(
        draw(seed), cost, schedule.horizon_days, dwell_days, candidates=(schedule,), second_start=False,
        progress=progress,
    )  # fmt: skip
    return RobustPlan(
        plan,
        robustness(name, others, model, cost, schedule),
        robustness(name, others, model, cost, plan.schedule),
    )
