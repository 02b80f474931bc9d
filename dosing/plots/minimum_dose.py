"""The minimum effective dose of several patients by three routes: Masud 2023, Fig. 8."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dynamics.plots import palette
from dynamics.plots.text import quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dosing.minimum_effective_dose import MinimumEffectiveDose

_MARKS = {"window edge": ("|", 16), "control plateau": ("o", 7), "adaptive therapy": ("x", 7)}


def plot_minimum_doses(axes: Axes, found: Mapping[str, MinimumEffectiveDose]) -> Axes:
    """Draw each patient's window as a bar, and the three minimum effective doses on it.

    Parameters
    ----------
    axes : Axes
    found : mapping of str to MinimumEffectiveDose
        By patient, from top to bottom.
    """
    rows = np.arange(len(found))[::-1]
    for row, result in zip(rows, found.values(), strict=True):
        if result.window.exists:
            axes.barh(
                row, result.window.high - result.window.low, left=result.window.low, height=0.34, color=palette.FLOW,
                linewidth=0, label="dose window" if row == rows[0] else None,
            )  # fmt: skip
        colours = (palette.INK, palette.FIRST, palette.SECOND)
        for (route, dose), colour in zip(result.routes.items(), colours, strict=True):
            mark, size = _MARKS[route]
            axes.plot(
                [dose], [row], mark, color=colour, markersize=size, markerfacecolor="none", markeredgewidth=1.5,
                label=route if row == rows[0] else None,
            )  # fmt: skip
    axes.set_yticks(rows, list(found), parse_math=False)
    axes.set_ylim(-0.6, len(found) - 0.4)
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel("dose (fraction of MTD)")
    axes.legend(
        frameon=False, fontsize=palette.SMALL + 1, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0),
        handletextpad=0.4, columnspacing=1.2,
    )  # fmt: skip
    quiet(axes)
    axes.spines["left"].set_visible(False)
    return axes
