"""Derivatives of a model's equations, taken by SymPy."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import sympy as sp

from dynamics.substitution import substitute

if TYPE_CHECKING:
    from dynamics.model import Model


def _jacobian(rows: sp.MatrixBase, symbols: tuple[sp.Symbol, ...]) -> sp.ImmutableMatrix:
    """Partial derivatives, also where there are no symbols to derive by."""
    return sp.ImmutableMatrix(
        len(rows.flat()), len(symbols), [f.diff(s) for f in rows.flat() for s in symbols]
    )


@lru_cache(maxsize=64)
def jacobian(model: Model) -> sp.ImmutableMatrix:
    """Return df/dx, shape (states, states), per day."""
    return _jacobian(model.rhs, model.state_symbols)


@lru_cache(maxsize=64)
def parameter_jacobian(model: Model) -> sp.ImmutableMatrix:
    """Return df/dθ, shape (states, parameters), on the natural scale of the parameters."""
    return _jacobian(model.rhs, model.parameter_symbols)


@lru_cache(maxsize=64)
def output_jacobian(model: Model) -> sp.ImmutableMatrix:
    """Return dh/dx, shape (outputs, states)."""
    return _jacobian(model.output, model.state_symbols)


@lru_cache(maxsize=64)
def initial_jacobian(model: Model) -> sp.ImmutableMatrix:
    """Return dx(0)/dθ, shape (states, parameters)."""
    return _jacobian(model.initial, model.parameter_symbols)


@lru_cache(maxsize=64)
def growth_per_head(model: Model) -> tuple[sp.Expr | None, ...]:
    """Return f_i / x_i for every state, per day; None where a state is no factor of its own equation."""
    return tuple(_own_factor(f, x) for f, x in zip(model.rhs.flat(), model.state_symbols, strict=True))


def _own_factor(rhs: sp.Expr, state: sp.Symbol) -> sp.Expr | None:
    """Divide a right-hand side by its state, where that leaves no pole at zero."""
    if _flows_in(rhs, state):
        return None
    ratio = sp.cancel(rhs / state) if rhs.is_rational_function(state) else sp.simplify(rhs / state)
    if ratio.has(sp.zoo, sp.nan) or substitute(sp.denom(sp.together(ratio)), {state: sp.S.Zero}).is_zero:
        return None
    return sp.factor_terms(ratio)


def _flows_in(rhs: sp.Expr, state: sp.Symbol) -> bool:
    """Say whether an equation, at numbers drawn for its other symbols, is not zero where its state is.

    Seen in numbers, because cancelling the inflows of many populations takes SymPy a minute. False also where there is
    no value, as for ``x*log(K/x)``: the symbols then decide.
    """
    at_zero = substitute(rhs, {state: sp.S.Zero})
    symbols = sorted(at_zero.free_symbols, key=str)
    # powers of an irrational number: no symbolic identity but a true one holds among them
    point = {s: math.pi ** ((i + 1) / (len(symbols) + 1)) for i, s in enumerate(symbols)}
    terms = [sp.N(substitute(term, point)) for term in sp.Add.make_args(at_zero)]
    if not all(term.is_Number and term.is_finite for term in terms):
        return False
    return bool(abs(sp.Add(*terms)) > 1e-10 * sp.Add(*map(abs, terms)))


@lru_cache(maxsize=64)
def kolmogorov(model: Model) -> bool:
    """Say whether every equation has its own state as a factor, as populations without influx have.

    Such a model keeps positive states positive, an extinct population stays extinct, and the logarithms of
    the states can be integrated instead of the states.
    """
    return None not in growth_per_head(model)
