"""A schedule given to an adaptive integrator: the defect of a solution."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dosing.optimal.conditions import FINAL_TIME
from dosing.optimal.solution import Defect
from dynamics.controlled import ControlledCourse, integrate
from dynamics.model import TIME

if TYPE_CHECKING:
    from dosing.optimal.problem import OptimalControlProblem


def resimulate(
    problem: OptimalControlProblem,
    edges_days: np.ndarray,
    controls: np.ndarray,
    times_days: np.ndarray,
    states: np.ndarray,
    *,
    rtol: float = 1e-10,
) -> Defect:
    """Integrate the model under a schedule, and compare.

    Parameters
    ----------
    problem : OptimalControlProblem
    edges_days : ndarray, shape (m + 1,)
    controls : ndarray, shape (m, controls)
    times_days : ndarray, shape (k,)
        At which ``states`` holds the solver's own, shape (k, states).
    rtol : float
        Of the integrator.

    Returns
    -------
    Defect
        Infinite where the integrator could not finish.
    """
    course = course_under(
        problem, edges_days, controls, times_days, sizes=np.abs(states).max(axis=0), rtol=rtol
    )
    if course.message:
        stopped = times_days[np.argmax(~np.isfinite(course.states).all(axis=1))]
        missed = dict.fromkeys((c.text for c in problem.conditions), math.inf)
        return Defect(math.inf, float(stopped), math.nan, missed)
    size = np.maximum(np.abs(course.states).max(axis=0), np.abs(states).max(axis=0))
    away = np.abs(course.states - states) / np.where(size > 0, size, 1.0)
    worst = int(np.argmax(away.max(axis=1)))
    end = course.states[-1]
    cost = course.integral[-1] + value_at_end(problem, problem.terminal, end, float(edges_days[-1]))
    index = np.clip(np.searchsorted(edges_days, times_days, side="left") - 1, 0, len(controls) - 1)
    return Defect(
        float(away[worst].max()),
        float(times_days[worst]),
        float(cost),
        violations(problem, times_days, course.states, controls[index], float(edges_days[-1])),
    )


def course_under(
    problem: OptimalControlProblem,
    edges_days: np.ndarray,
    controls: np.ndarray,
    times_days: np.ndarray,
    *,
    sizes: np.ndarray | None = None,
    rtol: float = 1e-10,
) -> ControlledCourse:
    """Integrate the states and the running cost under a schedule."""
    values = {s.name: v for s, v in problem.numbers.items()}
    integrand = problem.running if problem.running != 0 else None
    return integrate(
        problem.model, values, edges_days, controls, times_days,
        initial=problem.initial_state, integrand=integrand, sizes=sizes, rtol=rtol,
    )  # fmt: skip


def value_at_end(
    problem: OptimalControlProblem, expression: sp.Expr, state: np.ndarray, time: float
) -> float:
    """Evaluate an expression in the final state, the final time and the problem's numbers."""
    known = {
        **problem.numbers,
        **dict(zip(problem.model.state_symbols, state, strict=True)),
        FINAL_TIME: time,
    }
    return float(sp.lambdify(list(known), expression, "numpy")(*known.values()))


def violations(
    problem: OptimalControlProblem,
    times_days: np.ndarray,
    states: np.ndarray,
    controls: np.ndarray,
    end: float,
) -> dict[str, float]:
    """How far conditions are missed, by their text; zero where they hold.

    Parameters
    ----------
    times_days : ndarray, shape (k,)
    states, controls : ndarray, shapes (k, states), (k, controls)
        Controls at the same times.
    end : float
        Final time.
    """
    missed = {}
    for condition in problem.conditions:
        if condition.at_end:
            value: np.ndarray | float = value_at_end(problem, condition.expr, states[-1], end)
        else:
            known = [*problem.model.state_symbols, *problem.model.input_symbols, TIME, *problem.numbers]
            columns = [*states.T, *controls.T, times_days, *problem.numbers.values()]
            value = np.asarray(sp.lambdify(known, condition.expr, "numpy")(*columns), dtype=float)
        worst = np.max(np.abs(value)) if condition.is_equality else np.max(value)
        missed[condition.text] = max(0.0, float(worst))
    return missed
