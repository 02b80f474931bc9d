"""Bands of the predictive distributions with the measured course."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fitting.posterior_checks.plots import palette
from fitting.posterior_checks.plots.axes_text import log_axis, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fitting.posterior_checks.predictive import PredictiveCheck

_LOG_BEYOND = 40.0


def plot_predictive_bands(
    axes: Axes,
    check: PredictiveCheck,
    prior: PredictiveCheck | None = None,
    unit: str = "marker unit",
) -> Axes:
    """Draw the 50 % and 90 % bands of predicted measurements over days, the prior's outlines, the data.

    Between visits the bands are straight lines: predictions are known at the visits only.

    Parameters
    ----------
    axes : Axes
    check : PredictiveCheck
        Of the posterior, or of the prior alone.
    prior : PredictiveCheck, optional
        Drawn as a dashed outline of its 90 % band.
    unit : str
        Of the burden.
    """
    order = np.argsort(check.times_days, kind="stable")
    days, bands = check.times_days[order], check.quantiles[:, order]
    alone = check.group == "prior_predictive"
    colour = palette.PRIOR if alone else palette.POSTERIOR
    word = "prior" if alone else "posterior"
    axes.fill_between(
        days, bands[0], bands[4], color=colour, alpha=0.18, linewidth=0, label=f"{word} predictive 90 %"
    )
    axes.fill_between(days, bands[1], bands[3], color=colour, alpha=0.35, linewidth=0, label="50 %")
    axes.plot(days, bands[2], color=colour, linewidth=1.3, label="median")
    if prior is not None:
        for level in (0, 4):
            axes.plot(
                prior.times_days[order], prior.quantiles[level, order], color=palette.PRIOR, linewidth=1.0,
                linestyle=(0, (4, 2)), label="prior predictive 90 %" if level == 0 else None,
            )  # fmt: skip
    _measurements(axes, check)
    known = np.isfinite(check.burdens)
    shown = np.concatenate([bands[[0, 4]].ravel(), check.burdens[known]])
    if shown.min() > 0 and shown.max() > _LOG_BEYOND * shown.min():
        axes.set_ylim(shown.min() / 2, shown.max() * 2)
        log_axis(axes, "y", most=5)
    else:
        low = min(0.0, float(shown.min()) * 1.05)
        axes.set_ylim(low, 1.12 * float(shown.max()) if shown.max() > 0 else 1.0)
    axes.set_xlabel("days")
    axes.set_ylabel(f"burden ({unit})", parse_math=False)
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


def _measurements(axes: Axes, check: PredictiveCheck) -> None:
    marks = {0: ("o", "measured"), -1: ("v", "at or below"), 1: ("^", "at or above")}
    outside = check.outside
    for kind, (marker, name) in marks.items():
        chosen = (check.censoring == kind) & np.isfinite(check.burdens)
        if chosen.any():
            axes.plot(
                check.times_days[chosen], check.burdens[chosen], marker, color=palette.INK, markersize=4.5,
                markerfacecolor=palette.INK if kind == 0 else "white", label=name, zorder=5, clip_on=False,
            )  # fmt: skip
    if outside.any():
        axes.plot(
            check.times_days[outside], check.burdens[outside], "o", markersize=9, markerfacecolor="none",
            color=palette.ALARM, label="outside 90 %", zorder=4,
        )  # fmt: skip
