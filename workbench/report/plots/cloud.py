"""Parameter sets that the data admit, two parameters at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from workbench.report import style
from workbench.report.plots.profiles import log_ticks
from workbench.report.quantity_labels import symbol_text
from workbench.report.svg import drawing, inline_svg, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = 24  # steps of the legend
_MOST = 300  # points a panel: more do not show more


def cloud_figure(
    values: np.ndarray, names: tuple[str, ...], estimates: np.ndarray, edge: np.ndarray | None
) -> Markup:
    """Draw every pair of parameters, coloured by the lower edge of the window.

    Parameters
    ----------
    values : ndarray, shape (n, p)
        Admitted sets.
    names : tuple of str
    estimates : ndarray, shape (p,)
    edge : ndarray, shape (n,), or None
        Lower edge of each set, fraction of MTD; NaN where it has no window.
    """
    p = len(names)
    if len(values) > _MOST:
        pick = np.unique(np.linspace(0, len(values) - 1, _MOST).round().astype(int))
        values, edge = values[pick], None if edge is None else edge[pick]
    logs = np.log10(values)
    with drawing():
        side = (style.WIDTH - 0.6) / max(p - 1, 1)
        figure = new_figure(style.WIDTH, 0.82 * side * (p - 1) + 0.6, left=0.5, top=0.1, bottom=0.42)
        panels = figure.subplots(p - 1, p - 1, squeeze=False, gridspec_kw={"wspace": 0.1, "hspace": 0.1})
        drawn = None
        for i in range(1, p):
            for j in range(p - 1):
                axes = panels[i - 1][j]
                if j >= i:
                    axes.set_axis_off()
                    continue
                has = np.isfinite(edge) if edge is not None else np.zeros(len(values), dtype=bool)
                axes.plot(
                    logs[~has, j], logs[~has, i], "x" if edge is not None else ".", markersize=3, color=style.EXCLUDED,
                    zorder=2,
                )  # fmt: skip
                if edge is not None and has.any():
                    drawn = axes.scatter(
                        logs[has, j],
                        logs[has, i],
                        c=100 * edge[has],
                        s=7,
                        cmap="viridis",
                        linewidths=0,
                        zorder=3,
                    )
                axes.plot(
                    [np.log10(estimates[j])], [np.log10(estimates[i])], "+", color=style.RESISTANT, markersize=9,
                    markeredgewidth=1.6, zorder=5,
                )  # fmt: skip
                _limits(axes.set_xlim, logs[:, j])
                _limits(axes.set_ylim, logs[:, i])
                log_ticks(axes, axis="x", most=3)
                log_ticks(axes, axis="y", most=4)
                if i == p - 1:
                    axes.set_xlabel(symbol_text(names[j]), parse_math=False)
                else:
                    axes.tick_params(labelbottom=False)
                if j == 0:
                    axes.set_ylabel(symbol_text(names[i]), parse_math=False)
                else:
                    axes.tick_params(labelleft=False)
        if drawn is not None and p > 2:
            low, high = drawn.get_clim()
            _colours(figure, low, high if high > low else low + 1e-3)
        return Markup(inline_svg(figure, _alt(values, names, edge)))


def _limits(set_limits, logs: np.ndarray) -> None:
    """Leave a margin around the points, also where they hardly differ."""
    low, high = float(logs.min()), float(logs.max())
    margin = 0.08 * max(high - low, 0.02)
    set_limits(low - margin, high + margin)


def _colours(figure: Figure, low: float, high: float) -> None:
    """Put the colours' meaning into the empty corner; rectangles, for a colour bar would be a picture in pixels."""
    from matplotlib import colormaps
    from matplotlib.ticker import MaxNLocator

    axes = figure.add_axes((0.63, 0.9, 0.3, 0.022))
    edges = np.linspace(low, high, _COLOURS + 1)
    middles = (np.arange(_COLOURS) + 0.5) / _COLOURS
    axes.bar(
        edges[:-1], 1.0, width=np.diff(edges), align="edge", color=colormaps["viridis"](middles), linewidth=0
    )
    axes.set_xlim(low, high)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.tick_params(labelsize=7, length=2)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set_xlabel("lower edge of the window, % of MTD", fontsize=7)


def _alt(values: np.ndarray, names: tuple[str, ...], edge: np.ndarray | None) -> str:
    """Describe the figure in words."""
    ranges = ", ".join(
        f"{n} {values[:, k].min():.3g} to {values[:, k].max():.3g}" for k, n in enumerate(names)
    )
    text = f"{len(values)} parameter sets within the threshold: {ranges}."
    if edge is not None and np.isfinite(edge).any():
        text += f" Lower edge of the window {np.nanmin(edge):.3g} to {np.nanmax(edge):.3g} of MTD."
    return text
