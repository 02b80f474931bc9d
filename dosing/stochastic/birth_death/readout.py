"""The first generation, from every state of the full lattice: nothing is interpolated at the start."""

from __future__ import annotations

import numpy as np
from numba import njit

from dosing.stochastic.birth_death.backward import Progress
from dosing.stochastic.birth_death.choice import best_control
from dosing.stochastic.birth_death.nodes import AxisNodes
from dosing.stochastic.birth_death.operator import finite_rates, scratch_length
from dosing.stochastic.birth_death.problem import BirthDeathProblem
from dosing.stochastic.birth_death.transition import axis_span, axis_weights, mean_value
from dosing.stochastic.edge_rule import EdgeRule
from dynamics.kernels.engine import in_threads

__all__ = ["read_lattice"]


def read_lattice(
    problem: BirthDeathProblem, axis: AxisNodes, later: np.ndarray, *, progress: Progress | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return value and control, (edge + 1, edge + 1), at every pair of cell numbers.

    Parameters
    ----------
    problem : BirthDeathProblem
    axis : AxisNodes
    later : array, (controls, nodes, nodes)
        Values after the first generation.
    progress : callable, optional
        Called with the share that is done.
    """
    size = problem.edge + 1
    value, index = np.empty((size, size)), np.empty((size, size), dtype=np.int8)
    lost = problem.edge_rule is EdgeRule.LOST
    second = np.arange(size)

    def line(n: int) -> None:
        states = np.stack([np.full(size, n), second], axis=1)
        found = np.empty((len(problem.controls), size))
        for row in range(len(problem.controls)):
            births, deaths = finite_rates(problem, states, row)
            _line(
                states, births, deaths, axis.first, axis.shares, lost, later[row], problem.kept(n + second, row),
                scratch_length(births, deaths), found[row],
            )  # fmt: skip
        value[n], index[n] = best_control(found, problem.tie_tolerance)

    # in parts, so that progress is told by the thread that asked for it
    step = max(16, size // 50)
    for begin in range(0, size, step):
        in_threads(line, range(begin, min(begin + step, size)), warm=begin > 0)
        if progress is not None:
            progress(min(begin + step, size) / size)
    return value, index


@njit(cache=True, error_model="numpy", nogil=True)
def _line(states, births, deaths, first, shares, lost, later, kept, length, out):
    """Write the mean of the later value over the next states, for a line of states."""
    nodes = later.shape[0]
    ratio, mass = np.empty(length), np.empty(length)
    row_weights, column_weights = np.empty(nodes), np.empty(nodes)
    for s in range(states.shape[0]):
        row, rows = axis_span(states[s, 0], births[s, 0], deaths[s, 0], first)
        column, columns = axis_span(states[s, 1], births[s, 1], deaths[s, 1], first)
        axis_weights(
            states[s, 0], births[s, 0], deaths[s, 0], first, shares, lost, ratio, mass, row_weights[:rows]
        )
        axis_weights(
            states[s, 1],
            births[s, 1],
            deaths[s, 1],
            first,
            shares,
            lost,
            ratio,
            mass,
            column_weights[:columns],
        )
        out[s] = kept[s] * mean_value(later, row, rows, row_weights, column, columns, column_weights)
