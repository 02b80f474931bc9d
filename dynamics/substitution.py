"""Replacing symbols in an expression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import sympy as sp


def substitute(expression: sp.Basic, replacements: Mapping[sp.Symbol, sp.Expr | float]) -> sp.Expr:
    """Return the expression with every symbol replaced at once; numbers become floats.

    Unlike ``subs`` this never solves or reorders anything, and it cannot replace a symbol twice.
    """
    rule = {old: new if isinstance(new, sp.Basic) else sp.Float(new) for old, new in replacements.items()}
    return cast("sp.Expr", expression.xreplace(cast("dict[sp.Basic, sp.Basic]", rule)))
