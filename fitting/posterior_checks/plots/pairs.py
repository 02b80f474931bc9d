"""Pairs of parameters, with the draws at which the sampler diverged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fitting.posterior_checks.plots import palette
from fitting.posterior_checks.plots.axes_text import label, log_axis, quiet
from fitting.posterior_checks.reading import has_group, scalar_draws

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from xarray import DataTree

MOST_POINTS = 1500


def plot_pairs(
    figure: Figure,
    posterior: DataTree,
    parameters: Sequence[str] | None = None,
    units: Mapping[str, str] | None = None,
) -> Figure:
    """Draw every pair of parameters as a cloud, every parameter as a histogram on the diagonal.

    Divergent draws are crosses on top, all of them; of the others at most ``MOST_POINTS``. Crosses gathered in one
    corner point at the place that the sampler could not enter.

    Parameters
    ----------
    figure : Figure
        Empty, about 1.4 inches a parameter on both sides.
    posterior : DataTree
        With ``posterior``, and ``sample_stats`` with ``diverging``.
    parameters : sequence of str, optional
    units : mapping of str to str, optional
    """
    draws = scalar_draws(posterior)
    names = [n for n in (parameters or draws) if np.ptp(draws[n]) > 0]
    diverging = np.zeros(next(iter(draws.values())).shape, dtype=bool)
    if has_group(posterior, "sample_stats") and "diverging" in posterior["sample_stats"]:
        diverging = posterior["sample_stats"]["diverging"].transpose("chain", "draw").values.astype(bool)
    diverging = diverging.ravel()
    flat = {n: draws[n].ravel() for n in names}
    step = max(1, diverging.size // MOST_POINTS)
    shown = np.flatnonzero(~diverging)[::step]
    size = len(names)
    panels = figure.subplots(size, size, squeeze=False, gridspec_kw={"hspace": 0.12, "wspace": 0.12})
    for row, below in enumerate(names):
        for column, across in enumerate(names):
            axes = panels[row, column]
            if column > row:
                axes.set_axis_off()
                continue
            quiet(axes, left=row != column)
            x = flat[across]
            if row == column:
                _histogram(axes, x)
            else:
                y = flat[below]
                axes.plot(
                    x[shown], y[shown], ".", color=palette.POSTERIOR, alpha=0.25, markersize=2,
                    markeredgewidth=0, rasterized=True,
                )  # fmt: skip
                axes.plot(
                    x[diverging], y[diverging], "x", color=palette.ALARM, markersize=4, markeredgewidth=1.1
                )
                _scale(axes, y, diverging, "y")
            _scale(axes, x, diverging, "x")
            if row == size - 1:
                axes.set_xlabel(label(across, units), parse_math=False)
            else:
                axes.set_xticklabels([])
            if column == 0 and row > 0:
                axes.set_ylabel(label(below, units), parse_math=False)
            elif column > 0 or row == column:
                axes.set_yticklabels([])
    count = int(diverging.sum())
    if size > 1:
        corner = panels[0, -1]
        corner.text(
            1.0, 1.0, f"× {count} divergent of {diverging.size} draws" if count else "no divergent draw",
            transform=corner.transAxes, ha="right", va="top", fontsize=palette.SMALL,
            color=palette.ALARM if count else palette.MUTED,
        )  # fmt: skip
    return figure


def _histogram(axes, x: np.ndarray) -> None:
    positive = x.min() > 0
    edges = np.histogram_bin_edges(np.log(x) if positive else x, 30)
    counts, edges = np.histogram(x, np.exp(edges) if positive else edges)
    axes.stairs(counts, edges, fill=True, color=palette.POSTERIOR, alpha=0.6, linewidth=0)
    axes.set_yticks([])


def _scale(axes, values: np.ndarray, diverging: np.ndarray, which: str) -> None:
    """Bound an axis to all divergent draws and to the others but their outermost 0.1 %; logarithms if positive."""
    low, high = np.quantile(values, (0.001, 0.999))
    low, high = min([low, *values[diverging]]), max([high, *values[diverging]])
    set_limits = axes.set_xlim if which == "x" else axes.set_ylim
    if values.min() > 0:
        margin = (high / low) ** 0.05
        set_limits(low / margin, high * margin)
        log_axis(axes, which, most=2 if which == "x" else 3)
    else:
        margin = 0.05 * (high - low)
        set_limits(low - margin, high + margin)
