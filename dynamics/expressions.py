"""Text to SymPy without evaluating text: only arithmetic, known functions and declared names pass."""

from __future__ import annotations

import ast
import keyword
import math
import unicodedata
from collections.abc import Collection, Iterable

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
# Beyond any Hill coefficient. Without a limit a file could ask SymPy for 9**9**9, digit by digit.
_LARGEST_EXPONENT = 64


class ModelError(ValueError):
    """A model that cannot be built; the message names the model, the place and the remedy."""


def check_names(names: Iterable[str], where: str) -> None:
    """Refuse names that an expression could not carry.

    Raises
    ------
    ModelError
        No identifier, a word of Python, the name of a function, the time, or letters that Python would
        replace by others.
    """
    for name in names:
        if not isinstance(name, str) or not name.isidentifier() or name == "t":
            raise ModelError(f"{where}: {name!r} cannot name a quantity (t is the time in days)")
        if keyword.iskeyword(name) or name in FUNCTIONS:
            raise ModelError(
                f"{where}: {name!r} has a meaning of its own in expressions; choose another name"
            )
        normal = unicodedata.normalize("NFKC", name)
        if normal != name:
            raise ModelError(f"{where}: {name!r} is read as {normal!r} in expressions; use that")


def parse_expression(text: str, names: Collection[str], *, where: str = "expression") -> sp.Expr:
    """Turn ``text`` into a SymPy expression in the declared ``names``.

    The text is parsed, never evaluated, so that a model file from a stranger cannot run code.

    Raises
    ------
    ModelError
        Text that is not arithmetic, or a name that is not declared.
    """
    # An expression may run over several lines of a file.
    text = " ".join(str(text).split())
    try:
        tree = ast.parse(text.replace("^", "**"), mode="eval")
        expression = _convert(tree.body, frozenset(names), where, text)
    except SyntaxError as error:
        raise ModelError(f"{where}: {text!r} is not an expression ({error.msg})") from None
    except (RecursionError, MemoryError):
        raise ModelError(f"{where}: an expression of {len(text)} characters is nested too deeply") from None
    if expression.has(sp.zoo, sp.nan, sp.oo, sp.I):
        raise ModelError(f"{where}: {text!r} is {expression}: not a real number; does it divide by zero?")
    return expression


def _digits(value: sp.Expr) -> int:
    """Length of a number, 0 for anything else."""
    return len(str(value)) if value.is_Rational else 0


def _convert(node: ast.AST, names: frozenset[str], where: str, text: str) -> sp.Expr:
    """Convert one node of the parsed text."""
    match node:
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            return sp.Integer(value)
        case ast.Constant(value=float() as value) if math.isfinite(value):
            # Decimal text is an exact rational: 0.01 in a model means 1/100, so symbolic answers stay exact.
            return sp.Rational(str(value))
        case ast.Name(id=name):
            if name not in names:
                raise ModelError(
                    f"{where}: unknown symbol {name!r} in {text!r}; declare it as a state, parameter, input "
                    f"or constant (declared: {', '.join(sorted(names))})"
                )
            return sp.Symbol(name)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            a, b = _convert(left, names, where, text), _convert(right, names, where, text)
            if isinstance(op, ast.Pow) and b.is_Number and (abs(b) > _LARGEST_EXPONENT or _digits(a) > 100):
                raise ModelError(f"{where}: power in {text!r} of a long number, or above {_LARGEST_EXPONENT}")
            return _OPERATORS[type(op)](a, b)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_convert(operand, names, where, text)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _convert(operand, names, where, text)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
            values = [_convert(a, names, where, text) for a in arguments]
            try:
                return FUNCTIONS[name](*values)
            except TypeError:
                raise ModelError(f"{where}: {name} with {len(values)} arguments in {text!r}") from None
        case ast.Call(func=ast.Name(id=name)):
            raise ModelError(
                f"{where}: unknown function {name!r} in {text!r}; known are {', '.join(FUNCTIONS)}"
            )
    raise ModelError(f"{where}: {ast.unparse(node)!r} is not allowed in an expression")
