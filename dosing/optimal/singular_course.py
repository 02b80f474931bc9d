"""The singular formula along a solution, beside the control that the solver found."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dosing.optimal.arcs import ArcLabel, label_arcs
from dosing.optimal.singular import singular_control
from dynamics.model import TIME

if TYPE_CHECKING:
    from dosing.optimal.solution import OptimalSolution

__all__ = ["SingularCourse", "singular_course"]


@dataclass(frozen=True)
class SingularCourse:
    """What theory says on the singular arcs of one control.

    Parameters
    ----------
    control : str
    order : int
    times_days : ndarray, shape (k,)
        Middles of the intervals that lie within singular arcs.
    levels : ndarray, shape (k,)
        Of the solution.
    formula : ndarray, shape (k,)
        Singular control in the solution's states and costates.
    legendre_clebsch : ndarray, shape (k,)
        ``(-1)^k ∂/∂u d^{2k}Φ/dt^{2k}``.
    """

    control: str
    order: int
    times_days: np.ndarray
    levels: np.ndarray
    formula: np.ndarray
    legendre_clebsch: np.ndarray

    @property
    def holds_legendre_clebsch(self) -> bool:
        """Whether the strengthened condition, a positive sign, holds throughout; False without an arc."""
        return bool(len(self.times_days) and np.all(self.legendre_clebsch > 0))

    @property
    def typical_difference(self) -> float:
        """Median distance of the solution's control from the formula; NaN without an arc."""
        return float(np.median(np.abs(self.levels - self.formula))) if len(self.levels) else np.nan


def singular_course(solution: OptimalSolution, control: str | None = None) -> SingularCourse:
    """Evaluate the singular control on the singular arcs of a solution.

    Parameters
    ----------
    solution : OptimalSolution
    control : str, optional
        Needed where the problem has more than one.

    Raises
    ------
    ProblemError
        A control that is not linear in the Hamiltonian, or can have no singular arc.
    """
    problem, edges = solution.problem, solution.edges_days
    found = singular_control(problem, control)
    j = problem.control_names.index(found.name)
    arcs = [a for a in label_arcs(solution)[found.name] if a.label is ArcLabel.SINGULAR]
    within = [any(a.start_days <= x and y <= a.end_days for a in arcs) for x, y in pairwise(edges.tolist())]
    middle = ((edges[:-1] + edges[1:]) / 2)[within]
    levels = solution.controls[within]
    arguments = [*found.states, *found.costates, *problem.model.input_symbols, TIME, *problem.numbers]
    evaluate = sp.lambdify(arguments, [found.expression, found.legendre_clebsch], "numpy", cse=True)
    along = [
        np.interp(middle, solution.times_days, column)
        for column in (*solution.states.T, *solution.costates.T)
    ]
    formula, sign = (
        np.broadcast_to(np.asarray(v, dtype=float), middle.shape).copy()
        for v in evaluate(*along, *levels.T, middle, *problem.numbers.values())
    )
    return SingularCourse(found.name, found.order, middle, levels[:, j], formula, sign)
