"""Solving equations symbolically within a time limit."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Sequence
from typing import cast

import sympy as sp
from sympy.solvers.solveset import NonlinearError

# The worker knows nothing but SymPy: it reads pickled (equations, unknowns) and writes pickled solutions.
# A process of its own is the only thing that can be stopped for certain while SymPy is inside a long call.
_WORKER = """
import pickle, sys
import sympy
equations, unknowns = pickle.load(sys.stdin.buffer)
try:
    answer = sympy.solve(equations, unknowns, dict=True)
    answer = [{x: sympy.simplify(v) for x, v in point.items()} for point in answer]
except NotImplementedError:
    answer = None
pickle.dump(answer, sys.stdout.buffer)
"""


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
        found = _solve_in_worker(numerators, unknowns, time_limit_s)
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


def _solve_in_worker(
    equations: list[sp.Expr], unknowns: tuple[sp.Symbol, ...], time_limit_s: float
) -> list[dict[sp.Symbol, sp.Expr]] | None:
    """Run ``sympy.solve`` in a process that can be ended."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _WORKER],
            input=pickle.dumps((equations, unknowns)),
            capture_output=True,
            timeout=time_limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return pickle.loads(done.stdout) if done.returncode == 0 and done.stdout else None
