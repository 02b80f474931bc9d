"""A control problem solved on a patient's visits until re-simulation agrees, and its witness."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dosing.optimal.arcs import Arc
    from dosing.optimal.problem import OptimalControlProblem
    from dosing.optimal.solution import OptimalSolution

DEFECT = 1e-3  # wanted of the re-simulated states, relative to the size of each
USABLE_DEFECT = 1e-2  # beyond, the schedule does not do what the solver says
ELEMENT_DAYS = 14.0
ROUNDS = 4
_MOST_ELEMENTS = 1200  # over the whole horizon
_ITERATIONS = 400
_SWEEPS = 200
_SWEEP_TOLERANCE = 1e-6
_AGREE = 1e-3  # of the dose: collocation and sweep
_ACTIVE = 1e-3  # slack, relative to the size of the terms, at which a condition counts as acting
SHORTEST, LONGEST, NO_SPACING = 7.0, 56.0, 28.0
_SHORT = 0.5  # a last interval shorter than this share of the others is joined to the one before


def visit_spacing(times_days: np.ndarray) -> float:
    """Median spacing of a patient's visits in whole days, within 7 to 56; 28 for a single visit."""
    if len(times_days) < 2:
        return NO_SPACING
    return float(np.clip(round(float(np.median(np.diff(times_days)))), SHORTEST, LONGEST))


def visit_edges(horizon_days: float, every_days: float) -> np.ndarray:
    """Days at which the dose may change: every so many days, the last interval up to half as long again.

    Raises
    ------
    ValueError
        Intervals that are not positive, or longer than the horizon.
    """
    if not 0 < every_days <= horizon_days:
        raise ValueError(
            f"doses held for {every_days:g} days do not fit into a horizon of {horizon_days:g} days; give fewer days"
        )
    edges = np.arange(0.0, horizon_days, every_days)
    if len(edges) > 1 and horizon_days - edges[-1] < _SHORT * every_days:
        edges = edges[:-1]
    return np.append(edges, horizon_days)


@dataclass(frozen=True)
class Checked:
    """A solution with what speaks for it.

    Parameters
    ----------
    solution : OptimalSolution
    elements : int
        Finite elements of each interval.
    witness : str
        A sentence: what an independent method says.
    agreement : float
        Largest difference between the doses of collocation and sweep; NaN where there is no sweep.
    """

    solution: OptimalSolution
    elements: int
    witness: str
    agreement: float


