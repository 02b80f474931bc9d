"""Solving equations symbolically within a time limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import sympy as sp
from sympy.solvers.solveset import NonlinearError

from dynamics.sympy_worker import solve_elsewhere


def solve_system(
    equations: Sequence[sp.Expr], unknowns: Sequence[sp.Symbol], *, time_limit_s: float = 10.0
) -> tuple[dict[sp.Symbol, sp.Expr], ...] | None:
    """Solve ``equations = 0`` for isolated points, or say that SymPy cannot.

    Linear systems are solved at once; everything else goes to a second process that is ended after
    ``time_limit_s``.

    Parameters
    ----------
    equations : sequence of Expr
        As many as unknowns.
    unknowns : sequence of Symbol
        Their assumptions, and those of the other symbols, prune the solutions.
    time_limit_s : float
        Seconds that a nonlinear system may take.

    Returns
    -------
    tuple of dict, or None
        One dict per solution, every unknown given in the other symbols. Solutions that leave an unknown
        free (lines of solutions) are left out. None where SymPy found no method or no answer in time.
    """
    unknowns = tuple(unknowns)
    if not unknowns:
        return ({},)
    numerators = [sp.fraction(sp.together(e))[0] for e in equations]
    try:
        matrix, right = sp.linear_eq_to_matrix(numerators, *unknowns)
    except NonlinearError:
        found = solve_elsewhere(numerators, unknowns, time_limit_s)
        if found is None:
            return None
    else:
        points = cast("sp.FiniteSet", sp.linsolve((matrix, right), *unknowns))
        found = [
            {x: sp.factor(v) for x, v in zip(unknowns, point.args, strict=True)} for point in points.args
        ]
    return tuple(
        {x: point[x] for x in unknowns}
        for point in found
        if all(x in point for x in unknowns)
        and not any(v.free_symbols & set(unknowns) for v in point.values())
    )
