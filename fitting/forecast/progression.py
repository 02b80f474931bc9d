"""Time to progression of a forecast against that of the measured burdens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from fitting.forecast.scores import crps, quantiles

if TYPE_CHECKING:
    from fitting.forecast.prediction import Prediction
    from fitting.forecast.split import Split
    from patients.cohort import Patient

FACTOR = 1.2  # RECIST's margin of 20 %

Level = Callable[["Patient"], float]


def above_first(factor: float = FACTOR) -> Level:
    """Progression at a multiple of the first burden (Scagliotti 2026, eq. 3.8)."""
    return lambda training: factor * training.first_burden


def above_highest(factor: float = FACTOR) -> Level:
    """Progression at a multiple of the highest burden before the cut.

    For cohorts whose patients have passed their first burden before the cut: tumours that grow from the start,
    markers that cycle with an intermittent dose.
    """
    return lambda training: factor * float(training.burdens.max())


LEVELS: dict[str, Level] = {"first burden": above_first(), "highest so far": above_highest()}


def first_crossing(days: np.ndarray, burdens: np.ndarray, level: float) -> np.ndarray:
    """First time at which a burden is at or above a level; between two visits it is taken as exponential.

    Parameters
    ----------
    days : ndarray, shape (n,)
    burdens : ndarray, shape (..., n)
    level : float

    Returns
    -------
    ndarray, shape (...)
        Infinite where the level is never reached.
    """
    burdens = np.asarray(burdens, dtype=float)
    above = burdens >= level
    hit = np.argmax(above, axis=-1)
    before = np.maximum(hit - 1, 0)
    low = np.take_along_axis(burdens, before[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(burdens, hit[..., None], axis=-1)[..., 0]
    low = np.maximum(low, 1e-9 * level)
    crossed = above.any(axis=-1) & (hit > 0)
    share = np.log(level / np.where(crossed, low, 1.0)) / np.log(np.where(crossed, high / low, np.e))
    time = np.where(hit > 0, days[before] + share * (days[hit] - days[before]), days[0])
    return np.where(above.any(axis=-1), time, np.inf)


def score_progression(split: Split, prediction: Prediction, rule: str, level: Level) -> dict[str, Any] | None:
    """Compare times to progression, restricted to the last held-out visit.

    Each draw is a series of measured burdens on the very days of the visits, so its progression is read off like
    that of the patient. Both are cut at the last visit (restricted time to progression), beyond which nothing is
    known of the patient.

    Parameters
    ----------
    split : Split
    prediction : Prediction
    rule : str
        Name of the definition, for the table.
    level : callable
        ``training part -> burden`` at which the patient has progressed.

    Returns
    -------
    dict or None
        patient, method, rule, progressed, time (days since the cut), median, error (absolute, days), crps
        (days), probability of progression by the last visit, brier. None for a patient who had progressed before
        the cut: there is nothing left to forecast.
    """
    training = split.training
    threshold = level(training)
    if np.any(training.burdens >= threshold):
        return None
    days = np.concatenate([[0.0], split.horizons_days])
    end = days[-1]
    last, draws, w = training.burdens[-1], prediction.draws, prediction.weights
    observed = float(first_crossing(days, np.concatenate([[last], split.held_out_burdens]), threshold))
    times = first_crossing(days, np.concatenate([np.full((len(draws), 1), last), draws], axis=1), threshold)
    restricted = np.minimum(times, end)[:, None]
    truth = np.array([min(observed, end)])
    median = quantiles(restricted, np.array([0.5]), w)[0, 0]
    probability = float(np.average(np.isfinite(times), weights=w))
    progressed = bool(np.isfinite(observed))
    return {
        "patient": prediction.patient_id,
        "method": prediction.method,
        "rule": rule,
        "progressed": progressed,
        "time": float(truth[0]),
        "median": float(median),
        "error": float(abs(median - truth[0])),
        "crps": float(crps(restricted, truth, w)[0]),
        "probability": probability,
        "brier": (probability - progressed) ** 2,
    }
