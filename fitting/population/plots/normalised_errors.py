"""Normalised prediction distribution errors: their distribution, over time, over predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fitting.posterior_checks.plots import palette
from fitting.posterior_checks.plots.axes_text import log_axis, quiet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fitting.population.predictions import VisitPredictions


def plot_prediction_errors(
    figure: Figure, predictions: VisitPredictions, errors: np.ndarray, unit: str = "marker unit"
) -> Figure:
    """Draw a normal quantile plot, and the errors over days and over typical predictions.

    Parameters
    ----------
    figure : Figure
    predictions : VisitPredictions
    errors : ndarray, shape (n,)
        From :func:`fitting.population.residuals.prediction_errors`.
    unit : str
        Of the burden.
    """
    from scipy.special import ndtri

    known = np.isfinite(errors)
    e = errors[known]
    quantile, days, level = figure.subplots(1, 3)
    expected = ndtri((np.arange(len(e)) + 0.5) / len(e))
    reach = 1.05 * max(np.abs(expected).max(), np.abs(e).max())
    quantile.plot([-reach, reach], [-reach, reach], color=palette.MUTED, linewidth=1)
    quantile.plot(expected, np.sort(e), "o", color=palette.POSTERIOR, markersize=2.5)
    quantile.set_xlabel("standard normal quantile")
    quantile.set_ylabel("normalised prediction error")
    quantile.set_title(
        f"mean {e.mean():.2f}, sd {e.std(ddof=1):.2f}, {len(e)} visits",
        fontsize=palette.SMALL + 1,
        loc="left",
    )
    typical = np.maximum(predictions.typical[known], predictions.burdens[predictions.burdens > 0].min() / 100)
    for axes, x, name in (
        (days, predictions.times[known], "days"),
        (level, typical, f"typical prediction ({unit})"),
    ):
        axes.axhspan(-1.96, 1.96, color=palette.GRID, linewidth=0)
        axes.axhline(0, color=palette.MUTED, linewidth=0.8)
        axes.plot(x, e, "o", color=palette.POSTERIOR, markersize=2.5, alpha=0.7, markeredgewidth=0)
        axes.set_ylim(-reach, reach)
        axes.set_xlabel(name, parse_math=False)
    log_axis(level, "x")
    for axes in (quantile, days, level):
        quiet(axes)
    return figure
