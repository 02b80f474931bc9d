"""Planning again at every visit, from what is measured there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dosing.switching.cost import SwitchingCost
from dosing.switching.general.ensemble_members import SwitchingEnsemble
from dosing.switching.general.plan import GeneralPlan, plan_general
from dosing.switching.general.step_grid import Held
from dosing.switching.model import SwitchingError, SwitchingModel
from dosing.switching.schedule import CostParts, SwitchingSchedule, cells_over_time, evaluate

__all__ = ["RecedingCourse", "Visit", "noisy_counts", "receding_horizon"]

_SLACK = 1e-9


@dataclass(frozen=True)
class Visit:
    """What was seen and planned at one visit.

    Parameters
    ----------
    day : float
    measured : ndarray, shape (n,)
        Cells of each line as measured; the plan starts from these.
    cells : ndarray, shape (n,)
        Cells of each line of the simulated patient.
    held : Held or None
        What the patient was on.
    plan : GeneralPlan
    """

    day: float
    measured: np.ndarray
    cells: np.ndarray
    held: Held | None
    plan: GeneralPlan


@dataclass(frozen=True)
class RecedingCourse:
    """What was given when every visit planned anew, and what it cost the simulated patient.

    Parameters
    ----------
    schedule : SwitchingSchedule
        What was given in all.
    parts : CostParts
        Terms of its cost.
    visits : tuple of Visit
    open_loop : float or None
        Cost for the same patient had the first visit's plan been kept; None where plans look ahead less far.
    """

    schedule: SwitchingSchedule
    parts: CostParts
    visits: tuple[Visit, ...]
    open_loop: float | None

    @property
    def value(self) -> float:
        """Cost of what was given."""
        return self.parts.total

    @property
    def saved(self) -> float | None:
        """Share of the cost of the first plan that planning again saved; negative where it cost."""
        if self.open_loop is None:
            return None
        return 1 - self.value / self.open_loop if self.open_loop > 0 else 0.0

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        count = len(self.visits)
        text = (
            f"Planned at {count} visit{'s' * (count != 1)} over {self.schedule.horizon_days:g} days: "
            f"cost {self.value:.6g}"
        )
        if self.saved is None:
            return (
                text
                + "; each plan looked ahead less far than the course, so there is no first plan to compare with."
            )
        if abs(self.saved) < 1e-9:
            return text + ", the same as keeping to the first plan."
        word = "less" if self.saved > 0 else "more"
        return text + f", {abs(self.saved):.2%} {word} than keeping to the first plan ({self.open_loop:.6g})."


def noisy_counts(spread: float, seed: int) -> Callable[[float, np.ndarray], np.ndarray]:
    """Return a measurement that multiplies each line's cells by a lognormal factor of median one.

    Parameters
    ----------
    spread : float
        Standard deviation of the factor's logarithm.
    seed : int
    """
    rng = np.random.default_rng(seed)
    return lambda _day, cells: cells * np.exp(spread * rng.standard_normal(np.shape(cells)))


def receding_horizon(
    model: SwitchingModel | SwitchingEnsemble,
    cost: SwitchingCost,
    horizon_days: float,
    dwell_days: float,
    visit_days: float | Sequence[float],
    *,
    plant: SwitchingModel | None = None,
    measure: Callable[[float, np.ndarray], np.ndarray] | None = None,
    window_days: float | None = None,
    intervals: int | None = None,
    per_dwell: int = 1,
    held: Held | None = None,
    progress: Callable[[str], None] | None = None,
) -> RecedingCourse:
    """Measure, plan, give what is planned until the next visit, and so on.

    The dwell time holds across visits: a drug begun shortly before a visit is given on. Where plans look to the end of
    the course and the patient is what the model says, a new plan never costs more than the rest of the plan before.
    For a real patient, :func:`~dosing.switching.general.plan.plan_general` with ``held`` is one visit of this.

    Parameters
    ----------
    model : SwitchingModel or SwitchingEnsemble
        What plans are made with.
    cost : SwitchingCost
    horizon_days, dwell_days : float
    visit_days : float or sequence of float
        Time between visits, or the days of visits after day 0.
    plant : SwitchingModel, optional
        The simulated patient, with cells at the start; the first model where left out.
    measure : callable, optional
        ``measure(day, cells)`` returns what is measured of the true cells, shape (n,); exact where left out.
    window_days : float, optional
        How far each plan looks ahead; to the end of the course where left out.
    intervals : int, optional
        Intervals of one mixture each in a plan, fewer where the rest of the course is too short for them.
    per_dwell : int
        Steps of the schedule in a dwell time.
    held : Held, optional
        What the patient is on at the first visit.
    progress : callable, optional
        Given a line for each visit.

    Raises
    ------
    SwitchingError
        Visits or a window that cannot be, a plant of other lines or drugs, a measurement of the wrong shape.
    """
    ensemble = SwitchingEnsemble.of(model)
    patient = ensemble.models[0] if plant is None else plant
    try:
        SwitchingEnsemble((*ensemble.models, patient))
    except SwitchingError as error:
        raise SwitchingError(f"the simulated patient does not fit the model: {error}") from error
    days = _visit_days(horizon_days, visit_days)
    if window_days is not None and not (np.isfinite(window_days) and window_days >= dwell_days):
        raise SwitchingError(
            f"a window of {window_days} days is shorter than the dwell time of {dwell_days} days"
        )
    cells, before = patient.cells, held
    given: list[SwitchingSchedule] = []
    visits: list[Visit] = []
    rest: SwitchingSchedule | None = None
    for day, following in zip(days, [*days[1:], horizon_days], strict=True):
        measured = _measured(measure, day, cells)
        left = horizon_days - day
        ahead = left if window_days is None else min(window_days, left)
        units = max(int(np.floor(_free_days(ahead, dwell_days, before) / dwell_days * (1 + _SLACK))), 1)
        plan = plan_general(
            ensemble.with_cells([measured] * len(ensemble)), cost, ahead, dwell_days,
            None if intervals is None else min(intervals, units),
            per_dwell=per_dwell, held=before, second_start=False, candidates=() if rest is None else (rest,),
        )  # fmt: skip
        visits.append(Visit(day, measured, cells, before, plan))
        now, rest = _cut(plan.schedule, min(following - day, ahead))
        given.append(now)
        cells = cells_over_time(patient.with_cells(cells), now, np.array([now.horizon_days]))[0]
        before = _held_after(given, held)
        if progress is not None:
            progress(f"day {day:g}: {plan.sentence}")
    whole = SwitchingSchedule(
        np.concatenate([s.days for s in given]), np.vstack([s.mixtures for s in given])
    ).merged()
    open_loop = None if window_days is not None else evaluate(patient, cost, visits[0].plan.schedule).total
    return RecedingCourse(whole, evaluate(patient, cost, whole), tuple(visits), open_loop)


def _visit_days(horizon_days: float, visit_days: float | Sequence[float]) -> list[float]:
    """Return the days of all visits, day 0 first."""
    if isinstance(visit_days, (int, float)):
        if not (np.isfinite(visit_days) and visit_days > 0):
            raise SwitchingError(f"{visit_days} days between visits; it must be a positive number")
        count = int(np.ceil(horizon_days / visit_days * (1 - _SLACK)))
        return [k * float(visit_days) for k in range(max(count, 1))]
    days = [0.0, *(float(day) for day in visit_days if day > 0)]
    if np.any(np.diff(days) <= 0) or days[-1] >= horizon_days:
        raise SwitchingError(
            f"days of visits must rise and lie before the end of the course at {horizon_days:g} days; they are {days}"
        )
    return days


def _measured(
    measure: Callable[[float, np.ndarray], np.ndarray] | None, day: float, cells: np.ndarray
) -> np.ndarray:
    """Return what a visit sees."""
    if measure is None:
        return cells
    seen = np.asarray(measure(day, cells), dtype=float)
    if seen.shape != cells.shape:
        raise SwitchingError(
            f"the measurement on day {day:g} has the shape {seen.shape}; a plan needs the cells of all "
            f"{len(cells)} lines"
        )
    return seen


def _free_days(ahead: float, dwell_days: float, held: Held | None) -> float:
    """Days of a plan that are not bound by what the patient is on."""
    return ahead if held is None else ahead - max(dwell_days - held.days, 0.0)


def _cut(schedule: SwitchingSchedule, days: float) -> tuple[SwitchingSchedule, SwitchingSchedule]:
    """Divide a course in two at a day."""
    ends = np.cumsum(schedule.days)
    first = np.clip(days - (ends - schedule.days), 0.0, schedule.days)
    return (
        SwitchingSchedule(first, schedule.mixtures).merged(),
        SwitchingSchedule(schedule.days - first, schedule.mixtures).merged(),
    )


def _held_after(given: list[SwitchingSchedule], held: Held | None) -> Held:
    """Return the drug given last and for how long, over all that was given."""
    drug, days = int(given[-1].mixtures[-1].argmax()), 0.0
    for part in reversed(given):
        for length, mixture in zip(part.days[::-1], part.mixtures[::-1], strict=True):
            if int(mixture.argmax()) != drug:
                return Held(drug, days)
            days += float(length)
    return Held(drug, days + (held.days if held is not None and held.drug == drug else 0.0))
