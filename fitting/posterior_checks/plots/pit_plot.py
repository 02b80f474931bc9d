"""Whether measurements lie among their predictions as often as they should."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fitting.posterior_checks.plots import palette
from fitting.posterior_checks.plots.axes_text import quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_pit(axes: Axes, values: np.ndarray, what: str = "leave-one-out PIT", level: float = 0.95) -> Axes:
    """Draw the cumulative share of PIT values against the diagonal, with the band that chance allows.

    The band is that of the exact Kolmogorov-Smirnov statistic: a curve that leaves it anywhere happens by chance in
    1 - ``level`` of all cases. Below the diagonal on the left and above it on the right: predictions too wide; the
    reverse: too narrow; all below: measurements higher than predicted.

    Parameters
    ----------
    axes : Axes
    values : ndarray
        PIT values of one patient or of a cohort; those that are not finite are left out.
    what : str
        Name of the values, for the axis.
    level : float
    """
    from scipy.stats import kstwo

    known = np.sort(np.asarray(values, dtype=float)[np.isfinite(values)])
    grid = np.array([0.0, 1.0])
    if known.size:
        half = float(kstwo.ppf(level, known.size))
        fine = np.linspace(0, 1, 201)
        axes.fill_between(
            fine, np.clip(fine - half, 0, 1), np.clip(fine + half, 0, 1), color=palette.GRID, linewidth=0,
            label=f"{100 * level:g} % band",
        )  # fmt: skip
        steps = np.concatenate([[0.0], known, [1.0]])
        shares = np.concatenate([[0.0], np.arange(1, known.size + 1) / known.size, [1.0]])
        axes.step(steps, shares, where="post", color=palette.POSTERIOR, linewidth=1.4, label="measured")
        axes.plot(known, np.full(known.size, 0.0), "|", color=palette.INK, markersize=7, clip_on=False)
    axes.plot(grid, grid, color=palette.MUTED, linewidth=0.9, linestyle=(0, (4, 2)), label="calibrated")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel(f"{what} of {known.size} measurements")
    axes.set_ylabel("cumulative share")
    axes.legend(loc="upper left", frameon=False, fontsize=palette.SMALL, borderpad=0.2)
    quiet(axes)
    return axes
