"""Bootstrap replicates beside the profile's interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from workbench.report import style
from workbench.report.plots.profiles import log_ticks
from workbench.report.quantity_labels import quantity_words
from workbench.report.svg import drawing, inline_svg, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BINS = 24
_WIDEST = 3.0  # decades around the estimate, where a confidence set is open over many


@dataclass(frozen=True)
class Resampled:
    """What one panel shows.

    Parameters
    ----------
    name : str
    replicates : ndarray
        Finite values.
    estimate : float
    bootstrap, profile : tuple of float
        Intervals; NaN where there is none.
    logarithmic : bool
    """

    name: str
    replicates: np.ndarray
    estimate: float
    bootstrap: tuple[float, float]
    profile: tuple[float, float]
    logarithmic: bool


def resampling_figure(panels: Sequence[Resampled]) -> Markup:
    """Draw one panel a parameter or quantity: histogram of the replicates, both intervals under it."""
    columns = min(3, len(panels)) if len(panels) != 4 else 2
    rows = math.ceil(len(panels) / columns)
    with drawing():
        figure = new_figure(style.WIDTH, 1.3 * rows + 0.3, left=0.12, top=0.28, bottom=0.4)
        grid = figure.subplots(
            rows, columns, squeeze=False, gridspec_kw={"hspace": 0.62, "wspace": 0.12}
        ).ravel()
        for axes, panel in zip(grid, panels, strict=False):
            _panel(axes, panel)
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
        figure.legend(
            *grid[0].get_legend_handles_labels(), loc="upper left", ncols=3, borderpad=0.1, borderaxespad=0.1
        )
        return Markup(inline_svg(figure, _alt(panels)))


def _panel(axes: Axes, panel: Resampled) -> None:
    """One histogram; its intervals lie below zero."""
    scale = np.log10 if panel.logarithmic else np.asarray
    values = scale(panel.replicates)
    drawable = [x for x in (*panel.bootstrap, *panel.profile) if math.isfinite(x)]
    ends = [float(scale(x)) for x in drawable if x > 0 or not panel.logarithmic]
    centre = float(scale(panel.estimate)) if math.isfinite(panel.estimate) else float(np.median(values))
    low, high = min([*ends, values.min(), centre]), max([*ends, values.max(), centre])
    if panel.logarithmic:
        low, high = max(low, centre - _WIDEST), min(high, centre + _WIDEST)
    margin = 0.05 * max(high - low, 1e-3)
    counts, edges = np.histogram(np.clip(values, low, high), bins=_BINS, range=(low, high))
    tallest = max(int(counts.max()), 1)
    axes.stairs(counts / tallest, edges, fill=True, color=style.DOSE, alpha=0.6, linewidth=0)
    for place, pair, colour, width, label in (
        (-0.16, panel.bootstrap, style.DOSE, 3.0, "bootstrap"),
        (-0.36, panel.profile, style.SENSITIVE, 3.0, "profile likelihood"),
    ):
        if all(math.isfinite(x) for x in pair):
            ends_ = [min(max(float(scale(x)), low), high) for x in pair]
            axes.plot(
                ends_, [place, place], color=colour, linewidth=width, solid_capstyle="butt", label=label
            )
    axes.plot([centre], [-0.26], "|", color=style.INK, markersize=11, markeredgewidth=1.4, label="estimate",
              linestyle="none")  # fmt: skip
    axes.set_xlim(low - margin, high + margin)
    axes.set_ylim(-0.5, 1.05)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(quantity_words(panel.name), parse_math=False)
    if panel.logarithmic:
        log_ticks(axes, axis="x", most=4)
    else:
        from matplotlib.ticker import MaxNLocator

        axes.xaxis.set_major_locator(MaxNLocator(4))


def _alt(panels: Sequence[Resampled]) -> str:
    """Describe the figure in words."""
    parts = [
        f"{p.name}: bootstrap {p.bootstrap[0]:.3g} to {p.bootstrap[1]:.3g}, profile {p.profile[0]:.3g} to "
        f"{p.profile[1]:.3g}"
        for p in panels
    ]
    return "Bootstrap replicates. " + "; ".join(parts) + "."
