"""Time to progression over dose and pause level of adaptive therapy: Masud 2023, Fig. 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dynamics.plots import palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dosing.ttp_map import TtpMap
    from dosing.window import DoseWindow


def plot_ttp_map(axes: Axes, ttp: TtpMap, *, window: DoseWindow | None = None, legend: bool = True) -> Axes:
    """Draw the map as colours; the region that never progresses is outlined.

    Parameters
    ----------
    axes : Axes
    ttp : TtpMap
    window : DoseWindow, optional
        Whose edges are drawn as lines.
    legend : bool
        Whether to add a colour bar.
    """
    mesh = axes.pcolormesh(
        ttp.doses, ttp.pause_levels, ttp.days.T, cmap="viridis", vmin=0, vmax=ttp.horizon_days, shading="nearest",
        rasterized=True,
    )  # fmt: skip
    held = ttp.censored.astype(float)
    if held.any() and not held.all() and min(held.shape) > 1:
        axes.contour(ttp.doses, ttp.pause_levels, held.T, levels=[0.5], colors="white", linewidths=0.8)
    if window is not None and window.exists:
        for edge in (window.low, window.high):
            axes.axvline(edge, color=palette.SECOND, linewidth=1.0, linestyle="--")
    axes.set_xlim(_ends(ttp.doses))
    axes.set_ylim(_ends(ttp.pause_levels))
    axes.set_xlabel("dose while treated (fraction of MTD)")
    axes.set_ylabel("pause level (of first burden)")
    if legend:
        bar = axes.figure.colorbar(mesh, ax=axes, pad=0.02)
        bar.set_label(f"days to progression, at most {ttp.horizon_days:g}")
        bar.outline.set_visible(False)  # type: ignore[union-attr]
    return axes


def _ends(grid: np.ndarray) -> tuple[float, float]:
    """Outer edges of the cells around grid points."""
    half = (grid[-1] - grid[0]) / max(len(grid) - 1, 1) / 2 or 0.01
    return float(grid[0] - half), float(grid[-1] + half)
