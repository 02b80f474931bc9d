"""A plan of one drug at a time for any system of lines, with what it costs above the best that could be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dosing.switching.cost import SwitchingCost
from dosing.switching.general.ensemble_members import SwitchingEnsemble
from dosing.switching.general.local_search import improve
from dosing.switching.general.mixtures import Criterion, MixturePlan, bound_on_cells, optimal_mixtures
from dosing.switching.general.pure_cost import PureCost
from dosing.switching.general.rounding import nearest_multiples, sum_up_rounding
from dosing.switching.general.step_grid import Held, StepGrid, dwell_obeyed, step_grid
from dosing.switching.model import SwitchingError, SwitchingModel
from dosing.switching.schedule import CostParts, SwitchingSchedule, cells_over_time, evaluate

__all__ = ["GeneralPlan", "plan_general"]

# intervals on which the bound is sought; beyond these it is read from the gradient, cell by cell
_MOST_INTERVALS = 100


@dataclass(frozen=True)
class GeneralPlan:
    """One drug at a time, each for the dwell time at least, and how far that is from the best that could be.

    Parameters
    ----------
    drugs : tuple of str
    schedule : SwitchingSchedule
        What is given: no part mixes drugs.
    criterion : {"average", "worst"}
    value : float
        Cost of the schedule: of the one model, or the average or largest of an ensemble's costs.
    member_parts : tuple of CostParts
        Terms of the cost for each member.
    relaxed : MixturePlan
        The best mixtures on the intervals asked for (eq. 20); no treatment, but where rounding starts.
    lower_bound : float
        No course that switches on the same grid of steps (or where the schedule does), mixtures included, costs less.
    rounded : dict of str to float
        Cost by way of rounding.
    dwell_days : float
    assumptions : tuple of str
        What was declared of the model and not measured.
    """

    drugs: tuple[str, ...]
    schedule: SwitchingSchedule
    criterion: Criterion
    value: float
    member_parts: tuple[CostParts, ...]
    relaxed: MixturePlan
    lower_bound: float
    rounded: dict[str, float]
    dwell_days: float
    assumptions: tuple[str, ...] = ()

    @property
    def parts(self) -> CostParts:
        """Terms of the cost of a plan for one model.

        Raises
        ------
        SwitchingError
            A plan for an ensemble, whose members differ.
        """
        if len(self.member_parts) != 1:
            raise SwitchingError(
                "a plan for several models has no single cost parts; read member_parts, one for each"
            )
        return self.member_parts[0]

    @property
    def gap(self) -> float:
        """How far the cost may be above the least that could be, relative to it."""
        return (self.value - self.lower_bound) / max(abs(self.value), np.finfo(float).tiny)

    @property
    def certificate(self) -> str:
        """Why the bound holds, in words."""
        return (
            f"{self.relaxed.sentence} The cost is convex in the mixtures, so its gradient bounds every course on the "
            f"grid from below by {self.lower_bound:.6g}."
        )

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        shares = [
            f"{name} {days:g} days"
            for name, days in zip(self.drugs, np.round(self.schedule.durations, 6), strict=True)
            if days > 0
        ]
        switches = max(len(self.schedule.days) - 1, 0)
        what = "" if len(self.member_parts) == 1 else f"{self.criterion} "
        return (
            f"{', '.join(shares)}, one at a time with {switches} switch{'es' * (switches != 1)} and none for less than "
            f"{self.dwell_days:g} days: {what}cost {self.value:.6g}, at most {max(self.gap, 0.0):.2%} of it above the "
            f"least that could be."
        )


def plan_general(
    models: SwitchingModel | SwitchingEnsemble | Sequence[SwitchingModel],
    cost: SwitchingCost,
    horizon_days: float,
    dwell_days: float,
    intervals: int | None = None,
    *,
    criterion: Criterion = "average",
    per_dwell: int = 1,
    held: Held | None = None,
    candidates: Sequence[SwitchingSchedule] = (),
    start: np.ndarray | None = None,
    second_start: bool = True,
    progress: Callable[[str], None] | None = None,
) -> GeneralPlan:
    """Plan which drug when, for flows between lines and a cost of cells on the way.

    Mixtures first (eq. 20), then one drug at a time by sum-up rounding and by the nearest multiples of the dwell time,
    each made better by local changes; the cheapest is returned, with a bound from the mixtures.

    Parameters
    ----------
    models : SwitchingModel, SwitchingEnsemble or sequence of SwitchingModel
    cost : SwitchingCost
    horizon_days, dwell_days : float
    intervals : int, optional
        Intervals of one mixture each; ten, or as many as there are dwell times where that is fewer.
    criterion : {"average", "worst"}
        Of an ensemble's costs.
    per_dwell : int
        Steps of the schedule in a dwell time.
    held : Held, optional
        What the patient is on, and for how long: it is given on until its dwell time is served.
    candidates : sequence of SwitchingSchedule
        Courses known beforehand; the plan costs no more than any of them that keeps to the dwell time.
    start : ndarray, shape (intervals, d), optional
        Mixtures to start from.
    second_start : bool
        Minimise the mixtures from a second start, as a witness.
    progress : callable, optional
        Given a line now and then.

    Raises
    ------
    SwitchingError
        Horizon, dwell time, held drug or intervals that cannot be.
    """
    ensemble = SwitchingEnsemble.of(models)
    count = len(ensemble.drugs)
    forced = _forced(held, horizon_days, dwell_days, count)
    rest = horizon_days - forced.horizon_days
    if len(forced.days):
        ends = [cells_over_time(m, forced, np.array([forced.horizon_days]))[0] for m in ensemble.models]
        later = ensemble.with_cells(ends)
        spent = np.array(
            [p.toxicity + p.transient for p in (evaluate(m, cost, forced) for m in ensemble.models)]
        )
    else:
        later, spent = ensemble, np.zeros(len(ensemble))
    weights = ensemble.shares if criterion == "average" or len(ensemble) == 1 else None
    grid = step_grid(rest, dwell_days, per_dwell=per_dwell, held=None if held is None else held.drug)
    groups = _groups(grid, intervals)
    coarse = np.add.reduceat(grid.days, np.concatenate([[0], np.cumsum(groups)[:-1]]))
    relaxed = optimal_mixtures(
        later, cost, coarse, criterion=criterion, start=start, second_start=second_start, spent=spent,
        progress=progress,
    )  # fmt: skip
    asked = np.repeat(relaxed.schedule.mixtures, groups, axis=0)
    bound, finest, steering = bound_on_cells(later, cost, relaxed, grid.days, spent=spent), asked, relaxed
    if len(groups) < len(grid.days) <= _MOST_INTERVALS:
        fine = optimal_mixtures(
            later, cost, grid.days, criterion=criterion, start=asked, spent=spent, progress=progress
        )
        bound, finest, steering = max(bound, fine.lower_bound), fine.schedule.mixtures, fine
    problem = PureCost(later, cost, grid, weights, spent)
    rounded, courses = _round(problem, grid, groups, relaxed.schedule.mixtures, asked, finest, progress)
    schedules = [_joined(forced, grid.schedule(drugs, count)) for drugs in courses]
    extra = [
        c
        for c in candidates
        if c.is_pure
        and abs(c.horizon_days - horizon_days) <= 1e-9 * horizon_days
        and dwell_obeyed(c, dwell_days, held=held)
    ]
    judged = [(_value(ensemble, cost, s, weights), s) for s in [*schedules, *extra]]
    value, schedule = min(judged, key=lambda pair: pair[0])
    if not any(schedule is s for s in schedules):
        # it switches between the steps of the grid, and so must what bounds it
        cells = _divided(steering.schedule.days, np.cumsum(schedule.days) - forced.horizon_days)
        bound = min(bound, bound_on_cells(later, cost, steering, cells, spent=spent))
    parts = tuple(evaluate(m, cost, schedule) for m in ensemble.models)
    return GeneralPlan(
        ensemble.drugs, schedule, criterion, value, parts, relaxed, min(bound, value),
        rounded, dwell_days, ensemble.models[0].assumptions,
    )  # fmt: skip


def _forced(held: Held | None, horizon_days: float, dwell_days: float, count: int) -> SwitchingSchedule:
    """Return what must be given on before anything else may be."""
    nothing = SwitchingSchedule(np.zeros(0), np.zeros((0, count)))
    if held is None:
        return nothing
    if not (0 <= held.drug < count and held.days >= 0):
        raise SwitchingError(f"{held} is not one of {count} drugs given for some days")
    days = dwell_days - held.days
    if days <= 1e-9 * dwell_days:
        return nothing
    if days >= horizon_days * (1 - 1e-9):
        # a hair remains, so that there is a course to plan; it is the same drug's
        days = horizon_days * (1 - 1e-6)
    return SwitchingSchedule.of_drugs(np.array([held.drug]), np.array([days]), count)


def _groups(grid: StepGrid, intervals: int | None) -> np.ndarray:
    """Return the steps in each interval, whole dwell times as far as they go."""
    steps = len(grid.days)
    units = max(steps // grid.per_dwell, 1)
    wanted = min(10, units) if intervals is None else int(intervals)
    if not 1 <= wanted <= units:
        raise SwitchingError(
            f"{wanted} intervals of at least one dwell time do not fit into {grid.days.sum():g} days; ask for 1 to "
            f"{units}"
        )
    groups = np.array([len(g) for g in np.array_split(np.arange(units), wanted)]) * grid.per_dwell
    groups[-1] += steps - int(groups.sum())
    return groups


def _round(
    problem: PureCost,
    grid: StepGrid,
    groups: np.ndarray,
    mixtures: np.ndarray,
    asked: np.ndarray,
    finest: np.ndarray,
    progress: Callable[[str], None] | None,
) -> tuple[dict[str, float], list[np.ndarray]]:
    """Return the cost of each way of rounding, and the courses themselves."""
    ways = {
        "nearest multiples of the dwell time": nearest_multiples(grid, groups, mixtures),
        "sum-up rounding": sum_up_rounding(grid, asked),
    }
    if finest is not asked:
        ways["sum-up rounding of finer mixtures"] = sum_up_rounding(grid, finest)
    ways |= {f"only drug {s + 1}": np.full(len(grid.days), s) for s in range(asked.shape[1])}
    allowed = {name: drugs for name, drugs in ways.items() if grid.obeys(drugs)}
    rounded = {name: problem.sweep(drugs).value for name, drugs in allowed.items()}
    improved, courses = np.inf, []
    # from the two cheapest: they mostly end at the same course
    for name in sorted(rounded, key=rounded.__getitem__)[:2]:
        sweep = improve(problem, allowed[name])
        improved = min(improved, sweep.value)
        courses.append(sweep.drugs)
        if progress is not None:
            progress(f"{name}: cost {rounded[name]:.6g}, after local changes {sweep.value:.6g}")
    rounded["after local changes"] = improved
    return rounded, courses


def _joined(first: SwitchingSchedule, second: SwitchingSchedule) -> SwitchingSchedule:
    """Give one course after the other."""
    return SwitchingSchedule(
        np.concatenate([first.days, second.days]), np.vstack([first.mixtures, second.mixtures])
    ).merged()


def _divided(days: np.ndarray, borders: np.ndarray) -> np.ndarray:
    """Return lengths of cells with the borders of some days and with others besides."""
    edges = np.concatenate([[0.0], np.cumsum(days)])
    apart = np.min(np.abs(borders[:, None] - edges), axis=1) > 1e-9 * edges[-1]
    inside = (borders > 0) & (borders < edges[-1])
    return np.diff(np.unique(np.concatenate([edges, borders[apart & inside]])))


def _value(
    ensemble: SwitchingEnsemble, cost: SwitchingCost, schedule: SwitchingSchedule, weights: np.ndarray | None
) -> float:
    """Return the average or largest cost of a course, exactly."""
    values = np.array([evaluate(m, cost, schedule).total for m in ensemble.models])
    return float(values.max() if weights is None else weights @ values)
