"""What a forecast says about each held-out visit: draws of the measured burden, and a density."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitting.forecast.scores import quantiles

if TYPE_CHECKING:
    from fitting.forecast.split import Split
    from fitting.likelihood import Likelihood

LARGEST_MEAN = 1e15  # NumPy draws no Poisson variable of a larger mean


class PredictionError(ValueError):
    """A forecast that cannot be scored; the message names the patient, the value and the likely cause."""


@dataclass(frozen=True)
class Prediction:
    """A predictive distribution of the held-out visits of one patient.

    Parameters
    ----------
    patient_id : str
    method : str
    days : ndarray, shape (n,)
        Days of the visits.
    draws : ndarray, shape (m, n)
        Draws of the measured burden, noise included; one row is one possible future.
    log_density : ndarray, shape (n,)
        Logarithm of the predictive density at the measured burden, per unit of the marker (probability for a
        count); for a censored value of the probability of the tail.
    point : ndarray, shape (n,)
        Median, from which absolute errors are taken.
    weights : ndarray, shape (m,), optional
        Weights of the draws, summing to 1; equal where absent.
    note : str
        How the forecast was made, such as the settings chosen.
    """

    patient_id: str
    method: str
    days: np.ndarray
    draws: np.ndarray
    log_density: np.ndarray
    point: np.ndarray
    weights: np.ndarray | None = None
    note: str = ""

    def __post_init__(self) -> None:
        """Check shapes and numbers."""
        n = len(self.days)
        who = f"{self.method}, patient {self.patient_id!r}"
        if self.draws.ndim != 2 or self.draws.shape[1] != n or len(self.draws) < 2:
            raise PredictionError(f"{who}: draws have shape {self.draws.shape}; (draws > 1, {n}) is needed")
        if self.log_density.shape != (n,) or self.point.shape != (n,):
            raise PredictionError(f"{who}: log_density and point need one number for each of {n} visits")
        if not np.all(np.isfinite(self.draws)) or not np.all(np.isfinite(self.point)):
            raise PredictionError(
                f"{who}: {np.sum(~np.isfinite(self.draws))} draws are not finite; leave out parameters for "
                "which the model could not be solved, and renormalise the weights"
            )
        if np.any(np.isnan(self.log_density)) or np.any(np.isposinf(self.log_density)):
            raise PredictionError(f"{who}: a log density is not a number below infinity: {self.log_density}")
        if self.weights is not None:
            w = self.weights
            if w.shape != (len(self.draws),) or np.any(w < 0) or not np.isclose(w.sum(), 1.0):
                raise PredictionError(f"{who}: weights must be one a draw, not negative, and sum to 1")


def predict_from_draws(
    split: Split,
    method: str,
    mu: np.ndarray,
    dispersion: np.ndarray | None,
    likelihood: Likelihood,
    *,
    weights: np.ndarray | None = None,
    seed: int = 0,
    note: str = "",
) -> Prediction:
    r"""Make the posterior predictive distribution from draws of the model.

    The density at a held-out value is the mixture :math:`\sum_s w_s\, p(y \mid \mu_s, \phi_s)`, exact for the
    draws given; one measurement is drawn around each ``mu``.

    Parameters
    ----------
    split : Split
    method : str
    mu : ndarray, shape (m, n)
        Model output at the held-out visits for each draw of the parameters.
    dispersion : ndarray, shape (m,), or None
        Dispersion of each draw; None where the likelihood has none.
    likelihood : Likelihood
    weights : ndarray, shape (m,), optional
        Need not be normalised.
    seed : int
        Of the measurement noise.

    Raises
    ------
    PredictionError
        Shapes that do not fit, or a model output that is not finite.
    """
    from scipy.special import logsumexp

    mu = np.asarray(mu, dtype=float)
    n = len(split.held_out_days)
    who = f"{method}, patient {split.patient_id!r}"
    if mu.ndim != 2 or mu.shape[1] != n:
        raise PredictionError(f"{who}: mu has shape {mu.shape}; (draws, {n}) is needed")
    if not np.all(np.isfinite(mu)):
        bad = int(np.sum(~np.isfinite(mu).all(axis=1)))
        raise PredictionError(
            f"{who}: the model has no finite output for {bad} of {len(mu)} draws; drop them"
        )
    if likelihood.has_dispersion and (dispersion is None or np.shape(dispersion) != (len(mu),)):
        raise PredictionError(f"{who}: the {likelihood.name} likelihood needs one dispersion a draw")
    phi = np.ones(len(mu)) if dispersion is None else np.asarray(dispersion, dtype=float)
    w = np.full(len(mu), 1.0) if weights is None else np.asarray(weights, dtype=float)
    w = w / w.sum()
    grid = np.broadcast_to(phi[:, None], mu.shape)
    y = np.broadcast_to(split.held_out_burdens, mu.shape)
    value = likelihood.terms(y, mu, grid, np.broadcast_to(split.held_out_censoring, mu.shape))[0]
    with np.errstate(divide="ignore"):
        density = logsumexp(np.log(w)[:, None] - value, axis=0)
    draws = measured(likelihood, mu, grid, np.random.default_rng(seed))
    kept = None if weights is None else w
    point = quantiles(draws, np.array([0.5]), kept)[0]
    return Prediction(split.patient_id, method, split.held_out_days, draws, density, point, kept, note)


def measured(
    likelihood: Likelihood, mu: np.ndarray, phi: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Draw one measurement around each model output.

    Parameters
    ----------
    mu, phi : ndarray, one shape
        ``phi`` is not read where the likelihood has no dispersion.
    """
    mu = np.clip(mu, 1e-12, LARGEST_MEAN)
    match likelihood.name:
        case "poisson":
            return generator.poisson(mu).astype(float)
        case "negative_binomial":
            return generator.negative_binomial(phi, phi / (phi + mu)).astype(float)
        case "log_normal":
            return mu * np.exp(phi * generator.standard_normal(mu.shape))
        case "normal":
            return mu + phi * generator.standard_normal(mu.shape)
    raise PredictionError(
        f"no way is known to draw from the {likelihood.name} likelihood; add it to measured()"
    )
