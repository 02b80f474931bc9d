"""A two-dimensional profile with the window's lower edge drawn over it."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from workbench.report import style
from workbench.report.plots.profiles import log_ticks
from workbench.report.quantity_labels import symbol_text
from workbench.report.svg import drawing, inline_svg, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from identifiability.profiles.plane import Plane

_FINE = 101  # points along each axis of the drawing
_FAR = 8.0  # multiples of the axis' end
_BEYOND = 2.0  # multiples of the joint threshold up to which the plane is shaded


def plane_figure(plane: Plane, edge: np.ndarray | None, units: dict[str, str]) -> Markup:
    """Draw the rise with both thresholds, the optimum, the lower edge of the window.

    Parameters
    ----------
    plane : Plane
    edge : ndarray, shape (na, nb), or None
        Lower edge of the window at the minimising sets, fraction of MTD; NaN where there is no window.
    units : dict of str to str
        Of the parameters.
    """
    top = _BEYOND * plane.threshold_both
    x, y, rise, edge = _refined(plane, edge, top)
    with drawing():
        from matplotlib.colors import LinearSegmentedColormap

        figure = new_figure(style.WIDTH, 3.5, left=0.62, right=0.12, top=0.28, bottom=0.42)
        axes = figure.subplots()
        shades = LinearSegmentedColormap.from_list("rise", ["#5d93bd", "#ffffff"])
        axes.contourf(x, y, np.minimum(rise, top).T, levels=np.linspace(0, top, 9), cmap=shades, zorder=0)
        for level, dashes, label in (
            (plane.threshold_each, "-", f"1 df ({plane.threshold_each:.2f})"),
            (plane.threshold_both, (0, (5, 2)), f"2 df ({plane.threshold_both:.2f})"),
        ):
            axes.contour(
                x,
                y,
                rise.T,
                levels=[level],
                colors=[style.THRESHOLD],
                linestyles=[dashes],
                linewidths=1.5,
                zorder=3,
            )
            axes.plot([], [], color=style.THRESHOLD, linestyle=dashes, label=label)
        if edge is not None:
            _edge_lines(axes, x, y, np.where(rise <= top, edge, np.nan))
        axes.plot(
            [math.log10(plane.estimate[0])],
            [math.log10(plane.estimate[1])],
            "o",
            color=style.INK,
            markersize=4.5,
            zorder=5,
            label="optimum",
            linestyle="none",
        )
        for axis, name in (("x", plane.names[0]), ("y", plane.names[1])):
            unit = units.get(name, "")
            text = f"{symbol_text(name)} ({unit})" if unit else symbol_text(name)
            getattr(axes, f"set_{axis}label")(text, parse_math=False)
        _window(axes, x, y, rise, top)
        log_ticks(axes, axis="x")
        log_ticks(axes, axis="y")
        figure.legend(
            *axes.get_legend_handles_labels(), loc="upper left", ncols=4, columnspacing=1.4, borderpad=0.1,
            borderaxespad=0.1,
        )  # fmt: skip
        return Markup(inline_svg(figure, _alt(plane)))


def _refined(
    plane: Plane, edge: np.ndarray | None, top: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
    """Both surfaces on a finer grid: a valley narrower than a cell would otherwise look like beads.

    Piecewise cubic between the known cells (Clough and Tocher), which follows the parabola across a valley.
    """
    from scipy.interpolate import CloughTocher2DInterpolator, LinearNDInterpolator
    from scipy.ndimage import minimum_filter
    from scipy.spatial import Delaunay

    a, b = np.log10(plane.values_a), np.log10(plane.values_b)
    # the optimum's own line may lie so close to another that triangles between them become slivers
    rows, columns = _apart(a), _apart(b)
    a, b, known = a[rows], b[columns], plane.rise[np.ix_(rows, columns)]
    edge = None if edge is None else edge[np.ix_(rows, columns)]
    x, y = np.linspace(a[0], a[-1], _FINE), np.linspace(b[0], b[-1], _FINE)
    # far above the thresholds the plane holds upper bounds, or nothing: a ceiling is all that is known
    ceiling = _FAR * top
    coarse = np.where(known < ceiling, known, ceiling)
    if min(coarse.shape) < 3:
        return a, b, coarse, edge
    across = np.array([np.ptp(a), np.ptp(b)])  # triangles should be chosen by cells, not by units
    places = np.stack(np.meshgrid(a, b, indexing="ij"), axis=-1).reshape(-1, 2) / across
    fine = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1) / across
    cells = Delaunay(places)
    linear = LinearNDInterpolator(cells, coarse.ravel())(fine)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # gradients at the ceiling need not settle
        rise = CloughTocher2DInterpolator(cells, coarse.ravel(), tol=1e-2, maxiter=30)(fine)
    # no cubic may dip below all computed cells around it: that would draw admitted islands that are none
    floor = LinearNDInterpolator(cells, minimum_filter(coarse, 3).ravel())(fine)
    rise = np.maximum(np.where(np.isfinite(rise), rise, linear), np.nan_to_num(floor))
    if edge is None or np.isfinite(edge).sum() < 4:
        return x, y, rise, None
    # where there is no window there must be no line either
    exists = np.isfinite(edge).ravel()
    both = np.stack([np.where(exists, edge.ravel(), 0.0), exists.astype(float)], axis=1)
    shown, share = np.moveaxis(LinearNDInterpolator(cells, both)(fine), -1, 0)
    return x, y, rise, np.where(share > 0.999, shown, np.nan)


def _apart(grid: np.ndarray) -> np.ndarray:
    """Choose grid lines that keep a distance from their neighbours; the ends stay."""
    gap = 0.3 * float(np.median(np.diff(grid)))
    kept = [0]
    for i in range(1, len(grid) - 1):
        if grid[i] - grid[kept[-1]] > gap and grid[-1] - grid[i] > gap:
            kept.append(i)
    return np.array([*kept, len(grid) - 1])


def _edge_lines(axes: Axes, x: np.ndarray, y: np.ndarray, edge: np.ndarray) -> None:
    """Draw the lower edge of the window as labelled lines; shade where there is no window."""
    known = edge[np.isfinite(edge)]
    if known.size < 4 or np.ptp(known) < 1e-4:
        return
    from matplotlib.ticker import MaxNLocator

    levels = [
        t for t in MaxNLocator(4).tick_values(known.min(), known.max()) if known.min() < t < known.max()
    ]
    if not levels:
        return
    lines = axes.contour(
        x, y, np.ma.masked_invalid(edge).T, levels=levels, colors=[style.WINDOW], linewidths=1.0, zorder=2
    )
    axes.clabel(lines, fontsize=7, fmt=lambda v: f"{100 * v:.3g} %", inline_spacing=2)
    axes.plot([], [], color=style.WINDOW, linewidth=1.0, label="lower edge, % of MTD")


def _window(axes: Axes, x: np.ndarray, y: np.ndarray, rise: np.ndarray, top: float) -> None:
    """Show the part of the plane where anything is admitted, with a margin of one cell."""
    near = rise <= top
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    for grid, inside, limit in ((x, rows, axes.set_xlim), (y, columns, axes.set_ylim)):
        if inside.size > 1:
            limit(float(grid[max(inside[0] - 1, 0)]), float(grid[min(inside[-1] + 1, len(grid) - 1)]))


def _alt(plane: Plane) -> str:
    """Describe the figure in words."""
    a, b = plane.names
    shadow = []
    for name, values in ((a, plane.values_a), (b, plane.values_b)):
        inside = values[plane.profile_of(name) <= plane.threshold_both]
        if inside.size:
            shadow.append(f"{name} from {inside[0]:.3g} to {inside[-1]:.3g}")
    return f"Two-dimensional profile likelihood of {a} and {b}. Jointly admitted: {', '.join(shadow)}."
