"""Projected gradient in L²: Scagliotti 2026, eq. 3.13, for parity with the paper."""

from __future__ import annotations

import time

import numpy as np

from dosing.ensemble.averaged import Averaged
from dosing.ensemble.criterion import SmoothCriterion
from dosing.ensemble.evaluation import EnsembleEvaluation
from dosing.ensemble.problem import EnsembleProblem, ProblemError
from dosing.ensemble.result import EnsembleSolution, EnsembleStatus

__all__ = ["projected_gradient"]


def projected_gradient(
    problem: EnsembleProblem,
    *,
    step: float = 0.125,
    updates: int = 500,
    start: float | np.ndarray = 0.5,
    time_unit_days: float = 1.0,
    hold_days: float | np.ndarray | None = None,
    criterion: SmoothCriterion | None = None,
    tolerance: float = 0.0,
) -> EnsembleSolution:
    """Repeat ``u <- Π[u - step ∇J(u)]`` with the L² gradient (2.23), the same step throughout.

    Parameters
    ----------
    problem : EnsembleProblem
        Without a bound on the total dose.
    step : float
        η; 0.125 in the paper.
    updates : int
        Largest number of them; 500 in the paper.
    start : float or array
        Doses to begin with.
    time_unit_days : float
        Unit of the time in which L² is taken: 1 / r_S in the paper, whose time is dimensionless. The gradient of the
        discrete sum is divided by the length of a stretch in this unit.
    hold_days : float or array, optional
        See :class:`EnsembleEvaluation`; a dose for every step where None, as in the paper.
    criterion : SmoothCriterion, optional
        The average where None.
    tolerance : float
        Stop where an update moves no dose by more than this. Zero for the paper's fixed number.

    Raises
    ------
    ProblemError
        A bound on the total dose, a step that is not positive.

    Notes
    -----
    The scheme is slow: after the paper's 500 updates doses late in the horizon have hardly left their start.
    :func:`optimise` serves users.
    """
    if problem.total_dose:
        raise ProblemError("the projected gradient knows no bound on the total dose; use `optimise`")
    if not (step > 0 and updates >= 0):
        raise ProblemError(f"projected gradient: step {step:g}, {updates} updates; need a positive step")
    criterion = criterion if criterion is not None else Averaged()
    begun = time.perf_counter()
    evaluation = EnsembleEvaluation(problem, hold_days)
    low, high = evaluation.bounds
    u = np.clip(evaluation.doses(start), low, high)
    scale = step * time_unit_days / evaluation.lengths_days[:, None]
    averaged = isinstance(criterion, Averaged)
    history, moved = [], np.inf
    for _ in range(updates):
        weights, watch_weights = problem.weights, None
        if not averaged:
            measured = criterion.measure(evaluation.outcomes(u))
            weights, watch_weights = measured.cost_weights, measured.watch_weights
        outcomes, gradient = evaluation.gradient(u, weights, watch_weights)
        history.append(criterion.measure(outcomes).value)
        new = np.clip(u - scale * gradient, low, high)
        moved = float(np.abs(new - u).max())
        u = new
        if moved <= tolerance:
            break
    outcomes = evaluation.outcomes(u)
    history.append(criterion.measure(outcomes).value)
    status = EnsembleStatus.OPTIMAL if moved <= max(tolerance, 0.0) else EnsembleStatus.OUT_OF_UPDATES
    return EnsembleSolution(
        problem=problem,
        status=status,
        method="projected gradient",
        criterion=getattr(criterion, "name", type(criterion).__name__),
        value=history[-1],
        edges_days=evaluation.edges_days,
        doses=u,
        outcomes=outcomes,
        multipliers=criterion.measure(outcomes).cost_weights,
        history=np.array(history),
        gradient_evaluations=evaluation.gradients,
        evaluations=evaluation.forwards,
        seconds=time.perf_counter() - begun,
        message=f"largest change of a dose in the last update: {moved:.2e}",
    )
