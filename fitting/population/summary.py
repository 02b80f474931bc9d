"""A normal summary of each patient's likelihood, by iterating between patients and population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitting.bayesian.explore import find_modes
from fitting.bayesian.penalised_problem import PenalisedProblem, build_penalised
from fitting.bayesian.prior_set import PriorSet, population_priors
from fitting.problem import OUT_OF_REACH

if TYPE_CHECKING:
    from fitting.optimizer import Minima
    from patients.cohort import Patient

ROUNDS = 6
EM_STEPS = 200
SHARED_SD = 0.03  # of the logarithm of a shared dispersion while patients are fitted: all but fixed
LEAST_ESTIMATE = 0.02
LEAST_OMEGA = 0.1  # so that a round with few patients does not tie the next one to its mean


@dataclass(frozen=True)
class NormalSummary:
    """Quadratic approximations of the patients' log-likelihoods, and a population that fits them.

    Parameters
    ----------
    information, score : ndarray, shape (w, c, c), (w, c)
        Minus the log-likelihood of patient i is about ``x'Hx/2 - b'x`` in its coordinates x.
    mode : ndarray, shape (w, c)
        Most probable coordinates of each patient under the population.
    mu, omega : ndarray, shape (c,)
    log_dispersion : float
        Of a shared dispersion, in units of its scale; NaN where there is none.
    """

    information: np.ndarray
    score: np.ndarray
    mode: np.ndarray
    mu: np.ndarray
    omega: np.ndarray
    log_dispersion: float

    def conditional(self, mu: np.ndarray, omega: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean (w, c) and covariance (w, c, c) of the patients' coordinates given a population."""
        precision = np.diag(1 / omega**2)
        covariance = np.linalg.inv(self.information + precision)
        mean = np.einsum("wij,wj->wi", covariance, self.score + precision @ mu)
        return mean, covariance


def summarise(
    patients: Sequence[Patient],
    problem: PenalisedProblem,
    priors: PriorSet,
    spread: np.ndarray,
    *,
    shared: bool,
    starts: int = 12,
    seed: int = 0,
) -> NormalSummary:
    """Fit patients and population in turn: iterative two-stage (Steimer 1984), with the weak prior as its start.

    The result starts and shapes the sampler; no posterior depends on it.

    Parameters
    ----------
    patients : sequence of Patient
    problem : PenalisedProblem
        Of these patients under ``priors``.
    priors : PriorSet
        Of the typical values; the dispersion last, where the likelihood has one.
    spread : ndarray, shape (c,)
        Scale of the half-normal prior of omega.
    shared : bool
        Whether all patients have one dispersion, so that it is no coordinate of a patient.
    starts, seed : int
        Of the search for the first modes.

    Raises
    ------
    ValueError
        A patient whose model could not be solved from any start.

    References
    ----------
    Steimer, Mallet, Golmard, Boisvieux (1984), Drug Metabolism Reviews 15:265.
    """
    minima, who = find_modes(problem, patients, starts=starts, seed=seed)
    best = np.array([_best(minima, np.flatnonzero(who == w)) for w in range(len(patients))])
    lost = [p.patient_id for p, b in zip(patients, best, strict=True) if minima.value[b] >= OUT_OF_REACH]
    if lost:
        raise ValueError(
            f"patient {', '.join(lost)}: the model could not be solved from any start; leave the patient out, or "
            "check doses and burdens"
        )
    others, summary = minima.q, _summary(problem, minima, best, priors, spread, shared)
    everyone = np.arange(len(patients))
    for _ in range(ROUNDS):
        prior = _as_priors(priors, summary, shared)
        fresh = build_penalised(patients, problem.model, problem.likelihood, prior, rtol=problem.rtol)
        size = problem.size
        middle = _full(summary.conditional(summary.mu, summary.omega)[0], summary, size)
        typical = _full(np.broadcast_to(summary.mu, summary.mode.shape), summary, size)
        begin = np.concatenate(
            [s + fresh.log_scale for s in (_full(summary.mode, summary, size), middle, typical)]
        )
        begin = np.concatenate([begin, others]) if others is not None else begin
        whom = np.concatenate([np.tile(everyone, 3), who]) if others is not None else np.tile(everyone, 3)
        found = fresh.minimise(np.clip(begin, fresh.lower[whom], fresh.upper[whom]), whom)
        best = np.array([_best(found, np.flatnonzero(whom == w)) for w in everyone])
        last, summary = summary, _summary(fresh, found, best, priors, spread, shared, prior)
        others = None
        if (
            np.abs(summary.mu - last.mu).max() < 0.01
            and np.abs(np.log(summary.omega / last.omega)).max() < 0.02
        ):
            break
    return summary


