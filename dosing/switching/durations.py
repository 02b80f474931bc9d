"""Optimal durations by the cone solver, sharpened and certified: Devia and Giordano, Theorem 2 and eq. 23."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dosing.switching.cost import SwitchingCost
from dosing.switching.durations_cone import cone_program
from dosing.switching.durations_problem import DurationsProblem
from dosing.switching.model import SwitchingError, SwitchingModel
from dosing.switching.newton import newton

__all__ = ["Durations", "DurationsStatus", "certify", "durations_of", "solve_durations"]

_PROVEN = 1e-9  # relative gap
_USABLE = 1e-5
_ARITHMETIC = 1e-13  # relative; what rounding in exponents of some tens may hide, so that the bound stays one
_AGREES = 1e-6  # relative excess of the cone solver's own answer; beyond it the objective is scaled anew
_SOLVES = 3


class DurationsStatus(StrEnum):
    """How far the durations are proven to be the best, as a sentence."""

    OPTIMAL = (
        "No other durations are cheaper by more than one part in 1e9, which the gradient proves by convexity."
    )
    NEAR = (
        "Other durations may be cheaper by up to one part in 1e5; the proof reaches no further. Check the units: "
        "growth times horizon beyond some hundred leaves no digits to compare costs with."
    )
    NOT_CONVERGED = (
        "The durations are not proven to be near the best. Shorten the horizon, or check growth and kill rates: they "
        "are per day."
    )

    @property
    def usable(self) -> bool:
        """Whether a schedule may rest on it."""
        return self is not DurationsStatus.NOT_CONVERGED


@dataclass(frozen=True)
class Durations:
    """Days under each drug, with the proof that no others are cheaper.

    Parameters
    ----------
    problem : DurationsProblem
    durations : ndarray, shape (d,), days
    cost, lower_bound : float
        J at the durations, and what no admissible durations can undercut.
    stationarity : float
        Largest difference in price per day between a drug that could be given less and one that could be given more,
        times the horizon, relative to the cost; zero at the optimum (the reduced gradient on the simplex).
    price_per_day : float
        Derivative of the optimal cost in the horizon, cost units per day.
    is_unique : bool
        Whether the curvature over the drugs in use excludes other durations of the same cost.
    status : DurationsStatus
    method : str
    cone_status : str
        The cone solver's own word; empty where it was not asked.
    cone_excess : float
        How much dearer the cone solver's own answer was, relative to the cost.
    steps : int
        Newton steps taken.
    """

    problem: DurationsProblem
    durations: np.ndarray
    cost: float
    lower_bound: float
    stationarity: float
    price_per_day: float
    is_unique: bool
    status: DurationsStatus
    method: str
    cone_status: str = ""
    cone_excess: float = 0.0
    steps: int = 0

    @property
    def gap(self) -> float:
        """Proven bound on what other durations could save, relative to the cost."""
        return (self.cost - self.lower_bound) / self.cost if self.cost > 0 else 0.0

    @property
    def sentence(self) -> str:
        """The durations in words."""
        days = ", ".join(
            f"{name} {t:.4g}"
            for name, t in zip(self.problem.drugs, self.durations, strict=True)
            if t > 1e-9 * self.problem.horizon_days
        )
        other = "" if self.is_unique else " Other durations may cost the same."
        return (
            f"Over {self.problem.horizon_days:.4g} days: {days} (days), at a cost of {self.cost:.6g}, proven to be "
            f"within {self.gap:.1e} of the best.{other} {self.status}"
        )


def durations_of(model: SwitchingModel, cost: SwitchingCost, horizon_days: float) -> Durations:
    """Find the best durations over a fixed horizon (eq. 23).

    Mutation, migration and the cost of the transient are left out; :func:`dosing.switching.assumptions.dropped_terms`
    says what that amounts to for a schedule.

    Raises
    ------
    SwitchingError
    """
    return solve_durations(DurationsProblem.of(model, cost, horizon_days))


def solve_durations(problem: DurationsProblem, *, start: np.ndarray | None = None) -> Durations:
    """Solve a durations problem and certify the answer.

    Parameters
    ----------
    problem : DurationsProblem
    start : ndarray, shape (d,), optional
        Durations of a neighbouring problem. Newton's method begins there, and where it ends with a proven optimum the
        cone solver is not asked; the proof is the same.

    Raises
    ------
    SwitchingError
        No durations within the bounds; a burden beyond what a number can hold.
    """
    if not problem.is_feasible:
        raise SwitchingError(
            f"durations between {problem.least.sum():g} and {problem.most.sum():g} days in all cannot sum to "
            f"{problem.horizon_days:g} days; widen the bounds or change the horizon"
        )
    if start is not None:
        near, steps = newton(problem, start)
        if np.isfinite(problem.cost(near)):
            found = certify(problem, near, "Newton's method from a neighbour's answer", steps=steps)
            if found.status is DurationsStatus.OPTIMAL:
                return found
    best = _first_guess(problem)
    scale = problem.cost(best)
    program = cone_program(problem.rates.shape[1], len(problem.drugs))
    found = None
    for _ in range(_SOLVES):
        shares, word = program.solve(problem, float(np.log(scale)))
        # without an answer Newton's method begins at the best guess; the certificate is the judge either way
        begin = best if shares is None else _without_traces(problem, shares)
        raw = problem.cost(begin if shares is None else shares)
        if not np.isfinite(raw):
            begin = best
        sharp, steps = newton(problem, begin)
        cost = problem.cost(sharp)
        method = "cone solver (Clarabel), sharpened by Newton's method"
        if shares is None:
            method = "Newton's method; the cone solver gave no answer"
        excess = (raw - cost) / cost if cost > 0 else 0.0
        trial = certify(problem, sharp, method, word, excess, steps)
        if found is None or trial.gap <= max(found.gap, _PROVEN):
            found = trial
        if found.status is DurationsStatus.OPTIMAL and excess <= _AGREES:
            break
        best, scale = sharp, max(cost, 1e-300)
    assert found is not None
    return found


def certify(
    problem: DurationsProblem,
    durations: np.ndarray,
    method: str,
    cone_status: str = "",
    cone_excess: float = 0.0,
    steps: int = 0,
) -> Durations:
    """Say how far durations, however they were found, are proven to be the best."""
    durations = problem.within_bounds(durations)
    cost = problem.cost(durations)
    gap = problem.gap(durations) + _ARITHMETIC * cost
    price = problem.gradient(durations)
    tiny = 1e-12 * problem.horizon_days
    can_rise, can_fall = durations < problem.most - tiny, durations > problem.least + tiny
    inside = can_rise & can_fall
    stationarity, level = 0.0, float(price[int(np.argmax(durations))])
    if can_rise.any() and can_fall.any():
        stationarity = max(0.0, float(price[can_fall].max() - price[can_rise].min()))
        level = float(price[inside].mean()) if inside.any() else float(price[can_fall].max())
    size = max(cost, 1e-300)
    relative = gap / size
    status = DurationsStatus.NOT_CONVERGED
    if relative <= _USABLE:
        status = DurationsStatus.OPTIMAL if relative <= _PROVEN else DurationsStatus.NEAR
    return Durations(
        problem=problem, durations=durations, cost=cost, lower_bound=cost - gap,
        stationarity=stationarity * problem.horizon_days / size, price_per_day=level,
        is_unique=_is_unique(problem, durations, price, level, size), status=status, method=method,
        cone_status=cone_status, cone_excess=cone_excess, steps=steps,
    )  # fmt: skip


def _is_unique(
    problem: DurationsProblem, durations: np.ndarray, price: np.ndarray, level: float, size: float
) -> bool:
    """Whether J is strictly convex along all directions that the prices leave open."""
    tiny = 1e-9 * problem.horizon_days
    inside = (durations > problem.least + tiny) & (durations < problem.most - tiny)
    # a drug at its bound whose price is not clearly worse could be exchanged without loss
    tied = np.abs(price - level) * problem.horizon_days <= 1e-7 * size
    index = np.flatnonzero(inside | tied)
    if len(index) < 2:
        return True
    hessian = problem.hessian(durations)[np.ix_(index, index)] * problem.horizon_days**2 / size
    centre = np.eye(len(index)) - 1.0 / len(index)
    # the direction (1, ..., 1) has no curvature after centring, so the second smallest value decides
    return bool(np.linalg.eigvalsh(centre @ hessian @ centre)[1] > 1e-10)


def _first_guess(problem: DurationsProblem) -> np.ndarray:
    """Return the cheapest of simple admissible durations: mostly one drug, or a bit of each."""
    guesses = [problem.best_linear(-row) for row in np.eye(len(problem.drugs))]
    guesses.append(problem.within_bounds(np.mean(guesses, axis=0)))
    costs = [problem.cost(g) for g in guesses]
    best = int(np.argmin(costs))
    if not (np.isfinite(costs[best]) and costs[best] > 0):
        raise SwitchingError(
            f"after {problem.horizon_days:g} days the burden is {costs[best]:g} under every simple choice of drugs, "
            "which is no number to compare; shorten the horizon, or check the growth rates: they are per day"
        )
    return guesses[best]


def _without_traces(problem: DurationsProblem, durations: np.ndarray) -> np.ndarray:
    """Set to their bounds durations that the interior-point method left a trace away from them."""
    trace = 1e-6 * problem.horizon_days
    found = np.where(durations - problem.least < trace, problem.least, durations)
    found = np.where(problem.most - found < trace, problem.most, found)
    if problem.least.sum() <= problem.horizon_days <= problem.most.sum():
        inner = (found > problem.least) & (found < problem.most)
        if inner.any():
            found[inner] += (problem.horizon_days - found.sum()) / inner.sum()
            return problem.within_bounds(found)
    return durations
