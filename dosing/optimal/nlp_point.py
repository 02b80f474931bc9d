"""A point of the nonlinear programme: from IPOPT's vectors to a solution, and from a solution to a warm start."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dosing.optimal.collocation_costates import (
    costates,
    end_multipliers,
    rows_from_costates,
    rows_from_end_multipliers,
    transversality,
)
from dosing.optimal.radau import DEGREE, WEIGHTS
from dosing.optimal.resimulation import resimulate
from dosing.optimal.solution import Defect, OptimalSolution, SolutionStatus

if TYPE_CHECKING:
    from dosing.optimal.grid import Grid
    from dosing.optimal.problem import OptimalControlProblem
    from dosing.optimal.transcription import Scales, Transcription


@dataclass
class Point:
    """Where IPOPT ended.

    Parameters
    ----------
    x, rows : ndarray
        Unknowns; multipliers of the rows.
    cost : float
        In the problem's units, without damping.
    status : SolutionStatus
    word : str
        IPOPT's own.
    iterations : int
    violation : float
        Largest of the scaled rows.
    final_time : float
        Where it is fixed.
    scales : Scales
    lower, upper : ndarray
        Bounds of the unknowns.
    """

    x: np.ndarray
    rows: np.ndarray
    cost: float
    status: SolutionStatus
    word: str
    iterations: int
    violation: float
    final_time: float
    scales: Scales
    lower: np.ndarray
    upper: np.ndarray


def read_solution(
    problem: OptimalControlProblem, programme: Transcription, grid: Grid, point: Point,
    seconds: Mapping[str, float], switching_cost: float, check: bool = True,
) -> OptimalSolution:  # fmt: skip
    """Read a solution off a point and, unless it is to be thrown away, re-simulate it."""
    scales = point.scales
    # IPOPT may end a hair outside of bounds
    inside = np.clip(point.x, point.lower, point.upper)
    end, controls, states = programme.unpack(inside, scales, point.final_time)
    states = np.vstack([problem.initial_state, states])
    edges, times = grid.edges * end, grid.nodes * end
    dynamics, ends, path = programme.blocks(point.rows)
    last = transversality(programme, problem, ends, scales, states[-1], end)
    begun = time.perf_counter()
    unknown = Defect(math.nan, math.nan, math.nan, {})
    defect = resimulate(problem, edges, controls, times, states) if check else unknown
    return OptimalSolution(
        problem=problem, status=point.status, method="collocation", cost=point.cost, edges_days=edges,
        controls=controls, times_days=times, states=states, costates=costates(dynamics, last, scales),
        end_multipliers=end_multipliers(problem, ends, scales), defect=defect, iterations=point.iterations,
        seconds={**seconds, "resimulate": time.perf_counter() - begun}, message=point.word,
        path_multipliers=_path_densities(programme, grid, path, scales, end),
        switching_cost=switching_cost,
    )  # fmt: skip


def warm_multipliers(
    problem: OptimalControlProblem, programme: Transcription, grid: Grid, start: OptimalSolution, scales: Scales,
    arguments: Mapping[str, Any],
) -> dict[str, np.ndarray]:  # fmt: skip
    """Multipliers of rows and bounds from a solution.

    Those of bounds follow from the others: where the Lagrangian is stationary they are what its gradient lacks.
    """
    fractions = start.times_days / start.final_time_days
    inner = _at_nodes(fractions, start.costates, grid.nodes[1:])
    rows = [
        rows_from_costates(inner, scales).ravel(),
        rows_from_end_multipliers(problem, dict(start.end_multipliers), scales),
    ]
    count = len(programme.equalities) - sum(map(len, rows))
    if count:
        given = start.path_multipliers
        if given is not None and given.shape[1] == len(programme.along_path):
            rows.append(
                _path_rows(programme, grid, _at_nodes(fractions, given, grid.nodes[1:]), scales, start)
            )
        else:
            rows.append(np.zeros(count))
    multipliers = np.concatenate(rows)
    slope = np.array(programme.slope_of_lagrangian(arguments["x0"], multipliers, arguments["p"])).ravel()
    lower, upper = arguments["lbx"], arguments["ubx"]
    bounds = np.where(
        slope > 0, np.where(np.isfinite(lower), -slope, 0.0), np.where(np.isfinite(upper), -slope, 0.0)
    )
    # far from a bound what is missing is an error of interpolation, not a multiplier
    room = np.where(slope > 0, arguments["x0"] - lower, upper - arguments["x0"])
    return {"lam_g0": multipliers, "lam_x0": np.where(room < 1e-3, bounds, 0.0)}


def _at_nodes(fractions: np.ndarray, values: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """Interpolate columns."""
    return np.column_stack([np.interp(nodes, fractions, column) for column in values.T])


def _path_densities(
    programme: Transcription, grid: Grid, rows: np.ndarray, scales: Scales, end: float
) -> np.ndarray | None:
    """Multipliers of path conditions per day, at the start and all nodes."""
    if not programme.along_path:
        return None
    answer = np.empty((programme.nodes + 1, len(programme.along_path)))
    lengths = _node_days(grid, end)
    states = [k for k, alone in enumerate(programme.on_controls) if not alone]
    controls = [k for k, alone in enumerate(programme.on_controls) if alone]
    cut = len(states) * programme.nodes
    answer[1:, states] = rows[:cut].reshape(programme.nodes, len(states)) / lengths[:, None]
    held = rows[cut:].reshape(programme.intervals, len(controls)) / (np.diff(grid.edges) * end)[:, None]
    answer[1:, controls] = held[np.repeat(grid.owners, DEGREE)]
    answer[0] = answer[1]
    return answer * scales.cost / scales.along_path


def _path_rows(
    programme: Transcription, grid: Grid, densities: np.ndarray, scales: Scales, start: OptimalSolution
) -> np.ndarray:
    """Reverse :func:`_path_densities` at the nodes."""
    scaled = densities * scales.along_path / scales.cost
    end = start.final_time_days
    states = [k for k, alone in enumerate(programme.on_controls) if not alone]
    controls = [k for k, alone in enumerate(programme.on_controls) if alone]
    first = np.searchsorted(np.repeat(grid.owners, DEGREE), np.arange(grid.intervals))
    held = scaled[first][:, controls] * (np.diff(grid.edges) * end)[:, None]
    return np.concatenate([(scaled[:, states] * _node_days(grid, end)[:, None]).ravel(), held.ravel()])


def _node_days(grid: Grid, end: float) -> np.ndarray:
    """Days of the quadrature that each node stands for."""
    return (np.diff(grid.element_edges)[:, None] * WEIGHTS[None, :]).ravel() * end
