"""One patient's phase plane under several doses: Masud 2023, Fig. 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dynamics.plots import palette
from dynamics.plots.plane_parts import (
    draw_course,
    draw_equilibria,
    draw_frame,
    draw_nullclines,
    draw_separatrices,
)
from dynamics.plots.text import legend_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dynamics.equilibria import Equilibrium
    from dynamics.nullclines import Nullcline
    from dynamics.phase_plane import PhasePlane

_COLOURS = (palette.FIRST, palette.COURSE, palette.WINDOW, palette.THIRD)
_DASHES: tuple[palette.Dashes, ...] = (palette.DOTTED, palette.DASHED, palette.DASH_DOTTED, (0, (8, 2)))


def plot_dose_planes(
    axes: Axes,
    planes: Mapping[str, PhasePlane],
    *,
    courses: Mapping[str, np.ndarray] | None = None,
    burden_unit: str = "marker unit",
    columns: int = 2,
) -> Axes:
    """Draw how the dose moves nullclines, equilibria and the separatrix.

    Parameters
    ----------
    axes : Axes
        About 4 inches wide; leave an inch above it for the legend.
    planes : mapping of str to PhasePlane
        By the name of the dose, all with the same model and box.
    courses : mapping of str to ndarray of shape (m, 2), optional
        Course under each dose, by the same names.
    burden_unit : str
        What a unit ``"burden"`` of a state is called.
    columns : int
        Of the legend.

    Raises
    ------
    ValueError
        Planes of different models or boxes, or a course under an unknown dose.
    """
    first = next(iter(planes.values()))
    if any(p.model is not first.model or not np.array_equal(p.box, first.box) for p in planes.values()):
        raise ValueError("planes of several doses in one picture need the same model and the same box")
    strangers = [name for name in courses or {} if name not in planes]
    if strangers:
        raise ValueError(f"course under {', '.join(strangers)}, but the planes are {', '.join(planes)}")
    names = first.model.state_names
    fixed = tuple(s for s in names if all(_same(_lines(p, s), _lines(first, s)) for p in planes.values()))
    draw_nullclines(
        axes, first, of=fixed, colours=dict.fromkeys(fixed, palette.SECOND), dashes=dict.fromkeys(fixed, "-")
    )
    moving = tuple(s for s in names if s not in fixed)
    for k, (name, plane) in enumerate(planes.items()):
        colour, dashes = _COLOURS[k % 4], _DASHES[k % 4]
        draw_nullclines(
            axes, plane, of=moving, suffix=f", {name}", colours=dict.fromkeys(moving, colour),
            dashes=dict.fromkeys(moving, dashes),
        )  # fmt: skip
        draw_separatrices(axes, plane, unstable=False, suffix=f", {name}")
    draw_frame(axes, first, burden_unit)
    for k, (name, plane) in enumerate(planes.items()):
        own = {i: _COLOURS[k % 4] for i, e in enumerate(plane.equilibria) if not _everywhere(e, planes)}
        draw_equilibria(axes, plane, colours=own)
        if courses and name in courses:
            draw_course(axes, courses[name], f"course, {name}", _COLOURS[k % 4])
    legend_above(axes, columns)
    return axes


def _everywhere(equilibrium: Equilibrium, planes: Mapping[str, PhasePlane]) -> bool:
    """Say whether an equilibrium is the same under every dose."""
    return all(
        any(
            e.stability == equilibrium.stability and np.allclose(e.point, equilibrium.point, rtol=1e-9)
            for e in plane.equilibria
        )
        for plane in planes.values()
    )


def _lines(plane: PhasePlane, state: str) -> tuple[Nullcline, ...]:
    return tuple(line for line in plane.nullclines if line.state == state)


def _same(a: tuple[Nullcline, ...], b: tuple[Nullcline, ...]) -> bool:
    """Say whether nullclines are the same curves."""
    pieces = [[curve for line in lines for curve in line.curves] for lines in (a, b)]
    return len(pieces[0]) == len(pieces[1]) and all(
        p.shape == q.shape and np.allclose(p, q) for p, q in zip(*pieces, strict=True)
    )
