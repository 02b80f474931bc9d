"""The flow along a given sequence of arcs, with its exact derivatives in their durations and levels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from dosing.optimal.conditions import FINAL_TIME
from dosing.optimal.pontryagin import pontryagin
from dosing.optimal.singular import singular_control
from dynamics.model import TIME
from dynamics.substitution import substitute

if TYPE_CHECKING:
    from collections.abc import Callable

    from dosing.optimal.problem import OptimalControlProblem

_RTOL = 1e-10


@dataclass(frozen=True)
class Segment:
    """A span of time over which every control keeps its kind.

    Parameters
    ----------
    duration : int
        Which unknown duration it belongs to.
    share : float
        Of that duration.
    levels : tuple of float or int
        Per control: a float is the level itself, an int the position of an unknown level; ignored where the control
        follows its feedback.
    feedback : tuple of bool
        Which controls follow the singular feedback.
    """

    duration: int
    share: float
    levels: tuple[float | int, ...]
    feedback: tuple[bool, ...]


@dataclass(frozen=True)
class Flown:
    """End of a sequence of arcs.

    Parameters
    ----------
    end : ndarray, shape (states + 2,)
        Final state, time and running cost.
    slopes : ndarray, shape (states + 2, unknowns)
        Their derivatives in the unknowns: durations, then levels.
    times_days : ndarray, shape (k,)
    states : ndarray, shape (k, states)
    controls : ndarray, shape (k, controls)
    owners : ndarray, shape (k,)
        Segment of each row; ends of segments appear with both.
    """

    end: np.ndarray
    slopes: np.ndarray
    times_days: np.ndarray
    states: np.ndarray
    controls: np.ndarray
    owners: np.ndarray


class ArcFlow:
    """States, time, cost and levels as one autonomous flow, segment after segment.

    Parameters
    ----------
    problem : OptimalControlProblem
    segments : sequence of Segment
    durations, levels : int
        Numbers of unknowns.
    """

    def __init__(
        self, problem: OptimalControlProblem, segments: tuple[Segment, ...], durations: int, levels: int
    ) -> None:
        self.problem, self.segments = problem, segments
        self.durations, self.levels = durations, levels
        self._numbers = list(problem.numbers.values())
        self._end = _compiled_end(pontryagin(problem), tuple(problem.numbers))

    def run(self, unknowns: np.ndarray, points: int = 0) -> Flown:
        """Integrate all segments adaptively.

        Parameters
        ----------
        unknowns : ndarray, shape (durations + levels,)
            Days, then levels.
        points : int
            Rows to keep in each segment; none where 0.

        Raises
        ------
        FloatingPointError
            The integrator could not finish a segment.
        """
        import scipy.integrate

        n, nu = len(self.problem.initial_state), len(self.problem.control_names)
        size, numbers = n + 2 + nu, self._numbers
        z, slopes = (
            np.array([*self.problem.initial_state, 0.0, 0.0, *[0.0] * nu]),
            np.zeros((size, len(unknowns))),
        )
        kept: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []
        for k, segment in enumerate(self.segments):
            for j, level in enumerate(segment.levels):
                slopes[n + 2 + j] = 0.0
                if isinstance(level, int):
                    z[n + 2 + j] = unknowns[self.durations + level]
                    slopes[n + 2 + j, self.durations + level] = 1.0
                else:
                    z[n + 2 + j] = level
            rates, jacobian, control = _compiled(self.problem, segment.feedback)
            span = max(float(unknowns[segment.duration]) * segment.share, 0.0)

            def field(_: float, y: np.ndarray, rates: Any = rates, jacobian: Any = jacobian) -> np.ndarray:
                state = y[:size].tolist()
                matrix = np.array(jacobian(state, numbers), dtype=float)
                return np.concatenate(
                    [rates(state, numbers), (matrix @ y[size:].reshape(size, size)).ravel()]
                )

            begin = np.concatenate([z, np.eye(size).ravel()])
            if span > 0:
                scale = np.maximum(np.abs(z), 1e-6 * np.abs(z[:n]).max() + 1e-9)
                atol = _RTOL * np.concatenate([scale, np.ones(size * size)])
                at = np.linspace(0.0, span, points) if points else None
                found = scipy.integrate.solve_ivp(
                    field, (0.0, span), begin, method="DOP853", rtol=_RTOL, atol=atol, t_eval=at
                )
                if found.status != 0 or not np.all(np.isfinite(found.y[:, -1])):
                    raise FloatingPointError(
                        f"arc {k + 1} from day {z[n]:g} cannot be integrated: {found.message}"
                    )
                if points:
                    rows = found.y[:size].T
                    used = np.array([control(row.tolist(), numbers) for row in rows], dtype=float)
                    kept.append((rows[:, n], rows[:, :n], used, np.full(len(rows), k)))
                z, flow = found.y[:size, -1].copy(), found.y[size:, -1].reshape(size, size)
                slopes = flow @ slopes
            slopes[:, segment.duration] += segment.share * np.array(rates(z.tolist(), numbers), dtype=float)
        times, states, controls, owners = (
            [np.concatenate(part) for part in zip(*kept, strict=True)] if kept else [np.empty(0)] * 4
        )
        return Flown(z[: n + 2], slopes[: n + 2], times, states, controls, owners)

    def cost(self, flown: Flown) -> tuple[float, np.ndarray]:
        """Cost and its gradient."""
        values, slopes = self._at_end(flown)
        return float(flown.end[-1] + values[0]), flown.slopes[-1] + slopes[0]

    def conditions(self, flown: Flown) -> tuple[np.ndarray, np.ndarray]:
        """Expressions of the conditions at the end, and their gradients, shape (conditions, unknowns)."""
        values, slopes = self._at_end(flown)
        return values[1:], slopes[1:]

    def _at_end(self, flown: Flown) -> tuple[np.ndarray, np.ndarray]:
        """Terminal cost and conditions."""
        values, partial = self._end(flown.end[:-1].tolist(), self._numbers)
        return np.array(values, dtype=float), np.array(partial, dtype=float) @ flown.slopes[:-1]


@lru_cache(maxsize=64)
def _compiled_end(conditions: Any, numbers: tuple[sp.Symbol, ...]) -> Callable[..., Any]:
    """Terminal cost and conditions with their derivatives in the final state and time."""
    moving = [*conditions.model.state_symbols, FINAL_TIME]
    rows = [conditions.terminal, *(c.expr for c in conditions.at_end)]
    return sp.lambdify(
        [moving, list(numbers)], [rows, [[r.diff(s) for s in moving] for r in rows]], "math", cse=True
    )


def _compiled(problem: OptimalControlProblem, feedback: tuple[bool, ...]) -> tuple[Any, Any, Any]:
    """Rates of (states, time, cost, levels), their Jacobian, and the controls."""
    rules = {}
    for name, follows in zip(problem.control_names, feedback, strict=True):
        if follows:
            rules[sp.Symbol(name)] = singular_control(problem, name).feedback
    return _compiled_field(pontryagin(problem), tuple(rules.items()), tuple(problem.numbers))


@lru_cache(maxsize=64)
def _compiled_field(
    conditions: Any, rules: tuple[tuple[sp.Symbol, sp.Expr], ...], numbers: tuple[sp.Symbol, ...]
) -> tuple[Any, Any, Any]:
    """Print once for every set of controls that follow their feedback."""
    model, replace = conditions.model, dict(rules)
    cost = sp.Symbol("cost so far")
    moving = [*model.state_symbols, TIME, cost, *conditions.controls]
    rates = [substitute(e, replace) for e in (*model.rhs.flat(), sp.S.One, conditions.running)]
    rates += [sp.S.Zero] * len(conditions.controls)
    arguments = [moving, list(numbers)]
    used = [replace.get(u, u) for u in conditions.controls]
    return (
        sp.lambdify(arguments, rates, "math", cse=True),
        sp.lambdify(arguments, [[r.diff(s) for s in moving] for r in rates], "math", cse=True),
        sp.lambdify(arguments, used, "math", cse=True),
    )
