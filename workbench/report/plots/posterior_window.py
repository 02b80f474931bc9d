"""The dose window as a posterior: which doses lie inside it, how probably, and where its edges are."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

from fitting.posterior_checks.plots import palette
from workbench.posterior_window import DOSES, LEVELS, PosteriorWindow
from workbench.report import style
from workbench.report.labels import percent
from workbench.report.svg import drawing, inline_svg, new_figure


def posterior_window_figure(window: PosteriorWindow) -> Markup:
    """Draw the probability of each dose to lie inside the window, and the intervals of both edges below.

    Parameters
    ----------
    window : PosteriorWindow
    """
    with drawing():
        figure = new_figure(style.WIDTH, 2.5, left=0.78, top=0.28)
        above, below = figure.subplots(
            2, 1, sharex=True, gridspec_kw={"height_ratios": (2.6, 1), "hspace": 0.12}
        )
        above.fill_between(DOSES, 100 * window.inside, color=palette.POSTERIOR, alpha=0.2, linewidth=0)
        above.plot(DOSES, 100 * window.inside, color=palette.POSTERIOR, label="posterior")
        if window.prior_inside.size:
            above.plot(
                DOSES, 100 * window.prior_inside, color=palette.PRIOR, linestyle=(0, (4, 2)), label="prior"
            )
        above.set_ylim(0, 104)
        above.set_yticks([0, 50, 100])
        above.set_ylabel("inside the\nwindow (%)")
        above.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderpad=0)
        _edge(below, window.low, 1.0)
        _edge(below, window.high, 0.0)
        below.set_ylim(-0.6, 1.6)
        below.set_yticks([1, 0], ["lower edge", "upper edge"])
        below.tick_params(axis="y", length=0)
        below.set_xlim(0, 1)
        ticks = np.linspace(0, 1, 6)
        below.set_xticks(ticks, [percent(float(t)) for t in ticks])
        below.set_xlabel("dose, share of the maximum tolerated dose")
        dose, most = window.best
        alt = (
            f"A window exists in {percent(window.probability)} of the draws; a dose of {percent(dose)} lies inside it "
            f"most often, in {percent(most)}."
        )
        return Markup(inline_svg(figure, alt))


def _edge(axes: Axes, quantiles: np.ndarray, height: float) -> None:
    """Median, 50 % and 90 % interval of an edge; nothing where too few draws have one."""
    if not np.all(np.isfinite(quantiles)):
        axes.text(0.02, height, "too few draws with a window", va="center", color=style.MUTED)
        return
    at = dict(zip(LEVELS, quantiles, strict=True))
    line = {"color": palette.POSTERIOR, "solid_capstyle": "butt", "clip_on": False}
    axes.plot([at[0.05], at[0.95]], [height, height], linewidth=1.2, **line)
    axes.plot([at[0.25], at[0.75]], [height, height], linewidth=4.0, **line)
    axes.plot(
        [at[0.5]],
        [height],
        "o",
        color=palette.POSTERIOR,
        markerfacecolor="white",
        markersize=5,
        clip_on=False,
    )
