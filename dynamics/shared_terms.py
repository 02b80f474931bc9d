"""Shared subexpressions found in linear time, for the equations of many populations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sympy as sp


def shared_terms(expressions: Any, list: bool = True) -> tuple[Sequence, Any]:  # noqa: A002, ARG001
    """Name what occurs more than once, for ``sympy.lambdify(..., cse=shared_terms)``.

    ``cse=True`` also searches all pairs of sums and products for common parts: with 200 populations that takes
    minutes. This finds whole expressions that recur, such as a total written once and used in every equation.

    Parameters
    ----------
    expressions : sympy.Expr, or sequence of them, or of such sequences
    list : bool
        As SymPy passes it; a single expression is returned as such either way.

    Returns
    -------
    replacements : sequence of (Symbol, Expr)
    reduced : as ``expressions``
    """
    from sympy.simplify.cse_main import tree_cse
    from sympy.utilities.iterables import flatten, numbered_symbols

    flat = [sp.sympify(e) for e in flatten([expressions])]
    replacements, reduced = tree_cse(flat, numbered_symbols("shared"), opt_subs={}, order="none")
    return replacements, _shaped(expressions, iter(reduced))


def _shaped(like: Any, values: Iterator[sp.Basic]) -> Any:
    """Arrange values as the expressions were."""
    return [_shaped(e, values) for e in like] if isinstance(like, Sequence) else next(values)
