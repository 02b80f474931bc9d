"""Basins of attraction as areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics.plots import palette
from dynamics.plots.text import math

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dynamics.basins import Basins


def plot_basins(axes: Axes, basins: Basins) -> Axes:
    """Shade which stable equilibrium each state comes to; undecided states stay white.

    Parameters
    ----------
    axes : Axes
        Bare, or with a phase plane drawn on it, which stays on top.
    basins : Basins
    """
    from matplotlib.colors import BoundaryNorm, ListedColormap

    count = max(len(basins.attractors), 1)
    colours = ["white", *(palette.CYCLE[k % len(palette.CYCLE)] for k in range(count))]
    axes.pcolormesh(
        basins.x, basins.y, basins.reached, cmap=ListedColormap(colours),
        norm=BoundaryNorm([k - 1.5 for k in range(count + 2)], count + 1), alpha=0.16, shading="nearest",
        zorder=0.5, linewidth=0, antialiased=False, rasterized=True,
    )  # fmt: skip
    for k, attractor in enumerate(basins.attractors):
        where = ", ".join(
            f"{math(name)} = {value:.4g}"
            for name, value in zip(basins.state_names, attractor.point, strict=True)
        )
        axes.fill_between(
            [], [], color=palette.CYCLE[k % len(palette.CYCLE)], alpha=0.16, linewidth=0,
            label=f"to {where} ({100 * basins.share(k):.0f} % of the box)",
        )  # fmt: skip
    return axes
