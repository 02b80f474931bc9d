"""One run of IPOPT from one guess."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.optimal.collocation_scales import scales as choose_scales
from dosing.optimal.ipopt import settings, status_of
from dosing.optimal.nlp_point import Point, warm_multipliers

if TYPE_CHECKING:
    from dosing.optimal.grid import Grid
    from dosing.optimal.initial_guess import Guess
    from dosing.optimal.problem import OptimalControlProblem
    from dosing.optimal.solution import OptimalSolution
    from dosing.optimal.transcription import Transcription


@dataclass(frozen=True)
class Limits:
    """What the user asked for: tolerance, iterations, and the weight of damping in units of the cost."""

    tolerance: float
    max_iterations: int
    switching_cost: float


def attempt(
    problem: OptimalControlProblem, programme: Transcription, grid: Grid, guess: Guess,
    bounds: list[tuple[float, float]], limits: Limits, start: OptimalSolution | None = None, patient: bool = False,
) -> Point:  # fmt: skip
    """Run IPOPT once.

    Parameters
    ----------
    problem, programme, grid
    guess : Guess
        States and controls to begin with.
    bounds : list of (float, float)
        Of the states.
    limits : Limits
    start : OptimalSolution, optional
        Whose multipliers to begin with; the guess should be the same.
    patient : bool
        See :func:`dosing.optimal.ipopt.settings`.
    """
    sizes = choose_scales(problem, guess, bounds)
    horizon = problem.horizon_days
    final = float(np.clip(guess.final_time, *horizon))
    damping = limits.switching_cost / sizes.cost
    warm = start is not None
    solver = programme.solver(warm, settings(problem, limits.tolerance, limits.max_iterations, warm, patient))
    low, high = np.array(bounds, dtype=float).T
    below, above = np.array(problem.bounds_of_controls(), dtype=float).T
    m, nodes = programme.intervals, programme.nodes
    lower = programme.pack(horizon[0], np.tile(below, (m, 1)), np.tile(low, (nodes, 1)), sizes)
    upper = programme.pack(horizon[1], np.tile(above, (m, 1)), np.tile(high, (nodes, 1)), sizes)
    states = np.clip(guess.states_at(grid.nodes[1:]), low, high)
    controls = np.clip(guess.controls_on(grid.edges), below, above)
    arguments = {
        "x0": programme.pack(final, controls, states, sizes),
        "p": programme.parameters(problem, grid, sizes, final, damping),
        "lbx": lower, "ubx": upper,
        "lbg": np.where(programme.equalities, 0.0, -math.inf), "ubg": 0.0,
    }  # fmt: skip
    if start is not None:
        arguments |= warm_multipliers(problem, programme, grid, start, sizes, arguments)
    answer = solver(**arguments)
    stats = solver.stats()
    x, rows = np.array(answer["x"]).ravel(), np.array(answer["lam_g"]).ravel()
    cost, values = (np.array(v).ravel() for v in programme.value(x, arguments["p"]))
    missed = np.where(programme.equalities, np.abs(values), np.maximum(values, 0.0))
    violation = float(np.max(missed, initial=0.0)) if np.all(np.isfinite(values)) else math.inf
    change = np.diff(programme.unpack(x, sizes, final)[1] / sizes.controls, axis=0)
    return Point(
        x=x, rows=rows, cost=(float(cost[0]) - damping * float(np.sum(change**2))) * sizes.cost,
        status=status_of(stats["return_status"], violation), word=stats["return_status"],
        iterations=int(stats["iter_count"]), violation=violation, final_time=final, scales=sizes,
        lower=lower, upper=upper,
    )  # fmt: skip


def better(one: Point, other: Point) -> Point:
    """Prefer what is solved, then what costs less; of two that are not solved, what violates less."""
    if one.status.usable != other.status.usable:
        return one if one.status.usable else other
    if one.status.usable:
        return one if one.cost <= other.cost else other
    return one if one.violation <= other.violation else other
