"""Weighted draws that stand for each patient's likelihood under any population near the one they were drawn under."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitting.bayesian.explore import explore_cohort
from fitting.bayesian.importance import tempered
from fitting.bayesian.penalised_problem import PenalisedProblem, build_penalised
from fitting.bayesian.prior_set import PriorSet, population_priors
from fitting.population.shape import unbounded

if TYPE_CHECKING:
    from patients.cohort import Patient

WIDER = 1.6  # the population that patients are explored under, against the best one: omega's own uncertainty and more
KEPT = 4000  # draws of each patient
FLATTER = (
    0.5  # power of the weights that draws are kept in proportion to, so that the edges are not thinned out
)


@dataclass(frozen=True)
class ConditionalDraws:
    r"""Draws of w patients, each worth its likelihood over the density it came from.

    The likelihood of a population is then, for each patient, up to a constant,

    .. math:: L_i(\mu, \Omega) = \sum_j w_{ij} N(x_{ij} \mid \mu, \Omega)

    Parameters
    ----------
    points : ndarray, shape (w, m, c)
        Coordinates: logarithms in units of their scales.
    log_weights : ndarray, shape (w, m)
        Largest of each patient zero.
    """

    points: np.ndarray
    log_weights: np.ndarray

    def conditional(self, centre: np.ndarray, precision: np.ndarray) -> np.ndarray:
        """Weights of each patient's draws given a population, shape (w, m), with a sum of one a patient.

        Parameters
        ----------
        centre : ndarray, shape (w, c)
        precision : ndarray, shape (c, c)
        """
        away = self.points - centre[:, None, :]
        total = self.log_weights - 0.5 * ((away @ precision) * away).sum(axis=2)
        weights = np.exp(total - total.max(axis=1, keepdims=True))
        return weights / weights.sum(axis=1, keepdims=True)


def draw_conditionally(
    patients: Sequence[Patient],
    problem: PenalisedProblem,
    priors: PriorSet,
    mu: np.ndarray,
    omega: np.ndarray,
    *,
    rounds: int = 8,
    draws: int = 1500,
    kept: int = KEPT,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> ConditionalDraws:
    """Explore every patient under a population that is wider than the best one, and divide that population out.

    Parameters
    ----------
    patients : sequence of Patient
    problem : PenalisedProblem
        Of these patients.
    priors : PriorSet
        Whose names and scales stay.
    mu, omega : ndarray, shape (c,)
        The best population so far.
    rounds, draws : int
        Of the importance sampling.
    kept : int
        Draws of each patient in the end.
    seed : int
    progress : callable, optional
        Called with (patients done, patients in all).

    Raises
    ------
    ValueError
        A patient whose model could not be solved.
    """
    wide = WIDER * omega
    prior = unbounded(population_priors(priors, mu, np.diag(wide**2), "population"))
    fresh = build_penalised(patients, problem.model, problem.likelihood, prior, rtol=problem.rtol)
    found = explore_cohort(
        fresh, patients, prior, starts=8, rounds=rounds, draws=draws, seed=seed, progress=progress
    )
    points = np.empty((len(patients), kept, len(mu)))
    log_weights = np.empty((len(patients), kept))
    for i, (patient, explored) in enumerate(zip(patients, found, strict=True)):
        if explored is None:
            raise ValueError(
                f"patient {patient.patient_id}: the model could not be solved from any start; leave it out"
            )
        x, log_posterior = explored.coordinates(), explored.draws.log_weights
        generator = np.random.default_rng([seed, i])
        # few effective draws are flattened further, so that at least the kept number spreads
        power = FLATTER * log_posterior
        share = tempered(power, 0.1 * kept)
        chosen = generator.choice(len(x), kept, p=share)
        with np.errstate(divide="ignore"):
            weight = log_posterior[chosen] - np.log(share[chosen])
        under = -0.5 * np.sum(((x[chosen] - mu) / wide) ** 2, axis=1)
        total = weight - under
        points[i], log_weights[i] = x[chosen], total - total.max()
    return ConditionalDraws(points, log_weights)
