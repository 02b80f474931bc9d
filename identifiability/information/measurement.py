r"""What one measurement is expected to say about the model output, with or without limits of the assay.

A measurement with a lower limit :math:`L` is either seen, with its value, or only known to lie at or below
:math:`L`. Its expected information in :math:`\vartheta = (\mu, \log\varphi)` is therefore a mixture,

.. math::
    I = \int_{y > L} s(y)\, s(y)^T p(y)\, dy + P(y \le L)\, s_L s_L^T,

with the scores :math:`s = \nabla \log p(y)` and :math:`s_L = \nabla \log P(y \le L)`; an upper limit adds its
own tail. Output and dispersion, orthogonal in a measurement without limits, are not so with one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from fitting.likelihood import Likelihood

WHOLE = 2048  # counts that are summed one by one; the smooth rest is integrated
PANELS, NODES = 32, 8
_DENSITY = 1.0 / np.sqrt(2.0 * np.pi)
MASS = 1e-13  # of a count distribution, left out on each side
POSITIVE_FLOOR = 1e-12


def measurement_information(
    likelihood: Likelihood,
    mu: np.ndarray,
    phi: np.ndarray | float = 1.0,
    below: np.ndarray | float = np.nan,
    above: np.ndarray | float = np.nan,
) -> np.ndarray:
    """Compute the expected information of single measurements in the output and the logarithm of the dispersion.

    Parameters
    ----------
    likelihood : Likelihood
    mu : ndarray, any shape
        Model output.
    phi : ndarray or float
        Dispersion; ignored where the likelihood has none.
    below, above : ndarray or float
        Limits of the assay: a value at or below ``below`` (at or above ``above``) is only known to lie there.
        NaN where there is no limit, or where it is not known.

    Returns
    -------
    ndarray, shape (*mu.shape, 2, 2)
        Row and column 1 are zero where the likelihood has no dispersion.
    """
    arrays = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (mu, phi, below, above)))
    mean, spread, low, high = (a.ravel() for a in arrays)
    mean = np.maximum(mean, POSITIVE_FLOOR)
    if likelihood.tail in ("normal", "log_normal"):
        information = _gaussian(likelihood.tail == "log_normal", mean, spread, low, high)
    else:
        information = _counts(likelihood, mean, spread, low, high)
    # the closed form that the fits use, where there is nothing to mix
    free = ~np.isfinite(low) & ~np.isfinite(high)
    weight = likelihood.terms(mean[free], mean[free], spread[free], np.zeros(int(free.sum()), dtype=int))[2]
    information[free, 0, 0], information[free, 0, 1], information[free, 1, 0] = weight, 0.0, 0.0
    if not likelihood.has_dispersion:
        information[:, 1, :] = information[:, :, 1] = 0.0
    return information.reshape(*arrays[0].shape, 2, 2)


def _gaussian(
    logarithmic: bool, mu: np.ndarray, phi: np.ndarray, below: np.ndarray, above: np.ndarray
) -> np.ndarray:
    """Evaluate the closed form of the mixture for a normal or log-normal measurement.

    In z = (y - mu)/phi the scores are z/phi and z² - 1, and every integral of a power of z has a closed form.
    """
    slope = 1.0 / phi
    centre = mu
    if logarithmic:
        slope, centre = slope / mu, np.log(mu)
        with np.errstate(divide="ignore", invalid="ignore"):
            below, above = np.log(below), np.log(above)
    low = np.where(np.isnan(below), -np.inf, (below - centre) / phi)
    high = np.where(np.isnan(above), np.inf, (above - centre) / phi)

    def moments(z: np.ndarray) -> tuple[np.ndarray, ...]:
        """Integrals to z of z², z (z² - 1), (z² - 1)² times the density."""
        finite = np.where(np.isfinite(z), z, 0.0)
        density, share = np.where(np.isfinite(z), _DENSITY * np.exp(-0.5 * finite**2), 0.0), special.ndtr(z)
        return (
            share - finite * density,
            -(finite**2 + 1) * density,
            2 * share - (finite**3 + finite) * density,
        )

    mm, mp, pp = (b - a for a, b in zip(moments(low), moments(high), strict=True))
    for z, sign in ((low, 1.0), (high, -1.0)):
        at = np.where(np.isfinite(z), z, 0.0)
        # density² / probability of the tail, from logarithms: a tail may be far out
        tail = np.exp(2 * np.log(_DENSITY) - at**2 - special.log_ndtr(sign * at))
        tail = np.where(np.isfinite(z), tail, 0.0)
        mm, mp, pp = mm + tail, mp + tail * at, pp + tail * at**2
    information = np.empty((len(mu), 2, 2))
    information[:, 0, 0] = mm * slope**2
    information[:, 0, 1] = information[:, 1, 0] = mp * slope
    information[:, 1, 1] = pp
    return information


def _counts(
    likelihood: Likelihood, mu: np.ndarray, phi: np.ndarray, below: np.ndarray, above: np.ndarray
) -> np.ndarray:
    """Sum the mixture over the counts, one measurement after the other."""
    information = np.zeros((len(mu), 2, 2))
    for i in range(len(mu)):
        limited = np.isfinite(below[i]) or np.isfinite(above[i])
        if not (limited or likelihood.has_dispersion):
            continue  # the closed form replaces it
        law = _law(likelihood, mu[i], phi[i])
        low, high = law(MASS), law(1 - MASS) + 1
        low = max(low, np.floor(below[i]) + 1) if np.isfinite(below[i]) else low
        high = min(high, np.ceil(above[i]) - 1) if np.isfinite(above[i]) else high
        if low <= high:
            k, weight = _nodes(low, high)
            value, slope, _, slope_phi, _ = likelihood.terms(
                k, np.full(len(k), mu[i]), np.full(len(k), phi[i]), np.zeros(len(k), dtype=int)
            )
            score = np.stack([slope, slope_phi])
            information[i] += (score * (weight * np.exp(-value))) @ score.T
        for limit, side in ((below[i], -1), (above[i], 1)):
            if np.isfinite(limit) and not (side < 0 and limit < 0):  # no count lies below zero
                value, slope, _, slope_phi, _ = likelihood.terms(
                    np.array([limit]), mu[[i]], phi[[i]], np.array([side])
                )
                score = np.array([slope[0], slope_phi[0]])
                information[i] += np.exp(-value[0]) * np.outer(score, score)
    return information


def _law(likelihood: Likelihood, mu: float, phi: float) -> Callable[[float], float]:
    """Quantile function of a count."""
    if likelihood.tail == "poisson":
        return lambda share: float(np.ceil(special.pdtrik(share, mu)))
    if likelihood.tail == "negative_binomial":
        return lambda share: float(np.ceil(special.nbdtrik(share, phi, phi / (phi + mu))))
    raise ValueError(
        f"likelihood {likelihood.name!r} has the tail {likelihood.tail!r}; its expected information is not "
        "known here"
    )


def _nodes(low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Choose counts with their weights: each one at first, then Gauss-Legendre points of a smooth sum."""
    k = np.arange(low, min(high, low + WHOLE - 1) + 1)
    weight = np.ones(len(k))
    if high <= k[-1]:
        return k, weight
    # a sum over the counts a..b is the integral from a - 1/2 to b + 1/2 up to the curvature, which is nil here
    edges = low - 1 + np.geomspace(k[-1] + 0.5 - low + 1, high + 0.5 - low + 1, PANELS + 1)
    x, w = np.polynomial.legendre.leggauss(NODES)
    half = 0.5 * np.diff(edges)[:, None]
    nodes = edges[:-1, None] + half * (1 + x)
    return np.concatenate([k, nodes.ravel()]), np.concatenate([weight, (half * w).ravel()])


def detection_limits(
    burdens: np.ndarray, censoring: np.ndarray, measured: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Limits of the assay at every visit, as far as the data show them.

    A censored visit shows its own limit. A visit that was measured had a limit below (above) its value: it is
    taken to be the patient's largest lower (smallest upper) limit for which that holds. Where a patient's data
    show no limit, none is assumed.

    Parameters
    ----------
    burdens, censoring, measured : ndarray, shape (n,)
        One patient's row of a :class:`fitting.problem.CohortProblem`.

    Returns
    -------
    below, above : ndarray, shape (n,)
        NaN where there is none.
    """
    below, above = np.full(len(burdens), np.nan), np.full(len(burdens), np.nan)
    lows, highs = burdens[measured & (censoring < 0)], burdens[measured & (censoring > 0)]
    for i in np.flatnonzero(measured):
        if censoring[i] < 0:
            below[i] = burdens[i]
        elif np.any(lows < burdens[i]):
            below[i] = lows[lows < burdens[i]].max()
        if censoring[i] > 0:
            above[i] = burdens[i]
        elif np.any(highs > burdens[i]):
            above[i] = highs[highs > burdens[i]].min()
    return below, above
