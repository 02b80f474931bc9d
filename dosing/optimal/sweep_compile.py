"""The optimality system of a problem as compiled code, printed from its symbols."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import sympy as sp

from dosing.optimal.pontryagin import Pontryagin, pontryagin
from dynamics.kernels.compile import generated
from dynamics.kernels.printing import print_function
from dynamics.model import TIME

if TYPE_CHECKING:
    from dosing.optimal.problem import OptimalControlProblem

_TEMPLATE = Path(__file__).parent / "sweep_kernel.py"


def sweep_kernel(problem: OptimalControlProblem) -> ModuleType:
    """Return the compiled passes ``forward`` and ``backward`` of a problem; numbers are arguments."""
    return _compiled(pontryagin(problem), tuple(problem.numbers))


@lru_cache(maxsize=64)
def _compiled(conditions: Pontryagin, numbers: tuple[sp.Symbol, ...]) -> ModuleType:
    """Print, write and import."""
    return generated(_TEMPLATE, "problem", optimality_source(conditions, numbers))


def optimality_source(conditions: Pontryagin, numbers: tuple[sp.Symbol, ...]) -> str:
    """Print the functions that the template replaces.

    Parameters
    ----------
    conditions : Pontryagin
    numbers : tuple of Symbol
        Order of the numbers in the argument ``p``.
    """
    model = conditions.model
    known = {s: f"p[{i}]" for i, s in enumerate(numbers)}
    known |= {s: f"u[{i}]" for i, s in enumerate(model.input_symbols)} | {TIME: "t"}
    known |= {s: f"x[{i}]" for i, s in enumerate(model.state_symbols)}
    dual = known | {s: f"l[{i}]" for i, s in enumerate(conditions.costates)}
    rates = [*model.rhs.flat(), conditions.running]
    slopes = [*conditions.switching, *conditions.curvature]
    adjoint = conditions.adjoint.flat()
    parts = [
        "import math",
        "import numpy as np",
        "from numba import njit",
        f"N_STATES, N_CONTROLS = {len(model.states)}, {len(model.inputs)}",
        print_function("field", "t, x, p, u, dx", known, [(f"dx[{i}]", e) for i, e in enumerate(rates)]),
        print_function(
            "costate_field", "t, x, l, p, u, dl", dual, [(f"dl[{i}]", e) for i, e in enumerate(adjoint)]
        ),
        print_function("slope", "t, x, l, p, u, g", dual, [(f"g[{i}]", e) for i, e in enumerate(slopes)]),
    ]
    return "\n\n\n".join(parts) + "\n"
