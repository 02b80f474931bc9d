"""Plan a whole switching treatment: how long, which drug when, and how far that is from the best possible."""

from __future__ import annotations

from typing import Literal

import numpy as np

from dosing.switching.algorithm1 import OptimalPath, algorithm_1
from dosing.switching.assumptions import (
    dropped_terms,
    joint_decay,
    lines_that_only_grow,
    require_shrinkable,
)
from dosing.switching.cost import SwitchingCost
from dosing.switching.drug_order import best_order, course_order
from dosing.switching.durations_problem import DurationsProblem
from dosing.switching.dwell import dwell_durations
from dosing.switching.model import SwitchingError, SwitchingModel
from dosing.switching.plan_result import PlanStatus, SwitchingPlan
from dosing.switching.runs import most_subintervals, split
from dosing.switching.schedule import SwitchingSchedule, cells_over_time

__all__ = ["Arrangement", "PlanStatus", "SwitchingPlan", "plan_switching"]

Arrangement = Literal["interruptible", "lowest_peak", "least_area"]
_DATES = 24  # equal parts of the course, at whose ends an interruption is looked at
_POINTS = 50  # at which the cells of the whole model are looked at, besides the switches


def plan_switching(
    model: SwitchingModel,
    cost: SwitchingCost,
    *,
    horizon_days: float | None = None,
    limit_days: float | None = None,
    dwell_days: float = 1.0,
    subintervals: int | None = None,
    arrangement: Arrangement = "interruptible",
) -> SwitchingPlan:
    """Plan which drug to give when.

    Durations come from the convex problem without mutation, migration and transient cost (Theorem 2, eq. 23), the dwell
    time by branch and bound, the arrangement in time from Algorithm 1 with the best order within each subinterval. The
    schedule is then judged on the whole model.

    Parameters
    ----------
    model : SwitchingModel
    cost : SwitchingCost
    horizon_days : float, optional
        Length of the treatment.
    limit_days : float, optional
        Instead of it: the longest acceptable treatment, the length being found (Theorem 4).
    dwell_days : float
        T_min, least time under a drug before the next one.
    subintervals : int, optional
        Of Algorithm 1. Where None, the largest number that the dwell time allows, or a fraction of it where that leaves
        an early end less dear.
    arrangement : {"interruptible", "lowest_peak", "least_area"}
        ``"interruptible"``: Algorithm 1, which keeps the cost close to the best for every earlier end. The others order
        runs of about the dwell time for the least largest number of cells, or its integral (Remark 3).

    Returns
    -------
    SwitchingPlan
        A refusal too: where a line grows whatever is given and the horizon is free, where no treatment is best, and
        where the durations are not proven.

    Raises
    ------
    SwitchingError
        Neither or both of horizon and limit; a dwell time that does not fit; weights that do not fit.
    """
    if arrangement not in ("interruptible", "lowest_peak", "least_area"):
        raise SwitchingError(
            f"arrangement {arrangement!r}; give 'interruptible', 'lowest_peak' or 'least_area'"
        )
    longest = horizon_days if limit_days is None else limit_days
    if longest is None or (horizon_days is not None and limit_days is not None):
        raise SwitchingError("give either the horizon in days, or the longest acceptable one as a limit")
    if arrangement != "interruptible" and subintervals is not None:
        raise SwitchingError(f"subintervals belong to Algorithm 1; arrangement {arrangement!r} has none")
    free = limit_days is not None
    problem = DurationsProblem.of(model, cost, longest)
    notes = list(model.assumptions)
    if free:
        try:
            require_shrinkable(model)
        except SwitchingError as refusal:
            reason = str(refusal)
            reason = reason[0].upper() + reason[1:] + "."
            return SwitchingPlan(model, cost, PlanStatus.GROWING_LINE, reason, tuple(notes))
        problem = problem.with_time_not_used()
        slowest, _ = joint_decay(model)
        if slowest >= 0:
            notes.append(
                "Each line is shrunk by some drug, but no sharing of the time shrinks all of them: under every "
                f"schedule some line grows by at least {slowest:.3g} per day in the long run."
            )
    else:
        notes += [
            f"{model.label(j)} grows whatever is given; over a fixed horizon this can be planned for, not stopped."
            for j in lines_that_only_grow(model)
        ]
    dwell = dwell_durations(problem, dwell_days)
    if not dwell.free.status.usable:
        return SwitchingPlan(
            model, cost, PlanStatus.NOT_SOLVED, dwell.free.sentence, tuple(notes), dwell=dwell
        )
    totals = dwell.durations[: len(model.drugs)].copy()
    totals[totals <= 1e-9 * longest] = 0.0
    if not totals.any():
        return SwitchingPlan(model, cost, PlanStatus.NO_TREATMENT, notes=tuple(notes), dwell=dwell)
    binds = free and totals.sum() >= longest * (1 - 1e-7)
    status = PlanStatus.LIMIT_BINDS if binds else PlanStatus.PLANNED

    count, excess, worst_day = 0, float("nan"), float("nan")
    if arrangement == "interruptible":
        schedule, count, excess, worst_day = _interruptible(model, cost, totals, dwell_days, subintervals)
    else:
        weights = cost.weights(model)[2] if cost.counts_transient and arrangement == "least_area" else None
        order = course_order(
            model, totals, dwell_days, criterion="peak" if arrangement == "lowest_peak" else "area", weights=weights
        )  # fmt: skip
        schedule = SwitchingSchedule.of_drugs(np.array(order.drugs), order.days, len(model.drugs)).merged()
    dropped = dropped_terms(model, cost, schedule)
    if dropped.error > 0:
        notes.append(dropped.sentence)
    peak, peak_day, ordering = _peak(model, schedule, totals, dwell_days)
    return SwitchingPlan(
        model, cost, status, notes=tuple(notes), dwell=dwell, schedule=schedule, dropped=dropped,
        subintervals=count, interruption_excess=excess, interruption_day=worst_day, peak_cells=peak,
        peak_day=peak_day, ordering_excess=ordering,
    )  # fmt: skip


