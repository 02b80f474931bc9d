"""The adjoint equation 2.17 of Scagliotti 2026, integrated on its own: a witness for the gradients of the kernels.

Nothing is shared with the kernels but the model: the equation comes from Pontryagin's principle, the integration is an
adaptive one of order 8, and there is no discrete scheme to be differentiated.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import sympy as sp

from dosing.ensemble.evaluation import EnsembleEvaluation
from dosing.ensemble.problem import EnsembleProblem
from dosing.optimal.conditions import FINAL_TIME
from dosing.optimal.pontryagin import Pontryagin
from dynamics.model import TIME, Model

__all__ = ["adjoint_gradients"]


@lru_cache(maxsize=16)
def _compiled(model: Model, running: sp.Expr, terminal: sp.Expr, numbers: tuple[sp.Symbol, ...]):
    system = Pontryagin(model, running, terminal)
    x, g, u = list(model.state_symbols), list(system.costates), list(model.input_symbols)
    rows = [*model.parameter_symbols, *model.constant_symbols, *numbers]
    return (
        sp.lambdify([x, u, TIME, rows], [*model.rhs.flat(), running], "math", cse=True),
        sp.lambdify([x, g, u, TIME, rows], [*system.adjoint.flat(), *(-s for s in system.switching)], "math", cse=True),
        sp.lambdify([x, FINAL_TIME, rows], [terminal, *system.transversality.flat()], "math"),
        sp.lambdify([rows], list(model.initial.flat()), "math"),
    )  # fmt: skip


def adjoint_gradients(
    evaluation: EnsembleEvaluation,
    doses: float | np.ndarray,
    members: np.ndarray | list[int],
    *,
    rtol: float = 1e-12,
) -> tuple[np.ndarray, np.ndarray]:
    """Costs of some members and their derivatives in the held doses, from the differential equations.

    Parameters
    ----------
    evaluation : EnsembleEvaluation
    doses : array
    members : array of int, shape (k,)
    rtol : float
        Of the integrator.

    Returns
    -------
    costs : ndarray, shape (k,)
    gradients : ndarray, shape (k, v, inputs)
        Integrals of ``g · ∂f/∂u + ∂ℓ/∂u`` over the stretches (eq. 2.16).
    """
    found = [_one(evaluation, evaluation.doses(doses), int(m), rtol) for m in members]
    return np.array([c for c, _ in found]), np.array([g for _, g in found])


def _one(evaluation: EnsembleEvaluation, u: np.ndarray, member: int, rtol: float) -> tuple[float, np.ndarray]:
    from scipy.integrate import solve_ivp

    problem: EnsembleProblem = evaluation.problem
    numbers = tuple(sp.Symbol(n) for n in problem.numbers)
    forward, backward, end, begin = _compiled(problem.model, problem.running, problem.terminal, numbers)
    row = problem.rows[:, member].tolist()
    edges, n, m = evaluation.edges_days.tolist(), len(problem.model.states), len(problem.model.inputs)
    state = np.array([*begin(row), 0.0])
    size = float(np.abs(state).max())
    courses = []
    for v, dose in enumerate(u.tolist()):
        part = solve_ivp(
            lambda t, y, d=dose: forward(y[:-1], d, t, row), edges[v : v + 2], state, method="DOP853",
            rtol=rtol, atol=1e-3 * rtol * size, dense_output=True,
        )  # fmt: skip
        courses.append(part.sol)
        state = part.y[:, -1]
    last = end(state[:-1], edges[-1], row)
    costate = np.array(last[1:], dtype=float)
    gradient = np.empty(u.shape)
    for v in range(len(u) - 1, -1, -1):
        course, dose = courses[v], u[v].tolist()
        part = solve_ivp(
            lambda t, y, c=course, d=dose: backward(c(t)[:-1], y[:n], d, t, row),
            (edges[v + 1], edges[v]), np.concatenate([costate, np.zeros(m)]), method="DOP853",
            rtol=rtol, atol=1e-3 * rtol,
        )  # fmt: skip
        costate, gradient[v] = part.y[:n, -1], part.y[n:, -1]
    return float(state[-1] + last[0]), gradient
