"""Bounds of states that every solution keeps, so that a solver never looks beyond them.

The bounds are derived, not guessed: they cut off no solution. A population whose equation has its own state as a
factor cannot change its sign. Where its growth per head besides falls with every population, it stays below the
larger of its start and the size at which it stops growing on its own under the mildest control. Both are given with
room: an interior-point method takes several times as many iterations where a solution lies near a bound that does
not act on it, as an extinct population lies near zero. There is no room below zero where a logarithm or a broken
power holds a state.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import sympy as sp

from dynamics.derivatives import growth_per_head
from dynamics.model import TIME
from dynamics.substitution import substitute

if TYPE_CHECKING:
    from dosing.optimal.problem import OptimalControlProblem
    from dynamics.model import Model

ROOM_ABOVE = 1.2
# Of the largest size.
ROOM_BELOW = 0.01
_MOST_VERTICES = 64


def state_bounds(problem: OptimalControlProblem) -> list[tuple[float, float]]:
    """Bounds of every state: the problem's own, and those that follow from the equations where it gives none.

    Parameters
    ----------
    problem : OptimalControlProblem

    Returns
    -------
    list of (float, float)
        Infinite where nothing follows.
    """
    own = problem.bounds_of_states()
    populations = [
        growth is not None and start >= 0
        for growth, start in zip(growth_per_head(problem.model), problem.initial_state, strict=True)
    ]
    room = 0.0 if has_edge(problem, problem.model.state_symbols) else ROOM_BELOW
    answer = []
    for i, (low, high) in enumerate(own):
        if math.isinf(high) and all(populations):
            high = _largest_size(problem, i)
        if math.isinf(low) and populations[i]:
            low = -room * (high if math.isfinite(high) else problem.initial_state[i])
        answer.append((low, high) if low < high else own[i])
    return answer


def has_edge(problem: OptimalControlProblem, symbols: tuple[sp.Symbol, ...]) -> bool:
    """Whether a logarithm or a broken power holds one of these symbols, which is no number beyond zero."""
    every = [
        *problem.model.rhs.flat(),
        problem.running,
        problem.terminal,
        *(c.expr for c in problem.conditions),
    ]
    return _holds_edge(tuple(every), symbols)


@lru_cache(maxsize=256)
def _holds_edge(expressions: tuple[sp.Expr, ...], symbols: tuple[sp.Symbol, ...]) -> bool:
    """Search the expressions."""
    for expression in expressions:
        for part in sp.preorder_traversal(expression):
            if isinstance(part, sp.log) and part.free_symbols & set(symbols):
                return True
            if isinstance(part, sp.Pow) and not part.exp.is_integer and part.base.free_symbols & set(symbols):
                return True
    return False


def _largest_size(problem: OptimalControlProblem, i: int) -> float:
    """Size that population ``i`` never exceeds, with room; infinite where none can be read off."""
    model = problem.model
    falling = _falls_with_all(model, i)
    if falling is None:
        return math.inf
    growth, state = falling, model.state_symbols[i]
    growth = substitute(growth, problem.numbers)
    ranges = [
        (c, sorted(b)) for c, b in zip(model.input_symbols, problem.bounds_of_controls(), strict=True)
        if c in growth.free_symbols
    ]  # fmt: skip
    if 2 ** len(ranges) > _MOST_VERTICES or any(math.isinf(b) for _, both in ranges for b in both):
        return math.inf
    if any(growth.diff(c, 2) != 0 for c, _ in ranges):
        return math.inf
    limits = []
    for vertex in itertools.product(*(both for _, both in ranges)):
        alone = substitute(growth, dict(zip([c for c, _ in ranges], vertex, strict=True)))
        limits.append(_root(alone, state))
    return ROOM_ABOVE * max(problem.initial_state[i], *limits)


@lru_cache(maxsize=256)
def _falls_with_all(model: Model, i: int) -> sp.Expr | None:
    """Growth per head of population ``i`` alone, if it falls with its own size and with all others."""
    growth = growth_per_head(model)[i]
    if growth is None or TIME in growth.free_symbols:
        return None
    positive = {s: sp.Symbol(s.name, positive=True) for s in growth.free_symbols if isinstance(s, sp.Symbol)}
    named = cast("sp.Expr", growth.xreplace(positive))
    for state in model.state_symbols:
        slope = sp.factor(named.diff(positive[state])) if state in positive else sp.S.Zero
        if not slope.is_nonpositive:
            return None
    others = {s: sp.S.Zero for j, s in enumerate(model.state_symbols) if j != i}
    alone = substitute(growth, others)
    if alone.has(sp.zoo, sp.nan, sp.oo) or model.state_symbols[i] not in alone.free_symbols:
        return None
    return alone


def _root(growth: sp.Expr, state: sp.Symbol) -> float:
    """Size at which a falling growth per head is zero: 0 if it never grows, infinite if it always does."""
    from scipy.optimize import brentq

    at = sp.lambdify(state, growth, modules="math")
    try:
        if at(1e-12) <= 0:
            return 0.0
        high = 1.0
        while at(high) > 0:
            high *= 4
            if high > 1e30:
                return math.inf
        return float(brentq(at, 1e-12, high))
    except (ValueError, ZeroDivisionError, OverflowError, TypeError):
        return math.inf