def solve_checked(
    problem: OptimalControlProblem, edges_days: np.ndarray, tell: Callable[[str], None] | None = None
) -> Checked:
    """Solve on these intervals, with twice the elements until the defect is small; compare with the sweep.

    Parameters
    ----------
    problem : OptimalControlProblem
    edges_days : ndarray, shape (m + 1,)
    tell : callable, optional
        Called with what is being done.
    """
    from dosing.optimal.collocation import solve

    say = tell or (lambda _text: None)
    m = len(edges_days) - 1
    elements = max(1, math.ceil(float(np.diff(edges_days).max()) / ELEMENT_DAYS))
    elements = min(elements, max(1, _MOST_ELEMENTS // m))
    say("optimal control")
    solution = solve(problem, edges_days=edges_days, elements=elements, max_iterations=_ITERATIONS)
    for turn in range(ROUNDS):
        fine = solution.status.usable and solution.defect.worst <= DEFECT
        if fine or not _finer_may_help(solution, turn) or 2 * elements * m > _MOST_ELEMENTS:
            break
        elements *= 2
        start = solution if solution.status.usable and solution.defect.worst < 0.5 else None
        say(f"optimal control, {elements} elements an interval")
        solution = solve(
            problem, edges_days=edges_days, elements=elements, max_iterations=_ITERATIONS, start=start
        )
    if not solution.status.usable:
        return Checked(solution, elements, "", math.nan)
    say("witness")
    witness, agreement = _witness(problem, edges_days, solution)
    return Checked(solution, elements, witness, agreement)


def _finer_may_help(solution: OptimalSolution, turn: int) -> bool:
    """Whether the elements, not the problem, may be at fault; a solve that does not converge gets one more try."""
    from dosing.optimal.solution import SolutionStatus

    return solution.status.usable or (turn == 0 and solution.status is SolutionStatus.NOT_CONVERGED)


def _witness(
    problem: OptimalControlProblem, edges_days: np.ndarray, solution: OptimalSolution
) -> tuple[str, float]:
    """Sweep where a sweep solves the problem; the sign of ∂H/∂u where not."""
    from dosing.optimal.conditions import ProblemError
    from dosing.optimal.sign_consistency import sign_consistency
    from dosing.optimal.sweep import sweep

    name = problem.control_names[0]
    if problem.along_path:
        return (
            "The re-simulation alone: costates jump where a condition along the path acts, so neither a sweep nor the "
            "sign of ∂H/∂u can judge this solution.",
            math.nan,
        )
    why = ""
    try:
        other = sweep(problem, edges_days=edges_days, tolerance=_SWEEP_TOLERANCE, max_iterations=_SWEEPS)
        if other.status.usable:
            apart = float(np.abs(other.controls - solution.controls).max())
            word = "agrees" if apart <= _AGREE else "DISAGREES"
            return (
                f"The forward-backward sweep, on the same intervals, {word}: doses differ by at most {apart:.1e}.",
                apart,
            )
        why = f" (the sweep did not converge: {other.message})"
    except ProblemError:
        why = ""
    found = sign_consistency(solution)[name]
    word = "stands" if found.holds else "does NOT everywhere stand"
    return (
        f"The dose {word} where the sign of ∂H/∂{name} asks for it: on {100 * found.share:.4g} % of the days, worst "
        f"contradiction {found.worst:.1e} of its scale{why}.",
        math.nan,
    )


def dose_arcs(solution: OptimalSolution) -> tuple[Arc, ...]:
    """Label the arcs of the dose.

    Where a condition along the path acts, an arc between the bounds is called interior, not singular: it is the
    condition that holds the dose there.
    """
    from dosing.optimal.arcs import ArcLabel, label_arcs

    arcs = label_arcs(solution)[solution.problem.control_names[0]]
    if not any(acting_conditions(solution).values()):
        return arcs
    return tuple(replace(a, label=ArcLabel.INTERIOR) if a.label is ArcLabel.SINGULAR else a for a in arcs)


def structure_sentences(solution: OptimalSolution) -> tuple[str, ...]:
    """Describe the arcs in words, and the conditions along the path that act."""
    from dosing.optimal.arcs import sentence

    acting = [
        f"The condition {text} acts on {100 * share:.3g} % of the days; there it holds the dose."
        for text, share in acting_conditions(solution).items()
        if share
    ]
    return (f"The dose {sentence(dose_arcs(solution))}.", *acting)


def acting_conditions(solution: OptimalSolution) -> dict[str, float]:
    """Return the share of intervals in which each inequality along the path is met without room."""
    import sympy as sp

    problem, shares = solution.problem, {}
    edges, times = solution.edges_days, solution.times_days
    owner = np.clip(np.searchsorted(edges, times, side="left") - 1, 0, len(edges) - 2)
    known = [*problem.model.state_symbols, *problem.model.input_symbols, sp.Symbol("t"), *problem.numbers]
    columns = [*solution.states.T, *solution.controls[owner].T, times, *problem.numbers.values()]
    for condition in problem.along_path:
        if condition.is_equality:
            continue
        terms = sp.Add.make_args(sp.expand(condition.expr))
        value, *sizes = (
            np.broadcast_to(np.asarray(v, dtype=float), times.shape)
            for v in sp.lambdify(known, [condition.expr, *map(sp.Abs, terms)], "numpy")(*columns)
        )
        near = value >= -_ACTIVE * np.maximum(np.sum(sizes, axis=0), 1e-300)
        touched = np.zeros(len(edges) - 1, dtype=bool)
        np.logical_or.at(touched, owner[1:], near[1:])
        shares[condition.text] = float(np.diff(edges)[touched].sum() / edges[-1])
    return shares
