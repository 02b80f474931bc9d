"""Scores of a predictive distribution at what was measured.

All are computed from draws; lower is better but for the log density. A censored value says only that the burden
was beyond a limit, so draws beyond that limit are moved onto it before they are compared with it: what the assay
would have said of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from fitting.forecast.prediction import Prediction
    from fitting.forecast.split import Split

LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


def crps(draws: np.ndarray, observed: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    r"""Continuous ranked probability score from independent draws, in the unit of the draws.

    .. math:: E|X - y| - \tfrac12 E|X - X'|,

    the second expectation over pairs of different draws, so that the estimate is fair: unbiased for any number
    of draws (Ferro, Q. J. R. Meteorol. Soc. 140:1917 (2014); Gneiting and Raftery, JASA 102:359 (2007), eq. 21).

    Parameters
    ----------
    draws : ndarray, shape (m, n)
    observed : ndarray, shape (n,)
    weights : ndarray, shape (m,), optional
        Summing to 1.

    Returns
    -------
    ndarray, shape (n,)
    """
    m = len(draws)
    w = np.full(m, 1.0 / m) if weights is None else weights
    apart = w @ np.abs(draws - observed)
    order = np.argsort(draws, axis=0)
    x = np.take_along_axis(draws, order, axis=0)
    ordered = w[order]
    below = np.cumsum(ordered, axis=0)
    # half the mean absolute difference of two draws, by the gaps between neighbours
    spread = np.sum(np.diff(x, axis=0) * below[:-1] * (1 - below[:-1]), axis=0)
    return apart - spread / (1 - np.sum(w**2))


def quantiles(draws: np.ndarray, levels: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Quantiles of weighted draws, shape (levels, n)."""
    if weights is None:
        return np.quantile(draws, levels, axis=0)
    return np.quantile(draws, levels, axis=0, weights=weights, method="inverted_cdf")


def as_assayed(draws: np.ndarray, limits: np.ndarray, censoring: np.ndarray) -> np.ndarray:
    """Move draws beyond a limit onto it where the measurement was censored there."""
    draws = np.where(censoring < 0, np.maximum(draws, limits), draws)
    return np.where(censoring > 0, np.minimum(draws, limits), draws)


def score_visits(split: Split, prediction: Prediction) -> pd.DataFrame:
    """Score every held-out visit.

    Returns
    -------
    DataFrame
        One row a visit: patient, method, visit, day, horizon, observed, censoring, median, q05, q25, q75, q95,
        log_density, crps, crps_log, absolute_error, absolute_log_error, covered50, covered90.
    """
    import pandas as pd

    y, censoring = split.held_out_burdens, split.held_out_censoring
    draws = as_assayed(prediction.draws, y, censoring)
    median = as_assayed(prediction.point, y, censoring)
    q = quantiles(draws, LEVELS, prediction.weights)
    # a draw at or below zero (additive noise) has no logarithm: the smallest positive number around stands in
    floor = 1e-3 * float(np.min(y[y > 0], initial=np.inf))
    floor = floor if np.isfinite(floor) else 1e-12
    log_y, log_median = np.log(np.maximum(y, floor)), np.log(np.maximum(median, floor))
    return pd.DataFrame(
        {
            "patient": prediction.patient_id,
            "method": prediction.method,
            "visit": len(split.training) + np.arange(len(y)),
            "day": split.held_out_days,
            "horizon": split.horizons_days,
            "observed": y,
            "censoring": censoring,
            "median": median,
            "q05": q[0],
            "q25": q[1],
            "q75": q[3],
            "q95": q[4],
            "log_density": prediction.log_density,
            "crps": crps(draws, y, prediction.weights),
            "crps_log": crps(np.log(np.maximum(draws, floor)), log_y, prediction.weights),
            "absolute_error": np.abs(median - y),
            "absolute_log_error": np.abs(log_median - log_y),
            "covered50": (q[1] <= y) & (y <= q[3]),
            "covered90": (q[0] <= y) & (y <= q[4]),
        }
    )
