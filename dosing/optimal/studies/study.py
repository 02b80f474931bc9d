"""What a study of a published model hands back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.optimal.arcs import Arc, ArcLabel, sentence
from dosing.optimal.resimulation import course_under, value_at_end

if TYPE_CHECKING:
    from dosing.optimal.problem import OptimalControlProblem
    from dosing.optimal.solution import OptimalSolution

__all__ = ["Study", "cost_under", "dose", "labels", "schedule_words", "weighted"]


@dataclass(frozen=True)
class Study:
    """A solved problem, and what it says about the paper's claim.

    Parameters
    ----------
    solution : OptimalSolution
    arcs : mapping of str to tuple of Arc
        By control.
    holds : bool
        Whether the solution has the property that the paper reports.
    statement : str
        The property, with the numbers that were found.
    left_open : str
        What the paper does not print, so that its figure cannot be reproduced number by number.
    """

    solution: OptimalSolution
    arcs: Mapping[str, tuple[Arc, ...]]
    holds: bool
    statement: str
    left_open: str


def labels(arcs: Sequence[Arc]) -> list[ArcLabel]:
    """Labels in order of time."""
    return [arc.label for arc in arcs]


def schedule_words(arcs: Mapping[str, tuple[Arc, ...]]) -> str:
    """Describe the arcs of all controls in one sentence."""
    return "; ".join(sentence(of_one) for of_one in arcs.values())


def dose(solution: OptimalSolution) -> np.ndarray:
    """Integral of every control, in its unit times days, shape (controls,)."""
    return np.diff(solution.edges_days) @ solution.controls


def weighted(weights: Sequence[float], names: Sequence[str]) -> str:
    """Write a weighted sum as text that a problem reads.

    Examples
    --------
    >>> weighted((1, 0.5), ("S", "R"))
    '1.0*S + 0.5*R'
    """
    return " + ".join(f"{float(w)!r}*{name}" for w, name in zip(weights, names, strict=True))


def cost_under(problem: OptimalControlProblem, edges_days: np.ndarray, controls: np.ndarray) -> float:
    """Cost of any schedule, by the adaptive integrator.

    Parameters
    ----------
    problem : OptimalControlProblem
    edges_days : ndarray, shape (m + 1,)
    controls : ndarray, shape (m, controls)
    """
    end = float(edges_days[-1])
    course = course_under(problem, edges_days, controls, np.array([0.0, end]))
    return float(course.integral[-1] + value_at_end(problem, problem.terminal, course.states[-1], end))