def _best(minima: Minima, mine: np.ndarray) -> int:
    return int(mine[np.argmin(minima.value[mine])])


def _full(coordinates: np.ndarray, summary: NormalSummary, size: int) -> np.ndarray:
    """Add the shared dispersion as the last coordinate, where there is one."""
    if coordinates.shape[1] == size:
        return coordinates
    return np.column_stack([coordinates, np.full(len(coordinates), summary.log_dispersion)])


def _as_priors(priors: PriorSet, summary: NormalSummary, shared: bool) -> PriorSet:
    """Make the population the prior of the next round."""
    mean, sd = summary.mu, np.maximum(summary.omega, LEAST_OMEGA)
    if shared:
        mean, sd = np.append(mean, summary.log_dispersion), np.append(sd, SHARED_SD)
    return population_priors(priors, mean, np.diag(sd**2), "population of the last round")


def _summary(
    problem: PenalisedProblem,
    minima: Minima,
    best: np.ndarray,
    weak: PriorSet,
    spread: np.ndarray,
    shared: bool,
    prior: PriorSet | None = None,
) -> NormalSummary:
    """Take the prior out of the curvature at the modes, and fit a population to what is left."""
    used = prior or weak
    precision, mean = used.normal_precision, used.normal_mean
    x = minima.q[best] - problem.log_scale
    information = minima.information[best] - precision
    slope = minima.gradient[best] - (x - mean) @ precision
    c = x.shape[1] - 1 if shared else x.shape[1]
    log_dispersion = np.nan
    if shared:
        log_dispersion = _pooled(x[:, -1], slope[:, -1], information[:, -1, -1])
    x, slope = x[:, :c], slope[:, :c]
    values, vectors = np.linalg.eigh(information[:, :c, :c])
    information = np.einsum("wik,wk,wjk->wij", vectors, np.maximum(values, 0.0), vectors)
    score = np.einsum("wij,wj->wi", information, x) - slope
    mu, omega = _expectation_maximisation(information, score, weak, spread, c)
    return NormalSummary(information, score, x, mu, omega, log_dispersion)


def _pooled(x: np.ndarray, slope: np.ndarray, information: np.ndarray) -> float:
    """Weigh the patients' log dispersions by what they say of it."""
    weight = np.maximum(information, 1e-6)
    return float(np.sum(weight * x - slope) / np.sum(weight))


def _expectation_maximisation(
    information: np.ndarray, score: np.ndarray, weak: PriorSet, spread: np.ndarray, c: int
) -> tuple[np.ndarray, np.ndarray]:
    """Most probable mu and omega given the summaries."""
    mu, omega = weak.normal_mean[:c].copy(), np.minimum(spread, 1.0)
    for _ in range(EM_STEPS):
        covariance = np.linalg.inv(information + np.diag(1 / omega**2))
        mean = np.einsum("wij,wj->wi", covariance, score + mu / omega**2)
        mu, omega = population_moments(mean, np.einsum("wii->wi", covariance), mu, omega, weak, spread)
    return mu, omega


def population_moments(
    mean: np.ndarray,
    variance: np.ndarray,
    mu: np.ndarray,
    omega: np.ndarray,
    weak: PriorSet,
    spread: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Maximise over mu and omega what is expected of the patients: one step of EM, priors included.

    Parameters
    ----------
    mean, variance : ndarray, shape (w, c)
        Of the patients' coordinates given the last population.
    mu, omega : ndarray, shape (c,)
        That population.
    weak : PriorSet
        Of mu.
    spread : ndarray, shape (c,)
        Of omega.
    """
    count, c = mean.shape
    prior_mean, prior_precision = weak.normal_mean[:c], np.diag(weak.normal_precision)[:c]
    mu = (mean.sum(axis=0) / omega**2 + prior_mean * prior_precision) / (count / omega**2 + prior_precision)
    second = np.sum((mean - mu) ** 2 + variance, axis=0)
    # of omega, the half-normal prior included: count omega^2 + omega^4 / spread^2 = second
    square = 2 * second / (count + np.sqrt(count**2 + 4 * second / spread**2))
    return mu, np.maximum(np.sqrt(square), LEAST_ESTIMATE)
