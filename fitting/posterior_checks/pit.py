"""Probability integral transform: where a measurement lies among its predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fitting.posterior_checks.leave_one_out import LeaveOneOut


def pit_values(
    burdens: np.ndarray,
    predicted: np.ndarray,
    rng: np.random.Generator,
    censoring: np.ndarray | None = None,
    log_weights: np.ndarray | None = None,
) -> np.ndarray:
    """Return P(predicted < y) + u P(predicted = y) with u uniform on (0, 1).

    Randomising the ties makes the values of counts uniform under the true model, too (Czado 2009, eq. 2 in its
    randomised form). A censored burden is a whole tail of which nothing is known, and the value is drawn from
    that tail's share.

    Parameters
    ----------
    burdens : ndarray, shape (n,)
        NaN at a visit without a measurement, where the result is NaN.
    predicted : ndarray, shape (..., n)
        Draws from the predictive distribution.
    rng : numpy.random.Generator
    censoring : ndarray of int, shape (n,), optional
        -1 at or below, +1 at or above.
    log_weights : ndarray, shape (n, ...), optional
        Of the draws, one set a visit; equal ones where None.

    Returns
    -------
    ndarray, shape (n,)

    References
    ----------
    Czado, Gneiting, Held (2009), Biometrics 65:1254.
    """
    n = burdens.size
    draws = predicted.reshape(-1, n)
    weights = np.full((n, draws.shape[0]), 1.0 / draws.shape[0])
    if log_weights is not None:
        weights = np.exp(log_weights.reshape(n, -1))
        weights /= weights.sum(axis=1, keepdims=True)
    low = np.sum(weights * (draws < burdens).T, axis=1)
    high = low + np.sum(weights * (draws == burdens).T, axis=1)
    if censoring is not None:
        low = np.where(censoring < 0, 0.0, low)
        high = np.where(censoring > 0, 1.0, high)
    values = low + rng.uniform(size=n) * (high - low)
    return np.where(np.isfinite(burdens), np.clip(values, 0.0, 1.0), np.nan)


def leave_one_out_pit(
    loo: LeaveOneOut,
    burdens: np.ndarray,
    predicted: np.ndarray,
    rng: np.random.Generator,
    censoring: np.ndarray | None = None,
) -> np.ndarray:
    """Return where each burden lies among its predictions *from the other visits*.

    Visits at which importance sampling does not hold are NaN. The arguments are those of :func:`pit_values`.

    Raises
    ------
    ValueError
        Leave-one-out results of other visits, or of another number of draws.
    """
    visits = np.flatnonzero(np.isfinite(burdens))
    shape = (visits.size, *predicted.shape[:-1])
    if loo.log_weights.shape != shape:
        raise ValueError(
            f"leave-one-out weights of shape {loo.log_weights.shape} do not belong to predictions of shape {shape}; "
            "take both from one posterior"
        )
    values = np.full(burdens.size, np.nan)
    values[visits] = pit_values(
        burdens[visits], predicted[..., visits], rng, None if censoring is None else censoring[visits],
        loo.log_weights,
    )  # fmt: skip
    values[visits[loo.pareto_k > loo.k_limit]] = np.nan
    return values


def uniformity(values: np.ndarray) -> float:
    """Return the p-value that PIT values are uniform (Kolmogorov-Smirnov, exact); NaN without values.

    Meant for the pooled visits of a cohort: the five values of one patient never fail it. Values from a posterior
    that saw the same visits lie too near to one half; leave-one-out values do not.
    """
    from scipy.stats import kstest

    known = np.asarray(values, dtype=float).ravel()
    known = known[np.isfinite(known)]
    return float(kstest(known, "uniform").pvalue) if known.size else float("nan")
