"""How much of an ensemble supports a dose: the share of parameter sets whose window contains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dosing.window_numeric import window_numbers

if TYPE_CHECKING:
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model

# Shares are sums of up to millions of weights.
_ROUNDING = 1e-9


class _Support:
    """Weighted share of open intervals that contain a dose, at any dose in O(log m)."""

    def __init__(self, lower: np.ndarray, upper: np.ndarray, weights: np.ndarray) -> None:
        valid = lower < upper  # False for NaN
        self.without = float(weights[~valid].sum())
        by_lower, by_upper = np.argsort(lower[valid]), np.argsort(upper[valid])
        self.lower, self.upper = lower[valid][by_lower], upper[valid][by_upper]
        # What lies outside is summed, so that a dose that every set supports has a share of exactly 1.
        above = np.cumsum(weights[valid][by_lower][::-1])[::-1]
        self._above = np.append(above, 0.0)
        self._below = np.append(0.0, np.cumsum(weights[valid][by_upper]))

    def __call__(self, doses: np.ndarray) -> np.ndarray:
        """Share at each dose, in [0, 1]."""
        starts_later = self._above[np.searchsorted(self.lower, doses, side="left")]
        ended = self._below[np.searchsorted(self.upper, doses, side="right")]
        return np.clip(1.0 - (self.without + starts_later + ended), 0.0, 1.0)


def _support(model: Model, ensemble: Ensemble, k_tol: float | np.ndarray) -> _Support:
    """Compute the windows once."""
    window = window_numbers(model)
    edges = window.edges(window.numbers(ensemble.parameter_names, ensemble.values, ensemble.constants), k_tol)
    return _Support(edges.lower, edges.upper, ensemble.weights)


def dose_support(
    model: Model, ensemble: Ensemble, doses: np.ndarray | float, k_tol: float | np.ndarray
) -> np.ndarray:
    """Share of the ensemble whose dose window contains each dose, strictly inside.

    Parameters
    ----------
    model : Model
    ensemble : Ensemble
        m weighted parameter sets.
    doses : array, shape (d,)
        Constant doses, as fractions of the maximum tolerated dose.
    k_tol : float or ndarray, shape (m,)
        Tolerable burden, in the marker's unit.

    Returns
    -------
    ndarray, shape (d,)
        Exactly 1 where every set supports the dose; sets without a window support none.

    Raises
    ------
    WindowUnavailable
        No window can be derived for this model.
    """
    return _support(model, ensemble, k_tol)(np.atleast_1d(np.asarray(doses, dtype=float)))


def supported_doses(
    model: Model, ensemble: Ensemble, k_tol: float | np.ndarray, share: float
) -> tuple[tuple[float, float], ...]:
    """Find the doses in [0, 1] that at least a given share of the ensemble supports.

    Parameters
    ----------
    share : float
        Required weighted share of parameter sets, in (0, 1].

    Returns
    -------
    tuple of (low, high)
        Open intervals in ascending order, exact: they end on edges of the sets' windows, or at 0 and 1.

    Raises
    ------
    ValueError
        A share outside (0, 1].
    WindowUnavailable
        No window can be derived for this model.
    """
    if not 0.0 < share <= 1.0:
        raise ValueError(f"the required share must lie in (0, 1], got {share}")
    support = _support(model, ensemble, k_tol)
    breaks, inside, joined = _pieces(support)
    good, bridged = inside >= share - _ROUNDING, joined >= share - _ROUNDING
    intervals: list[tuple[float, float]] = []
    for i in np.flatnonzero(good):
        start = float(breaks[i])
        if intervals and intervals[-1][1] == start and bridged[i]:
            start = intervals.pop()[0]
        intervals.append((start, float(breaks[i + 1])))
    return tuple(intervals)


def best_supported_dose(model: Model, ensemble: Ensemble, k_tol: float | np.ndarray) -> tuple[float, float]:
    """Find the dose in [0, 1] that the largest share of the ensemble supports.

    Returns
    -------
    dose : float
        The middle of the widest interval with that share; NaN where no set has a window in [0, 1].
    share : float
        Weighted share of sets whose window contains it.

    Raises
    ------
    WindowUnavailable
        No window can be derived for this model.
    """
    breaks, inside, _ = _pieces(_support(model, ensemble, k_tol))
    best = float(inside.max())
    if best <= _ROUNDING:
        return float("nan"), 0.0
    width = np.where(inside >= best - _ROUNDING, np.diff(breaks), 0.0)
    at = int(np.argmax(width))
    return float(0.5 * (breaks[at] + breaks[at + 1])), float(inside[at])


def _pieces(support: _Support) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split [0, 1] where the share changes: breaks (k + 1,), share between (k,), share on them (k + 1,)."""
    edges = np.concatenate([support.lower, support.upper])
    breaks = np.unique(np.concatenate([[0.0, 1.0], edges[(edges > 0) & (edges < 1)]]))
    return breaks, support(0.5 * (breaks[:-1] + breaks[1:])), support(breaks)
