"""The recursion from the horizon back to the end of the first generation, on the nodes (Fischer 2015, eq. 9)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dosing.stochastic.birth_death.choice import best_control
from dosing.stochastic.birth_death.nodes import AxisNodes
from dosing.stochastic.birth_death.operator import TransitionOperator, chunks_of
from dosing.stochastic.birth_death.problem import BirthDeathProblem
from dosing.stochastic.control_table import ControlStages
from dynamics.kernels.engine import in_threads

__all__ = ["Progress", "run_backward"]

Progress = Callable[[float], None]


def run_backward(
    problem: BirthDeathProblem, axis: AxisNodes, *, keep_stages: bool, progress: Progress | None
) -> tuple[np.ndarray, ControlStages | None]:
    """Return the values after the first generation, (controls, nodes, nodes), and the controls by time.

    The first generation is left to the caller, who reads the whole lattice with it. The values differ by control
    only where the control of the first generation is held for longer.

    Parameters
    ----------
    problem : BirthDeathProblem
    axis : AxisNodes
    keep_stages : bool
        Whether to return the controls by time.
    progress : callable, optional
        Called with the share that is done.
    """
    rows, size = len(problem.controls), len(axis.nodes)
    intervals = problem.intervals
    value = np.ones((size, size))
    later, done, total = np.empty((rows, size, size)), 0, problem.horizon_generations
    operators = [TransitionOperator.build(problem, axis, row) for row in range(rows)] if total > 1 else []
    policy, to_go = [], []

    def hold(generations: int) -> None:
        """Write the value some generations earlier under every control, held, into ``later``."""
        later[:] = value
        tasks = [(row, chunk) for row in range(rows) for chunk in chunks_of(size * size)]
        for _ in range(generations):
            now = later.copy()

            def step(task: tuple[int, tuple[int, int]], now: np.ndarray = now) -> None:
                row, chunk = task
                operators[row].back(now[row], later[row].reshape(-1), chunk)

            in_threads(step, tasks, warm=done > 0)

    for left in reversed(intervals[1:]):
        hold(left)
        done += left
        value, index = best_control(later, problem.tie_tolerance)
        if keep_stages:
            policy.append(index)
            to_go.append(done)
        if progress is not None:
            progress(done / total)
    hold(intervals[0] - 1)
    if progress is not None:
        progress(1.0)
    if not keep_stages:
        return later, None
    kept = np.array(policy, dtype=np.int8).reshape(-1, size, size)
    return later, ControlStages(np.array(to_go, dtype=int)[::-1], axis.nodes, kept[::-1])
