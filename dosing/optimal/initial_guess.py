"""Where a solver starts: constant controls with the course of the model under them, or a line to the final states."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.optimal.conditions import FINAL_TIME
from dosing.optimal.resimulation import course_under, value_at_end, violations
from dynamics.substitution import substitute

if TYPE_CHECKING:
    from dosing.optimal.problem import OptimalControlProblem
    from dosing.optimal.solution import OptimalSolution

_SAMPLES = 201
_MOST_CORNERS = 8


@dataclass(frozen=True)
class Guess:
    """A start of the solver.

    Parameters
    ----------
    final_time : float
    fractions : ndarray, shape (k,)
        Of the final time, at which ``states`` stand, shape (k, states).
    edges : ndarray, shape (m + 1,)
        Fractions at which ``controls`` change, shape (m, controls).
    cost : float
    label : str
        For messages.
    """

    final_time: float
    fractions: np.ndarray
    states: np.ndarray
    edges: np.ndarray
    controls: np.ndarray
    cost: float
    label: str

    def states_at(self, fractions: np.ndarray) -> np.ndarray:
        """Interpolate the states, shape (len(fractions), states)."""
        return np.column_stack([np.interp(fractions, self.fractions, column) for column in self.states.T])

    def controls_on(self, edges: np.ndarray) -> np.ndarray:
        """Average the controls over other intervals, shape (len(edges) - 1, controls)."""
        area = np.vstack(
            [np.zeros(self.controls.shape[1]), np.cumsum(self.controls * np.diff(self.edges)[:, None], 0)]
        )
        at = np.column_stack([np.interp(edges, self.edges, column) for column in area.T])
        return np.diff(at, axis=0) / np.diff(edges)[:, None]


def from_solution(start: OptimalSolution) -> Guess:
    """Start where another solve ended."""
    end = start.final_time_days
    return Guess(
        end, start.times_days / end, start.states, start.edges_days / end, start.controls, start.cost,
        "the given solution",
    )  # fmt: skip


def guesses(problem: OptimalControlProblem, bounds: list[tuple[float, float]]) -> list[Guess]:
    """Rank constant controls by how far conditions and bounds are missed, then by cost; best first.

    After the best of them comes the straight line to the final states that the conditions name, if they do.

    Parameters
    ----------
    problem : OptimalControlProblem
    bounds : list of (float, float)
        Of the states.

    Returns
    -------
    list of Guess
        Never empty: where the model runs away under all of them, the initial state at all times.
    """
    low, high = problem.horizon_days
    horizons = [low] if low == high else sorted({math.sqrt(low * high), (low + high) / 2})
    fractions = np.linspace(0.0, 1.0, _SAMPLES)
    found: list[tuple[float, float, Guess]] = []
    for control, horizon in itertools.product(_constant_controls(problem), horizons):
        level = np.array([control])
        course = course_under(problem, np.array([0.0, horizon]), level, fractions * horizon, rtol=1e-6)
        if course.message or not np.all(np.isfinite(course.states)):
            continue
        label = ", ".join(f"{n} = {v:g}" for n, v in zip(problem.control_names, control, strict=True))
        missed = violations(
            problem, fractions * horizon, course.states, np.repeat(level, _SAMPLES, axis=0), horizon
        )
        cost = float(course.integral[-1]) + value_at_end(
            problem, problem.terminal, course.states[-1], horizon
        )
        guess = Guess(
            horizon, fractions, course.states, np.array([0.0, 1.0]), level, cost, f"{label} throughout"
        )
        found.append((_size(list(missed.values())) + _beyond(course.states, bounds), cost, guess))
    found = [f for f in found if math.isfinite(f[0]) and math.isfinite(f[1])]
    ranked = [guess for _, _, guess in sorted(found, key=lambda f: f[:2])]
    line = _straight_line(problem, horizons[-1])
    if line is not None or not ranked:
        ranked.insert(
            1, line or _straight(problem, horizons[-1], np.array(problem.initial_state), "the initial state")
        )
    return ranked


def _straight_line(problem: OptimalControlProblem, horizon: float) -> Guess | None:
    """From the initial state to the final states that conditions fix one by one; None where they fix none."""
    final = np.array(problem.initial_state)
    known = {**problem.numbers, FINAL_TIME: horizon}
    for condition in problem.at_end:
        expression = substitute(condition.expr, known)
        free = [s for s in problem.model.state_symbols if s in expression.free_symbols]
        if condition.is_equality and len(free) == 1 and expression.diff(free[0]).is_number:
            target = -float(substitute(expression, {free[0]: 0.0})) / float(expression.diff(free[0]))
            final[problem.model.state_symbols.index(free[0])] = target
    if np.array_equal(final, problem.initial_state):
        return None
    return _straight(problem, horizon, final, "a straight line to the final state")


def _straight(problem: OptimalControlProblem, horizon: float, final: np.ndarray, label: str) -> Guess:
    """From the initial state to another, with controls in the middle of their box."""
    ends = np.array([0.0, 1.0])
    return Guess(
        horizon, ends, np.array([problem.initial_state, final]), ends, np.array([_constant_controls(problem)[0]]),
        0.0, label,
    )  # fmt: skip


def _constant_controls(problem: OptimalControlProblem) -> list[tuple[float, ...]]:
    """Middle of the controls' box, and its corners where there are few; finite in every direction."""
    middles, ends = [], []
    for low, high in problem.bounds_of_controls():
        if math.isfinite(low) and math.isfinite(high):
            middles.append((low + high) / 2)
            ends.append((low, high))
        else:
            middles.append(low + 1 if math.isfinite(low) else high - 1 if math.isfinite(high) else 0.0)
            ends.append((middles[-1],))
    corners = list(itertools.product(*ends))
    return list(dict.fromkeys([tuple(middles), *(corners if len(corners) <= _MOST_CORNERS else [])]))


def _size(missed: list[float]) -> float:
    """How far all conditions are missed."""
    return float(np.sum(missed)) if missed else 0.0


def _beyond(states: np.ndarray, bounds: list[tuple[float, float]]) -> float:
    """How far states lie outside their bounds, relative to the size of each."""
    lows, highs = np.array(bounds, dtype=float).T
    size = np.maximum(np.abs(states).max(axis=0), 1e-300)
    return float(np.sum(np.maximum(0.0, np.maximum(lows - states, states - highs)).max(axis=0) / size))
