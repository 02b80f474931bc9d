"""How much narrower than the prior a posterior is, and how far the two overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_BINS = 40


@dataclass(frozen=True)
class Contraction:
    """A posterior beside its prior.

    Parameters
    ----------
    contraction : float
        1 - var(posterior)/var(prior) (Betancourt 2018, "Towards a principled Bayesian workflow"): 0 where the data
        say nothing, 1 where they say all; negative where the posterior is wider than the prior.
    overlap : float
        Common area of the two densities, 0 to 1.
    log_scale : bool
        Whether both were computed for the logarithm.
    """

    contraction: float
    overlap: float
    log_scale: bool


def contraction(posterior: np.ndarray, prior: np.ndarray, log_scale: bool | None = None) -> Contraction:
    """Compare draws of a quantity under the posterior and under the prior.

    The overlap is the common mass of histograms with bins at the quantiles of both samples together. It can be too
    large by what happens inside a bin, never by a choice of bandwidth.

    Parameters
    ----------
    posterior, prior : ndarray, any shapes
        Draws; values that are not finite are left out.
    log_scale : bool, optional
        None: the logarithm where all finite values are positive.

    Raises
    ------
    ValueError
        Fewer than two finite draws on a side, or a prior that does not vary.
    """
    after, before = (np.asarray(a, dtype=float).ravel() for a in (posterior, prior))
    after, before = after[np.isfinite(after)], before[np.isfinite(before)]
    if min(after.size, before.size) < 2:
        raise ValueError(
            f"a posterior with {after.size} and a prior with {before.size} finite draws cannot be compared; at "
            "least two of each are needed"
        )
    if log_scale is None:
        log_scale = bool(after.min() > 0 and before.min() > 0)
    if log_scale:
        after, before = np.log(after), np.log(before)
    spread = float(np.var(before, ddof=1))
    if spread == 0.0:
        raise ValueError(f"the prior is {before[0]:g} in every draw; a held quantity has no contraction")
    return Contraction(1.0 - float(np.var(after, ddof=1)) / spread, _overlap(after, before), log_scale)


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Sum of the smaller share of each bin."""
    levels = np.linspace(0, 1, _BINS // 2 + 1)[1:-1]
    edges = np.unique(np.concatenate([np.quantile(a, levels), np.quantile(b, levels)]))
    shares = [
        np.bincount(np.searchsorted(edges, x, side="right"), minlength=edges.size + 1) / x.size
        for x in (a, b)
    ]
    return float(np.minimum(*shares).sum())
