"""Parts of the picture of a phase plane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dynamics.plots import palette
from dynamics.plots.text import axis_label, math, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dynamics.equilibria import Equilibrium
    from dynamics.phase_plane import PhasePlane

_ABOVE_REGION, _MARKS = 3.0, 5.0


def draw_frame(axes: Axes, plane: PhasePlane, burden_unit: str) -> None:
    """Set limits and labels, and cover what no state can be."""
    from matplotlib.ticker import MaxNLocator

    (left, right), (bottom, top) = plane.box
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    labels = [axis_label(s.name, s.meaning, s.unit, burden_unit) for s in plane.model.states]
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    quiet(axes)
    if not plane.region:
        return
    x, y = (np.linspace(low, high, len(plane.excess)) for low, high in plane.box)
    most = float(np.max(plane.excess))
    if most > 0:
        # White over everything that was drawn there, and a border around the rest.
        axes.contourf(
            x,
            y,
            plane.excess,
            levels=[0.0, 1.01 * most],
            colors=[palette.OUTSIDE],
            zorder=_ABOVE_REGION - 0.2,
        )
        axes.contour(
            x,
            y,
            plane.excess,
            levels=[0.0],
            colors=[palette.MUTED],
            linewidths=0.9,
            zorder=_ABOVE_REGION - 0.1,
        )


def draw_flow(axes: Axes, plane: PhasePlane, density: float) -> None:
    """Draw lines of flow with small arrows."""
    rates = np.ma.masked_invalid(plane.rates)
    stream = axes.streamplot(
        plane.x, plane.y, rates[0], rates[1], density=density, color=palette.FLOW, linewidth=0.6, arrowsize=0.6,
        zorder=1,
    )  # fmt: skip
    stream.lines.set_zorder(1)


def draw_nullclines(
    axes: Axes,
    plane: PhasePlane,
    *,
    of: tuple[str, ...] | None = None,
    suffix: str = "",
    colours: Mapping[str, str] | None = None,
    dashes: Mapping[str, palette.Dashes] | None = None,
) -> None:
    """Draw where a rate is zero; the axes on which a population is absent are left out.

    Parameters
    ----------
    of : tuple of str, optional
        States whose nullclines are drawn; both where not given.
    suffix : str
        Added to the label.
    colours, dashes : mapping of str, optional
        Per state.
    """
    names = plane.model.state_names
    for line in plane.nullclines:
        if line.absent or (of is not None and line.state not in of):
            continue
        place = names.index(line.state)
        for curve in line.curves:
            axes.plot(
                *curve.T,
                color=(colours or {}).get(line.state, palette.CYCLE[place]),
                linestyle=(dashes or {}).get(line.state, (palette.DASHED, palette.DASH_DOTTED)[place]),
                linewidth=1.3,
                label=f"{math(line.state)} nullcline{suffix}",
                zorder=2.4,
            )


def draw_separatrices(axes: Axes, plane: PhasePlane, *, unstable: bool = True, suffix: str = "") -> None:
    """Draw the borders between basins and, thin, the ways out of their saddles."""
    for manifolds in plane.separatrices:
        axes.plot(
            *manifolds.curve().T, color=palette.INK, linewidth=1.7, label=f"separatrix{suffix}", zorder=2.6
        )
        if unstable:
            axes.plot(
                *manifolds.curve("unstable").T, color=palette.INK, linewidth=0.8, linestyle=palette.DOTTED,
                label="unstable manifold", zorder=2.5,
            )  # fmt: skip


def draw_equilibria(
    axes: Axes,
    plane: PhasePlane,
    marks: Mapping[str, Equilibrium] | None = None,
    *,
    colours: Mapping[int, str] | None = None,
) -> None:
    """Draw equilibria: filled if stable, open if not, saddles as crosses; marked ones as stars with a name.

    Parameters
    ----------
    marks : mapping of str to Equilibrium, optional
        Drawn as stars.
    colours : mapping of int to str, optional
        By the index of the equilibrium; dark where not given.
    """
    low, high = plane.box[:, 0], plane.box[:, 1]
    starred = {id(e): name for name, e in (marks or {}).items()}
    stars = iter((palette.BENIGN, palette.MALIGNANT, *palette.CYCLE))
    star_colour = {name: next(stars) for name in (marks or {})}
    for index, e in enumerate(plane.equilibria):
        if np.any(e.point < low) or np.any(e.point > high):
            continue
        name = starred.get(id(e), "")
        kind = e.stability.split()[0] if e.stable or e.stability.startswith("unstable") else e.stability
        marker, size = ("X", 7.0) if kind == "saddle" else ("o", 6.5)
        edge = (colours or {}).get(index, palette.INK)
        face = edge if e.stable else "white"
        label = {"saddle": "saddle", "stable": "stable equilibrium", "unstable": "unstable equilibrium"}.get(
            kind, f"equilibrium, {kind}"
        )
        if not name:
            # The legend explains the shapes once, in a neutral colour.
            neutral = palette.INK if e.stable else "white"
            axes.plot([], [], marker, markersize=size, markerfacecolor=neutral, markeredgecolor=palette.INK,
                      markeredgewidth=1.1, label=label, linestyle="none")  # fmt: skip
            label = None
        else:
            marker, size, face, edge, label = "*", 13.0, star_colour[name], "white", f"{name} equilibrium"
        axes.plot(
            *e.point, marker, markersize=size, markerfacecolor=face, markeredgecolor=edge,
            markeredgewidth=0.6 if name else 1.1, label=label, zorder=_MARKS, clip_on=False, linestyle="none",
        )  # fmt: skip


def draw_course(
    axes: Axes,
    course: np.ndarray,
    label: str,
    colour: str = palette.COURSE,
    dashes: palette.Dashes = "-",
) -> None:
    """Draw a course from its start, a diamond, with an arrow on its way."""
    line = course[np.all(np.isfinite(course), axis=1)]
    axes.plot(*line.T, color=colour, linewidth=1.4, linestyle=dashes, label=label, zorder=4)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    scaled = line / np.array([right - left, top - bottom])
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(scaled, axis=0), axis=1))])
    if lengths[-1] > 0.05:
        k = int(np.clip(np.searchsorted(lengths, 0.45 * lengths[-1]), 1, len(line) - 2))
        axes.annotate(
            "", line[k + 1], line[k - 1], zorder=4,
            arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.2, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
    axes.plot(
        *line[0], "D", markersize=5, markerfacecolor="#b8b8b8", markeredgecolor=palette.INK,
        markeredgewidth=0.8, label="start", zorder=_MARKS + 0.1, linestyle="none", clip_on=False,
    )  # fmt: skip
