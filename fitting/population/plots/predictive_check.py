"""Visual predictive check: quantiles of the measurements among those of simulated cohorts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fitting.population.residuals import first_visits
from fitting.posterior_checks.plots import palette
from fitting.posterior_checks.plots.axes_text import log_axis, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fitting.population.predictions import VisitPredictions

QUANTILES = (0.1, 0.5, 0.9)
DASHES = ("--", "-", "--")


def plot_visual_predictive_check(
    axes: Axes,
    predictions: VisitPredictions,
    *,
    bins: int = 8,
    prediction_corrected: bool = True,
    unit: str = "marker unit",
) -> Axes:
    """Draw 10 %, 50 % and 90 % quantiles of measurements over 90 % bands of the same in simulated cohorts.

    Each simulated cohort has new patients under the doses of the real ones. Where doses follow the course, as in
    adaptive therapy, new patients would have had other doses; the check then says less of late visits. Correction
    divides measurements and simulations by the typical prediction and multiplies by its median in the bin
    (Bergstrand 2011, eq. 2), so that doses and first burdens do not widen the bands. First visits and censored ones
    are left out.

    Parameters
    ----------
    axes : Axes
    predictions : VisitPredictions
    bins : int
        Of time, with the same number of visits each.
    prediction_corrected : bool
    unit : str
        Of the burden.

    References
    ----------
    Bergstrand, Hooker, Wallin, Karlsson (2011), AAPS Journal 13:143.
    """
    used = ~first_visits(predictions) & (predictions.censoring == 0)
    typical = predictions.typical
    used &= (typical > 1e-9) if prediction_corrected else True
    days, y, simulated = predictions.times[used], predictions.burdens[used], predictions.simulated[:, used]
    typical = typical[used]
    edges = np.unique(np.quantile(days, np.linspace(0, 1, bins + 1)))
    place = np.clip(np.searchsorted(edges, days, side="right") - 1, 0, len(edges) - 2)
    middles, observed, bands = [], [], []
    for b in range(len(edges) - 1):
        mine = place == b
        if mine.sum() < 5:
            continue
        factor = np.median(typical[mine]) / typical[mine] if prediction_corrected else 1.0
        middles.append(np.median(days[mine]))
        observed.append(np.quantile(y[mine] * factor, QUANTILES))
        each = np.nanquantile(simulated[:, mine] * factor, QUANTILES, axis=1)
        bands.append(np.nanquantile(each, [0.05, 0.95], axis=1))
    if not middles:
        raise ValueError(
            f"visual predictive check: no bin holds 5 of the {used.sum()} visits; take fewer than {bins} bins"
        )
    x, seen, band = np.array(middles), np.array(observed), np.array(bands)
    for k, quantile in enumerate(QUANTILES):
        colour = palette.POSTERIOR if quantile == 0.5 else palette.CHAINS[4]
        axes.fill_between(
            x, band[:, 0, k], band[:, 1, k], color=colour, alpha=0.3, linewidth=0,
            label="simulated median, 90 %" if quantile == 0.5 else ("simulated 10 % and 90 %" if k == 0 else None),
        )  # fmt: skip
        axes.plot(
            x, seen[:, k], color=palette.INK, linewidth=1.3, linestyle=DASHES[k], marker="o", markersize=3,
            label="measured median" if quantile == 0.5 else ("measured 10 % and 90 %" if k == 0 else None),
        )  # fmt: skip
    shown = np.concatenate([seen.ravel(), band.ravel()])
    shown = shown[shown > 0]
    axes.set_ylim(max(shown.min(), seen[seen > 0].min() / 30) / 1.5, min(shown.max(), seen.max() * 30) * 1.5)
    log_axis(axes, "y")
    for edge in edges:
        axes.axvline(edge, ymax=0.015, color=palette.MUTED, linewidth=0.8)
    axes.set_xlabel("days")
    axes.set_ylabel(
        ("prediction-corrected " if prediction_corrected else "") + f"burden ({unit})", parse_math=False
    )
    axes.legend(
        frameon=False, fontsize=palette.SMALL, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0
    )
    quiet(axes)
    return axes
