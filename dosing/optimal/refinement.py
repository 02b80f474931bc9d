"""Mesh refinement: finer where the states are not accurate, or where the control changes.

The local error of an element is the integral of what its polynomials lack to solve the equations, relative to the
size of each state (Betts 2010, Practical Methods for Optimal Control, section 4.7). Elements are added where it is
too large. Where the controls' grid is free, intervals on both sides of a large change are halved as well: that is
where a switch is, or a steep arc.
"""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dosing.optimal.grid import Grid
from dosing.optimal.radau import DEGREE, basis_at
from dosing.optimal.solution import MeshStep, OptimalSolution
from dynamics.model import TIME

if TYPE_CHECKING:
    from collections.abc import Callable

    from dosing.optimal.problem import OptimalControlProblem
    from dynamics.model import Model

# Of the most that any change between neighbouring intervals costs: changes below it wait for another round.
_LARGE = 0.1
# Of the control's range: below this a change is no reason to go on.
_SMALL_CHANGE = 1e-3
_COST_TOLERANCE = 1e-6
_MOST_INTERVALS = 2000
_MOST_FACTOR = 4


def refine(
    problem: OptimalControlProblem, grid: Grid, solution: OptimalSolution, *, rounds: int, keep_controls: bool,
    tolerance: float, max_iterations: int, defect_tolerance: float = 1e-6, switching_cost: float = 0.0,
) -> OptimalSolution:  # fmt: skip
    """Refine until the states are accurate and the cost has settled.

    Parameters
    ----------
    problem : OptimalControlProblem
    grid : Grid
        On which ``solution`` was found.
    solution : OptimalSolution
        Returned as it is if no dose could rest on it.
    rounds : int
        At most.
    keep_controls : bool
        Whether the intervals of the control are given, as by visits: then only elements are added.
    tolerance, max_iterations, switching_cost
        See :func:`dosing.optimal.collocation.solve`.
    defect_tolerance : float
        For the worst defect, and for the local error of every element. Where the controls' grid is free the cost
        must also have changed by less than 1e-6 of itself.

    Returns
    -------
    OptimalSolution
        With ``history``, one entry a mesh.
    """
    from dosing.optimal.collocation import solve_on

    history = [_step(problem, grid, solution)]
    seconds = dict(solution.seconds)
    for _ in range(rounds):
        if not solution.status.usable or _settled(history, keep_controls, defect_tolerance):
            break
        finer = _finer(problem, grid, solution, keep_controls, defect_tolerance)
        if finer is None:
            break
        new = solve_on(problem, finer, solution, tolerance, max_iterations, switching_cost)
        if not new.status.usable:
            break
        grid, solution = finer, new
        seconds = {name: seconds.get(name, 0.0) + value for name, value in new.seconds.items()}
        history.append(_step(problem, grid, solution))
    return dataclasses.replace(solution, history=tuple(history), seconds=seconds)


def local_errors(problem: OptimalControlProblem, grid: Grid, solution: OptimalSolution) -> np.ndarray:
    """Local error of every element, the largest over states, relative to the size of each; shape (elements,)."""
    count = len(grid.owners)
    widths = np.diff(grid.element_edges) * solution.final_time_days
    starts = grid.element_edges[:-1] * solution.final_time_days
    nodes = solution.states[1:].reshape(count, DEGREE, -1)
    each = np.concatenate([solution.states[:-1:DEGREE][:, None, :], nodes], axis=1)
    points, weights = np.polynomial.legendre.leggauss(5)
    points, weights = (points + 1) / 2, weights / 2
    values, slopes = basis_at(points)
    states = np.einsum("iq,ein->neq", values, each)
    rates = np.einsum("iq,ein->neq", slopes, each) / widths[None, :, None]
    times = starts[:, None] + widths[:, None] * points[None, :]
    controls = [np.broadcast_to(row[:, None], times.shape) for row in solution.controls[grid.owners].T]
    with np.errstate(all="ignore"):
        field = _field(problem.model, tuple(problem.numbers))(
            *states, *controls, times, *problem.numbers.values()
        )
    field = np.array([np.broadcast_to(row, times.shape) for row in field], dtype=float)
    size = np.abs(solution.states).max(axis=0)
    lacking = np.einsum("neq,q->en", np.abs(rates - field), weights) * widths[:, None]
    return np.nan_to_num(lacking / np.where(size > 0, size, 1.0), nan=np.inf).max(axis=1)


