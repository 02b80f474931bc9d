"""The phase plane of one model at one dose: Masud 2023, Fig. 2b to d; Ledzewicz 2018, Fig. 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dynamics.plots import palette
from dynamics.plots.plane_parts import (
    draw_course,
    draw_equilibria,
    draw_flow,
    draw_frame,
    draw_nullclines,
    draw_separatrices,
)
from dynamics.plots.text import legend_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dynamics.equilibria import Equilibrium
    from dynamics.phase_plane import PhasePlane

_SHADES = (palette.COURSE, palette.THIRD, palette.FOURTH, "#56b4e9")
_SHADE_DASHES: tuple[palette.Dashes, ...] = ("-", (0, (6, 1)), (0, (3, 1)), (0, (6, 1, 1, 1)))


def plot_phase_plane(
    axes: Axes,
    plane: PhasePlane,
    *,
    courses: Mapping[str, np.ndarray] | None = None,
    marks: Mapping[str, Equilibrium] | None = None,
    flow: float = 0.8,
    burden_unit: str = "marker unit",
    columns: int = 2,
) -> Axes:
    """Draw nullclines, equilibria, separatrices, the flow, and courses of a tumour.

    Parameters
    ----------
    axes : Axes
        About 4 inches wide; leave half an inch above it for the legend.
    plane : PhasePlane
    courses : mapping of str to ndarray of shape (m, 2), optional
        Courses to draw, by their label.
    marks : mapping of str to Equilibrium, optional
        Equilibria of ``plane.equilibria`` drawn as stars, by their name, the first one green, the second red:
        ``{"benign": ..., "malignant": ...}``.
    flow : float
        Density of the lines of flow; 0 for none.
    burden_unit : str
        What a unit ``"burden"`` of a state is called.
    columns : int
        Of the legend; 0 for no legend.
    """
    if flow > 0:
        draw_flow(axes, plane, flow)
    draw_nullclines(axes, plane)
    draw_separatrices(axes, plane)
    draw_frame(axes, plane, burden_unit)
    draw_equilibria(axes, plane, marks)
    for k, (label, course) in enumerate((courses or {}).items()):
        draw_course(axes, course, label, _SHADES[k % 4], _SHADE_DASHES[k % 4])
    if columns:
        legend_above(axes, columns)
    return axes
