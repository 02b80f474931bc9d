"""Equilibria of one set of present populations as curves over a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dynamics.continuation import SolutionCurve
from dynamics.substitution import substitute

if TYPE_CHECKING:
    from dynamics.model import Model


def face_curve(
    model: Model,
    present: tuple[int, ...],
    equations: tuple[sp.Expr, ...],
    known: Mapping[str, float],
    over: str,
    span: tuple[float, float],
    scales: np.ndarray,
) -> SolutionCurve:
    """Compile ``f = 0`` for the present populations, with one known quantity as a further unknown.

    Absent populations are left out, and each present one is divided out of its equation. So the branches that
    cross at a transcritical bifurcation belong to different systems, each of which is regular there.

    Parameters
    ----------
    present, equations
        One of :func:`dynamics.symbolic_equilibria.faces`.
    known : mapping of str to float
        Everything but the states and ``over``.
    over : str
        Parameter, input or constant that varies over ``span``.
    scales : ndarray, shape (states,)
        Sizes of the states.
    """
    parameter = sp.Symbol(over)
    numbers = {sp.Symbol(name): value for name, value in known.items() if name != over}
    unknowns = [*(model.state_symbols[i] for i in present), parameter]
    system = sp.Matrix([substitute(e, numbers) for e in equations])
    function = sp.lambdify([unknowns], system.flat(), "numpy")
    derivative = sp.lambdify([unknowns], system.jacobian(sp.Matrix(unknowns)).tolist(), "numpy")
    low, width = span[0], span[1] - span[0]
    stretch = np.array([*scales[list(present)], width])
    offset = np.array([*np.zeros(len(present)), low])

    def value(z: np.ndarray) -> np.ndarray:
        return np.array(function(offset + stretch * z), dtype=float)

    def slope(z: np.ndarray) -> np.ndarray:
        return np.array(derivative(offset + stretch * z), dtype=float) * stretch

    return SolutionCurve(value, slope)
