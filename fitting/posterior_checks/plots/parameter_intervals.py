"""Intervals of the parameters under the prior and under the posterior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fitting.posterior_checks.plots import palette
from fitting.posterior_checks.plots.axes_text import label, log_axis, quiet
from fitting.posterior_checks.reading import has_group, scalar_draws

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from xarray import DataTree

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
HEIGHT = 0.55  # inches of one parameter; a figure of this many rows looks right


def plot_parameter_intervals(
    figure: Figure,
    posterior: DataTree,
    parameters: Sequence[str] | None = None,
    units: Mapping[str, str] | None = None,
) -> Figure:
    """Draw one row a parameter on its own axis: medians, 50 % and 90 % intervals of prior and posterior.

    Axes are logarithmic where all values are positive. Parameters that were held are left out.

    Parameters
    ----------
    figure : Figure
        Empty; ``HEIGHT`` inches a parameter and 0.4 for the legend suit it.
    posterior : DataTree
        With ``posterior``, and ``prior`` where there is one.
    parameters : sequence of str, optional
        Which, in which order; None: all.
    units : mapping of str to str, optional
    """
    after = scalar_draws(posterior)
    before = scalar_draws(posterior, "prior") if has_group(posterior, "prior") else {}
    chosen = [n for n in (parameters or after) if np.ptp(after[n]) > 0]
    rows = figure.subplots(max(len(chosen), 1), 1, squeeze=False, gridspec_kw={"hspace": 0.9})[:, 0]
    if not chosen:
        rows[0].set_axis_off()
        rows[0].text(0.5, 0.5, "no parameter was sampled", ha="center")
    for axes, name in zip(rows, chosen, strict=False):
        if name in before:
            _interval(axes, before[name], 0.72, palette.PRIOR, "prior", marker="D", dashed=True)
        _interval(axes, after[name], 0.28, palette.POSTERIOR, "posterior", marker="o", dashed=False)
        axes.set_ylim(0, 1)
        axes.set_yticks([])
        axes.set_ylabel(label(name, units), rotation=0, ha="right", va="center", parse_math=False)
        quiet(axes, left=False)
        if min(np.min(v[name]) for v in (after, before) if name in v) > 0:
            log_axis(axes, most=6)
    handles = rows[0].get_legend_handles_labels()
    if handles[0]:
        rows[0].legend(
            *handles, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, borderpad=0,
            fontsize=palette.SMALL, title="median, 50 % and 90 % interval", title_fontsize=palette.SMALL,
        )  # fmt: skip
    return figure


def _interval(
    axes: Axes, values: np.ndarray, height: float, colour: str, name: str, *, marker: str, dashed: bool
) -> None:
    outer_low, inner_low, middle, inner_high, outer_high = np.quantile(values, LEVELS)
    axes.plot(
        [outer_low, outer_high], [height, height], color=colour, linewidth=1.2,
        linestyle=(0, (3, 1.5)) if dashed else "-",
    )  # fmt: skip
    axes.plot([inner_low, inner_high], [height, height], color=colour, linewidth=4, solid_capstyle="butt")
    axes.plot(
        [middle], [height], marker, color=colour, markerfacecolor="white", markersize=5, label=name,
        linestyle="-", linewidth=1.5,
    )  # fmt: skip