def _interruptible(
    model: SwitchingModel,
    cost: SwitchingCost,
    totals: np.ndarray,
    dwell_days: float,
    subintervals: int | None,
) -> tuple[SwitchingSchedule, int, float, float]:
    """Arrange totals by Algorithm 1; also the number of subintervals, and the worst excess of an early end."""
    horizon = float(totals.sum())
    path = OptimalPath(model, cost, horizon)
    counts = {subintervals}
    if subintervals is None:
        # under a long dwell time saving up can undo what many subintervals gain, so fewer are tried as well
        most = most_subintervals(path, totals, dwell_days)
        counts = {max(1, most // part) for part in (1, 2, 3, 4, 6, 8)}
    best = None
    for count in sorted(c for c in counts if c is not None):
        schedule = _arranged(model, cost, path, totals, dwell_days, count)
        excess, day = _worst_interruption(path, schedule, horizon)
        if best is None or excess <= best[2]:
            best = schedule, count, excess, day
    assert best is not None
    return best


def _arranged(
    model: SwitchingModel,
    cost: SwitchingCost,
    path: OptimalPath,
    totals: np.ndarray,
    dwell_days: float,
    count: int,
) -> SwitchingSchedule:
    """Return the schedule of Algorithm 1 for a number of subintervals, drugs ordered within each."""
    criterion, weights = ("area", cost.weights(model)[2]) if cost.counts_transient else ("peak", None)
    drugs: list[int] = []
    days: list[float] = []
    given = np.zeros(len(totals))
    for block in split(algorithm_1(path, totals, count), dwell_days):
        used = np.flatnonzero(block)
        order = best_order(
            model, [int(s) for s in used], block[used], criterion=criterion, given_days=given, weights=weights
        )
        drugs += order.drugs
        days += order.days.tolist()
        given = given + block
    return SwitchingSchedule.of_drugs(np.array(drugs), np.array(days), len(totals)).merged()


def _worst_interruption(
    path: OptimalPath, schedule: SwitchingSchedule, horizon: float
) -> tuple[float, float]:
    """Return the largest relative excess over the best cost of a course that ends early, with its day."""
    ends = np.concatenate([[0.0], np.cumsum(schedule.days)])
    amounts = np.vstack(
        [np.zeros(schedule.mixtures.shape[1]), np.cumsum(schedule.days[:, None] * schedule.mixtures, axis=0)]
    )
    dates = horizon * np.arange(1, _DATES) / _DATES
    given = np.column_stack([np.interp(dates, ends, column) for column in amounts.T])
    best = np.array([path.cost_at(day) for day in dates])
    excess = np.array([path.problem.cost(row) for row in given]) / best - 1
    worst = int(np.argmax(excess))
    return max(0.0, float(excess[worst])), float(dates[worst])


def _peak(
    model: SwitchingModel, schedule: SwitchingSchedule, totals: np.ndarray, dwell_days: float
) -> tuple[float, float, float]:
    """Largest number of cells with its day, and its excess over the best order of the same durations."""
    ends = np.concatenate([[0.0], np.cumsum(schedule.days)])
    times = np.union1d(np.linspace(0.0, ends[-1], _POINTS + 1), ends)
    cells = cells_over_time(model, schedule, times).sum(axis=1)
    at = int(np.argmax(cells))
    if not dwell_days > 0:
        return float(cells[at]), float(times[at]), float("nan")
    # without flows cells depend on the amounts given, and their number is convex between switches
    amounts = np.cumsum(schedule.days[:, None] * schedule.mixtures, axis=0)
    simple = max(float(model.cells.sum()), float((np.exp(amounts @ model.net_growth) @ model.cells).max()))
    best = course_order(model, totals, dwell_days).peak
    return float(cells[at]), float(times[at]), max(0.0, simple / best - 1)
