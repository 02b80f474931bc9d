"""Derivatives of a model's equations, taken by SymPy."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dynamics.shared_terms import shared_terms
from dynamics.substitution import substitute

if TYPE_CHECKING:
    from dynamics.model import Model

# Of the size of a right-hand side: below it a number may be what subtracting equal terms leaves.
_ROUNDING = 1e-10


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
    rows = zip(model.rhs.flat(), model.state_symbols, _with_inflow(model), strict=True)
    return tuple(None if inflow else _own_factor(f, x) for f, x, inflow in rows)


def _own_factor(rhs: sp.Expr, state: sp.Symbol) -> sp.Expr | None:
    """Divide a right-hand side by its state, where that leaves no pole at zero."""
    ratio = sp.cancel(rhs / state) if rhs.is_rational_function(state) else sp.simplify(rhs / state)
    if ratio.has(sp.zoo, sp.nan) or substitute(sp.denom(sp.together(ratio)), {state: sp.S.Zero}).is_zero:
        return None
    return sp.factor_terms(ratio)


def _with_inflow(model: Model) -> list[bool]:
    """Say of every state whether its equation, at numbers drawn for all symbols, is not zero where the state is.

    Seen in numbers, because SymPy takes a minute to cancel the inflows of many populations. False also where the
    equation then has no value, as ``x*log(K/x)``: the symbols decide.
    """
    symbols = sorted(
        {s for f in model.rhs.flat() for s in (f.free_symbols | {*model.state_symbols})}, key=str
    )
    evaluate = sp.lambdify([symbols], list(model.rhs.flat()), "numpy", cse=shared_terms)  # pyright: ignore[reportArgumentType]
    # powers of an irrational number: no identity but a true one holds among them
    point = math.pi ** (np.arange(1.0, len(symbols) + 1) / (len(symbols) + 1))
    found = []
    with np.errstate(all="ignore"):
        sizes = np.abs(np.array(evaluate(point), dtype=float))
        for i, state in enumerate(model.state_symbols):
            value = float(evaluate(np.where([s == state for s in symbols], 0.0, point))[i])
            found.append(math.isfinite(value) and abs(value) > _ROUNDING * max(1.0, float(sizes[i])))
    return found


@lru_cache(maxsize=64)
def kolmogorov(model: Model) -> bool:
    """Say whether every equation has its own state as a factor, as populations without influx have.

    Such a model keeps positive states positive, an extinct population stays extinct, and the logarithms of
    the states can be integrated instead of the states.
    """
    return None not in growth_per_head(model)
