"""The phase plane of a model with two states: everything that its picture shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dynamics.equilibria import Equilibrium, equilibria, known_values
from dynamics.expressions import ModelError, parse_expression
from dynamics.nullclines import Nullcline, nullclines_in_box
from dynamics.numeric_field import need_plane, numeric_field
from dynamics.plane_box import plane_box
from dynamics.separatrix import SaddleManifolds, saddle_manifolds
from dynamics.starts import courses_from

if TYPE_CHECKING:
    from dynamics.model import Model

_FINE = 401  # points along either side on which the region is known


@dataclass(frozen=True, eq=False)
class PhasePlane:
    """A model with two states at numbers, inside a box.

    Parameters
    ----------
    model : Model
    values : mapping of str to float
        Parameters, inputs and constants.
    box : ndarray, shape (2, 2)
        Lower and upper end of either state.
    equilibria : tuple of Equilibrium
        All that are not negative, also outside the box.
    nullclines : tuple of Nullcline
    manifolds : tuple of SaddleManifolds
        Of every saddle in the box.
    x, y : ndarray, shape (nx,), (ny,)
        Grid of the vector field.
    rates : ndarray, shape (2, ny, nx)
        dx/dt there, in units of the states per day; NaN outside the region.
    region : str
        Inequality that possible states satisfy, such as ``"S + R <= K"``; empty for the whole box.
    excess : ndarray, shape (n, n)
        Left side of the inequality less the right one, on an even grid over the box, second state first;
        positive where states are impossible. All zero without a region.
    """

    model: Model
    values: Mapping[str, float]
    box: np.ndarray
    equilibria: tuple[Equilibrium, ...]
    nullclines: tuple[Nullcline, ...]
    manifolds: tuple[SaddleManifolds, ...]
    x: np.ndarray
    y: np.ndarray
    rates: np.ndarray
    region: str
    excess: np.ndarray

    @property
    def separatrices(self) -> tuple[SaddleManifolds, ...]:
        """Saddles whose stable manifold is the border between two basins."""
        return tuple(m for m in self.manifolds if m.separates)

    def course(self, start: Sequence[float], days: float, count: int = 600) -> np.ndarray:
        """Follow the model from a state.

        Parameters
        ----------
        start : sequence of float, length 2
            Populations positive.
        days : float
        count : int
            Points in time, denser at the beginning.

        Returns
        -------
        ndarray, shape (count, 2)
        """
        times = days * np.linspace(0.0, 1.0, count) ** 2
        return courses_from(self.model, self.values, np.array([start], dtype=float), times)[0][0]


def phase_plane(
    model: Model,
    values: Mapping[str, float],
    *,
    box: Mapping[str, tuple[float, float]] | None = None,
    region: str = "",
    grid: tuple[int, int] = (41, 41),
    found: Sequence[Equilibrium] | None = None,
    time_limit_s: float = 10.0,
) -> PhasePlane:
    """Compute the phase plane of a model with two states.

    Parameters
    ----------
    model : Model
        With two states.
    values : mapping of str to float
        Parameters, inputs, and those constants of the equations that have no declared value.
    box : mapping of str to (float, float), optional
        See :func:`dynamics.plane_box.plane_box`.
    region : str
        Inequality that possible states satisfy, as ``"S + R <= K"``.
    grid : (int, int)
        Of the vector field.
    found : sequence of Equilibrium, optional
        The equilibria at these values, where they are known already.
    time_limit_s : float
        For SymPy, per set of present populations.

    Raises
    ------
    ModelError
        A model with another number of states, missing values, or a box or region that cannot be used.
    """
    need_plane(model, "phase planes")
    search = {n: (max(0.0, a), b) for n, (a, b) in (box or {}).items()}
    points = tuple(
        equilibria(model, values, box=search, time_limit_s=time_limit_s) if found is None else found
    )
    field, ends = numeric_field(model, values), plane_box(model, box, points)
    full = dict(zip(model.state_names, (tuple(e) for e in ends), strict=True))
    x, y = (np.linspace(low, high, n) for (low, high), n in zip(ends, grid, strict=True))
    mesh = np.array(np.meshgrid(x, y))
    excess = _excess(model, values, region)
    fine = np.array(np.meshgrid(*(np.linspace(low, high, _FINE) for low, high in ends)))
    return PhasePlane(
        model=model,
        values=dict(values),
        box=ends,
        equilibria=points,
        nullclines=nullclines_in_box(model, field, ends),
        manifolds=saddle_manifolds(model, values, box=full, found=points),
        x=x,
        y=y,
        rates=np.where(excess(mesh) <= 1e-9 * np.max(ends), field(mesh), np.nan),
        region=region,
        excess=excess(fine),
    )


def _excess(model: Model, values: Mapping[str, float], region: str):
    """Compile left side less right side of an inequality, as a function of points of shape (2, ...)."""
    if not region:
        return lambda points: np.zeros(points.shape[1:])
    sides = region.split("<=") if "<=" in region else region.split(">=")[::-1]
    if len(sides) != 2:
        raise ModelError(f"region {region!r} is no inequality; write one as 'S + R <= K' with <= or >=")
    known = known_values(model, values)
    names = [*model.state_names, *known]
    left, right = (parse_expression(side, names, where=f"region {region!r}") for side in sides)
    numbers = {sp.Symbol(name): sp.Float(value) for name, value in known.items()}
    difference = sp.lambdify([list(model.state_symbols)], (left - right).xreplace(numbers), "numpy")

    def excess(points: np.ndarray) -> np.ndarray:
        return np.array(np.broadcast_to(difference(points), points.shape[1:]), dtype=float)

    return excess
