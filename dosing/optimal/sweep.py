"""Optimal control by the adaptive forward-backward sweep: the witness of the collocation.

States forwards, costates backwards by the adjoint equation, the control from the minimum of the Hamiltonian, and the
secant method on the end-point multiplier: AFBSM of Masud 2023 (eqs 17-19). It shares no equation of the discretisation
with the collocation, only the symbols of the problem.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dosing.optimal.conditions import FINAL_TIME, ProblemError
from dosing.optimal.resimulation import resimulate
from dosing.optimal.solution import Defect, OptimalSolution, SolutionStatus
from dosing.optimal.sweep_damped import DampedSweep, damped_sweep
from dosing.optimal.sweep_passes import Passes
from dosing.optimal.sweep_scope import refuse_broken_bounds, refuse_unsuited
from dosing.optimal.sweep_secant import bracketed_secant, secant_in_several
from dynamics.substitution import substitute

if TYPE_CHECKING:
    from dosing.optimal.problem import OptimalControlProblem

_LOOSE = 1e3  # a residual of that many tolerances still passes as acceptable


def sweep(
    problem: OptimalControlProblem,
    *,
    intervals: int = 400,
    edges_days: Sequence[float] | np.ndarray | None = None,
    tolerance: float = 1e-8,
    relaxation: float = 1.0,
    max_iterations: int = 500,
    start: OptimalSolution | None = None,
) -> OptimalSolution:
    """Solve a problem whose Hamiltonian is strictly convex in every control.

    Parameters
    ----------
    problem : OptimalControlProblem
        Fixed final time, no conditions along the path. Bounds of states are not imposed; a solution that breaks one
        is refused.
    intervals : int
        Of equal length, over each of which the control is held.
    edges_days : array, optional
        Ends of the intervals instead, from 0 to the final time.
    tolerance : float
        On the difference between the control and the minimiser of the Hamiltonian, relative to the control's range,
        and on the conditions at the end, relative to the size of their terms.
    relaxation : float
        First share of a sweep's step, in (0, 1]; adapted by the fall of the cost.
    max_iterations : int
        Sweeps for one value of the multiplier.
    start : OptimalSolution, optional
        Its control, on its own intervals, and its multipliers are where to begin.

    Raises
    ------
    ProblemError
        A problem that a sweep does not solve, with what does.
    """
    clock = time.perf_counter()
    refuse_unsuited(problem)
    edges = _edges(problem, intervals, edges_days)
    if not 0 < relaxation <= 1:
        raise ProblemError(f"relaxation is {relaxation:g}; it is a share of a step, in (0, 1]")
    passes = Passes(problem, edges)
    search = _Search(problem, passes, tolerance, relaxation, max_iterations, _start(problem, edges, start))
    passes.choose_steps(search.controls)
    built = time.perf_counter()
    multipliers, message = _solve(search, _first_multipliers(problem, start))
    # where the states changed much on the way, the steps that suited the start may be too long
    steps = passes.steps
    passes.choose_steps(search.controls)
    if passes.steps != steps:
        multipliers, message = _solve(search, multipliers)
    done = time.perf_counter()
    return _solution(search, multipliers, message, {"build": built - clock, "solve": done - built})


def _edges(
    problem: OptimalControlProblem, intervals: int, edges_days: Sequence[float] | np.ndarray | None
) -> np.ndarray:
    """Return the ends of the intervals."""
    final = problem.horizon_days[1]
    if edges_days is None:
        if intervals < 1:
            raise ProblemError(f"the control needs at least one interval, got {intervals}")
        return np.linspace(0.0, final, intervals + 1)
    edges = np.array(edges_days, dtype=float)
    if len(edges) < 2 or edges[0] != 0 or not np.all(np.diff(edges) > 0) or abs(edges[-1] / final - 1) > 1e-9:
        raise ProblemError(f"ends of intervals must increase from 0 to the final day {final:g}, got {edges}")
    return edges


def _start(problem: OptimalControlProblem, edges: np.ndarray, start: OptimalSolution | None) -> np.ndarray:
    """Control to begin with: the given one, or the middle of the range."""
    bounds = np.array(problem.bounds_of_controls(), dtype=float)
    if start is not None:
        return np.clip(start.control_at((edges[:-1] + edges[1:]) / 2), bounds[:, 0], bounds[:, 1])
    finite = np.isfinite(bounds).all(axis=1, keepdims=True)
    middle = np.where(finite, bounds, np.clip(0.0, bounds[:, :1], bounds[:, 1:])).mean(axis=1)
    return np.tile(middle, (len(edges) - 1, 1))


def _sign(text: str) -> float:
    """Sign from a multiplier of ``expr <= 0`` or ``expr == 0`` to the derivative in the right-hand side."""
    return 1.0 if ">=" in text else -1.0


def _first_multipliers(problem: OptimalControlProblem, start: OptimalSolution | None) -> np.ndarray:
    """Multipliers of an earlier solution, else zero."""
    given = start.end_multipliers if start is not None else {}
    return np.array([_sign(c.text) * given.get(c.text, 0.0) for c in problem.at_end])


@dataclass
class _Search:
    """Sweeps for one multiplier after the other, each from the control of the last."""

    problem: OptimalControlProblem
    passes: Passes
    tolerance: float
    relaxation: float
    max_iterations: int
    controls: np.ndarray
    sweeps: int = 0
    largest: np.ndarray = field(default_factory=lambda: np.zeros(1))
    latest: DampedSweep | None = field(default=None)

    def misses(self, multipliers: np.ndarray) -> np.ndarray:
        """Sweep at these multipliers and say by how much the conditions at the end are missed."""
        bounds = np.array(self.problem.bounds_of_controls(), dtype=float)
        self.latest = damped_sweep(
            self.passes, self.controls, np.asarray(multipliers, dtype=float), bounds,
            tolerance=self.tolerance, relaxation=self.relaxation, max_iterations=self.max_iterations,
        )  # fmt: skip
        self.controls = self.latest.last.controls
        self.sweeps += self.latest.sweeps
        self.largest = np.maximum(self.largest, np.abs(self.latest.last.states).max(axis=0))
        return self.latest.last.misses

    def scales(self) -> np.ndarray:
        """Size of the terms of each condition at the end, with the largest states that were met so far."""
        known = dict(self.problem.numbers) | {FINAL_TIME: float(self.passes.edges[-1])}
        known |= dict(zip(self.problem.model.state_symbols, self.largest.tolist(), strict=True))
        terms = [sp.Add.make_args(sp.expand(c.expr)) for c in self.problem.at_end]
        sizes = [sum(abs(float(substitute(t, known))) for t in some) for some in terms]
        return np.maximum(np.nan_to_num(sizes, nan=0.0), 1e-12)

    def first_step(self) -> float:
        """Step on the multiplier: a tenth of the costates, in whose unit it is for a condition on a state."""
        assert self.latest is not None
        return max(0.1 * float(np.median(np.abs(self.latest.last.costates))), 1e-3)


def _solve(search: _Search, first: np.ndarray) -> tuple[np.ndarray, str]:
    """Meet the conditions at the end."""
    misses = search.misses(first)
    if not len(first) or not np.all(np.isfinite(misses)):
        return first, ""
    if len(first) > 1:
        for unit in np.eye(len(first)):  # to see how large the states become
            search.misses(first + search.first_step() * unit)
        return secant_in_several(search.misses, first, search.scales(), search.tolerance)
    tolerance = search.tolerance * search.scales()
    if not search.problem.at_end[0].is_equality:
        free = np.zeros(1)
        if search.misses(free)[0] <= tolerance[0]:
            return free, ""
    root, message = bracketed_secant(
        lambda nu: float(search.misses(np.array([nu]))[0]),
        float(first[0]),
        search.first_step(),
        float(tolerance[0]),
    )
    return np.array([root]), message


def _solution(
    search: _Search, multipliers: np.ndarray, message: str, seconds: dict[str, float]
) -> OptimalSolution:
    """Gather the evidence, and judge it."""
    assert search.latest is not None
    problem, end = search.problem, search.latest
    times = search.passes.node_times()
    nowhere = Defect(np.nan, np.nan, np.nan, {})
    found = OptimalSolution(
        problem=problem,
        status=SolutionStatus.NOT_CONVERGED,
        method="sweep",
        cost=end.last.cost,
        edges_days=search.passes.edges,
        controls=end.last.controls,
        times_days=times,
        states=end.last.states,
        costates=end.last.costates,
        end_multipliers={
            c.text: _sign(c.text) * float(nu) for c, nu in zip(problem.at_end, multipliers, strict=True)
        },
        defect=nowhere,
        iterations=search.sweeps,
        seconds=seconds,
        message=message or end.message or f"{search.sweeps} sweeps, residual {end.residual:.2g}",
    )
    if not end.last.finite:
        return replace(found, status=SolutionStatus.FAILED)
    status = SolutionStatus.NOT_CONVERGED
    if message.startswith("no multiplier"):
        status = SolutionStatus.INFEASIBLE
    elif not message and end.residual <= search.tolerance:
        status = SolutionStatus.OPTIMAL
    elif not message and end.residual <= _LOOSE * search.tolerance:
        status = SolutionStatus.ACCEPTABLE
    if status.usable:
        refuse_broken_bounds(problem, end.last.states)
    defect = resimulate(problem, found.edges_days, found.controls, times, found.states)
    return replace(found, status=status, defect=defect)
