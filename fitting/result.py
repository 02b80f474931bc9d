"""The result of a fit: what every later room reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import numpy as np


class FitStatus(StrEnum):
    """How a fit ended; each member is the sentence that a person reads."""

    CONVERGED = "Converged: the gradient vanishes and several starts agree on the optimum."
    SINGLE_START = (
        "Converged from one start only: no other start ended at this optimum, so a better one may exist; "
        "raise the number of starts."
    )
    AT_BOUND = (
        "Ended on a bound: the likelihood still improves beyond it, so at least one parameter is not "
        "determined by these data."
    )
    TOO_FEW_POINTS = (
        "Fitted, but there are no more measurements than estimated parameters: any agreement with the data "
        "is arithmetic, not evidence. More visits are needed."
    )
    FAILED = (
        "Did not converge: no start reached a point with vanishing gradient. Check the dose schedule and the "
        "units of the burdens, or raise the number of starts."
    )


@dataclass(frozen=True)
class Fit:
    """Maximum-likelihood fit of one patient.

    Parameters
    ----------
    patient_id, model_name, likelihood : str
        Who, with what, under which likelihood.
    parameter_names : tuple of str, length p
        Order of every parameter array.
    estimates : ndarray, shape (p,)
        In the model's units.
    lower, upper : ndarray, shape (p,)
        Declared bounds for this patient, same units.
    log_covariance : ndarray, shape (p, p)
        Inverse Fisher information of the logarithms; NaN where the information is singular.
    nll : float
        Negative log-likelihood at the estimates (Masud 2023, eq. 9, for Poisson).
    dispersion : float or None
        Estimated nuisance parameter of the likelihood (size, or standard deviation), None for Poisson.
    constants : mapping
        The model's constants for this patient, such as ``V0``.
    fitted : ndarray, shape (n,)
        Model output at the visits, in the marker's unit.
    residuals : ndarray, shape (n,)
        Pearson residuals.
    starts, starts_at_optimum : int
        How many starts were made, and how many ended within 0.01 of the best negative log-likelihood.
    optima : ndarray, shape (k, p)
        Distinct local optima that were found, best first; ``optima_nll`` their negative log-likelihoods.
    status : FitStatus
        How it ended.
    warnings : tuple of str
        What a reader must know, each with its remedy.
    n_free : int or None
        How many quantities were estimated where some were held or tied; None where all were free.
    """

    patient_id: str
    model_name: str
    likelihood: str
    parameter_names: tuple[str, ...]
    parameter_units: tuple[str, ...]
    estimates: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    log_covariance: np.ndarray
    nll: float
    dispersion: float | None
    constants: Mapping[str, float]
    fitted: np.ndarray
    residuals: np.ndarray
    starts: int
    starts_at_optimum: int
    optima: np.ndarray
    optima_nll: np.ndarray
    status: FitStatus
    converged: bool
    warnings: tuple[str, ...] = field(default_factory=tuple)
    n_free: int | None = None

    def __getitem__(self, name: str) -> float:
        """Return the estimate of one parameter."""
        return float(self.estimates[self.parameter_names.index(name)])

    @property
    def n_points(self) -> int:
        """Number of measurements in the fit."""
        return len(self.fitted)

    @property
    def n_estimated(self) -> int:
        """Number of estimated quantities, a dispersion included."""
        if self.n_free is not None:
            return self.n_free
        return len(self.estimates) + (self.dispersion is not None)

    @property
    def too_few_points(self) -> bool:
        """True where there are no more measurements than estimated quantities."""
        return self.n_points <= self.n_estimated

    @property
    def at_bound(self) -> tuple[str, ...]:
        """Names of the parameters that sit on one of their bounds."""
        log_estimate = np.log(self.estimates)
        near = np.minimum(log_estimate - np.log(self.lower), np.log(self.upper) - log_estimate) < 1e-3
        return tuple(name for name, on in zip(self.parameter_names, near, strict=True) if on)

    @cached_property
    def covariance(self) -> np.ndarray:
        """Covariance of the estimates on the natural scale (delta method), shape (p, p)."""
        return self.log_covariance * np.outer(self.estimates, self.estimates)

    @property
    def se(self) -> np.ndarray:
        """Standard errors, shape (p,); NaN where the information is singular."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def rse_percent(self) -> np.ndarray:
        """Relative standard errors in percent, shape (p,)."""
        return 100.0 * self.se / self.estimates

    def wald_interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Wald interval on the log scale, back-transformed; two arrays of shape (p,)."""
        from scipy.special import ndtri

        half = ndtri(0.5 + level / 2) * np.sqrt(np.diag(self.log_covariance))
        with np.errstate(over="ignore"):
            return self.estimates * np.exp(-half), self.estimates * np.exp(half)

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood at the estimates."""
        return -self.nll

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return 2 * self.nll + 2 * self.n_estimated

    @property
    def aicc(self) -> float:
        """Akaike's criterion for small samples; infinite with fewer than p + 2 points."""
        k, n = self.n_estimated, self.n_points
        return self.aic + 2 * k * (k + 1) / (n - k - 1) if n > k + 1 else math.inf

    @property
    def bic(self) -> float:
        """Schwarz's criterion."""
        return 2 * self.nll + self.n_estimated * math.log(self.n_points)

    @property
    def pearson_chi2(self) -> float:
        """Sum of squared Pearson residuals."""
        return float(np.sum(self.residuals**2))

    @property
    def degrees_of_freedom(self) -> int:
        """Measurements minus estimated quantities; may be negative."""
        return self.n_points - self.n_estimated
