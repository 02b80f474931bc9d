"""Each patient's course with the band of its own parameters, as small multiples."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from fitting.posterior_checks.plots import palette
from fitting.posterior_checks.plots.axes_text import log_axis, quiet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fitting.population.predictions import VisitPredictions


def plot_individual_fits(
    figure: Figure, predictions: VisitPredictions, *, columns: int = 4, unit: str = "marker unit"
) -> Figure:
    """Draw measurements, individual and typical curves and the 90 % band, one panel a patient.

    Parameters
    ----------
    figure : Figure
    predictions : VisitPredictions
    columns : int
    unit : str
        Of the burden.
    """
    count = len(predictions.patient_ids)
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    panels = figure.subplots(rows, columns, squeeze=False)
    for w, axes in enumerate(panels.ravel()):
        if w >= count:
            axes.set_visible(False)
            continue
        mine = predictions.who == w
        days, band = predictions.times[mine], predictions.band[:, mine]
        axes.fill_between(
            days, band[0], band[2], color=palette.POSTERIOR, alpha=0.2, linewidth=0, label="90 % band"
        )
        axes.plot(
            days, predictions.individual[mine], color=palette.POSTERIOR, linewidth=1.2, label="individual"
        )
        axes.plot(
            days,
            predictions.typical[mine],
            color=palette.MUTED,
            linewidth=0.9,
            linestyle="--",
            label="typical",
        )
        burdens, censored = predictions.burdens[mine], predictions.censoring[mine] != 0
        axes.plot(
            days[~censored], burdens[~censored], "o", color=palette.INK, markersize=2.6, label="measured"
        )
        axes.plot(
            days[censored], burdens[censored], "v", color=palette.INK, markerfacecolor="white", markersize=3.5,
            label="beyond a limit" if censored.any() else None,
        )  # fmt: skip
        shown = np.concatenate([burdens, band[0], band[2]])
        positive = shown[shown > 0]
        if len(positive):
            axes.set_ylim(
                max(positive.min(), burdens[burdens > 0].min(initial=np.inf) / 20) / 1.3, positive.max() * 1.3
            )
            log_axis(axes, "y", most=3)
        axes.set_title(
            predictions.patient_ids[w], fontsize=palette.SMALL + 0.5, loc="left", pad=2, parse_math=False
        )
        quiet(axes)
    for axes in panels[-1]:
        axes.set_xlabel("days", fontsize=palette.SMALL)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside upper center",
        ncols=len(labels),
        frameon=False,
        fontsize=palette.SMALL + 1,
    )
    figure.supylabel(f"burden ({unit})", fontsize=palette.SMALL + 1.5, parse_math=False)
    return figure
