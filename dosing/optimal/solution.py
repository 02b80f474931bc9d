"""What a solver of optimal control returns: the schedule, its evidence, and how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dosing.optimal.problem import OptimalControlProblem


class SolutionStatus(StrEnum):
    """How a solve ended, as a sentence."""

    OPTIMAL = "The solution satisfies the first-order conditions to the requested tolerance."
    ACCEPTABLE = (
        "The solver stopped at a point that satisfies the first-order conditions to a looser tolerance only; "
        "compare with more intervals before use."
    )
    INFEASIBLE = (
        "No control within its bounds meets all conditions, as far as the solver can tell; the last iterate and "
        "the conditions that it violates are given. Relax one of them, or lengthen the horizon."
    )
    NOT_CONVERGED = (
        "The solver used all its iterations; the last iterate is given. Start it from a solution of a nearby "
        "problem, or give it more iterations."
    )
    FAILED = (
        "The solver met numbers that are not finite; the last iterate is given. Bound the states, and check the "
        "units of the parameters."
    )
    DIVERGED = (
        "The iterates grow without bound: the cost may have no lower limit. Bound the states and the controls, and "
        "check the signs of the costs; a quantity to be maximised enters with a minus."
    )

    @property
    def usable(self) -> bool:
        """Whether a dose may rest on it."""
        return self in (SolutionStatus.OPTIMAL, SolutionStatus.ACCEPTABLE)


@dataclass(frozen=True)
class Defect:
    """How a solution fares when its control is given to an adaptive integrator.

    Parameters
    ----------
    worst : float
        Largest difference between the solver's states and the integrator's, over all times and states, each relative
        to the largest size of that state.
    worst_time_days : float
        Where.
    cost : float
        Cost along the integrator's solution.
    violations : mapping of str to float
        Conditions, as the user wrote them, with how far the integrator's solution misses them, in their own unit;
        zero where they hold.
    """

    worst: float
    worst_time_days: float
    cost: float
    violations: Mapping[str, float]


@dataclass(frozen=True)
class MeshStep:
    """One round of mesh refinement.

    Parameters
    ----------
    intervals, elements : int
        Intervals of constant control; finite elements over all of them.
    cost : float
    defect : float
        Worst, see :class:`Defect`.
    error : float
        Largest local error that was estimated for an element, relative to the size of the state.
    iterations : int
    """

    intervals: int
    elements: int
    cost: float
    defect: float
    error: float
    iterations: int


@dataclass(frozen=True)
class OptimalSolution:
    """A schedule with its evidence.

    Parameters
    ----------
    problem : OptimalControlProblem
    status : SolutionStatus
    method : str
        ``"collocation"`` or ``"sweep"``.
    cost : float
        Of the solver's own discretisation; ``defect.cost`` is the integrator's.
    edges_days : ndarray, shape (m + 1,)
        The controls are held over these intervals.
    controls : ndarray, shape (m, controls)
    times_days : ndarray, shape (k,)
        Nodes of the states.
    states, costates : ndarray, shape (k, states)
        The costate is the derivative of the optimal cost-to-go in the state (minimisation).
    end_multipliers : mapping of str to float
        Derivative of the optimal cost in the right-hand side of each condition at the end.
    defect : Defect
    iterations : int
    seconds : mapping of str to float
        ``build``, ``solve`` and, for the adaptive integrator, ``resimulate``.
    message : str
        The solver's own words.
    path_multipliers : ndarray, shape (k, conditions along the path), optional
        Cost per day and unit of each condition, at the nodes; never negative for an inequality.
    switching_cost : float
        Weight of the damping that the user asked for; it is no part of ``cost``.
    history : tuple of MeshStep
        Rounds of mesh refinement, the last one being this solution; empty where none was asked for.
    """

    problem: OptimalControlProblem
    status: SolutionStatus
    method: str
    cost: float
    edges_days: np.ndarray
    controls: np.ndarray
    times_days: np.ndarray
    states: np.ndarray
    costates: np.ndarray
    end_multipliers: Mapping[str, float]
    defect: Defect
    iterations: int
    seconds: Mapping[str, float] = field(default_factory=dict)
    message: str = ""
    path_multipliers: np.ndarray | None = None
    switching_cost: float = 0.0
    history: tuple[MeshStep, ...] = ()

    @property
    def final_time_days(self) -> float:
        """Final time."""
        return float(self.edges_days[-1])

    def control_at(self, times_days: np.ndarray | float) -> np.ndarray:
        """Return the controls at these times, shape (…, controls); at a switch, those that begin there."""
        index = np.searchsorted(self.edges_days, np.asarray(times_days, dtype=float), side="right") - 1
        return self.controls[np.clip(index, 0, len(self.controls) - 1)]
