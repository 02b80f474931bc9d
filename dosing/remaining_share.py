"""The share of tumours that has not progressed, day by day."""

from __future__ import annotations

import numpy as np

__all__ = ["remaining_share"]


def remaining_share(
    days: np.ndarray, censored: np.ndarray, weights: np.ndarray, horizon_days: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the days at which the share falls, from 0 to the horizon, and the share from each on.

    Parameters
    ----------
    days : ndarray, shape (m,)
        Times to progression.
    censored : ndarray of bool, shape (m,)
    weights : ndarray, shape (m,)
        Sum to one.
    horizon_days : float

    Returns
    -------
    days, share : ndarray, shape (k,)
        To be drawn as steps; a share above zero at the horizon is that of the tumours that have not progressed by then.
    """
    ends = ~censored
    order = np.argsort(days[ends], kind="stable")
    left = 1.0 - np.concatenate([[0.0], np.cumsum(weights[ends][order])])
    left = np.maximum(np.append(left, left[-1]), 0.0)
    return np.concatenate([[0.0], days[ends][order], [horizon_days]]), left
