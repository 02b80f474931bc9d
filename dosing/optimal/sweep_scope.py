"""What a forward-backward sweep can solve; every refusal names what can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dosing.optimal.conditions import ProblemError
from dosing.optimal.pontryagin import pontryagin

if TYPE_CHECKING:
    from dosing.optimal.problem import OptimalControlProblem


def refuse_unsuited(problem: OptimalControlProblem) -> None:
    """Refuse what a sweep cannot do, naming what can."""
    where, conditions = f"optimal control of model {problem.model.name!r}", pontryagin(problem)
    if not problem.control_names:
        raise ProblemError(f"{where}: the model has no input, so there is nothing to control; give it one")
    for control, linear in zip(problem.control_names, conditions.affine, strict=True):
        if linear:
            raise ProblemError(
                f"{where}: the Hamiltonian is linear in {control}, so its minimiser jumps between the bounds and a "
                "sweep chatters; use the collocation, or add a quadratic cost such as "
                f"'B*{control}**2/2'"
            )
    if not conditions.separable:
        raise ProblemError(
            f"{where}: the controls {', '.join(problem.control_names)} stand in one another's derivative of the "
            "Hamiltonian, so they cannot be minimised one by one; use the collocation"
        )
    if problem.along_path:
        raise ProblemError(
            f"{where}: a sweep has no multiplier for the condition {problem.along_path[0].text!r} along the path; "
            "use the collocation"
        )
    if problem.has_free_horizon:
        low, high = problem.horizon_days
        raise ProblemError(
            f"{where}: the final time is free in [{low:g}, {high:g}] days, and a sweep needs it fixed; use the "
            "collocation, or fix it"
        )
    if len(problem.at_end) > 1 and not all(c.is_equality for c in problem.at_end):
        raise ProblemError(
            f"{where}: of several conditions at the end a sweep needs all to be equalities; use the collocation"
        )


def refuse_broken_bounds(problem: OptimalControlProblem, states: np.ndarray) -> None:
    """Refuse a solution that would leave the bounds of a state, which a sweep does not impose."""
    for name, (low, high), course in zip(
        problem.model.state_names, problem.bounds_of_states(), states.T, strict=True
    ):
        slack = 1e-9 * np.abs(course).max()
        if course.min() < low - slack or course.max() > high + slack:
            raise ProblemError(
                f"optimal control of model {problem.model.name!r}: without its bounds [{low:g}, {high:g}] the optimal "
                f"{name} runs from {course.min():.6g} to {course.max():.6g}; a sweep does not impose bounds of "
                "states, use the collocation"
            )
