"""A prior from the cohort itself: the normal distribution of log parameters that its training parts speak for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

from fitting.bayesian.prior_set import PriorSet, population_priors

if TYPE_CHECKING:
    from fitting.bayesian.explore import Exploration

FEWEST = 4  # patients from whom a population is estimated; below, the declared priors stay
PSEUDO_MEAN = 0.5  # patients that the declared prior counts for in the mean
PSEUDO_SPREAD = 3.0  # patients that it counts for in the covariance
NARROWING = 0.5  # the spread between patients, expected to be this much of the declared standard deviation
ITERATIONS = 30
TRUSTED = 40.0  # effective draws; steps end when reweighting leaves a tenth of the patients with fewer


@dataclass(frozen=True)
class PatientDraws:
    """Weighted draws of one patient's log coordinates under some prior.

    Parameters
    ----------
    points : ndarray, shape (m, c)
    log_weights : ndarray, shape (m,)
        Normalised.
    """

    points: np.ndarray
    log_weights: np.ndarray

    @classmethod
    def of(cls, found: Exploration) -> PatientDraws:
        """Take what importance sampling found."""
        return cls.heavy(found.coordinates(), found.draws.log_weights)

    @classmethod
    def heavy(cls, points: np.ndarray, log_weights: np.ndarray) -> PatientDraws:
        """Leave out draws of no weight."""
        kept = log_weights > log_weights.max() - 20.0
        return cls(points[kept], log_weights[kept] - logsumexp(log_weights[kept]))

    def under(self, old: PriorSet, new: PriorSet) -> PatientDraws:
        """Exchange the prior by reweighting."""
        logs = self.log_weights + prior_ratio(self.points, old, new)
        return PatientDraws(self.points, logs - logsumexp(logs))

    @property
    def effective(self) -> float:
        """Kish's effective number of draws."""
        return float(np.exp(-logsumexp(2 * self.log_weights)))

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean (c,) and covariance (c, c)."""
        w = np.exp(self.log_weights)
        mean = w @ self.points
        away = self.points - mean
        return mean, (away * w[:, None]).T @ away

    def resampled(self, count: int, generator: np.random.Generator) -> np.ndarray:
        """Draws of equal weight by systematic resampling, in random order, shape (count, c)."""
        at = (generator.uniform() + np.arange(count)) / count
        chosen = np.searchsorted(np.cumsum(np.exp(self.log_weights)), at).clip(max=len(self.points) - 1)
        return self.points[generator.permutation(chosen)]


def prior_ratio(points: np.ndarray, old: PriorSet, new: PriorSet) -> np.ndarray:
    """Log density of the new prior over the old one, up to a constant, shape (m,)."""
    return new.log_density(points).sum(axis=-1) - old.log_density(points).sum(axis=-1)


@dataclass(frozen=True)
class Population:
    """The prior that a cohort's training parts speak for.

    Parameters
    ----------
    declared : PriorSet
        Prior of the first patient ever seen.
    priors : PriorSet
        Prior of the next patient: all patients counted.
    moments : tuple
        Mean and covariance of each patient's coordinates.
    """

    declared: PriorSet
    priors: PriorSet
    moments: tuple[tuple[np.ndarray, np.ndarray], ...]

    def without(self, left_out: int) -> PriorSet:
        """Return the prior that the other patients speak for: one step away from this one."""
        rest = [m for i, m in enumerate(self.moments) if i != left_out]
        return self.priors if len(rest) + 1 < FEWEST else _update(self.declared, rest)


def fit_population(draws: Sequence[PatientDraws], under: PriorSet, declared: PriorSet) -> Population:
    r"""Estimate the population by expectation maximisation over weighted draws.

    Each step reweights the draws of patient :math:`i` to the normal of the step before, takes their mean
    :math:`m_i` and covariance :math:`C_i`, and sets

    .. math:: \mu = \frac{\sum_i m_i + a\mu_0}{n + a}, \qquad
        \Sigma = \frac{\sum_i [C_i + (m_i - \mu)(m_i - \mu)^T] + b S_0}{n + b},

    the mode under a normal and an inverse Wishart distribution around the declared prior (McLachlan and Krishnan,
    The EM Algorithm and Extensions (2008), sections 5.4 and 6.5). The steps end early where the draws no longer
    carry the weights: draw anew under the population found, and call again. With fewer than ``FEWEST`` patients the
    declared prior stays.

    Parameters
    ----------
    draws : sequence of PatientDraws
        Drawn under ``under``.
    under, declared : PriorSet
    """
    if len(draws) < FEWEST:
        return Population(declared, declared, tuple(d.under(under, declared).moments() for d in draws))
    current, moments = under, tuple(d.moments() for d in draws)
    for _ in range(ITERATIONS):
        new = _update(declared, moments)
        moved = np.abs(new.normal_mean - current.normal_mean).max()
        current = new
        anew = [d.under(under, current) for d in draws]
        if moved < 1e-3 or np.quantile([d.effective for d in anew], 0.1) < TRUSTED:
            break
        moments = tuple(d.moments() for d in anew)
    return Population(declared, current, moments)


def _update(declared: PriorSet, moments: Sequence[tuple[np.ndarray, np.ndarray]]) -> PriorSet:
    """Maximise over mean and covariance."""
    n = len(moments)
    means = np.array([m for m, _ in moments])
    mean = (means.sum(axis=0) + PSEUDO_MEAN * declared.normal_mean) / (n + PSEUDO_MEAN)
    away = means - mean
    expected = NARROWING**2 * np.linalg.inv(declared.normal_precision)
    total = sum(c for _, c in moments) + away.T @ away + PSEUDO_SPREAD * expected
    return population_priors(
        declared,
        mean,
        total / (n + PSEUDO_SPREAD),
        f"normal, estimated from the training parts of {n} patients",
    )
