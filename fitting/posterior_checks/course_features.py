"""Features of a measured course that a model should reproduce."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Feature:
    """A number read off a course, beside the same number of replicated courses.

    Parameters
    ----------
    name, unit : str
    observed : float
        NaN where the course has too few visits for it.
    quantiles : tuple of float, length 3
        5 %, 50 % and 95 % of the replicates.
    p_value : float
        Two-sided for the nadir and the slope, one-sided (too large) for the residual; posterior predictive
        p-values shy away from 0 and 1, because the posterior has seen the data (Gelman 2013, Electron. J. Stat.
        7:2595).
    """

    name: str
    unit: str
    observed: float
    quantiles: tuple[float, float, float]
    p_value: float


def features(
    times_days: np.ndarray, burdens: np.ndarray, censoring: np.ndarray, predicted: np.ndarray
) -> tuple[Feature, ...]:
    """Return nadir depth, last slope and largest residual of a course and of its replicates.

    Parameters
    ----------
    times_days, burdens : ndarray, shape (n,)
        Measured visits only.
    censoring : ndarray of int, shape (n,)
        Replicates are censored at the same limits, so that like is compared with like.
    predicted : ndarray, shape (..., n)
    """
    replicates = predicted.reshape(-1, burdens.size)
    replicates = np.where(censoring < 0, np.maximum(replicates, burdens), replicates)
    replicates = np.where(censoring > 0, np.minimum(replicates, burdens), replicates)
    centre, spread = replicates.mean(axis=0), replicates.std(axis=0)
    found = []
    if burdens.size > 1:
        found.append(_feature("nadir depth", "share of the first burden", _nadir, burdens, replicates))
        floor = _floor(burdens, replicates)

        def slope(y: np.ndarray) -> np.ndarray:
            logs = np.log(np.maximum(y[..., -2:], floor))
            return (logs[..., 1] - logs[..., 0]) / (times_days[-1] - times_days[-2])

        found.append(_feature("slope of the last two visits", "per day", slope, burdens, replicates))

    def residual(y: np.ndarray) -> np.ndarray:
        return np.max(np.abs(y - centre) / np.where(spread > 0, spread, np.inf), axis=-1)

    found.append(_feature("largest residual", "predictive SD", residual, burdens, replicates, one_sided=True))
    return tuple(found)


def _nadir(y: np.ndarray) -> np.ndarray:
    """Lowest burden relative to the first; NaN where the first is zero."""
    first = y[..., 0]
    return np.min(y, axis=-1) / np.where(first > 0, first, np.nan)


def _floor(burdens: np.ndarray, replicates: np.ndarray) -> float:
    """Half of the smallest positive value, measured or replicated: a zero has no logarithm."""
    values = np.concatenate([burdens.ravel(), replicates.ravel()])
    return 0.5 * float(values[values > 0].min()) if np.any(values > 0) else 0.5


def _feature(
    name: str,
    unit: str,
    function: Callable[[np.ndarray], np.ndarray],
    burdens: np.ndarray,
    replicates: np.ndarray,
    *,
    one_sided: bool = False,
) -> Feature:
    observed, replicated = float(function(burdens)), function(replicates)
    replicated = replicated[np.isfinite(replicated)]
    if not np.isfinite(observed) or not replicated.size:
        return Feature(name, unit, observed, (np.nan, np.nan, np.nan), np.nan)
    above = float(np.mean(replicated >= observed))
    below = float(np.mean(replicated <= observed))
    p_value = above if one_sided else min(1.0, 2 * min(above, below))
    low, middle, high = np.quantile(replicated, (0.05, 0.5, 0.95))
    return Feature(name, unit, observed, (float(low), float(middle), float(high)), p_value)
