"""Sizes of states, controls, costs and conditions, read off the start of a solve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dosing.optimal.conditions import FINAL_TIME
from dosing.optimal.transcription import Scales
from dynamics.model import TIME

if TYPE_CHECKING:
    from dosing.optimal.initial_guess import Guess
    from dosing.optimal.problem import OptimalControlProblem


def scales(problem: OptimalControlProblem, guess: Guess, bounds: list[tuple[float, float]]) -> Scales:
    """Choose scales so that unknowns and rows are about one."""
    states = np.abs(guess.states).max(axis=0)
    for i, (low, high) in enumerate(bounds):
        # a state that a constant control hardly moves may have to move as far as its bounds
        widest = max((abs(b) for b in (low, high) if math.isfinite(b)), default=0.0)
        if states[i] == 0:
            states[i] = widest or 1.0
        elif widest:
            states[i] = min(max(states[i], 1e-3 * widest), widest)
    controls = np.array(
        [
            max((abs(b) for b in both if math.isfinite(b)), default=1.0) or 1.0
            for both in problem.bounds_of_controls()
        ]
    )
    path, end = _condition_sizes(problem, guess, states, controls)
    cost = abs(guess.cost) if math.isfinite(guess.cost) and guess.cost != 0 else 1.0
    return Scales(states, controls, guess.final_time, cost, path, end)


def _condition_sizes(
    problem: OptimalControlProblem, guess: Guess, states: np.ndarray, controls: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How much each condition changes when states and controls change by their scale."""
    model = problem.model
    known = [*model.state_symbols, *model.input_symbols, TIME, FINAL_TIME, *problem.numbers]
    middle = guess.controls_on(np.array([0.0, 1.0]))[0]
    moving = [*model.state_symbols, *model.input_symbols]
    sizes = np.concatenate([states, controls])
    answer: list[list[float]] = [[], []]
    for condition in problem.conditions:
        slopes = sp.lambdify(known, [condition.expr.diff(s) for s in moving], "numpy")
        seen = []
        for k in (0, len(guess.states) // 2, -1):
            time = guess.fractions[k] * guess.final_time
            numbers = [*guess.states[k], *middle, time, guess.final_time, *problem.numbers.values()]
            with np.errstate(all="ignore"):
                seen.append(np.sum(np.abs(np.array(slopes(*numbers), dtype=float)) * sizes))
        finite = [s for s in seen if math.isfinite(s) and s > 0]
        answer[condition.at_end].append(max(finite, default=1.0))
    return np.array(answer[0]), np.array(answer[1])
