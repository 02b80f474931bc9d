"""How each patient's posterior lies and bends, for the sampler's coordinates."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitting.bayesian.curved_map import CurvedMap
from fitting.bayesian.explore import Exploration, explore_cohort
from fitting.bayesian.map_fitting import fit_map
from fitting.bayesian.penalised_problem import PenalisedProblem, build_penalised
from fitting.bayesian.prior_set import PriorSet, population_priors
from fitting.population.summary import NormalSummary, population_moments

if TYPE_CHECKING:
    from patients.cohort import Patient

SHAPE_INPUTS = (
    "information", "score", "middle", "standard", "order", "location", "scale", "constant", "linear", "log_scale",
    "exponents", "bend", "log_bend",
)  # fmt: skip
DEGREES = (3, 2)  # of the curved maps; one for all, so that their arrays stack
SHARED_SD = 0.03  # of the logarithm of a shared dispersion while patients are explored: all but fixed
WIDER = 1.3  # the population that patients are explored under is so much wider than the best one, which is uncertain
REWEIGHTINGS = 30


@dataclass(frozen=True)
class CohortShape:
    """Normal summaries of the likelihoods and curved maps of the posteriors, all patients stacked.

    Parameters
    ----------
    summary : NormalSummary
    middle, standard : ndarray, shape (w, c), (w, c, c)
        Mean, and transposed Cholesky factor of the precision, of each patient's posterior under the summary's
        population.
    maps : tuple of CurvedMap
        Standard normal coordinates to log parameters, one a patient.
    effective : ndarray, shape (w,)
        Effective draws behind each map.
    """

    summary: NormalSummary
    middle: np.ndarray
    standard: np.ndarray
    maps: tuple[CurvedMap, ...]
    effective: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """Arrays by the names of ``SHAPE_INPUTS``."""
        stacked = {
            f.name: np.stack([np.asarray(getattr(m, f.name), float) for m in self.maps])
            for f in dataclasses.fields(CurvedMap)
        }
        stacked["exponents"] = stacked["exponents"][0]
        everything = {
            "information": self.summary.information, "score": self.summary.score, "middle": self.middle,
            "standard": self.standard, **stacked,
        }  # fmt: skip
        return {name: everything[name] for name in SHAPE_INPUTS}


def explore_shape(
    patients: Sequence[Patient],
    problem: PenalisedProblem,
    priors: PriorSet,
    spread: np.ndarray,
    summary: NormalSummary,
    *,
    rounds: int = 5,
    draws: int = 1000,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> CohortShape:
    """Explore every patient under a population by importance sampling, and improve that population from the draws.

    Parameters
    ----------
    patients, problem, priors, spread
        As in :func:`fitting.population.summary.summarise`.
    summary : NormalSummary
        With the population to begin from.
    rounds, draws : int
        Of the importance sampling.
    seed : int
    progress : callable, optional
        Called with (patients done, patients in all).
    """
    c = len(summary.mu)
    omega = WIDER * summary.omega
    prior = unbounded(population_priors(priors, *with_dispersion(summary, omega), "population"))
    fresh = build_penalised(patients, problem.model, problem.likelihood, prior, rtol=problem.rtol)
    found = explore_cohort(
        fresh, patients, prior, starts=8, rounds=rounds, draws=draws, seed=seed, progress=progress
    )
    explored = [e for e in found if e is not None]
    if len(explored) < len(patients):
        lost = [p.patient_id for p, e in zip(patients, found, strict=True) if e is None]
        raise ValueError(
            f"patient {', '.join(lost)}: the model could not be solved from any start; leave it out"
        )
    points = [e.coordinates()[:, :c] for e in explored]
    log_weights, mu, best = _improved(points, explored, summary.mu, omega, priors, spread)
    return _shape(points, log_weights, explored, mu, best, summary)


def with_dispersion(summary: NormalSummary, omega: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of a patient's coordinates, those of a shared dispersion included."""
    mean, sd = summary.mu, omega
    if np.isfinite(summary.log_dispersion):
        mean, sd = np.append(mean, summary.log_dispersion), np.append(sd, SHARED_SD)
    return mean, np.diag(sd**2)


def unbounded(priors: PriorSet) -> PriorSet:
    """Take the bounds of single fits away: a population has none."""
    free = tuple(dataclasses.replace(c, lower=-np.inf, upper=np.inf) for c in priors.coordinates)
    return dataclasses.replace(priors, coordinates=free)


def _improved(
    points: list[np.ndarray],
    explored: list[Exploration],
    mu: np.ndarray,
    omega: np.ndarray,
    priors: PriorSet,
    spread: np.ndarray,
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Monte Carlo EM on the draws, each reweighted to the population of the moment."""
    c = len(mu)
    first = [_log_normal(x, mu, omega) for x in points]
    weights = [e.draws.log_weights for e in explored]
    for _ in range(REWEIGHTINGS):
        mean = np.array([np.exp(w) @ x for w, x in zip(weights, points, strict=True)])
        second = np.array([np.exp(w) @ x**2 for w, x in zip(weights, points, strict=True)])
        mu, omega = population_moments(mean, second - mean**2, mu, omega, priors, spread[:c])
        weights = []
        for x, e, before in zip(points, explored, first, strict=True):
            total = e.draws.log_weights + _log_normal(x, mu, omega) - before
            total = total - total.max()
            weights.append(total - np.log(np.exp(total).sum()))
    return weights, mu, omega


def _log_normal(x: np.ndarray, mu: np.ndarray, omega: np.ndarray) -> np.ndarray:
    """Log density of independent normals, up to a constant of pi."""
    return -0.5 * np.sum(((x - mu) / omega) ** 2, axis=1) - np.log(omega).sum()


def _shape(
    points: list[np.ndarray],
    log_weights: list[np.ndarray],
    explored: list[Exploration],
    mu: np.ndarray,
    omega: np.ndarray,
    old: NormalSummary,
) -> CohortShape:
    """Summaries and maps from weighted draws of posteriors under one population."""
    w, c = len(points), len(mu)
    information, score, mode = np.empty((w, c, c)), np.empty((w, c)), np.empty((w, c))
    middle, standard, effective, maps = np.empty((w, c)), np.empty((w, c, c)), np.empty(w), []
    for i, (x, log_weight, e) in enumerate(zip(points, log_weights, explored, strict=True)):
        weight = np.exp(log_weight)
        effective[i] = 1 / np.sum(weight**2)
        mean = weight @ x
        away = x - mean
        covariance = (away * weight[:, None]).T @ away
        # data can only narrow: in units of omega no eigenvalue of the likelihood's part is negative
        inside = np.linalg.inv(covariance) * np.outer(omega, omega) - np.eye(c)
        values, vectors = np.linalg.eigh(0.5 * (inside + inside.T))
        information[i] = (vectors * np.maximum(values, 0.0)) @ vectors.T / np.outer(omega, omega)
        total = information[i] + np.diag(1 / omega**2)
        score[i] = total @ mean - mu / omega**2
        middle[i], standard[i], mode[i] = mean, np.linalg.cholesky(total).T, x[np.argmax(log_weight)]
        order = e.draws.map.order
        maps.append(fit_map(x, weight, degrees=DEGREES, order=order[order < c]))
    summary = NormalSummary(information, score, mode, mu, omega, old.log_dispersion)
    return CohortShape(summary, middle, standard, tuple(maps), effective)
