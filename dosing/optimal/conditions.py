"""Conditions of an optimal control problem: at the end, or along the path."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import sympy as sp

from dynamics.expressions import ModelError, parse_expression

FINAL_TIME = sp.Symbol("T")
_RELATION = re.compile(r"^(?P<left>[^<>=]+)(?P<sign>==|<=|>=)(?P<right>[^<>=]+)$", re.DOTALL)


class ProblemError(ModelError):
    """A control problem that cannot be posed; the message names the place and the remedy."""


@dataclass(frozen=True)
class Condition:
    """``expr == 0`` or ``expr <= 0``, at the end or at every time.

    Parameters
    ----------
    expr : sympy.Expr
    is_equality : bool
    at_end : bool
    text : str
        As the user wrote it, for messages.
    """

    expr: sp.Expr
    is_equality: bool
    at_end: bool
    text: str


def parse_condition(
    text: str, along: Collection[str], at_end: Collection[str], states: Collection[str], where: str
) -> Condition:
    """Read ``"S(T) == K_tol"`` (at the end) or ``"S + R <= 1.2*V0"`` (along the path).

    Parameters
    ----------
    text : str
        One of ``==``, ``<=``, ``>=`` between two expressions. A state followed by ``(T)`` is its final value.
    along, at_end : collection of str
        Names that may stand in a condition of either kind.
    states : collection of str
    where : str
        For messages.

    Raises
    ------
    ProblemError
        No relation, two of them, a state both with and without ``(T)``, a name that is not known.
    """
    found = _RELATION.match(text)
    if not found:
        raise ProblemError(
            f"{where}: {text!r} is no condition; write one of ==, <=, >= between two expressions, as in "
            "'S(T) == K_tol' or 'S + R <= 1.2*V0'"
        )
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, states)) + r")\s*\(\s*T\s*\)")
    final = bool(pattern.search(text))
    sides = []
    for side in ("left", "right"):
        plain = pattern.sub(r" \1 ", found[side])
        if final and re.search(
            r"\b(" + "|".join(map(re.escape, states)) + r")\b", pattern.sub("", found[side])
        ):
            raise ProblemError(
                f"{where}: {text!r} mixes final states, written S(T), with states at every time"
            )
        sides.append(parse_expression(plain, at_end if final else [*along, "t"], where=f"{where}, {text!r}"))
    left, right = sides
    if found["sign"] == ">=":
        left, right = right, left
    return Condition(left - right, found["sign"] == "==", final, text)
