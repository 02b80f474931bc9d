"""Text to SymPy without evaluating text: only arithmetic, known functions and declared names pass."""

from __future__ import annotations

import ast
from collections.abc import Collection

import sympy as sp

FUNCTIONS = {
    "exp": sp.exp,
    "log": sp.log,
    "sqrt": sp.sqrt,
    "tanh": sp.tanh,
    "sin": sp.sin,
    "cos": sp.cos,
    "Abs": sp.Abs,
    "Min": sp.Min,
    "Max": sp.Max,
}

_OPERATORS = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}


class ModelError(ValueError):
    """A model that cannot be built; the message names the model, the place and the remedy."""


def parse_expression(text: str, names: Collection[str], *, where: str = "expression") -> sp.Expr:
    """Turn ``text`` into a SymPy expression in the declared ``names``.

    The text is parsed, never evaluated, so that a model file from a stranger cannot run code.

    Raises
    ------
    ModelError
        Text that is not arithmetic, or a name that is not declared.
    """
    try:
        tree = ast.parse(str(text).replace("^", "**"), mode="eval")
    except SyntaxError as error:
        raise ModelError(f"{where}: {text!r} is not an expression ({error.msg})") from None
    return _convert(tree.body, frozenset(names), where, str(text))


def _convert(node: ast.AST, names: frozenset[str], where: str, text: str) -> sp.Expr:
    """Convert one node of the parsed text."""
    match node:
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            return sp.Integer(value)
        case ast.Constant(value=float() as value):
            # Decimal text is an exact rational: 0.01 in a model means 1/100, so symbolic answers stay exact.
            return sp.Rational(str(value))
        case ast.Name(id=name):
            if name not in names:
                raise ModelError(
                    f"{where}: unknown symbol {name!r} in {text!r}; declare it as a state, parameter, input or "
                    f"constant (declared: {', '.join(sorted(names))})"
                )
            return sp.Symbol(name)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_convert(left, names, where, text), _convert(right, names, where, text))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_convert(operand, names, where, text)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _convert(operand, names, where, text)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](*(_convert(a, names, where, text) for a in arguments))
        case ast.Call(func=ast.Name(id=name)):
            raise ModelError(f"{where}: unknown function {name!r} in {text!r}; known are {', '.join(FUNCTIONS)}")
    raise ModelError(f"{where}: {ast.unparse(node)!r} is not allowed in an expression")
