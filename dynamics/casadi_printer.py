"""From SymPy to CasADi: the expressions of a model as one scalar graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sympy as sp

from dynamics.expressions import ModelError

if TYPE_CHECKING:
    import casadi


def to_casadi(expression: sp.Basic, known: Mapping[sp.Basic, Any], seen: dict[sp.Basic, Any]) -> Any:
    """Translate one expression.

    Parameters
    ----------
    expression : sympy.Expr
    known : mapping of sympy.Symbol to casadi.SX
    seen : dict
        Subexpressions that are translated already; pass the same one for expressions that share parts.

    Raises
    ------
    ModelError
        A symbol without a value, or a function that CasADi does not know.
    """
    if expression in seen:
        return seen[expression]
    if expression.is_Symbol:
        if expression not in known:
            raise ModelError(
                f"{expression} has no value in a function for CasADi; known are {[*map(str, known)]}"
            )
        return known[expression]
    if expression.is_Number or expression.is_NumberSymbol:
        return float(expression)  # type: ignore[arg-type]
    parts = [to_casadi(a, known, seen) for a in expression.args]
    answer = seen[expression] = _combine(expression, parts)
    return answer


def _combine(expression: sp.Basic, parts: list[Any]) -> Any:
    """Apply the head of an expression to its translated arguments."""
    import casadi as ca

    if isinstance(expression, sp.Add):
        return sum(parts[1:], parts[0])
    if isinstance(expression, sp.Mul):
        answer = parts[0]
        for factor in parts[1:]:
            answer = answer * factor
        return answer
    if isinstance(expression, sp.Pow):
        return _power(expression, parts)
    if isinstance(expression, sp.Min | sp.Max):
        both = ca.fmin if isinstance(expression, sp.Min) else ca.fmax
        answer = parts[0]
        for other in parts[1:]:
            answer = both(answer, other)
        return answer
    plain: dict[type, Callable] = {
        sp.exp: ca.exp, sp.log: ca.log, sp.tanh: ca.tanh, sp.sin: ca.sin, sp.cos: ca.cos, sp.Abs: ca.fabs,
        sp.sign: ca.sign,
    }  # fmt: skip
    if type(expression) in plain:
        return plain[type(expression)](*parts)
    raise ModelError(f"{type(expression).__name__} in {expression} is unknown to the collocation; known are "
                     f"arithmetic, Min, Max and {', '.join(f.__name__ for f in plain)}")  # fmt: skip


def _power(expression: sp.Pow, parts: list[Any]) -> Any:
    """Powers as the operations whose derivatives stay finite where the power's own does."""
    import casadi as ca

    base, exponent = expression.args
    if exponent == sp.S.Half:
        return ca.sqrt(parts[0])
    if exponent.is_Integer:
        whole = int(exponent)  # type: ignore[call-overload]
        return parts[0] ** whole if whole > 0 else 1 / parts[0] ** -whole
    return ca.exp(parts[1]) if base is sp.E else parts[0] ** parts[1]


def casadi_function(
    name: str, arguments: Sequence[Sequence[sp.Symbol]], results: Sequence[Sequence[sp.Expr]]
) -> casadi.Function:
    """Make a CasADi function of column vectors.

    Parameters
    ----------
    name : str
    arguments : sequence of sequences of symbols
        One column each, such as states, controls, the time, the numbers.
    results : sequence of sequences of expressions
        One column each.

    Raises
    ------
    ModelError
        See :func:`to_casadi`.
    """
    import casadi as ca

    columns = [ca.SX.sym(f"a{i}", len(symbols)) for i, symbols in enumerate(arguments)]
    known: dict[sp.Basic, Any] = {
        symbol: column[k]
        for symbols, column in zip(arguments, columns, strict=True)
        for k, symbol in enumerate(symbols)
    }
    seen: dict[sp.Basic, Any] = {}
    outputs = [
        ca.vertcat(*(ca.SX(to_casadi(sp.sympify(e), known, seen)) for e in expressions))
        if len(expressions)
        else ca.SX(0, 1)
        for expressions in results
    ]
    return ca.Function(name, columns, outputs)
