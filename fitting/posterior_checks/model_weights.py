"""Weights of models in a mixture of their predictions."""

from __future__ import annotations

import numpy as np

FLOOR = (
    -50.0
)  # a density e^-50 below the best one's adds nothing to a mixture, but its zero would have no log
_BOOTSTRAPS = 1000


def stacking_weights(pointwise: np.ndarray) -> np.ndarray:
    """Return the weights whose mixture of the models predicts left-out visits best (Yao 2018, eq. 5).

    With few visits they tend to the corners: a weight of 1 means "best in these visits", not "true".

    Parameters
    ----------
    pointwise : ndarray, shape (models, visits)
        Leave-one-out log predictive densities.

    Returns
    -------
    ndarray, shape (models,)
        Non-negative, with sum 1.

    References
    ----------
    Yao, Vehtari, Simpson, Gelman (2018), Bayesian Analysis 13:917.
    """
    # relative to the best model of each visit, which changes no weight and keeps the exponentials in range
    models, visits = pointwise.shape
    if models == 1:
        return np.ones(1)
    import xarray as xr
    from arviz_stats.loo.compare import compare
    from arviz_stats.utils import ELPDDataLOO

    relative = np.maximum(pointwise - pointwise.max(axis=0), FLOOR)
    results = {
        str(i): ELPDDataLOO(
            elpd=float(row.sum()), se=float("nan"), p=float("nan"), n_samples=1, n_data_points=visits,
            scale="log", warning=False, good_k=0.7, elpd_i=xr.DataArray(row, dims="visit"),
        )
        for i, row in enumerate(relative)
    }  # fmt: skip
    table = compare(results, method="stacking", round_to="none")
    weights = np.array([float(table.loc[str(i), "weight"]) for i in range(models)])
    weights = np.clip(weights, 0.0, 1.0)
    return weights / weights.sum()


def pseudo_bma_weights(pointwise: np.ndarray) -> np.ndarray:
    """Return Akaike-like weights, averaged over the Bayesian bootstrap of the units (Yao 2018, section 3.4).

    Models that cannot be told apart share the weight, which stacking does not promise.

    Parameters
    ----------
    pointwise : ndarray, shape (models, units)
        Leave-one-out log predictive densities.

    Returns
    -------
    ndarray, shape (models,)
    """
    models, units = pointwise.shape
    if models == 1:
        return np.ones(1)
    shares = np.random.default_rng(20180101).dirichlet(np.ones(units), size=_BOOTSTRAPS)
    sums = units * shares @ pointwise.T
    weights = np.exp(sums - sums.max(axis=1, keepdims=True))
    return (weights / weights.sum(axis=1, keepdims=True)).mean(axis=0)
