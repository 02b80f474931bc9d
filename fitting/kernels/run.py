"""Running a compiled likelihood on all cores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dynamics.kernels.engine import MAX_STEPS, in_threads
from fitting.kernels.data import Data
from fitting.optimizer import Minima

if TYPE_CHECKING:
    from fitting.problem import CohortProblem


def kernel_data(problem: CohortProblem) -> Data:
    """Arrays of a problem as compiled code reads them."""
    c = problem.courses
    return Data(
        burdens=np.ascontiguousarray(problem.burdens, dtype=float),
        times=np.ascontiguousarray(c.times, dtype=float),
        censoring=np.ascontiguousarray(problem.censoring, dtype=np.int64),
        n_times=np.ascontiguousarray(problem.measured.sum(axis=1), dtype=np.int64),
        n_switches=np.ascontiguousarray(c.n_switches, dtype=np.int64),
        constants=np.ascontiguousarray(c.constants, dtype=float),
        switches=np.ascontiguousarray(c.switches, dtype=float),
        doses=np.ascontiguousarray(c.doses, dtype=float),
        rtol=float(problem.rtol),
        max_steps=MAX_STEPS,
    )


def minimise_jobs(
    problem: CohortProblem,
    start: np.ndarray,
    who: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    fixed: np.ndarray | None,
    tolerance: float,
    max_iterations: int,
    give_up_above: np.ndarray | None,
) -> Minima:
    """Minimise from b starting points; see :func:`fitting.optimizer.minimise`."""
    jobs, size = start.shape
    q = np.array(start, dtype=float, order="C")
    value, gradient, information = np.empty(jobs), np.empty((jobs, size)), np.empty((jobs, size, size))
    converged, iterations = np.zeros(jobs, dtype=bool), np.zeros(jobs, dtype=np.int64)
    fixed = np.zeros((jobs, size), dtype=bool) if fixed is None else fixed
    limit = np.full(jobs, np.inf) if give_up_above is None else give_up_above
    who = np.ascontiguousarray(who, dtype=np.int64)
    fixed, limit = np.ascontiguousarray(fixed, dtype=bool), np.ascontiguousarray(limit, dtype=float)
    lower, upper = np.ascontiguousarray(lower, dtype=float), np.ascontiguousarray(upper, dtype=float)
    data = problem.kernel_data()
    kernel = problem.kernel().minimise_one

    def run(b: int) -> None:
        value[b], converged[b], iterations[b] = kernel(
            who[b], q[b], fixed[b], lower[b], upper[b], float(tolerance), int(max_iterations), limit[b], data,
            gradient[b], information[b],
        )  # fmt: skip

    in_threads(run, range(jobs), warm=bool(kernel.signatures))
    return Minima(q, value, gradient, information, converged, int(iterations.max(initial=0)))


def evaluate_jobs(
    problem: CohortProblem, q: np.ndarray, who: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Value, gradient, information at b vectors; see :meth:`fitting.problem.CohortProblem.evaluate`."""
    jobs, size = q.shape
    value, gradient, information = np.empty(jobs), np.empty((jobs, size)), np.empty((jobs, size, size))
    kernel = problem.kernel().evaluate_one
    data = problem.kernel_data()
    for b in range(jobs):
        value[b] = kernel(int(who[b]), q[b], data, gradient[b], information[b])
    return value, gradient, information
