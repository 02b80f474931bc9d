"""Basins of attraction: which stable equilibrium each starting state comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dynamics.capture import captures
from dynamics.derivatives import growth_per_head
from dynamics.equilibria import Equilibrium, equilibria
from dynamics.numeric_field import need_plane, numeric_field
from dynamics.plane_box import plane_box
from dynamics.starts import courses_from

if TYPE_CHECKING:
    from dynamics.model import Model

# First stretch of days, and the factor by which it grows for the courses that are still under way.
_FIRST_DAYS, _FACTOR = 200.0, 4.0
_FAINTEST = 1e-300  # a dying population stays a number


@dataclass(frozen=True)
class Basins:
    """Where the states of a grid come to.

    Parameters
    ----------
    state_names : tuple of str
    attractors : tuple of Equilibrium
        The stable ones, of all the box or outside it.
    x, y : ndarray, shape (nx,), (ny,)
        Centres of the cells, first and second state.
    reached : ndarray of int, shape (ny, nx)
        Index of the attractor; -1 where none was reached, as beside a separatrix, or where a cycle attracts.
    """

    state_names: tuple[str, ...]
    attractors: tuple[Equilibrium, ...]
    x: np.ndarray
    y: np.ndarray
    reached: np.ndarray

    def share(self, attractor: int | Equilibrium) -> float:
        """Share of the box that comes to one attractor, in [0, 1]; undecided cells count as none."""
        index = attractor if isinstance(attractor, int) else self.attractors.index(attractor)
        return float(np.mean(self.reached == index))

    @property
    def undecided(self) -> float:
        """Share of the box that came to no stable equilibrium."""
        return float(np.mean(self.reached < 0))


def attractor_of(
    model: Model,
    values: Mapping[str, float],
    starts: np.ndarray,
    attractors: Sequence[Equilibrium] | None = None,
    *,
    limit_days: float = 100_000.0,
) -> np.ndarray:
    """Say which stable equilibrium each starting state comes to; any number of states.

    All courses are solved at once, each until it is inside a neighbourhood of a stable equilibrium that no
    course leaves (:class:`dynamics.capture.Capture`).

    Parameters
    ----------
    model : Model
    values : mapping of str to float
        Parameters, inputs (held constant), and those constants of the equations without a declared value.
    starts : ndarray, shape (m, states)
        Populations positive.
    attractors : sequence of Equilibrium, optional
        The stable equilibria, where they are known already.
    limit_days : float
        Longest course. What has not arrived by then, or cannot be solved, is undecided.

    Returns
    -------
    ndarray of int, shape (m,)
        Index of the attractor; -1 where undecided.

    Raises
    ------
    ModelError
        See :func:`dynamics.equilibria.equilibria` and :func:`dynamics.starts.courses_from`.
    """
    if attractors is None:
        attractors = [e for e in equilibria(model, values) if e.stable]
    state = np.atleast_2d(np.array(starts, dtype=float))
    answer = np.full(len(state), -1)
    populations = np.array([ratio is not None for ratio in growth_per_head(model)])
    points = np.array([*(e.point for e in attractors), *state])
    widths = np.max(np.abs(points), axis=0)
    widths = np.where(widths > 0, widths, 1.0)
    nets = captures(numeric_field(model, values), attractors, widths, populations)

    left, day, stretch = np.arange(len(state)), 0.0, _FIRST_DAYS
    while len(left):
        for index, net in enumerate(nets):
            answer[left[net.holds(state[left])]] = index
        left = left[(answer[left] < 0) & np.all(np.isfinite(state[left]), axis=1)]
        if day >= limit_days or not len(left):
            break
        stretch = min(stretch, limit_days - day)
        courses, status = courses_from(model, values, state[left], np.array([0.0, stretch]))
        last = courses[:, -1]
        # A state of no meaning ends the course undecided.
        last[status != 0] = np.nan
        state[left] = np.where(populations & (last < _FAINTEST), _FAINTEST, last)
        day, stretch = day + stretch, stretch * _FACTOR
    return answer


def basins(
    model: Model,
    values: Mapping[str, float],
    *,
    box: Mapping[str, tuple[float, float]] | None = None,
    shape: tuple[int, int] = (81, 81),
    found: Sequence[Equilibrium] | None = None,
    limit_days: float = 100_000.0,
) -> Basins:
    """Find the basins of attraction of a model with two states on a grid.

    Parameters
    ----------
    model : Model
        With two states.
    values : mapping of str to float
        Parameters, inputs, and those constants of the equations that have no declared value.
    box : mapping of str to (float, float), optional
        See :func:`dynamics.plane_box.plane_box`.
    shape : (int, int)
        Cells along the first and the second state. Starts are the centres of the cells.
    found : sequence of Equilibrium, optional
        The equilibria at these values, where they are known already.
    limit_days : float
        See :func:`attractor_of`.

    Raises
    ------
    ModelError
        A model with another number of states, missing values, or a box that cannot be used.
    """
    need_plane(model, "basins on a grid")
    points = tuple(equilibria(model, values) if found is None else found)
    ends = plane_box(model, box, points)
    x, y = (low + (high - low) * (np.arange(n) + 0.5) / n for (low, high), n in zip(ends, shape, strict=True))
    starts = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    stable = tuple(e for e in points if e.stable)
    reached = attractor_of(model, values, starts, stable, limit_days=limit_days)
    return Basins(model.state_names, stable, x, y, reached.reshape(len(y), len(x)))
