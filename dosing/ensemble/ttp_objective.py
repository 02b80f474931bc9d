"""What of many times to progression is to be long: the mean, the median, the worst tenth."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

WORST_SHARE = 0.1


class TtpObjective(StrEnum):
    """One number for the times to progression of an ensemble, to be maximised."""

    EXPECTED = "expected time to progression"
    MEDIAN = "median time to progression"
    WORST_DECILE = "mean time to progression of the tenth of the members that progress first"


def objective_value(
    days: np.ndarray, weights: np.ndarray, objective: TtpObjective = TtpObjective.EXPECTED
) -> np.ndarray:
    """Evaluate an objective along the last axis.

    Parameters
    ----------
    days : ndarray, shape (..., m)
    weights : ndarray, shape (m,)
        Sum to one.
    objective : TtpObjective
        The worst decile is the mean over the shortest times that together have a tenth of the weight (with a part of
        the weight of the member at the edge): the conditional value at risk, which unlike a quantile sees how short
        they are.

    Examples
    --------
    >>> float(objective_value(np.array([100.0, 300.0]), np.array([0.5, 0.5])))
    200.0
    """
    if objective is TtpObjective.EXPECTED:
        return days @ weights
    if objective is TtpObjective.MEDIAN:
        return weighted_quantile(days, weights, 0.5)
    return np.sum(days * worst_weights(days, weights), axis=-1)


def worst_weights(days: np.ndarray, weights: np.ndarray, share: float = WORST_SHARE) -> np.ndarray:
    """Weights of the members with the shortest times, up to a share of the whole; scaled to sum to one.

    Parameters
    ----------
    days : ndarray, shape (..., m)
    weights : ndarray, shape (m,)
    share : float
    """
    order = np.argsort(days, axis=-1, kind="stable")
    ordered = np.broadcast_to(weights, days.shape)
    ordered = np.take_along_axis(ordered, order, axis=-1)
    before = np.cumsum(ordered, axis=-1) - ordered
    taken = np.clip(share - before, 0.0, ordered) / share
    found = np.empty(days.shape)
    np.put_along_axis(found, order, taken, axis=-1)
    return found


def weighted_quantile(values: np.ndarray, weights: np.ndarray, level: float) -> np.ndarray:
    """Smallest value at or below which the weight reaches ``level``, along the last axis.

    With equal weights and an even number of members the two middle values are averaged, as a median is.

    Parameters
    ----------
    values : ndarray, shape (..., m)
    weights : ndarray, shape (m,)
    level : float
    """
    order = np.argsort(values, axis=-1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=-1)
    reached = np.cumsum(np.take_along_axis(np.broadcast_to(weights, values.shape), order, axis=-1), axis=-1)
    low = np.argmax(reached >= level - 1e-12, axis=-1)
    high = np.argmax(reached > level + 1e-12, axis=-1)
    pick = np.stack([low, high], axis=-1)
    return np.mean(np.take_along_axis(ordered, pick, axis=-1), axis=-1)
