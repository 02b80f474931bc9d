"""The numbers behind Fig. 1 of Devia and Giordano, for any model: A to F without, G and H with cells on the way."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dosing.switching.case_studies.cost_course import CostCourse, cost_course
from dosing.switching.cost import SwitchingCost
from dosing.switching.free_horizon import HorizonCurve, horizon_curve
from dosing.switching.general.mixtures import MixturePlan, optimal_mixtures
from dosing.switching.general.plan import GeneralPlan, plan_general
from dosing.switching.model import SwitchingError, SwitchingModel
from dosing.switching.plan import plan_switching
from dosing.switching.plan_result import SwitchingPlan

__all__ = ["SwitchingStudy", "switching_study"]


@dataclass(frozen=True)
class SwitchingStudy:
    """A treatment of fixed length, the best length, and the best treatment where cells on the way cost as well.

    Parameters
    ----------
    model : SwitchingModel
    cost : SwitchingCost
        Without a price of cells on the way (f = 0).
    full_cost : SwitchingCost
        With it.
    plan : SwitchingPlan
        Over the fixed horizon, by Algorithm 1.
    mixtures : MixturePlan
        Best mixtures on as many equal intervals as Algorithm 1 has subintervals (eq. 22).
    curve : HorizonCurve
        J_opt over the horizon (eq. 23).
    best : SwitchingPlan
        Over the best horizon (Theorem 4), or the refusal.
    full : GeneralPlan
        One drug at a time, and the best mixtures, under the full cost (eq. 20).
    """

    model: SwitchingModel
    cost: SwitchingCost
    full_cost: SwitchingCost
    plan: SwitchingPlan
    mixtures: MixturePlan
    curve: HorizonCurve
    best: SwitchingPlan
    full: GeneralPlan

    @property
    def course(self) -> CostCourse:
        """Cells and cost under the plan."""
        assert self.plan.schedule is not None  # checked when the study was made
        return cost_course(self.model, self.cost, self.plan.schedule)

    @property
    def mixture_course(self) -> CostCourse:
        """Cells and cost under the best mixtures (eq. 22)."""
        return cost_course(self.model, self.cost, self.mixtures.schedule)

    @property
    def best_course(self) -> CostCourse | None:
        """Cells and cost over the best horizon; None where there is none."""
        schedule = self.best.schedule
        return None if schedule is None else cost_course(self.model, self.cost, schedule)

    def full_course(self, *, weighted: bool = True, mixtures: bool = False) -> CostCourse:
        """Cells and full cost, with or without the weights c_g and c_f, under single drugs or the best mixtures."""
        cost = self.full_cost
        if not weighted:
            cost = dataclasses.replace(cost, toxicity_weight=1.0, burden_weight=1.0)
        return cost_course(self.model, cost, (self.full.relaxed if mixtures else self.full).schedule)

    def durations_along(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Compare the days given until each horizon of the curve with the optimum for a course that ends there.

        Returns
        -------
        days : ndarray, shape (m,)
        given, best : ndarray, shape (m, d)
        """
        assert self.plan.schedule is not None  # checked when the study was made
        schedule = self.plan.schedule
        ends = np.concatenate([[0.0], np.cumsum(schedule.days)])
        amounts = np.vstack(
            [np.zeros(len(self.model.drugs)), np.cumsum(schedule.days[:, None] * schedule.mixtures, axis=0)]
        )
        inside = self.curve.horizons_days <= ends[-1] * (1 + 1e-12)
        days = self.curve.horizons_days[inside]
        given = np.column_stack([np.interp(days, ends, column) for column in amounts.T])
        return days, given, self.curve.durations[inside]


def switching_study(
    model: SwitchingModel,
    cost: SwitchingCost,
    *,
    horizon_days: float = 100.0,
    dwell_days: float = 1.0,
    subintervals: int = 10,
    limit_days: float = 200.0,
    best_subintervals: int | None = None,
    transient: float = 0.1,
    points: int = 50,
    progress: Callable[[str], None] | None = None,
) -> SwitchingStudy:
    """Compute everything that Fig. 1 shows.

    Parameters
    ----------
    model : SwitchingModel
    cost : SwitchingCost
        Its ``burden_weight`` is c_f; its ``burden`` is left out except for the full cost.
    horizon_days, dwell_days : float
    subintervals : int
        Of Algorithm 1 over the fixed horizon.
    limit_days : float
        Longest horizon that is looked at.
    best_subintervals : int, optional
        Of Algorithm 1 over the best horizon; the most that the dwell time allows where None.
    transient : float
        f of every line in the full cost, per cell and day.
    points : int
        Horizons of the curve up to ``horizon_days``; the spacing goes on to ``limit_days``.
    progress : callable, optional
        Given a line now and then.

    Raises
    ------
    SwitchingError
        Where there is no plan for the fixed horizon.
    """

    def tell(what: str) -> None:
        if progress is not None:
            progress(what)

    plain = dataclasses.replace(cost, burden=None)
    full_cost = dataclasses.replace(cost, burden=np.full(len(model.lines), transient))
    tell("plan over the fixed horizon")
    plan = plan_switching(
        model, plain, horizon_days=horizon_days, dwell_days=dwell_days, subintervals=subintervals
    )
    if plan.schedule is None:
        raise SwitchingError(plan.sentence)
    tell("best mixtures")
    mixtures = optimal_mixtures(model, plain, np.full(subintervals, horizon_days / subintervals))
    tell("cost over the horizon")
    step = horizon_days / points
    curve = horizon_curve(model, plain, np.arange(step, limit_days + step / 2, step))
    tell("best horizon")
    best = plan_switching(
        model, plain, limit_days=limit_days, dwell_days=dwell_days, subintervals=best_subintervals
    )
    tell("cells on the way")
    full = plan_general(
        model,
        full_cost,
        horizon_days,
        dwell_days,
        subintervals,
        candidates=(plan.schedule,),
        progress=progress,
    )
    return SwitchingStudy(model, plain, full_cost, plan, mixtures, curve, best, full)
