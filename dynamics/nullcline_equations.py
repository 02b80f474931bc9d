"""Equations of the nullclines of a model, split into factors and solved for a state where that is easy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import sympy as sp

from dynamics.derivatives import growth_per_head

if TYPE_CHECKING:
    from dynamics.model import Model


@dataclass(frozen=True)
class NullclineEquation:
    """One factor of a right-hand side, zero on a nullcline.

    Parameters
    ----------
    state : str
        Whose rate is zero.
    expression : sympy.Expr
        Zero on the nullcline, in states, parameters, inputs and constants.
    absent : bool
        True for the trivial nullcline on which the population itself is absent.
    solved_for : str
        State in which the expression is a polynomial of degree 1 or 2; empty where in neither.
    solutions : tuple of sympy.Expr
        That state on the nullcline, one expression a root.
    coefficients : callable or None
        Of (other state, numbers): coefficients of the polynomial in ``solved_for``, highest degree first.
    value, gradient : callable
        Of (states, numbers): the expression, and its derivatives in the two states.
    """

    state: str
    expression: sp.Expr
    absent: bool
    solved_for: str
    solutions: tuple[sp.Expr, ...]
    coefficients: Callable | None
    value: Callable
    gradient: Callable


@lru_cache(maxsize=32)
def nullcline_equations(model: Model) -> tuple[NullclineEquation, ...]:
    """Split the right-hand sides of a model with two states into the factors that can vanish."""
    found = []
    for state, f, ratio in zip(model.state_symbols, model.rhs.flat(), growth_per_head(model), strict=True):
        if ratio is not None:
            found.append(_equation(model, state, state, absent=True))
        found += [
            _equation(model, state, e, absent=False) for e in _factors(f if ratio is None else ratio, model)
        ]
    return tuple(found)


def _factors(expression: sp.Expr, model: Model) -> list[sp.Expr]:
    """Factors of the numerator that contain a state, each once."""
    numerator = sp.fraction(sp.together(expression))[0]
    factors = [factor for factor, _ in sp.factor_list(numerator)[1]]
    return [f for f in factors if f.free_symbols & set(model.state_symbols)]


def _equation(model: Model, state: sp.Symbol, expression: sp.Expr, *, absent: bool) -> NullclineEquation:
    """Compile one factor, and solve it for a state where its degree allows."""
    known = [*model.parameter_symbols, *model.input_symbols, *model.constant_symbols]
    states = list(model.state_symbols)
    solved, solutions, coefficients = "", (), None
    # The second state stands on the upright axis, so a curve is preferably a function of the first.
    ranked = [
        (degree, i)
        for i in (1, 0)
        if expression.is_polynomial(states[i])
        and 1 <= (degree := sp.Poly(expression, states[i]).degree()) <= 2
    ]
    if ranked:
        _, i = min(ranked, key=lambda pair: pair[0])
        polynomial = sp.Poly(expression, states[i]).all_coeffs()
        solved = states[i].name
        solutions = tuple(sp.factor_terms(root) for root in _roots(polynomial))
        coefficients = sp.lambdify([states[1 - i], known], polynomial, "numpy")
    return NullclineEquation(
        state.name,
        expression,
        absent,
        solved,
        solutions,
        coefficients,
        sp.lambdify([states, known], expression, "numpy"),
        sp.lambdify([states, known], [expression.diff(s) for s in states], "numpy"),
    )


def _roots(coefficients: list[sp.Expr]) -> list[sp.Expr]:
    """Roots of a polynomial of degree 1 or 2 as expressions."""
    if len(coefficients) == 2:
        a, b = coefficients
        return [sp.expand(sp.cancel(-b / a)) if (b / a).is_rational_function() else -b / a]
    a, b, c = coefficients
    half = sp.sqrt(b**2 - 4 * a * c)
    return [(-b + half) / (2 * a), (-b - half) / (2 * a)]