@lru_cache(maxsize=32)
def _field(model: Model, numbers: tuple[sp.Symbol, ...]) -> Callable:
    """Right-hand side on arrays."""
    known = [*model.state_symbols, *model.input_symbols, TIME, *numbers]
    return sp.lambdify(known, [s.rhs for s in model.states], "numpy", cse=True)


def _step(problem: OptimalControlProblem, grid: Grid, solution: OptimalSolution) -> MeshStep:
    """Record one mesh."""
    error = float(np.max(local_errors(problem, grid, solution)))
    return MeshStep(
        grid.intervals, len(grid.owners), solution.cost, solution.defect.worst, error, solution.iterations
    )  # fmt: skip


def _settled(history: list[MeshStep], keep_controls: bool, defect_tolerance: float) -> bool:
    """Whether the last mesh is fine enough."""
    last = history[-1]
    if last.defect > defect_tolerance or last.error > defect_tolerance:
        return False
    if keep_controls:
        return True
    return len(history) > 1 and abs(last.cost - history[-2].cost) <= _COST_TOLERANCE * abs(last.cost)


def _finer(
    problem: OptimalControlProblem,
    grid: Grid,
    solution: OptimalSolution,
    keep_controls: bool,
    defect_tolerance: float,
) -> Grid | None:
    """Refine the grid once; None where nothing is left to refine."""
    error = np.zeros(grid.intervals)
    np.maximum.at(error, grid.owners, local_errors(problem, grid, solution))
    # half of the tolerance, as errors of elements add up; the method's local order is 2 * DEGREE at the edges
    # but DEGREE + 1 inside, which is what the estimate sees
    wanted = np.ceil((2 * error / defect_tolerance) ** (1 / (DEGREE + 1)))
    if solution.defect.worst > defect_tolerance and np.all(wanted <= 1):
        wanted[error >= 0.1 * error.max()] = 2
    factors = np.clip(np.nan_to_num(wanted, posinf=_MOST_FACTOR), 1, _MOST_FACTOR).astype(int)
    if keep_controls:
        return grid.with_elements(factors) if np.any(factors > 1) else None
    halve = _changes(problem, solution)
    if grid.intervals + int(halve.sum()) > _MOST_INTERVALS:
        halve[:] = False
    if not np.any(halve) and np.all(factors == 1):
        return None
    return grid.with_elements(factors).split(halve)


def _changes(problem: OptimalControlProblem, solution: OptimalSolution) -> np.ndarray:
    """Intervals on either side of a large change of a control, shape (m,)."""
    ranges = np.array(
        [
            high - low if np.isfinite(high - low) else max(float(np.ptp(column)), 1e-300)
            for (low, high), column in zip(problem.bounds_of_controls(), solution.controls.T, strict=True)
        ]
    )
    change = (np.abs(np.diff(solution.controls, axis=0)) / ranges).max(axis=1)
    marked = np.zeros(len(solution.controls), dtype=bool)
    if not len(change):
        return marked
    widths = np.diff(solution.edges_days)
    # what holding the control costs: its squared error, over the time that it lasts
    worth = np.where(change >= _SMALL_CHANGE, change**2 * (widths[:-1] + widths[1:]), 0.0)
    large = (worth > 0) & (worth >= _LARGE * worth.max())
    marked[:-1] |= large & (widths[:-1] > 0.4 * widths[1:])
    marked[1:] |= large & (widths[1:] > 0.4 * widths[:-1])
    return marked
