"""Observed burdens against predicted ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from fitting.population.residuals import first_visits
from fitting.posterior_checks.plots import palette
from fitting.posterior_checks.plots.axes_text import log_axis, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fitting.population.predictions import VisitPredictions

FURTHEST = 100.0  # times below the smallest measurement, beyond which predictions are put on the edge


def plot_observed_predicted(
    axes: Axes,
    predictions: VisitPredictions,
    level: Literal["individual", "population"] = "individual",
    unit: str = "marker unit",
) -> Axes:
    """Draw observed burdens over predictions, with the line of identity.

    First visits, which the model starts from, and censored ones are left out.

    Parameters
    ----------
    axes : Axes
    predictions : VisitPredictions
    level : {"individual", "population"}
        Predictions at the patient's own parameters, or at the typical values.
    unit : str
        Of the burden.
    """
    predicted = predictions.individual if level == "individual" else predictions.typical
    used = (
        ~first_visits(predictions)
        & (predictions.censoring == 0)
        & (predictions.burdens > 0)
        & (predicted > 0)
    )
    x, y = predicted[used], predictions.burdens[used]
    floor = y.min() / FURTHEST
    low, high = max(min(x.min(), y.min()), floor) / 1.5, max(x.max(), y.max()) * 1.5
    axes.plot([low, high], [low, high], color=palette.MUTED, linewidth=1, label="identity")
    colour = palette.POSTERIOR if level == "individual" else palette.PRIOR
    beyond = x < floor
    axes.plot(x[~beyond], y[~beyond], "o", color=colour, markersize=3, alpha=0.6, markeredgewidth=0)
    axes.plot(
        np.full(beyond.sum(), low * 1.1), y[beyond], "<", color=colour, markersize=4, alpha=0.6,
        label=f"predicted below {low:.2g}" if beyond.any() else None,
    )  # fmt: skip
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    log_axis(axes, "x")
    log_axis(axes, "y")
    axes.set_xlabel(f"{level} prediction ({unit})", parse_math=False)
    axes.set_ylabel(f"observed ({unit})", parse_math=False)
    axes.legend(frameon=False, fontsize=palette.SMALL, loc="upper left")
    quiet(axes)
    return axes
