"""What forecasters with a law of the course share: the cohort's prior, and errors learned by rehearsal."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitting.forecast.baselines.baseline import DRAWS
from fitting.forecast.baselines.series import rehearse, series_of
from fitting.forecast.baselines.spread import neighbour_correlation
from fitting.forecast.discrepancy import Discrepancy, Misses, fit_discrepancy
from fitting.forecast.population_prior import PatientDraws, Population, fit_population
from fitting.forecast.prediction import Prediction
from fitting.forecast.scores import quantiles
from fitting.forecast.split import Split, first_visits, split_patient

if TYPE_CHECKING:
    from fitting.bayesian.prior_set import PriorSet
    from fitting.forecast.baselines.series import Rehearsal
    from fitting.forecast.context import CohortContext
    from patients.cohort import Patient

INNER_DRAWS, OUTER_DRAWS = 48, 500


@dataclass(frozen=True)
class Ahead:
    """What m draws of one patient say of k days ahead.

    Parameters
    ----------
    logs : ndarray, shape (m, k)
        Natural logarithm of the burden.
    last : ndarray, shape (m,)
        Miss at the last training visit; zeros where the law takes it up itself.
    log_noise : ndarray, shape (m, k)
        Logarithm of the draw's own scale of errors.
    """

    logs: np.ndarray
    last: np.ndarray
    log_noise: np.ndarray


@dataclass(frozen=True)
class Learned:
    """What a forecaster learns from the training parts of a cohort.

    Parameters
    ----------
    population : Population
    trained : dict of str to PatientDraws
        Posterior of each training part under the population's prior.
    discrepancy : Discrepancy
    neighbours : float
        Correlation of the errors of neighbouring visits.
    inner : ndarray, shape (b, k)
        Log density of the logarithm of each visit that was forecast inside a training part; NaN elsewhere.
    score : float
        Their weighted mean.
    """

    population: Population
    trained: dict[str, PatientDraws]
    discrepancy: Discrepancy
    neighbours: float
    inner: np.ndarray
    score: float


class CourseForecaster(ABC):
    """Forecast by a law of the course under the doses.

    The prior of a patient's parameters is that of the cohort: a normal whose mean and covariance are estimated on
    the training parts of all patients (empirical Bayes; :func:`fitting.forecast.population_prior.fit_population`).
    How far the law misses is learned as for the baselines: every training part is cut again at several visits, the
    visits after are forecast under the prior that the *other* patients speak for, and the distribution of the
    errors is fitted. A subclass gives the law.
    """

    name: str = ""
    population_rounds = 3  # of drawing anew; reweighting does the steps between
    fixed: Mapping[int, float] | None = None  # entries of the discrepancy that are not fitted

    @abstractmethod
    def declared(self, context: CohortContext) -> PriorSet:
        """Prior before any patient is seen."""

    @abstractmethod
    def posterior(
        self, patients: Sequence[Patient], priors: PriorSet, context: CohortContext
    ) -> list[PatientDraws | None]:
        """Draw from each patient's posterior; None where the law has no solution."""

    @abstractmethod
    def ahead(
        self, splits: Sequence[Split], points: Sequence[np.ndarray], priors: PriorSet, context: CohortContext
    ) -> list[Ahead]:
        """Carry draws (m, c) of each patient to the held-out days; held-out burdens are not read."""

    def __call__(self, split: Split, context: CohortContext) -> Prediction:
        """Forecast one patient."""
        learned = self.learned(context)
        priors = learned.population.priors
        if any(split.training is training for training in context.trainings):
            draws = learned.trained.get(split.patient_id)
        else:
            draws = self.posterior([split.training], priors, context)[0]
        if draws is None:
            raise ValueError(
                f"patient {split.patient_id!r}: {self.name} has no solution from any start, so there is no forecast"
            )
        generator = np.random.default_rng(zlib.crc32(split.patient_id.encode()))
        points = draws.resampled(OUTER_DRAWS, generator)
        found = self.ahead([split], [points], priors, context)[0]
        return self._prediction(split, learned, found, generator)

    def learned(self, context: CohortContext) -> Learned:
        """Return what the training parts of this cohort teach."""
        return context.once((id(self), "learned"), lambda: self._learn(context))

    def rehearsed(self, context: CohortContext) -> np.ndarray:
        """Log densities of the forecasts made inside training parts, shape (b, k); NaN where there is none."""
        return self.learned(context).inner

    def _learn(self, context: CohortContext) -> Learned:
        # hold `self` in the cohort's memory, whose keys would otherwise outlive the object they name
        context.once((id(self), "self"), lambda: self)
        population, trained = self._population(context)
        trial = rehearsal_of(context)
        misses, where = self._misses(context, trial, population, list(trained))
        discrepancy, score = fit_discrepancy(misses, context.span_days, len(trained), self.fixed)
        inner, z = np.full(where.shape, np.nan), np.zeros(where.shape)
        inner[where] = discrepancy.log_density(misses)
        shifted = misses.misses - discrepancy.centre(misses.last, misses.horizons[:, None])
        width = discrepancy.scale(misses.horizons[:, None], misses.ages[:, None], misses.log_noise)
        z[where] = np.median(shifted / width, axis=1)
        return Learned(population, trained, discrepancy, neighbour_correlation(z, where), inner, score)

    def _population(self, context: CohortContext) -> tuple[Population, dict[str, PatientDraws]]:
        """Estimate the cohort's prior, drawing anew as it moves."""
        declared = self.declared(context)
        population = Population(declared, declared, ())
        for _ in range(self.population_rounds):
            under = population.priors
            found = self.posterior(context.trainings, under, context)
            population = fit_population([d for d in found if d is not None], under, declared)
            if population.priors is declared:
                break
        # draws under the very prior that is kept, not reweighted ones
        priors = population.priors
        found = self.posterior(context.trainings, priors, context)
        drawn = [d for d in found if d is not None]
        population = Population(declared, priors, tuple(d.moments() for d in drawn))
        return population, {
            p.patient_id: d for p, d in zip(context.trainings, found, strict=True) if d is not None
        }

    def _misses(
        self, context: CohortContext, trial: Rehearsal, population: Population, kept: list[str]
    ) -> tuple[Misses, np.ndarray]:
        """Forecast inside the training parts, each under the prior of the other patients."""
        by_id = {p.patient_id: p for p in context.trainings}
        cuts = trial.series.counted.sum(axis=1)
        inner = [
            split_patient(by_id[i], first_visits(int(n)))
            for i, n in zip(trial.series.patient_ids, cuts, strict=True)
        ]
        drawn = self.posterior([s.training for s in inner], population.priors, context)
        others = {i: population.without(k) for k, i in enumerate(kept)}
        points, rows = [], []
        for b, (split, draws) in enumerate(zip(inner, drawn, strict=True)):
            if draws is None or split.patient_id not in others:
                continue
            seen = draws.under(population.priors, others[split.patient_id])
            generator = np.random.default_rng(zlib.crc32(f"{split.patient_id} {cuts[b]}".encode()))
            points.append(seen.resampled(INNER_DRAWS, generator))
            rows.append(b)
        found = self.ahead([inner[b] for b in rows], points, population.priors, context)
        where = np.zeros(trial.target_logs.shape, dtype=bool)
        parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        for b, a in zip(rows, found, strict=True):
            columns = trial.target_weights[b] > 0
            where[b] = columns
            miss = trial.target_logs[b, columns][:, None] - a.logs.T
            parts.append((miss, np.broadcast_to(a.last, miss.shape), a.log_noise.T))
        misses, last, noise = (np.concatenate(p) for p in zip(*parts, strict=True))
        age = np.broadcast_to(trial.series.last_day[:, None], where.shape)
        return (
            Misses(
                misses, last, noise, trial.horizons_days[where], age[where],
                trial.target_censoring[where], trial.target_weights[where],
            ),
            where,
        )  # fmt: skip

    def _prediction(
        self, split: Split, learned: Learned, found: Ahead, generator: np.random.Generator
    ) -> Prediction:
        """Mix the draws."""
        d, h = learned.discrepancy, split.horizons_days
        k = len(h)
        age = split.cut_day - split.training.times[0]
        if np.any(split.held_out_burdens <= 0):
            day = split.held_out_days[np.argmax(split.held_out_burdens <= 0)]
            raise ValueError(
                f"patient {split.patient_id!r}: the burden of day {day:g} is 0, where a distribution of logarithms "
                "has no density; give the detection limit, or use fitting.choice.censor_zeros"
            )
        log_y = np.log(split.held_out_burdens)
        miss = log_y[:, None] - found.logs.T
        density = d.log_density(
            Misses(
                miss, np.broadcast_to(found.last, miss.shape), found.log_noise.T, h, np.full(k, age),
                split.held_out_censoring, np.ones(k),
            )
        )  # fmt: skip
        density = np.where(split.held_out_censoring == 0, density - log_y, density)
        who = np.arange(DRAWS) % len(found.logs)
        rho, z = learned.neighbours, generator.standard_normal((DRAWS, k))
        for j in range(1, k):
            z[:, j] = rho * z[:, j - 1] + np.sqrt(1 - rho**2) * z[:, j]
        level = (np.argsort(np.argsort(z, axis=0), axis=0) + 0.5) / DRAWS
        centre = found.logs + d.centre(found.last[:, None], h)
        scale = d.scale(h, np.array(age), found.log_noise)
        draws = np.exp(np.clip(centre[who] + scale[who] * d.spread.quantiles(level), -300, 300))
        point = quantiles(draws, np.array([0.5]))[0]
        return Prediction(
            split.patient_id, self.name, split.held_out_days, draws, density, point, note=str(d)
        )


def rehearsal_of(context: CohortContext) -> Rehearsal:
    """Return the forecasts to be made inside the training parts, the same for all methods."""
    return context.once("rehearsal", lambda: rehearse(_series(context)))


def _series(context: CohortContext):
    return context.once("training series", lambda: series_of(context.trainings))
