"""The schedule of an ensemble on visit blocks: quasi-Newton with bounds, from a thinned problem to the whole."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence

import numpy as np

from dosing.ensemble.averaged import Averaged
from dosing.ensemble.chance import ChanceConstraint
from dosing.ensemble.criterion import Criterion
from dosing.ensemble.descent import Search, descend
from dosing.ensemble.epigraph import minimise_largest
from dosing.ensemble.evaluation import EnsembleEvaluation
from dosing.ensemble.problem import EnsembleProblem, ProblemError
from dosing.ensemble.result import EnsembleSolution, EnsembleStatus
from dosing.ensemble.thinning import thinned
from dosing.ensemble.worst_case import WorstCase

__all__ = ["optimise"]

# the thinned problem takes steps this many times as long, where the held doses and the scheme allow it
COARSER = 4


def optimise(
    problem: EnsembleProblem,
    *,
    hold_days: float | np.ndarray = 10.0,
    criterion: Criterion | None = None,
    chance: ChanceConstraint | None = None,
    start: float | np.ndarray = 0.5,
    also_from: Sequence[float | np.ndarray] | None = None,
    thin_to: int | None = 128,
    most_gradients: int = 300,
    tolerance: float = 1e-9,
) -> EnsembleSolution:
    """Find doses, held between visits, that minimise a criterion over all members.

    Parameters
    ----------
    problem : EnsembleProblem
    hold_days : float or array
        Days between visits, or the visit days; see :class:`EnsembleEvaluation`.
    criterion : Criterion, optional
        :class:`Averaged` where None; or :class:`WorstCase`, :class:`ConditionalValueAtRisk`, or another one.
    chance : ChanceConstraint, optional
        On what the problem watches at its visits.
    start : float or array
        Doses to begin with.
    also_from : sequence, optional
        Further starts. The costs have several minima, so by default no drug, full doses, and full doses after a tenth
        of the horizon are tried on the thinned problem too; and full doses are always among what is compared.
    thin_to : int, optional
        Members of the thinned problem that finds the start; None to begin with the whole at once.
    most_gradients : int
        Passes with derivatives for each smooth stage.
    tolerance : float
        Relative fall of the criterion in an iteration below which a stage ends.

    Raises
    ------
    ProblemError
        A chance constraint where nothing is watched; constraints with too many doses.
    """
    begun = time.perf_counter()
    criterion = criterion if criterion is not None else Averaged()
    if chance is not None and not len(problem.watch_days):
        raise ProblemError(
            "a chance constraint needs visits: define the problem with `watched` and `watch_days`"
        )
    if chance is not None and isinstance(criterion, WorstCase):
        raise ProblemError(
            "a chance constraint leaves members out and a worst case none; take CVaR or the average"
        )
    evaluation = EnsembleEvaluation(problem, hold_days)
    search = Search(evaluation, criterion, chance)
    low, high = evaluation.bounds
    first = np.clip(evaluation.doses(start), low, high)
    starts, told = [first], ""
    small = _smaller(evaluation, thin_to)
    if small is not None:
        late = np.where((evaluation.edges_days[:-1] < 0.1 * problem.horizon_days)[:, None], low, high)
        tried = [first, low, high, late] if also_from is None else [first, *map(evaluation.doses, also_from)]
        before, answers = time.perf_counter(), []
        for u in tried:
            scout = Search(small, criterion, chance)
            _stages(scout, u, most_gradients, tolerance)
            if scout.best is not None:
                answers.append((scout.best_rank, scout.best))
        answers.sort(key=lambda pair: pair[0])
        starts = [answers[0][1]]
        told = (
            f"start from {len(small.problem)} clusters with {small.problem.steps_per_day:g} steps a day: "
            f"{small.gradients} gradients in {time.perf_counter() - before:.2f} s; "
        )
    elif also_from is not None:
        starts += [evaluation.doses(u) for u in also_from]
    for u in (high, first):
        search.note(u, evaluation.outcomes(u))
    message = ""
    for u in starts:
        message = _stages(search, u, most_gradients, tolerance)
    multipliers = None
    if isinstance(criterion, WorstCase) and search.best is not None:
        _, multipliers, message = minimise_largest(search, search.best)
    assert search.best is not None
    return _solution(search, multipliers, told + message, begun)


def _smaller(evaluation: EnsembleEvaluation, thin_to: int | None) -> EnsembleEvaluation | None:
    """Problem with fewer members and longer steps, with the same held doses; None where little would be saved."""
    problem = evaluation.problem
    if thin_to is None or len(problem) < 3 * thin_to:
        return None
    small = thinned(problem, thin_to)
    days = evaluation.edges_days[:-1]
    per_day = problem.steps_per_day // COARSER if problem.steps_per_day % COARSER == 0 else 0
    if per_day and np.all(np.mod(evaluation.starts, COARSER) == 0) and problem.steps % COARSER == 0:
        try:
            coarse = EnsembleEvaluation(dataclasses.replace(small, steps_per_day=per_day), days)
            fine = EnsembleEvaluation(small, days)
            a, b = (e.outcomes(evaluation.bounds[1]).costs for e in (coarse, fine))
            # explicit steps that are too long for the fastest rate show themselves at once
            if np.abs(a - b).max() <= 0.1 * max(float(np.abs(b).max()), 1e-300):
                return coarse
        except ProblemError:
            pass
    return EnsembleEvaluation(small, days)


def _stages(search: Search, start: np.ndarray, most_gradients: int, tolerance: float) -> str:
    """Run the smooth stages of criterion and chance constraint, one after the other."""
    low, high = search.evaluation.bounds
    u, message = np.clip(start, low, high), ""
    outcomes = search.evaluation.outcomes(u)
    stages = list(search.criterion.stages(outcomes))
    widths: list[float | None] = list(search.chance.smoothings) if search.chance is not None else [None]
    count = max(len(stages), len(widths))
    tightened = 0.0
    for k in range(count):
        smooth, width = stages[min(k, len(stages) - 1)], widths[min(k, len(widths) - 1)]
        rule = None
        if search.chance is not None and width is not None:
            rule = search.chance.stage(width, tightened)
        u, message = descend(
            search, smooth, u, chance=rule, most_gradients=most_gradients, tolerance=tolerance
        )
    if search.chance is not None and widths[-1] is not None:
        # the smooth share may pass where the counted one does not, by a member or two
        for _ in range(4):
            met = search.chance.met(search.evaluation.outcomes(u))
            if met >= search.chance.share - 1e-12:
                break
            tightened += max(search.chance.share - met, 1.0 / len(search.evaluation.problem))
            rule = search.chance.stage(widths[-1], tightened)
            u, message = descend(
                search, stages[-1], u, chance=rule, most_gradients=most_gradients, tolerance=tolerance
            )
    return message


def _solution(search: Search, multipliers: np.ndarray | None, message: str, begun: float) -> EnsembleSolution:
    """Gather the evidence at the best doses."""
    evaluation, criterion = search.evaluation, search.criterion
    problem, doses = evaluation.problem, search.best
    assert doses is not None
    outcomes = evaluation.outcomes(doses)
    if multipliers is None:
        multipliers = criterion.stages(outcomes)[-1].measure(outcomes).cost_weights
    _, gradient = evaluation.gradient(doses, multipliers, search.chance_prices)
    slope = gradient / evaluation.lengths_days[:, None]
    if search.input_prices is not None:
        slope = slope + search.input_prices
    low, high = evaluation.bounds
    slack = 1e-6 * (high - low)
    # what is left of the slope where a dose could still move down it
    left = np.maximum(
        np.where(doses > low + slack, slope, 0), np.where(doses < high - slack, -slope, 0)
    ).max()
    met = search.chance.met(outcomes) if search.chance is not None else float("nan")
    constrained = search.chance is not None or bool(problem.total_dose)
    # sequential programmes end where the criterion stands still, which leaves more of the slope
    flat = left <= (1e-2 if constrained else 1e-3) * max(float(np.abs(slope).max()), 1e-300)
    if search.best_rank[0] > 0:
        status = EnsembleStatus.CHANCE_NOT_MET
    elif flat:
        status = EnsembleStatus.OPTIMAL
    else:
        status = EnsembleStatus.STALLED if search.settled else EnsembleStatus.OUT_OF_UPDATES
    return EnsembleSolution(
        problem=problem,
        status=status,
        method="quasi-Newton on held doses" if not constrained else "sequential quadratic programming",
        criterion=criterion.name,
        value=criterion.exact(outcomes),
        edges_days=evaluation.edges_days,
        doses=doses,
        outcomes=outcomes,
        multipliers=multipliers,
        history=np.array(search.history),
        gradient_evaluations=evaluation.gradients,
        evaluations=evaluation.forwards,
        seconds=time.perf_counter() - begun,
        message=message,
        chance_met=met,
        watch_multipliers=search.chance_prices,
        input_multipliers=search.input_prices,
    )
