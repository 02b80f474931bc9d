"""Everything that ``evodose switch`` computes for one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dosing.switching.case_studies.cost_course import CostCourse
    from dosing.switching.case_studies.limits import LimitingLine
    from dosing.switching.case_studies.robustness import RobustPlan
    from dosing.switching.cost import SwitchingCost
    from dosing.switching.free_horizon import HorizonCurve
    from dosing.switching.general.plan import GeneralPlan
    from dosing.switching.model import SwitchingModel
    from dosing.switching.plan_result import SwitchingPlan
    from dosing.switching.schedule import CostParts, SwitchingSchedule
    from dosing.switching.table.switching_table import SwitchingTable
    from workbench.switch_progress import Steps
    from workbench.switch_request import SwitchRequest

_HORIZONS = 40  # at which the least cost is computed


@dataclass(frozen=True)
class SwitchOutcome:
    """What came out.

    Parameters
    ----------
    table : SwitchingTable
    model : SwitchingModel
    cost : SwitchingCost
    plan : SwitchingPlan
        Without a price of cells on the way in the durations; also a refusal.
    limiting : LimitingLine
    general : GeneralPlan or None
        Where cells on the way have a price.
    course : CostCourse or None
        Under the schedule; None for a refusal.
    curve : HorizonCurve or None
        Least cost over the length, without a price of cells on the way.
    robust : tuple of RobustPlan
    notes : tuple of str
    """

    table: SwitchingTable
    model: SwitchingModel
    cost: SwitchingCost
    plan: SwitchingPlan
    limiting: LimitingLine
    general: GeneralPlan | None = None
    course: CostCourse | None = None
    curve: HorizonCurve | None = None
    robust: tuple[RobustPlan, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def schedule(self) -> SwitchingSchedule | None:
        """What is given; None for a refusal."""
        return self.plan.schedule if self.general is None else self.general.schedule

    @property
    def parts(self) -> CostParts | None:
        """Terms of the cost of the schedule."""
        return self.plan.cost_parts if self.general is None else self.general.parts

    @property
    def lower_bound(self) -> float:
        """What no schedule of the same length costs less than."""
        return self.plan.lower_bound if self.general is None else self.general.lower_bound

    @property
    def gap(self) -> float:
        """Bound on what could be saved, relative to the cost of the schedule."""
        return self.plan.gap if self.general is None else max(self.general.gap, 0.0)

    @property
    def certificate(self) -> str:
        """Why the bound holds, in words."""
        if self.general is not None:
            return self.general.certificate
        return self.plan.certificate.sentence if self.plan.certificate is not None else ""

    @property
    def bound(self) -> str:
        """The cost of the schedule and what could be saved, in a sentence; empty for a refusal."""
        from workbench.report.labels import number, percent

        if self.parts is None:
            return ""
        grid = "" if self.general is None else " and with switches on the same days"
        return (
            f"It costs {number(self.parts.total, 4)}; no schedule of this length{grid} costs less than "
            f"{number(self.lower_bound, 4)}, so at most {percent(self.gap, 2)} of its cost could be saved."
        )

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What was taken for granted, in words."""
        said = self.plan.notes
        if self.general is not None and self.plan.dropped is not None:
            # nothing is left out of a schedule that was made for the whole cost
            said = tuple(note for note in said if note != self.plan.dropped.sentence)
        return (*said, *self.notes)

    @property
    def lead(self) -> str:
        """The schedule, or the refusal, in a sentence."""
        schedule = self.schedule
        if schedule is None:
            return str(self.plan.status)
        given = ", ".join(
            f"{drug} {days:.1f}"
            for drug, days in zip(self.model.drugs, schedule.durations, strict=True)
            if days > 0
        )
        switches = max(len(schedule.days) - 1, 0)
        return (
            f"Over {schedule.horizon_days:.1f} days: {given} days, one at a time, with {switches} "
            f"switch{'' if switches == 1 else 'es'}."
        )


def compute(request: SwitchRequest, table: SwitchingTable, steps: Steps) -> SwitchOutcome:
    """Plan, bound, and judge on uncertain matrices where that was asked for.

    Raises
    ------
    SwitchingError
        A model or cost that cannot be posed.
    """
    from dosing.switching.case_studies.cost_course import cost_course
    from dosing.switching.case_studies.limits import limiting_line
    from dosing.switching.free_horizon import horizon_curve
    from dosing.switching.general.plan import plan_general
    from dosing.switching.plan import plan_switching

    flows = {"mutation_per_day": request.mutation_per_day, "migration_per_day": request.migration_per_day}
    model = table.model(**flows)
    cost = table.cost(toxicity_weight=request.toxicity_weight, transient=request.transient_weight)
    steps.step("days under each drug")
    plan = plan_switching(
        model, cost, horizon_days=request.horizon_days, limit_days=request.limit_days, dwell_days=request.dwell_days,
        subintervals=request.subintervals,
    )  # fmt: skip
    limiting = limiting_line(model)
    if plan.schedule is None:
        return SwitchOutcome(table, model, cost, plan, limiting)
    schedule, general, notes = plan.schedule, None, []
    if cost.counts_transient:
        steps.step("cells on the way")
        general = plan_general(
            model,
            cost,
            schedule.horizon_days,
            request.dwell_days,
            candidates=(schedule,),
            progress=steps.detail,
        )
        schedule = general.schedule
        notes.append(
            "Because cells on the way have a price, the schedule is not that of Algorithm 1: it is the cheapest found "
            "for the whole cost, and says nothing of a course that ends early."
        )
        if request.limit_days is not None:
            notes.append("The length was chosen without the price of cells on the way.")
    steps.step("least cost over the length")
    curve = horizon_curve(model, cost, _horizons(schedule.horizon_days, request.limit_days))
    robust = _robust(request, table, model, cost, schedule, steps) if request.uncertainty > 0 else ()
    return SwitchOutcome(
        table,
        model,
        cost,
        plan,
        limiting,
        general,
        cost_course(model, cost, schedule),
        curve,
        robust,
        tuple(notes),
    )


def _horizons(planned_days: float, limit_days: float | None) -> np.ndarray:
    """Return lengths up to the longest that may be of interest."""
    longest = limit_days or 1.5 * planned_days
    return np.union1d(np.linspace(longest / _HORIZONS, longest, _HORIZONS), [planned_days])


def _robust(
    request: SwitchRequest,
    table: SwitchingTable,
    model: SwitchingModel,
    cost: SwitchingCost,
    schedule: SwitchingSchedule,
    steps: Steps,
) -> tuple[RobustPlan, ...]:
    """Judge the schedule on draws of EC50s, and on draws of effects and growth."""
    from dosing.switching.case_studies.robustness import robust_plan
    from dosing.switching.general.ensemble_members import SwitchingEnsemble
    from dosing.switching.general.uncertainty import uncertain_models

    spread, members = request.uncertainty, request.members

    def ec50s(seed: int) -> SwitchingEnsemble:
        return table.uncertain(
            spread, members, seed, mutation_per_day=request.mutation_per_day,
            migration_per_day=request.migration_per_day,
        )  # fmt: skip

    def effects(seed: int) -> SwitchingEnsemble:
        return uncertain_models(model, spread, members, seed)

    found = []
    for name, draw in ((f"EC50s ± {spread:.0%}", ec50s), (f"Effects and growth ± {spread:.0%}", effects)):
        steps.step(name)
        found.append(
            robust_plan(
                name,
                draw,
                request.seed,
                model,
                cost,
                schedule,
                dwell_days=request.dwell_days,
                progress=steps.detail,
            )
        )
    return tuple(found)
