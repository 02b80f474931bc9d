"""How far forecasts miss, as a distribution that widens with the horizon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtr

# logarithms of: at once, grown, days to grow over span, exponent, ratio, share
_LOW = np.log([0.005, 1e-3, 0.01, 0.3, 1.5, 0.002])
_HIGH = np.log([3.0, 8.0, 10.0, 2.0, 10.0, 0.4])
_START = np.log([0.15, 0.5, 0.5, 1.0, 3.0, 0.1])
_TABLE = np.concatenate([-np.geomspace(60.0, 1e-3, 400), [0.0], np.geomspace(1e-3, 60.0, 400)])


@dataclass(frozen=True)
class Spread:
    r"""Errors of the logarithm: a normal with a wider normal mixed in, around the median forecast.

    The scale is :math:`\sqrt{a^2 + b^2 (1 - e^{-(h/\tau)^p})}` at horizon ``h``: a part that is there at once
    (measurement), and one that grows as a random walk does (p = 1) or an uncertain slope (p = 2) until it levels
    off, because burdens of a cohort do not wander without end; with a long tau it does not level off. The
    mixture, Tukey's contaminated normal, has the heavy tails that forecast errors have, and moments of every order
    on the scale of the burden, which a Student t on the logarithm has not.

    Parameters
    ----------
    at_once, grown : float
        a and b, standard deviations of the logarithm.
    growing_days : float
        tau.
    exponent : float
        p.
    ratio : float
        Standard deviation of the wide part over that of the narrow part.
    share : float
        Probability of the wide part.
    neighbours : float
        Correlation of the errors of neighbouring visits; two visits further apart by one have its square.
    """

    at_once: float
    grown: float
    growing_days: float
    exponent: float
    ratio: float
    share: float
    neighbours: float

    def scale(self, horizons_days: np.ndarray) -> np.ndarray:
        """Return the standard deviation of the narrow part."""
        passed = (np.maximum(horizons_days, 0.0) / self.growing_days) ** self.exponent
        return np.sqrt(self.at_once**2 - self.grown**2 * np.expm1(-passed))

    def log_density(self, error: np.ndarray, horizons_days: np.ndarray, censoring: np.ndarray) -> np.ndarray:
        """Log density of errors of the logarithm; log probability of the tail where censored."""
        return self.density_at_scale(error, self.scale(horizons_days), censoring)

    def density_at_scale(self, error: np.ndarray, scale: np.ndarray, censoring: np.ndarray) -> np.ndarray:
        """Do the same where the scale of the narrow part is given; the arguments broadcast."""
        z = error / scale
        parts = []
        for log_share, k in ((np.log1p(-self.share), 1.0), (np.log(self.share), self.ratio)):
            u = z / k
            value = -0.5 * u**2 - np.log(k * scale) - 0.5 * np.log(2 * np.pi)
            if np.any(censoring != 0):
                beyond = np.broadcast_to(censoring != 0, value.shape)
                side = np.broadcast_to(np.where(censoring < 0, 1.0, -1.0), value.shape)
                value[beyond] = log_ndtr(side[beyond] * u[beyond])
            parts.append(value + log_share)
        return np.logaddexp(*parts)

    def quantiles(self, levels: np.ndarray) -> np.ndarray:
        """Quantiles of errors in units of the scale."""
        cdf = (1 - self.share) * ndtr(_TABLE) + self.share * ndtr(_TABLE / self.ratio)
        return np.interp(levels, cdf, _TABLE)


def fit_spread(
    errors: np.ndarray,
    horizons_days: np.ndarray,
    censoring: np.ndarray,
    weights: np.ndarray,
    span_days: float,
) -> tuple[Spread, float]:
    """Fit by weighted maximum likelihood; the correlation of neighbours by that of their ranks.

    Parameters
    ----------
    errors, horizons_days, censoring, weights : ndarray, shape (b, k)
        One row a forecast, visits in order; not used where the weight is 0.
    span_days : float
        Typical length of a training part, for the bounds of tau.

    Returns
    -------
    spread : Spread
    score : float
        Weighted mean log density at the optimum.
    """
    from scipy.optimize import minimize

    used = weights > 0
    w = weights[used] / weights[used].sum()
    flat = errors[used], horizons_days[used], censoring[used]

    def make(q: np.ndarray, neighbours: float = 0.0) -> Spread:
        a, b, tau, p, k, share = (float(value) for value in np.exp(q))
        return Spread(a, b, tau * span_days, p, k, share, neighbours)

    def loss(q: np.ndarray) -> float:
        return -float(w @ make(q).log_density(*flat))

    # 1e-7 of the log density: no ranking of settings, and no interval, turns on less
    bounds = list(zip(_LOW, _HIGH, strict=True))
    best = minimize(loss, _START, method="L-BFGS-B", bounds=bounds, options={"maxiter": 100, "ftol": 1e-7})
    z = errors / make(best.x).scale(horizons_days)
    return make(best.x, neighbour_correlation(z, used)), -float(best.fun)


def neighbour_correlation(z: np.ndarray, used: np.ndarray) -> float:
    """Rank correlation of the errors of neighbouring visits; 0 where there are too few to tell."""
    from scipy.stats import rankdata

    both = used[:, 1:] & used[:, :-1]
    if both.sum() < 5:
        return 0.0
    ranks = np.zeros(z.shape)
    ranks[used] = rankdata(z[used]) - 0.5 * (used.sum() + 1)
    first, second = ranks[:, :-1][both], ranks[:, 1:][both]
    size = float(np.sqrt(np.sum(first**2) * np.sum(second**2)))
    return float(np.clip(np.sum(first * second) / size, 0.0, 0.99)) if size > 0 else 0.0
