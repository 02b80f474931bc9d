"""Stable and unstable manifolds of saddles: the separatrices between basins of attraction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

import numpy as np

from dynamics.equilibria import Equilibrium, equilibria
from dynamics.model import ModelError
from dynamics.numeric_field import NumericField, need_plane, numeric_field
from dynamics.plane_box import plane_box

if TYPE_CHECKING:
    from dynamics.model import Model

# All in units of the box. The manifold leaves its tangent by the square of the first step, and on the way
# errors shrink, for the integration runs in the direction in which neighbours approach the manifold.
_FIRST_STEP, _LONGEST_STEP, _LONGEST_PATH = 1e-6, 0.01, 30.0
_ARRIVED, _BEYOND, _MARGIN = 1e-5, 1e-9, 0.15


class BranchEnd(StrEnum):
    """Where a branch of a manifold ends; each member is a sentence."""

    BOX = "The branch leaves the box."
    EQUILIBRIUM = "The branch comes to another equilibrium."
    UNFINISHED = "The branch neither leaves the box nor comes to an equilibrium: it may wind around a cycle."


@dataclass(frozen=True)
class ManifoldBranch:
    """One of the two halves of a manifold.

    Parameters
    ----------
    points : ndarray, shape (m, 2)
        From the saddle outwards, in the units of the states.
    end : BranchEnd
    equilibrium : Equilibrium or None
        Where the branch ends, if at an equilibrium.
    """

    points: np.ndarray
    end: BranchEnd
    equilibrium: Equilibrium | None


@dataclass(frozen=True)
class SaddleManifolds:
    """A saddle with the curves that lead into it and out of it.

    Parameters
    ----------
    saddle : Equilibrium
    stable : tuple of ManifoldBranch, length 2
        States that come to rest at the saddle.
    unstable : tuple of ManifoldBranch, length 2
        States that come from it, followed beyond the box as far as there are equilibria.
    widths : ndarray, shape (2,)
        Of the box, the scale on which distances are measured.
    """

    saddle: Equilibrium
    stable: tuple[ManifoldBranch, ManifoldBranch]
    unstable: tuple[ManifoldBranch, ManifoldBranch]
    widths: np.ndarray

    def curve(self, kind: Literal["stable", "unstable"] = "stable") -> np.ndarray:
        """Return one manifold as a single polyline through the saddle, shape (m, 2)."""
        first, second = self.stable if kind == "stable" else self.unstable
        return np.concatenate([first.points[::-1], second.points[1:]])

    @property
    def outcomes(self) -> tuple[Equilibrium | None, Equilibrium | None]:
        """Equilibria that the two unstable branches reach: what lies on either side of the separatrix."""
        return self.unstable[0].equilibrium, self.unstable[1].equilibrium

    @property
    def separates(self) -> bool:
        """True where the stable manifold is the border between the basins of two stable equilibria."""
        a, b = self.outcomes
        return a is not None and b is not None and a is not b and a.stable and b.stable

    def side(self, states: np.ndarray) -> np.ndarray:
        """Tell on which side of the stable manifold states lie.

        Parameters
        ----------
        states : ndarray, shape (..., 2)
            Near the box: a manifold is known only as far as it was followed.

        Returns
        -------
        ndarray of int, shape (...)
            0 or 1: the side of the unstable branch of that index, that is of ``outcomes[0]`` or ``[1]``.
        """
        line = self.curve() / self.widths
        line = line[np.concatenate([[True], np.any(np.diff(line, axis=0) != 0, axis=1)])]
        points = np.asarray(states, dtype=float) / self.widths
        flat = points.reshape(-1, 2)
        signs = np.array([_sign(line, p) for p in flat]).reshape(points.shape[:-1])
        out = self.unstable[0].points / self.widths
        own = _sign(line, out[min(len(out) - 1, 3)])
        return np.where(signs == own, 0, 1)


def saddle_manifolds(
    model: Model,
    values: Mapping[str, float],
    *,
    box: Mapping[str, tuple[float, float]] | None = None,
    found: Iterable[Equilibrium] | None = None,
) -> tuple[SaddleManifolds, ...]:
    """Follow the manifolds of every saddle of a model with two states.

    The stable manifold is integrated backward in time from the eigenvector of the negative eigenvalue, the
    unstable one forward from that of the positive one, with an adaptive method of order 8 and the length
    of the path as independent variable, so that neither slow passages nor a blow-up in backward time matter.

    Parameters
    ----------
    model : Model
        With two states.
    values : mapping of str to float
        Parameters, inputs, and those constants of the equations that have no declared value.
    box : mapping of str to (float, float), optional
        Where the curves are followed; see :func:`dynamics.plane_box.plane_box`.
    found : iterable of Equilibrium, optional
        The equilibria at these values, where they are known already.

    Returns
    -------
    tuple of SaddleManifolds
        One for every saddle inside the box; empty where there is none.

    Raises
    ------
    ModelError
        A model with another number of states, or a box that cannot be used.
    """
    need_plane(model, "separatrices")
    points = tuple(equilibria(model, values) if found is None else found)
    field, ends = numeric_field(model, values), plane_box(model, box, points)
    inside = [e for e in points if np.all((e.point >= ends[:, 0]) & (e.point <= ends[:, 1]))]
    return tuple(_manifolds(field, e, points, ends) for e in inside if e.stability == "saddle")


def _manifolds(
    field: NumericField, saddle: Equilibrium, others: tuple[Equilibrium, ...], ends: np.ndarray
) -> SaddleManifolds:
    """Follow both manifolds of one saddle."""
    # What comes from the saddle may rest outside the box; which basins meet does not depend on the picture.
    places = np.array([e.point for e in others])
    low, high = np.minimum(ends[:, 0], places.min(axis=0)), np.maximum(ends[:, 1], places.max(axis=0))
    beyond = _MARGIN * (high - low)
    low = np.where(low < ends[:, 0], low - beyond, ends[:, 0])
    high = np.where(high > ends[:, 1], high + beyond, ends[:, 1])
    far = np.column_stack([low, high])
    widths = ends[:, 1] - ends[:, 0]
    matrix = field.jacobian(saddle.point) * widths[None, :] / widths[:, None]
    rates, vectors = np.linalg.eig(matrix)
    targets = [e for e in others if e is not saddle]

    def pair(column: int, sense: float) -> tuple[ManifoldBranch, ManifoldBranch]:
        direction = np.real(vectors[:, column])
        limits = ends if sense < 0 else far
        # An invariant axis must be left exactly along itself.
        direction = np.where(np.abs(direction) < 1e-12, 0.0, direction)
        direction = direction / np.linalg.norm(direction)
        return (
            _branch(field, saddle, direction, sense, targets, ends, limits),
            _branch(field, saddle, -direction, sense, targets, ends, limits),
        )

    stable, unstable = int(np.argmin(np.real(rates))), int(np.argmax(np.real(rates)))
    return SaddleManifolds(saddle, pair(stable, -1.0), pair(unstable, 1.0), widths)


def _branch(
    field: NumericField,
    saddle: Equilibrium,
    direction: np.ndarray,
    sense: float,
    targets: list[Equilibrium],
    ends: np.ndarray,
    limits: np.ndarray,
) -> ManifoldBranch:
    """Follow the flow inside limits, forward (sense 1) or backward (-1), from beside the saddle."""
    from scipy.integrate import solve_ivp

    # z is the state in units of the box.
    low, widths = ends[:, 0], ends[:, 1] - ends[:, 0]
    least, most = (limits[:, 0] - low) / widths, (limits[:, 1] - low) / widths
    z0 = (saddle.point - low) / widths + _FIRST_STEP * direction
    if np.any(z0 < least - _BEYOND) or np.any(z0 > most + _BEYOND):
        return ManifoldBranch(saddle.point[None, :], BranchEnd.BOX, None)
    places = np.array([(e.point - low) / widths for e in targets]).reshape(-1, 2)
    speed = np.linalg.norm(field(low + widths * z0) / widths)

    def velocity(_: float, z: np.ndarray) -> np.ndarray:
        v = field(low + widths * z) / widths
        # Unit speed, but at an equilibrium, where there is no direction.
        return sense * v / (np.linalg.norm(v) + 1e-6 * speed)

    def leaves(_: float, z: np.ndarray) -> float:
        return float(min(np.min(z - least), np.min(most - z))) + _BEYOND

    def arrives(_: float, z: np.ndarray) -> float:
        return float(np.min(np.linalg.norm(places - z, axis=1), initial=np.inf)) - _ARRIVED

    leaves.terminal = arrives.terminal = True  # type: ignore[attr-defined]
    with np.errstate(all="ignore"):
        run = solve_ivp(
            velocity,
            (0.0, _LONGEST_PATH),
            z0,
            method="DOP853",
            rtol=1e-10,
            atol=1e-13,
            max_step=_LONGEST_STEP,
            events=(leaves, arrives) if len(places) else (leaves,),
        )
    path = np.clip(run.y.T, least, most)
    points = np.concatenate([saddle.point[None, :], low + widths * path])
    if len(places) and len(run.t_events[1]):
        reached = targets[int(np.argmin(np.linalg.norm(places - run.y[:, -1], axis=1)))]
        return ManifoldBranch(
            np.concatenate([points, reached.point[None, :]]), BranchEnd.EQUILIBRIUM, reached
        )
    # Beyond an edge where the equations have no value the steps shrink until the solver gives up.
    at_edge = len(run.t_events[0]) or (run.status < 0 and leaves(0.0, run.y[:, -1]) < _ARRIVED)
    return ManifoldBranch(points, BranchEnd.BOX if at_edge else BranchEnd.UNFINISHED, None)


def _sign(line: np.ndarray, point: np.ndarray) -> int:
    """Side of a polyline on which a point lies, as 1 or -1, by the nearest place on the line."""
    start, along = line[:-1], np.diff(line, axis=0)
    share = np.einsum("ij,ij->i", point - start, along) / np.einsum("ij,ij->i", along, along)
    # The first and the last piece go on straight.
    low, high = np.zeros(len(along)), np.ones(len(along))
    low[0], high[-1] = -np.inf, np.inf
    nearest = start + np.clip(share, low, high)[:, None] * along
    k = int(np.argmin(np.linalg.norm(point - nearest, axis=1)))
    offset = point - nearest[k]
    # Nearest to a corner, two pieces are equally near and may disagree; their mean direction decides.
    beside = k + 1 if share[k] > 1 and k + 1 < len(along) else k - 1 if share[k] < 0 and k > 0 else k
    piece = along[k] / np.linalg.norm(along[k]) + along[beside] / np.linalg.norm(along[beside])
    return 1 if piece[0] * offset[1] - piece[1] * offset[0] > 0 else -1


def only_separatrix(manifolds: tuple[SaddleManifolds, ...]) -> SaddleManifolds:
    """Return the one saddle whose stable manifold separates two basins.

    Raises
    ------
    ModelError
        There is none, or more than one.
    """
    found = [m for m in manifolds if m.separates]
    if len(found) != 1:
        raise ModelError(
            f"{len(found)} separatrices between stable equilibria at these values, need one; look at the "
            "equilibria and at the box"
        )
    return found[0]
