"""Nullclines of a model with two states: where one of its rates is zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import sympy as sp

from dynamics.curve_sampling import level_lines, sample_graph
from dynamics.equilibria import equilibria
from dynamics.nullcline_equations import NullclineEquation, nullcline_equations
from dynamics.numeric_field import NumericField, need_plane, numeric_field
from dynamics.plane_box import plane_box

if TYPE_CHECKING:
    from dynamics.model import Model


@dataclass(frozen=True)
class Nullcline:
    """One nullcline at numbers; a state whose rate has several factors has several.

    Parameters
    ----------
    state : str
        Whose rate is zero on it.
    expression : sympy.Expr
        Zero on it.
    solved_for : str
        State for which it was solved; empty where it was traced.
    solutions : tuple of sympy.Expr
        That state as expressions in the other one, parameters and inputs.
    absent : bool
        True for the axis on which the population is absent.
    curves : tuple of ndarray, shape (m, 2)
        Connected pieces inside the box, in the units of the states; empty where it lies outside.
    method : {"explicit", "traced"}
        From the solution, or by marching squares with Newton's method.
    """

    state: str
    expression: sp.Expr
    solved_for: str
    solutions: tuple[sp.Expr, ...]
    absent: bool
    curves: tuple[np.ndarray, ...]
    method: Literal["explicit", "traced"]


def nullclines(
    model: Model,
    values: Mapping[str, float],
    *,
    box: Mapping[str, tuple[float, float]] | None = None,
) -> tuple[Nullcline, ...]:
    """Find the nullclines of a model with two states.

    A factor that is a polynomial of degree 1 or 2 in either state is solved for it; another one is traced.

    Parameters
    ----------
    model : Model
        With two states.
    values : mapping of str to float
        Parameters, inputs, and those constants of the equations that have no declared value.
    box : mapping of str to (float, float), optional
        Where the curves are drawn; see :func:`dynamics.plane_box.plane_box`.

    Returns
    -------
    tuple of Nullcline
        In the order of the states; the axis of an absent population first.

    Raises
    ------
    ModelError
        A model with another number of states, missing values, or a box that cannot be used.
    """
    need_plane(model, "nullclines")
    given = set(box or {}) >= set(model.state_names)
    ends = plane_box(model, box, () if given else equilibria(model, values))
    return nullclines_in_box(model, numeric_field(model, values), ends)


def nullclines_in_box(model: Model, field: NumericField, ends: np.ndarray) -> tuple[Nullcline, ...]:
    """Find the nullclines in a box given as an array, shape (2, 2); see :func:`nullclines`."""
    found = []
    for equation in nullcline_equations(model):
        curves = _explicit(equation, field.numbers, ends, model.state_names)
        traced = curves is None
        if curves is None:
            curves = _traced(equation, field.numbers, ends)
        found.append(
            Nullcline(
                equation.state,
                equation.expression,
                "" if traced else equation.solved_for,
                () if traced else equation.solutions,
                equation.absent,
                tuple(curves),
                "traced" if traced else "explicit",
            )
        )
    return tuple(found)


def _explicit(
    equation: NullclineEquation, numbers: np.ndarray, ends: np.ndarray, names: tuple[str, ...]
) -> list[np.ndarray] | None:
    """Curves from the solutions, or None where there are none, or where they do not describe the curve."""
    if equation.coefficients is None:
        return None
    up = names.index(equation.solved_for)
    across = 1 - up

    def coefficients(t: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            rows = equation.coefficients(t, numbers)  # type: ignore[misc]
        return np.array([np.broadcast_to(row, t.shape) for row in rows], dtype=float)

    sample = coefficients(np.linspace(ends[across, 0], ends[across, 1], 101))
    if not np.any(sample[:-1]):
        return None  # at these numbers the solved state drops out: upright lines, which only tracing finds
    curves = []
    for root in range(len(sample) - 1):

        def graph(t: np.ndarray, root: int = root) -> np.ndarray:
            return _root(coefficients(t), root)

        curves += sample_graph(graph, tuple(ends[across]), tuple(ends[up]))
    return [curve if across == 0 else curve[:, ::-1] for curve in curves]


def _root(coefficients: np.ndarray, which: int) -> np.ndarray:
    """One root of polynomials of degree 1 or 2 without cancellation, shape (m,); NaN where it is not real."""
    with np.errstate(all="ignore"):
        if len(coefficients) == 2:
            found = -coefficients[1] / coefficients[0]
        else:
            a, b, c = coefficients
            q = -0.5 * (b + np.where(b < 0, -1.0, 1.0) * np.sqrt(b * b - 4 * a * c))
            # The root with the plus sign before the square root comes first.
            first, second = np.where(b < 0, q / a, c / q), np.where(b < 0, c / q, q / a)
            found = first if which == 0 else second
    return np.where(np.isfinite(found), found + 0.0, np.nan)  # no negative zero


def _traced(equation: NullclineEquation, numbers: np.ndarray, ends: np.ndarray) -> list[np.ndarray]:
    """Curves by marching squares."""

    def value(points: np.ndarray) -> np.ndarray:
        return np.broadcast_to(equation.value(points, numbers), points.shape[1:])

    def gradient(points: np.ndarray) -> np.ndarray:
        parts = equation.gradient(points, numbers)
        return np.array([np.broadcast_to(part, points.shape[1:]) for part in parts])

    return level_lines(value, gradient, ends)
