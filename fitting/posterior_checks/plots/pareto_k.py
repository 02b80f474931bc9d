"""At which visits leave-one-out by importance sampling holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fitting.posterior_checks.leave_one_out import VERY_BAD_K
from fitting.posterior_checks.plots import palette
from fitting.posterior_checks.plots.axes_text import quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fitting.posterior_checks.leave_one_out import LeaveOneOut

_LEAST = -0.2  # a light-tailed visit may have any negative k; how far below zero says nothing


def plot_pareto_k(axes: Axes, loo: LeaveOneOut) -> Axes:
    """Draw Pareto k of each visit over days; visits in doubt and refitted ones marked.

    Parameters
    ----------
    axes : Axes
    loo : LeaveOneOut
    """
    finite = loo.pareto_k[np.isfinite(loo.pareto_k)]
    top = max(1.25, 1.1 * float(finite.max()) if finite.size else 0.0)
    shown = np.clip(loo.pareto_k, _LEAST, top)
    for chosen, marker, colour, face, name in (
        (~loo.doubtful & ~loo.refitted, "o", palette.POSTERIOR, palette.POSTERIOR, "holds"),
        (loo.refitted, "s", palette.POSTERIOR, "white", "refitted without it"),
        (loo.doubtful, "X", palette.ALARM, palette.ALARM, "does not hold"),
    ):
        if chosen.any():
            axes.vlines(loo.times_days[chosen], _LEAST, shown[chosen], color=colour, linewidth=0.8)
            axes.plot(
                loo.times_days[chosen], shown[chosen], marker, color=colour, markerfacecolor=face, markersize=6,
                label=name, clip_on=False, linestyle="none", zorder=4,
            )  # fmt: skip
    for height, dashes, text in (
        (loo.k_limit, (0, (4, 2)), f"limit {loo.k_limit:.2f}"),
        (VERY_BAD_K, (0, (1, 1.5)), "1: no mean beyond"),
    ):
        axes.axhline(height, color=palette.THRESHOLD, linestyle=dashes, linewidth=1.1, label=text)
    axes.set_ylim(_LEAST, top)
    axes.set_xlabel("day of the visit")
    axes.set_ylabel("Pareto k")
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=3,
        frameon=False,
        fontsize=palette.SMALL,
        borderpad=0,
    )
    quiet(axes)
    return axes
