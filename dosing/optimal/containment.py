"""The fixed end-point problem of a patient: contain the tumour at the tolerable burden with little drug.

Masud 2023, eqs 12-16: minimise the burden and half a weight times the squared dose over the horizon, ending with the
sensitive cells at the tolerable burden.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dosing.optimal.conditions import ProblemError
from dosing.optimal.problem import OptimalControlProblem
from dynamics.substitution import substitute

if TYPE_CHECKING:
    from dosing.optimal.solution import OptimalSolution
    from dynamics.model import Model, State

HORIZON_DAYS = 1460.0  # four years, Masud 2023
WEIGHT, TOLERABLE = "B", "K_tol"
PLATEAU = (0.4, 0.6)  # shares of the horizon; away from both ends


def containment_problem(
    model: Model,
    values: Mapping[str, float],
    k_tol: float,
    *,
    horizon_days: float = HORIZON_DAYS,
    weight: float | None = None,
) -> OptimalControlProblem:
    """Pose the fixed end-point problem of Masud 2023, eqs 12-16.

    Parameters
    ----------
    model : Model
        With one dose, and the roles ``"sensitive"`` and ``"resistant"``.
    values : mapping of str to float
        Parameters and the constants that come from data.
    k_tol : float
        Tolerable burden, in the marker's unit.
    horizon_days : float
    weight : float, optional
        B, in units of the burden; :func:`balanced_weight` where not given.

    Raises
    ------
    ProblemError
        A model without those roles or with several doses; a tolerable burden that no dose holds.
    """
    sensitive, _ = _roles(model)
    if weight is None:
        weight = balanced_weight(model, values, k_tol)
    dose = model.inputs[0].name
    return OptimalControlProblem.define(
        model, {**values, WEIGHT: float(weight), TOLERABLE: float(k_tol)}, horizon_days=horizon_days,
        running=f"{model.outputs[0].expr} + {WEIGHT}*{dose}**2/2", subject_to=[f"{sensitive.name}(T) == {TOLERABLE}"],
    )  # fmt: skip


def balanced_weight(model: Model, values: Mapping[str, float], k_tol: float) -> float:
    r"""Find the weight B under which the optimal dose rests where the tumour rests at the tolerable burden.

    Over a long horizon the optimal course stays near the point that is optimal among all equilibria. With sensitive
    cells at the tolerable burden and no resistant ones, the dose that holds them is :math:`u_e`, and stationarity of
    the static problem, :math:`\nabla_x y + \lambda f_x = 0` and :math:`B u_e + \lambda f_u = 0`, gives B. Masud 2023
    scans B until the plateau ends without a rise or fall (Fig. 5: 691.9 for patient 2).

    Parameters
    ----------
    model, values, k_tol
        See :func:`containment_problem`.

    Raises
    ------
    ProblemError
        No dose above zero holds the sensitive cells at this burden.
    """
    sensitive, _ = _roles(model)
    numbers = {sp.Symbol(c.name): c.value for c in model.constants if c.value is not None}
    numbers |= {sp.Symbol(n): float(v) for n, v in values.items()}
    dose = model.input_symbols[0]
    rest = {sp.Symbol(s.name): k_tol if s.name == sensitive.name else 0.0 for s in model.states}
    held = substitute(substitute(sensitive.rhs, rest), numbers)
    found = [float(u) for u in sp.solve(held, dose) if u.is_real]
    if len(found) != 1 or not math.isfinite(found[0]):
        raise ProblemError(
            f"model {model.name!r}: no single dose holds sensitive cells at {k_tol:g}; give the weight yourself"
        )
    if found[0] <= 0:
        raise ProblemError(
            f"model {model.name!r}: sensitive cells stay below {k_tol:g} without a drug; there is nothing to "
            "optimise at this tolerable burden"
        )
    at = {**rest, dose: found[0], **numbers}
    rhs, states = model.rhs, sp.Matrix(list(model.state_symbols))
    slope = _numbers(rhs.jacobian(states), at)
    push = _numbers(rhs.jacobian(sp.Matrix([dose])), at).ravel()
    burden = _numbers(sp.Matrix([model.outputs[0].expr]).jacobian(states), at).ravel()
    costate = -np.linalg.solve(slope.T, burden)
    weight = -float(costate @ push) / found[0]
    if not weight > 0:
        raise ProblemError(
            f"model {model.name!r}: at {k_tol:g} no weight makes the held dose optimal, because the burden there falls "
            "with less drug; choose a tolerable burden inside the dose window"
        )
    return weight


def plateau(solution: OptimalSolution) -> float:
    """Return the dose in the middle of the horizon: the median over its middle fifth, time-weighted."""
    low, high = (share * solution.final_time_days for share in PLATEAU)
    days = np.linspace(low, high, 401)
    return float(np.median(solution.control_at(days)[:, 0]))


def _numbers(matrix: sp.MatrixBase, at: Mapping[sp.Symbol, float]) -> np.ndarray:
    """Put numbers into a matrix of expressions."""
    return np.array([float(substitute(e, at)) for e in matrix.flat()]).reshape(matrix.shape)


def _roles(model: Model) -> tuple[State, State]:
    """Sensitive and resistant state; refuse a model without them or with several doses."""
    sensitive, resistant = model.state_with_role("sensitive"), model.state_with_role("resistant")
    if sensitive is None or resistant is None or len(model.inputs) != 1:
        raise ProblemError(
            f"model {model.name!r}: containment needs one state with the role 'sensitive', one with 'resistant' and "
            "one dose; pose the problem with OptimalControlProblem.define"
        )
    return sensitive, resistant
