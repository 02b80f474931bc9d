"""How far a model's forecasts miss beyond what its parameters leave open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fitting.forecast.baselines.spread import Spread

# at once, grown, growing days over span, exponent, ratio, share: logarithms, as for the baselines; then the
# part of the last miss that is kept, the logarithm of its half-life over span, the powers of dispersion and of age
_LOW = np.array([*np.log([0.005, 1e-3, 0.01, 0.3, 1.5, 0.002]), 0.0, np.log(0.01), 0.0, -0.5])
_HIGH = np.array([*np.log([3.0, 8.0, 10.0, 2.0, 10.0, 0.4]), 1.0, np.log(20.0), 1.0, 1.5])
_START = np.array([*np.log([0.15, 0.3, 0.5, 1.0, 3.0, 0.1]), 0.5, np.log(0.2), 0.3, 0.0])
# a weak pull of the last four to a forecast that misses alike at all ages: worth one patient
_PULL = np.array([0.0] * 6 + [0.0, 0.0, 1.0, 4.0])


@dataclass(frozen=True)
class Misses:
    """Forecasts made inside training parts, one row a visit that was forecast, one column a draw.

    Parameters
    ----------
    misses : ndarray, shape (j, m)
        Logarithm of the burden less that of the model.
    last : ndarray, shape (j, m)
        The same at the last visit before the forecast.
    log_noise : ndarray, shape (j, m)
        Logarithm of the dispersion, relative to the population's.
    horizons, ages : ndarray, shape (j,)
        Days from the last visit before the forecast to this one; from the first visit to that one.
    censoring, weights : ndarray, shape (j,)
    """

    misses: np.ndarray
    last: np.ndarray
    log_noise: np.ndarray
    horizons: np.ndarray
    ages: np.ndarray
    censoring: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Discrepancy:
    r"""Errors of the logarithm around one draw of the model.

    The last miss fades: the centre of a forecast at horizon ``h`` is the model's times
    :math:`e^{\kappa\, m\, 2^{-h/\eta}}`, where ``m`` is the draw's miss at the last training visit; what fades in this
    way is an Ornstein-Uhlenbeck discrepancy seen through measurement noise. Around this centre the error has the
    distribution of a :class:`fitting.forecast.baselines.spread.Spread`, wider for a patient whose own visits
    scatter more (power of the draw's dispersion), and narrower late in a course where courses calm down (power of
    the age).

    Parameters
    ----------
    spread : Spread
    kept : float
        Share of the last miss that is taken along.
    half_life_days : float
    noise_power, age_power : float
    span_days : float
        Age at which the power of the age is one.
    """

    spread: Spread
    kept: float
    half_life_days: float
    noise_power: float
    age_power: float
    span_days: float

    def centre(self, last: np.ndarray, horizons: np.ndarray) -> np.ndarray:
        """Shift of the logarithm; ``last`` and ``horizons`` broadcast."""
        return self.kept * last * 0.5 ** (horizons / self.half_life_days)

    def scale(self, horizons: np.ndarray, ages: np.ndarray, log_noise: np.ndarray) -> np.ndarray:
        """Scale of the narrow part; the three broadcast."""
        age = np.maximum(ages, 0.05 * self.span_days) / self.span_days
        return self.spread.scale(horizons) * np.exp(self.noise_power * log_noise) * age**-self.age_power

    def log_density(self, m: Misses) -> np.ndarray:
        """Logarithm of the predictive density of each visit, shape (j,): the mean over draws."""
        h = m.horizons[:, None]
        error = m.misses - self.centre(m.last, h)
        s = self.scale(h, m.ages[:, None], m.log_noise)
        each = self.spread.density_at_scale(error, s, m.censoring[:, None])
        top = each.max(axis=1)
        return top + np.log(np.mean(np.exp(each - top[:, None]), axis=1))


# errors whose scale is given by the model, as ``log_noise``: only a factor that grows, the tails and the age are left
SCALE_GIVEN = {2: 0.0, 3: 0.0, 6: 0.0, 7: 0.0, 8: 1.0}


def fit_discrepancy(
    m: Misses, span_days: float, patients: int, fixed: Mapping[int, float] | None = None
) -> tuple[Discrepancy, float]:
    """Fit by weighted maximum likelihood.

    Parameters
    ----------
    m : Misses
    span_days : float
        Typical length of a training part.
    patients : int
        How many stand behind the rows: the two powers are held near zero by one patient's worth.

    Returns
    -------
    discrepancy : Discrepancy
    score : float
        Weighted mean log density.
    """
    from scipy.optimize import minimize

    w = m.weights / m.weights.sum()

    def make(q: np.ndarray) -> Discrepancy:
        a, b, tau, p, k, share = (float(value) for value in np.exp(q[:6]))
        spread = Spread(a, b, tau * span_days, p, k, share, 0.0)
        return Discrepancy(
            spread, float(q[6]), float(np.exp(q[7])) * span_days, float(q[8]), float(q[9]), span_days
        )

    def loss(q: np.ndarray) -> float:
        return -float(w @ make(q).log_density(m)) + 0.5 * float(_PULL @ q**2) / patients

    low, high, start = _LOW.copy(), _HIGH.copy(), _START.copy()
    for i, value in (fixed or {}).items():
        low[i] = high[i] = start[i] = value
    if fixed:
        start[0] = 0.0
    bounds = list(zip(low, high, strict=True))
    best = minimize(loss, start, method="L-BFGS-B", bounds=bounds, options={"maxiter": 60, "ftol": 1e-6})
    found = make(best.x)
    return found, float(w @ found.log_density(m))
