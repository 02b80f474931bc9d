"""Costates from the multipliers of the collocation equations, and back.

With the Lagrangian J + Σ ν·r and rows r_ej = Σ_i D_ij z_ei - T w_e f / s, a push p of row j acts like an impulse
b_j p on the state, so that the costate at a node is -ν_j / b_j. At the start of an element the derivative of the
discrete cost in the state there is exact: Σ_j D_0j ν_j. These are the values of the adjoint Radau method at the
edges, of order 5 where those at inner nodes are of order 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dosing.optimal.radau import DEGREE, SLOPES, WEIGHTS

if TYPE_CHECKING:
    from dosing.optimal.problem import OptimalControlProblem
    from dosing.optimal.transcription import Scales, Transcription


def costates(rows: np.ndarray, at_end: np.ndarray, scales: Scales) -> np.ndarray:
    """Costates at the start and all nodes, shape (nodes + 1, states).

    Parameters
    ----------
    rows : ndarray, shape (nodes, states)
        Multipliers of the collocation equations, in units of scaled cost.
    at_end : ndarray, shape (states,)
        Costate at the final time, by transversality, in the problem's units.
    scales : Scales
    """
    elements = len(rows) // DEGREE
    each = rows.reshape(elements, DEGREE, -1)
    inner = -each / WEIGHTS[None, :, None]
    starts = np.einsum("j,ejn->en", SLOPES[0], each)
    answer = np.empty((len(rows) + 1, rows.shape[1]))
    answer[1:] = inner.reshape(len(rows), -1)
    answer[:-1:DEGREE] = starts
    answer *= scales.cost / scales.states
    answer[-1] = at_end
    return answer


def rows_from_costates(values: np.ndarray, scales: Scales) -> np.ndarray:
    """Multipliers of the collocation equations from costates at the nodes, shape (nodes, states)."""
    weights = np.tile(WEIGHTS, len(values) // DEGREE)
    return -values * weights[:, None] * scales.states / scales.cost


def end_multipliers(
    problem: OptimalControlProblem, multipliers: np.ndarray, scales: Scales
) -> dict[str, float]:
    """Return derivatives of the optimal cost in the right-hand side of each condition at the end, as it was written."""
    answer = {}
    for condition, multiplier, scale in zip(problem.at_end, multipliers, scales.at_end, strict=True):
        sign = 1.0 if ">=" in condition.text else -1.0
        answer[condition.text] = sign * float(multiplier) * scales.cost / float(scale)
    return answer


def rows_from_end_multipliers(
    problem: OptimalControlProblem, values: dict[str, float], scales: Scales
) -> np.ndarray:
    """Multipliers of the end conditions, from :func:`end_multipliers` of a nearby problem; zero where unknown."""
    answer = np.zeros(len(problem.at_end))
    for k, (condition, scale) in enumerate(zip(problem.at_end, scales.at_end, strict=True)):
        sign = 1.0 if ">=" in condition.text else -1.0
        answer[k] = sign * values.get(condition.text, 0.0) * float(scale) / scales.cost
    return answer


def transversality(
    programme: Transcription, problem: OptimalControlProblem, multipliers: np.ndarray, scales: Scales,
    state: np.ndarray, time: float,
) -> np.ndarray:  # fmt: skip
    """Costate at the final time: gradient of the terminal cost and of the conditions, with their multipliers."""
    import casadi as ca

    x, numbers = ca.MX.sym("x", programme.n), ca.DM(list(problem.numbers.values()))
    terminal, conditions = programme.end(x, time, numbers)
    total = terminal + ca.dot(ca.DM(multipliers * scales.cost / scales.at_end), conditions)
    return np.array(ca.Function("slope", [x], [ca.gradient(total, x)])(state), dtype=float).ravel()
