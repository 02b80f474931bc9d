"""Parts of an expression that differ between members only, to be computed once and not at every step."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import cast

import sympy as sp

__all__ = ["hoist"]


def hoist(
    expressions: Sequence[sp.Expr], fixed: Collection[sp.Symbol], prefix: str = "fixed "
) -> tuple[list[tuple[sp.Symbol, sp.Expr]], list[sp.Expr]]:
    """Name every largest part that holds no symbol but those of ``fixed``.

    Parameters
    ----------
    expressions : sequence of sympy.Expr
    fixed : collection of Symbol
        Parameters and constants of a member.
    prefix : str
        Of the new symbols; a space in it keeps them apart from declared names.

    Returns
    -------
    parts : list of (Symbol, Expr)
    reduced : list of sympy.Expr
        The expressions in the symbols of the parts.
    """
    parts: dict[sp.Expr, sp.Symbol] = {}
    known = set(fixed)

    def name(part: sp.Expr) -> sp.Expr:
        if part.is_Atom:
            return part
        return parts.setdefault(part, sp.Symbol(f"{prefix}{len(parts)}"))

    def walk(e: sp.Expr) -> sp.Expr:
        if e.is_Atom:
            return e
        if e.free_symbols <= known:
            return name(e) if e.free_symbols else e
        if isinstance(e, sp.Add | sp.Mul):
            here = [a for a in e.args if a.free_symbols <= known]
            rest = [walk(cast("sp.Expr", a)) for a in e.args if not a.free_symbols <= known]
            together = cast("sp.Expr", e.func(*here))
            return cast("sp.Expr", e.func(name(together) if together.free_symbols else together, *rest))
        return cast("sp.Expr", e.func(*(walk(cast("sp.Expr", a)) for a in e.args)))

    reduced = [walk(sp.sympify(e)) for e in expressions]
    return [(symbol, part) for part, symbol in parts.items()], reduced
