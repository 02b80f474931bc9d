"""One smooth stage: a differentiable criterion, minimised over doses within their bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.problem import ProblemError

if TYPE_CHECKING:
    from dosing.ensemble.chance import ChanceConstraint, SmoothChance
    from dosing.ensemble.criterion import Criterion, Measured, SmoothCriterion
    from dosing.ensemble.evaluation import EnsembleEvaluation, Outcomes

__all__ = ["Search", "descend"]


class _EnoughError(Exception):
    """A stage has used its passes."""


# a sequential quadratic programme keeps a dense matrix of the doses
MOST_DOSES_WITH_CONSTRAINTS = 600


@dataclass
class Search:
    """What a search over doses has seen so far.

    Parameters
    ----------
    evaluation : EnsembleEvaluation
    criterion : Criterion
        Judges every point exactly; ``best`` is the best feasible one, or else the one nearest to being feasible.
    chance : ChanceConstraint, optional
    settled : bool
        Whether the solver of the last stage says that it converged.
    chance_prices : ndarray, shape (m, w), or None
        Derivatives of what a chance constraint adds to the last stage's Lagrangian, in what is watched.
    input_prices : ndarray, shape (inputs,), or None
        Price of a day at an input of one, where the total dose is bounded.
    """

    evaluation: EnsembleEvaluation
    criterion: Criterion
    chance: ChanceConstraint | None = None
    best: np.ndarray | None = None
    best_value: float = np.inf
    best_rank: tuple[float, float] = (np.inf, np.inf)
    history: list[float] = field(default_factory=list)
    settled: bool = False
    chance_prices: np.ndarray | None = None
    input_prices: np.ndarray | None = None

    def note(self, doses: np.ndarray, outcomes: Outcomes) -> None:
        """Keep a point if none before was better."""
        value = self.criterion.exact(outcomes)
        lack = 0.0 if self.chance is None else max(0.0, self.chance.share - self.chance.met(outcomes) - 1e-12)
        over = self.evaluation.lengths_days @ doses
        for j, i in enumerate(self.evaluation.problem.model.inputs):
            limit = self.evaluation.problem.total_dose.get(i.name, np.inf)
            lack += max(0.0, (over[j] - limit) / limit - 1e-9) if np.isfinite(limit) else 0.0
        if (lack, value) < self.best_rank:
            self.best, self.best_value, self.best_rank = doses.copy(), value, (lack, value)

    def combined(
        self, outcomes: Outcomes, smooth: SmoothCriterion, chance: SmoothChance | None
    ) -> list[Measured]:
        """Criterion and constraint at these outcomes."""
        return [smooth.measure(outcomes)] + ([chance.measure(outcomes)] if chance is not None else [])


class _Point:
    """Values and gradients of a stage, computed once for each vector of doses."""

    def __init__(
        self, search: Search, smooth: SmoothCriterion, chance: SmoothChance | None, most: int
    ) -> None:
        self.search, self.smooth, self.chance, self.left = search, smooth, chance, most
        self.x: np.ndarray | None = None
        self.values: list[float] = []
        self.gradients: list[np.ndarray] = []

    def at(self, x: np.ndarray) -> None:
        if self.x is not None and np.array_equal(x, self.x):
            return
        if self.left <= 0:
            raise _EnoughError
        self.left -= 1
        evaluation = self.search.evaluation
        doses = np.clip(x.reshape(evaluation.shape), *evaluation.bounds)
        from dosing.ensemble.averaged import Averaged

        if isinstance(self.smooth, Averaged) and self.chance is None:
            # weights are known beforehand: one pass
            outcomes, gradient = evaluation.gradient(doses, evaluation.problem.weights)
            self.values, self.gradients = [self.smooth.measure(outcomes).value], [gradient.ravel()]
        else:
            outcomes = evaluation.outcomes(doses)
            measured = self.search.combined(outcomes, self.smooth, self.chance)
            self.values = [m.value for m in measured]
            self.gradients = [
                evaluation.gradient(doses, m.cost_weights, m.watch_weights)[1].ravel() for m in measured
            ]
        self.x = x.copy()
        self.search.history.append(self.values[0])
        self.search.note(doses, outcomes)

    def value(self, x: np.ndarray, which: int = 0) -> float:
        self.at(x)
        return self.values[which]

    def gradient(self, x: np.ndarray, which: int = 0) -> np.ndarray:
        self.at(x)
        return self.gradients[which]


def descend(
    search: Search,
    smooth: SmoothCriterion,
    start: np.ndarray,
    *,
    chance: SmoothChance | None = None,
    most_gradients: int = 300,
    tolerance: float = 1e-9,
) -> tuple[np.ndarray, str]:
    """Minimise one smooth criterion: L-BFGS-B within bounds, SLSQP with constraints.

    Parameters
    ----------
    search : Search
    smooth : SmoothCriterion
    start : ndarray
        Doses.
    chance : SmoothChance, optional
    most_gradients : int
    tolerance : float
        Relative fall of the criterion in an iteration below which it ends.

    Returns
    -------
    doses : ndarray
    message : str
        The solver's own words.

    Raises
    ------
    ProblemError
        Constraints with more doses than a sequential quadratic programme can hold.
    """
    from scipy.optimize import minimize

    evaluation, problem = search.evaluation, search.evaluation.problem
    low, high = (b.ravel() for b in evaluation.bounds)
    point = _Point(search, smooth, chance, most_gradients)
    x = np.clip(start.ravel(), low, high)
    first, slope = point.value(x), point.gradient(x)
    # both solvers judge their first step by the size of the numbers they are given
    unit = max(float(np.abs(slope).max()), 1e-12 * max(abs(first), 1e-300), 1e-300)
    bounds = list(zip(low, high, strict=True))
    if chance is None and not problem.total_dose:
        try:
            found = minimize(
                lambda v: (point.value(v) * 100 / unit, point.gradient(v) * 100 / unit),
                x, jac=True, method="L-BFGS-B", bounds=bounds,
                options={"maxcor": 30, "ftol": tolerance, "gtol": 1e-6, "maxiter": most_gradients, "maxls": 30},
            )  # fmt: skip
        except _EnoughError:
            search.settled = False
            assert search.best is not None
            return search.best, f"stopped after {most_gradients} passes"
        search.settled = bool(found.success)
        return found.x.reshape(evaluation.shape), str(found.message)
    if len(x) > MOST_DOSES_WITH_CONSTRAINTS:
        raise ProblemError(
            f"{len(x)} doses with a bound on the total dose or a chance constraint; at most "
            f"{MOST_DOSES_WITH_CONSTRAINTS} can be solved for: hold doses for longer"
        )
    constraints = []
    if chance is not None:
        constraints.append(
            {
                "type": "ineq",
                "fun": lambda v: -point.value(v, 1),
                "jac": lambda v: -point.gradient(v, 1),
            }
        )
    for j, i in enumerate(problem.model.inputs):
        if i.name in problem.total_dose:
            days = np.zeros(evaluation.shape)
            days[:, j] = evaluation.lengths_days / problem.total_dose[i.name]
            days = days.ravel()
            constraints.append(
                {"type": "ineq", "fun": lambda v, d=days: 1.0 - d @ v, "jac": lambda v, d=days: -d}  # noqa: ARG005
            )
    try:
        found = minimize(
            lambda v: point.value(v) / unit,
            x, jac=lambda v: point.gradient(v) / unit, method="SLSQP", bounds=bounds, constraints=constraints,
            options={"ftol": max(tolerance * abs(first) / unit, 1e-12), "maxiter": most_gradients},
        )  # fmt: skip
    except _EnoughError:
        search.settled, search.chance_prices, search.input_prices = False, None, None
        assert point.x is not None
        return _into_total_dose(
            point.x.reshape(evaluation.shape), search
        ), f"stopped after {most_gradients} passes"
    search.settled = bool(found.success)
    x = _into_total_dose(np.clip(found.x, low, high).reshape(evaluation.shape), search)
    point.left += 1
    point.at(x.ravel())
    _keep_prices(search, point, np.asarray(found.multipliers) * unit)
    return x, str(found.message)


def _keep_prices(search: Search, point: _Point, prices: np.ndarray) -> None:
    """Read the constraints' multipliers: the chance constraint's is the first, then those of the total doses."""
    evaluation = search.evaluation
    limits = evaluation.problem.total_dose
    left = list(prices)
    if point.chance is not None:
        assert point.x is not None
        doses = np.clip(point.x.reshape(evaluation.shape), *evaluation.bounds)
        search.chance_prices = left.pop(0) * point.chance.measure(evaluation.outcomes(doses)).watch_weights
    if limits:
        search.input_prices = np.array(
            [
                left.pop(0) / limits[i.name] if i.name in limits else 0.0
                for i in evaluation.problem.model.inputs
            ]
        )


def _into_total_dose(doses: np.ndarray, search: Search) -> np.ndarray:
    """Take what rounding left over a bound on the total dose off all doses, in proportion to their room."""
    problem, lengths = search.evaluation.problem, search.evaluation.lengths_days
    low, _ = search.evaluation.bounds
    doses = doses.copy()
    for j, i in enumerate(problem.model.inputs):
        limit = problem.total_dose.get(i.name)
        room = doses[:, j] - low[:, j]
        over = float(lengths @ doses[:, j]) - limit if limit is not None else 0.0
        if over > 0:
            doses[:, j] -= room * min(1.0, over / float(lengths @ room))
    return doses
