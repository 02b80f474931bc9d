"""Direct collocation of an optimal control problem: Radau of degree 3, CasADi, IPOPT."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dosing.optimal.attempt import Limits, attempt, better
from dosing.optimal.automatic_bounds import state_bounds
from dosing.optimal.conditions import ProblemError
from dosing.optimal.grid import Grid
from dosing.optimal.initial_guess import Guess, from_solution, guesses
from dosing.optimal.nlp_point import Point, read_solution
from dosing.optimal.transcription import Transcription, transcription

if TYPE_CHECKING:
    from dosing.optimal.problem import OptimalControlProblem
    from dosing.optimal.solution import OptimalSolution

INTERVALS = 100
# Of the grid on which guesses are compared.
COARSE = 25
COARSE_ITERATIONS = 300
# From more states on, guesses cost more than they are worth: fewer of them, on coarser elements.
MANY_STATES = 8
GUESSES = 4


def solve(
    problem: OptimalControlProblem,
    *,
    intervals: int | None = None,
    edges_days: Sequence[float] | np.ndarray | None = None,
    elements: int | Sequence[int] = 1,
    start: OptimalSolution | None = None,
    tolerance: float = 1e-8,
    max_iterations: int = 1000,
    refine: int | bool = 0,
    defect_tolerance: float = 1e-6,
    switching_cost: float = 0.0,
) -> OptimalSolution:
    """Solve a control problem; the answer is re-simulated with an adaptive integrator.

    Each control is constant over an interval. States are bounded as the problem says and, where it says nothing, as
    follows from the equations (:mod:`dosing.optimal.automatic_bounds`). Without ``start``, a coarse grid is solved
    from several guesses (constant controls, a straight line to the final state), and the best of its solutions is
    where the solve on the grid begins. The answer is a local optimum.

    Parameters
    ----------
    problem : OptimalControlProblem
    intervals : int, optional
        Number of equal intervals; 100 where neither this nor ``edges_days`` is given.
    edges_days : array, shape (m + 1,), optional
        Days at which controls may change, from 0 to the horizon, such as visits. Mesh refinement keeps them.
    elements : int or sequence of int
        Finite elements of the states in each interval.
    start : OptimalSolution, optional
        Warm start with states, controls and multipliers, of this problem with other numbers or on another grid.
    tolerance : float
        Of the first-order conditions, relative to the scales of states and cost.
    max_iterations : int
    refine : int or bool
        Largest number of rounds of mesh refinement; True means 10.
    defect_tolerance : float
        At which refinement ends, see :func:`dosing.optimal.refinement.refine`.
    switching_cost : float
        Weight of the sum of squared changes of each control between intervals, relative to the control's bound, in
        units of the cost. It damps chattering; the reported cost leaves it out.

    Returns
    -------
    OptimalSolution
        With a status that says whether to use it; a solve that fails does not raise, and holds the last iterate.

    Raises
    ------
    ProblemError
        Both ``intervals`` and ``edges_days``; days with a free final time; a start of another model; a model
        without controls.

    References
    ----------
    Wächter and Biegler (2006), Mathematical Programming 106:25; Garg et al. (2010), Automatica 46:1843.

    Examples
    --------
    >>> from dynamics import get_model
    >>> from dosing.optimal import OptimalControlProblem
    >>> fit = {"r": 0.1318, "K": 580.9, "delta": 0.089, "c": 2.292, "V0": 359.0}
    >>> problem = OptimalControlProblem.define(
    ...     get_model("competition"),
    ...     fit | {"B": 691.9},
    ...     running="S + R + B*u**2/2",
    ...     subject_to=["S(T) == V0"],
    ...     horizon_days=1460,
    ... )
    >>> solution = solve(problem, intervals=50, elements=2)
    >>> solution.status.name, round(float(solution.control_at(730.0)[0]), 3)
    ('OPTIMAL', 0.567)
    """
    grid = _grid(problem, intervals, edges_days, elements)
    _check(problem, start, tolerance, max_iterations, switching_cost)
    solution = solve_on(problem, grid, start, tolerance, max_iterations, switching_cost)
    if not refine:
        return solution
    from dosing.optimal.refinement import refine as refine_mesh

    rounds = 10 if refine is True else int(refine)
    return refine_mesh(
        problem, grid, solution, rounds=rounds, keep_controls=edges_days is not None, tolerance=tolerance,
        max_iterations=max_iterations, defect_tolerance=defect_tolerance, switching_cost=switching_cost,
    )  # fmt: skip


def solve_on(
    problem: OptimalControlProblem,
    grid: Grid,
    start: OptimalSolution | None = None,
    tolerance: float = 1e-8,
    max_iterations: int = 1000,
    switching_cost: float = 0.0,
) -> OptimalSolution:
    """Solve on one grid; see :func:`solve`."""
    begun = time.perf_counter()
    programme = transcription(problem, grid)
    bounds = state_bounds(problem)
    limits = Limits(tolerance, max_iterations, switching_cost)
    log: list[str] = []
    if start is not None:
        tries = [from_solution(start)]
        point = attempt(problem, programme, grid, tries[0], bounds, limits, start)
    else:
        tries = guesses(problem, bounds)[: GUESSES if programme.n < MANY_STATES else GUESSES // 2]
        point = None
        if grid.intervals > COARSE:
            point = _through_coarse(problem, programme, grid, tries, bounds, limits, log)
    if point is None or not point.status.usable:
        few = grid.intervals <= COARSE
        for guess in tries:
            new = attempt(problem, programme, grid, guess, bounds, limits, patient=not few)
            point = new if point is None else better(point, new)
            log.append(f"from {guess.label}: {new.word}")
            # on a small grid every guess is worth a solve; on a large one the first that succeeds
            if not few:
                break
    assert point is not None
    if log and not point.status.usable:
        point.word = f"{point.word} ({'; '.join(log)})"
    built = programme.take_build_seconds()
    seconds = {"build": built, "solve": time.perf_counter() - begun - built}
    return read_solution(problem, programme, grid, point, seconds, switching_cost)


def _through_coarse(
    problem: OptimalControlProblem, programme: Transcription, grid: Grid, tries: list[Guess],
    bounds: list[tuple[float, float]], limits: Limits, log: list[str],
) -> Point | None:  # fmt: skip
    """Solve on a coarse grid from every guess, and go on from the best; None where none was solved."""
    coarse = Grid.even(COARSE, 2 if programme.n < MANY_STATES else 1)
    small = transcription(problem, coarse)
    brief = replace(limits, max_iterations=min(limits.max_iterations, COARSE_ITERATIONS))
    best: Point | None = None
    for guess in tries:
        new = attempt(problem, small, coarse, guess, bounds, brief)
        best = new if best is None else better(best, new)
        log.append(f"{COARSE} intervals from {guess.label}: {new.word}")
    if best is None or not best.status.usable:
        return None
    begin = read_solution(problem, small, coarse, best, {}, limits.switching_cost, check=False)
    return attempt(problem, programme, grid, from_solution(begin), bounds, limits, begin)


def _grid(
    problem: OptimalControlProblem, intervals: int | None, edges_days: Sequence[float] | np.ndarray | None,
    elements: int | Sequence[int],
) -> Grid:  # fmt: skip
    """Make the grid that was asked for."""
    if edges_days is None:
        return Grid.even(INTERVALS if intervals is None else intervals, elements)
    if intervals is not None:
        raise ProblemError("give either the number of intervals or the days at which controls change")
    if problem.has_free_horizon:
        raise ProblemError(
            "the final time is free, so days at which controls change cannot be given; give `intervals`, or fix it"
        )
    return Grid.from_days(edges_days, problem.horizon_days[1], elements)


def _check(
    problem: OptimalControlProblem,
    start: OptimalSolution | None,
    tolerance: float,
    max_iterations: int,
    damping: float,
) -> None:
    """Refuse what cannot be done."""
    where = f"optimal control of model {problem.model.name!r}"
    if not problem.control_names:
        raise ProblemError(f"{where}: the model has no input, so there is nothing to choose")
    if not 0 < tolerance < 1e-2:
        raise ProblemError(f"{where}: tolerance is {tolerance:g}; it must lie between 0 and 0.01")
    if max_iterations < 1:
        raise ProblemError(f"{where}: max_iterations is {max_iterations}; it must be at least 1")
    if not 0 <= damping < math.inf:
        raise ProblemError(f"{where}: switching_cost is {damping}; it must be a number that is not negative")
    if start is not None and (
        start.problem.model.state_names != problem.model.state_names
        or start.problem.control_names != problem.control_names
    ):
        raise ProblemError(
            f"{where}: the start has states {start.problem.model.state_names} and controls "
            f"{start.problem.control_names}; this problem has {problem.model.state_names} and {problem.control_names}"
        )
