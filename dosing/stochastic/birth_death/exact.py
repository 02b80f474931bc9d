"""The exact recursion on every state of the lattice: for small tumours, and as the witness of the graded grid."""

from __future__ import annotations

from dosing.stochastic.birth_death.assemble import table_on
from dosing.stochastic.birth_death.backward import Progress
from dosing.stochastic.birth_death.nodes import AxisNodes
from dosing.stochastic.birth_death.problem import BirthDeathProblem
from dosing.stochastic.control_table import ControlTable

__all__ = ["solve_exact"]


def solve_exact(
    problem: BirthDeathProblem, *, keep_stages: bool = False, progress: Progress | None = None
) -> ControlTable:
    """Compute the best control and its value at every state (Fischer 2015, eqs 9 and 10).

    The work grows as K⁴ in every generation; up to K = 100 it takes seconds.

    Parameters
    ----------
    problem : BirthDeathProblem
    keep_stages : bool
        Whether to keep the controls of every generation, besides those of the first.
    progress : callable, optional
        Called with the share that is done.

    Raises
    ------
    MemoryError
        K is far too large; the message says what to use.
    """
    return table_on(
        problem,
        AxisNodes.every(problem.edge),
        "the exact recursion",
        keep_stages=keep_stages,
        progress=progress,
    )
