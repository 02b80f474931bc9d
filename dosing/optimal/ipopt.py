"""IPOPT's settings for collocation, and what its endings mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dosing.optimal.automatic_bounds import has_edge
from dosing.optimal.solution import SolutionStatus

if TYPE_CHECKING:
    from dosing.optimal.problem import OptimalControlProblem

_STATUSES = {
    "Solve_Succeeded": SolutionStatus.OPTIMAL,
    "Feasible_Point_Found": SolutionStatus.OPTIMAL,
    "Solved_To_Acceptable_Level": SolutionStatus.ACCEPTABLE,
    "Infeasible_Problem_Detected": SolutionStatus.INFEASIBLE,
    "Not_Enough_Degrees_Of_Freedom": SolutionStatus.INFEASIBLE,
    "Maximum_Iterations_Exceeded": SolutionStatus.NOT_CONVERGED,
    "Maximum_CpuTime_Exceeded": SolutionStatus.NOT_CONVERGED,
    "Diverging_Iterates": SolutionStatus.DIVERGED,
    "Invalid_Number_Detected": SolutionStatus.FAILED,
}
# Relative to the scaled rows: above this a stop without progress is a stop before a wall.
_INFEASIBLE_FROM = 1e-4


def settings(
    problem: OptimalControlProblem, tolerance: float, max_iterations: int, warm: bool, patient: bool = False
) -> tuple[tuple[str, Any], ...]:
    """Options of IPOPT.

    Parameters
    ----------
    problem : OptimalControlProblem
    tolerance : float
        Of the first-order conditions, for the scaled programme.
    max_iterations : int
    warm : bool
        Whether multipliers are given.
    patient : bool
        Lower the barrier step by step instead of adaptively: slower, and it goes on where the other gives up.
    """
    chosen: dict[str, Any] = {
        "tol": tolerance,
        "acceptable_tol": max(1e-6, 100 * tolerance),
        "max_iter": max_iterations,
        # the programme is scaled already, and MUMPS's own permutation by matching can spoil the sparsity of its
        # factors until it runs out of memory
        "mumps_permuting_scaling": 0,
        # unknowns are about one, so this is far beyond any solution
        "diverging_iterates_tol": 1e12,
        "mu_strategy": "monotone" if patient else "adaptive",
    }
    model = problem.model
    if has_edge(problem, (*model.state_symbols, *model.input_symbols)):
        # beyond a bound of zero a logarithm is not a number, however little beyond
        chosen["bound_relax_factor"] = 0.0
    if warm:
        chosen |= {
            "warm_start_init_point": "yes",
            "warm_start_bound_push": 1e-9, "warm_start_bound_frac": 1e-9,
            "warm_start_slack_bound_push": 1e-9, "warm_start_slack_bound_frac": 1e-9,
            "warm_start_mult_bound_push": 1e-9,
            "mu_init": 1e-6,
        }  # fmt: skip
    return tuple(chosen.items())


def status_of(word: str, violation: float) -> SolutionStatus:
    """Turn IPOPT's word, and the largest violation of a scaled row, into a status."""
    if word in _STATUSES:
        return _STATUSES[word]
    # Restoration_Failed, Search_Direction_Becomes_Too_Small, Error_In_Step_Computation, Internal_Error …
    return SolutionStatus.INFEASIBLE if violation > _INFEASIBLE_FROM else SolutionStatus.NOT_CONVERGED
