"""Residuals of visits under a fitted population."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fitting.bayesian.prior_set import DISPERSION

if TYPE_CHECKING:
    from fitting.likelihood import Likelihood
    from fitting.population.predictions import VisitPredictions
    from fitting.population.result import Population


def first_visits(predictions: VisitPredictions) -> np.ndarray:
    """Visits that a patient's model starts from, shape (n,), bool: their prediction is the measurement itself."""
    return np.append(True, np.diff(predictions.who) != 0)


def individual_residuals(
    population: Population, predictions: VisitPredictions, likelihood: Likelihood
) -> np.ndarray:
    """Individual weighted residuals, shape (n,); NaN at first visits and at censored ones."""
    phi = None
    if likelihood.has_dispersion:
        log_phi = (
            np.median(population.draws("log_dispersion")) * np.ones(len(population.patient_ids))
            if population.has_shared_dispersion
            else np.median(population.draws("log_parameters")[:, :, -1], axis=0)
        )
        largest = np.array(
            [predictions.burdens[predictions.who == w].max() for w in range(len(population.patient_ids))]
        )
        scale = largest if population.scales.get(DISPERSION) else 1.0
        phi = (np.exp(log_phi) * scale)[predictions.who]
    result = np.asarray(likelihood.pearson(predictions.burdens, predictions.individual, phi), dtype=float)  # pyright: ignore[reportArgumentType]
    return np.where(first_visits(predictions) | (predictions.censoring != 0), np.nan, result)


def prediction_errors(predictions: VisitPredictions, seed: int = 0) -> np.ndarray:
    r"""Normalised prediction distribution errors, shape (n,).

    Measurements and simulations of a patient are decorrelated by the mean and covariance of the simulations, then
    each is placed among its simulations and carried to the normal scale (Brendel 2006; Comets 2008, section 2.2).
    Under the true model they are independent and standard normal. NaN at first visits, which the model starts from,
    and at censored ones.

    Parameters
    ----------
    predictions : VisitPredictions
        With at least 100 simulations.
    seed : int
        For ties of counts.

    References
    ----------
    Brendel et al (2006), Pharmaceutical Research 23:2036. Comets, Brendel, Mentré (2008), Computer Methods and
    Programs in Biomedicine 90:154.
    """
    from scipy.special import ndtri

    from fitting.posterior_checks.pit import pit_values

    generator = np.random.default_rng(seed)
    result = np.full(len(predictions.burdens), np.nan)
    used = ~first_visits(predictions) & (predictions.censoring == 0)
    for w in np.unique(predictions.who):
        mine = np.flatnonzero((predictions.who == w) & used)
        simulated = predictions.simulated[:, mine]
        simulated = simulated[np.all(np.isfinite(simulated), axis=1)]
        if not len(mine) or len(simulated) < 2 * len(mine):
            continue
        # logarithms first: simulations of burdens span powers of ten, and one of them would be the whole covariance
        # what lies a hundredfold below the smallest measurement is nothing, and must not be the whole covariance either
        positive = predictions.burdens[mine][predictions.burdens[mine] > 0]
        floor = 0.01 * float(positive.min(initial=1.0 if not len(positive) else np.inf))
        ys, y = np.log(np.maximum(simulated, floor)), np.log(np.maximum(predictions.burdens[mine], floor))
        mean = ys.mean(axis=0)
        covariance = np.cov(ys.T).reshape(len(mine), len(mine))
        covariance += np.diag(1e-10 + 1e-8 * np.diag(covariance))
        lower = np.linalg.cholesky(covariance)
        pit = pit_values(np.linalg.solve(lower, y - mean), np.linalg.solve(lower, (ys - mean).T).T, generator)
        edge = 0.5 / len(simulated)
        result[mine] = ndtri(np.clip(pit, edge, 1 - edge))
    return result
