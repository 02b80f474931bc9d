"""The recursion on a graded grid: exact transitions, the value interpolated between nodes."""

from __future__ import annotations

from dosing.stochastic.birth_death.assemble import table_on
from dosing.stochastic.birth_death.backward import Progress
from dosing.stochastic.birth_death.nodes import AxisNodes
from dosing.stochastic.birth_death.problem import BirthDeathProblem
from dosing.stochastic.control_table import ControlTable

__all__ = ["solve_graded"]


def solve_graded(
    problem: BirthDeathProblem,
    *,
    fineness: float = 0.4,
    keep_stages: bool = False,
    progress: Progress | None = None,
) -> ControlTable:
    """Compute the best control and its value at every state, with a value that is kept on a graded grid.

    Near zero, where single cells decide, every cell number is a node; further out the nodes are a fraction of a
    generation's standard deviation apart. The transitions are those of the exact recursion, and the first generation
    is taken from every state of the full lattice.

    Parameters
    ----------
    problem : BirthDeathProblem
    fineness : float
        Distance of nodes in standard deviations of one generation.
    keep_stages : bool
        Whether to keep the controls of every generation at the nodes, besides those of the first on the lattice.
    progress : callable, optional
        Called with the share that is done.

    Raises
    ------
    ValueError
        The fineness is not positive.
    """
    axis = AxisNodes.graded(problem.edge, fineness)
    method = f"a graded grid of {len(axis.nodes)} nodes an axis for {problem.edge + 1} cell numbers"
    return table_on(problem, axis, method, keep_stages=keep_stages, progress=progress)
