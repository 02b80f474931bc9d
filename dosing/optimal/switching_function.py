"""∂H/∂u along a solution: the switching function of a control that enters linearly (Ledzewicz 2018, eq. 8)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from dosing.optimal.pontryagin import Pontryagin, pontryagin
from dynamics.model import TIME

if TYPE_CHECKING:
    from collections.abc import Callable

    from dosing.optimal.solution import OptimalSolution

__all__ = ["SwitchingCourse", "switching_course"]


@dataclass(frozen=True)
class SwitchingCourse:
    """Switching functions of all controls along a solution.

    Parameters
    ----------
    times_days : ndarray, shape (k,)
        Nodes of the solution and ends of its intervals; at an end of two intervals twice, as the control jumps.
    values : ndarray, shape (k, controls)
        ∂H/∂u, in units of the cost per day and unit of the control.
    means : ndarray, shape (m, controls)
        Average over each interval of constant control: what optimality of a held dose asks about.
    scales : ndarray, shape (controls,)
        Largest sum of the sizes of the terms of ∂H/∂u: what zero is compared with.
    """

    times_days: np.ndarray
    values: np.ndarray
    means: np.ndarray
    scales: np.ndarray

    @property
    def relative(self) -> np.ndarray:
        """Means relative to the scales, shape (m, controls)."""
        return self.means / self.scales


@lru_cache(maxsize=64)
def _compiled(conditions: Pontryagin, numbers: tuple[sp.Symbol, ...]) -> Callable[..., Any]:
    """Switching functions and the sums of their terms' sizes, on arrays of times."""
    sizes = [sp.Add(*(sp.Abs(t) for t in sp.Add.make_args(phi))) for phi in conditions.switching]
    arguments = [*conditions.model.state_symbols, *conditions.costates, *conditions.controls, TIME, *numbers]
    return sp.lambdify(arguments, [*conditions.switching, *sizes], "numpy", cse=True)


def switching_course(solution: OptimalSolution) -> SwitchingCourse:
    """Evaluate ∂H/∂u along a solution.

    Parameters
    ----------
    solution : OptimalSolution
        With costates; between nodes states and costates are joined by straight lines.
    """
    problem, edges = solution.problem, solution.edges_days
    evaluate = _compiled(pontryagin(problem), tuple(problem.numbers))
    # each interval has its own copy of its ends
    inner = np.searchsorted(edges, solution.times_days, side="right") - 1
    inside = (solution.times_days > edges[np.clip(inner, 0, len(edges) - 1)]) & (inner < len(edges) - 1)
    times = np.concatenate([edges[:-1], edges[1:], solution.times_days[inside]])
    m = len(edges) - 1
    owner = np.concatenate([np.arange(m), np.arange(m), inner[inside]])
    order = np.lexsort((times, owner))
    times, owner = times[order], owner[order]

    def along(rows: np.ndarray) -> list[np.ndarray]:
        return [np.interp(times, solution.times_days, column) for column in rows.T]

    found = evaluate(
        *along(solution.states), *along(solution.costates), *solution.controls[owner].T, times,
        *problem.numbers.values(),
    )  # fmt: skip
    rows = np.stack([np.broadcast_to(np.asarray(f, dtype=float), times.shape) for f in found], axis=1)
    values, sizes = np.hsplit(rows, 2)
    pieces = np.where(owner[1:] == owner[:-1], np.diff(times), 0.0)[:, None] * (values[1:] + values[:-1]) / 2
    means = np.zeros((m, values.shape[1]))
    np.add.at(means, owner[:-1], pieces)
    return SwitchingCourse(
        times, values, means / np.diff(edges)[:, None], np.maximum(sizes.max(axis=0), 1e-300)
    )
