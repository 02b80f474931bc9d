"""A new patient against a stored population: a posterior in seconds, and another after each visit."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitting.bayesian.explore import Exploration, explore_cohort
from fitting.bayesian.penalised_problem import build_penalised
from fitting.bayesian.prior_set import DISPERSION
from fitting.maximum_likelihood import unusable
from fitting.starts import patient_generator

if TYPE_CHECKING:
    from fitting.population.result import Population
    from patients.cohort import Patient

FEWEST = 400.0  # effective draws below which a result says that it is rough
GOOD = "The importance weights are even enough for these draws to stand for the posterior."
ROUGH = "Rough: few of the draws carry the weight; sample this patient with the population as its prior."


@dataclass(frozen=True)
class NewPatientPosterior:
    """What is known of a new patient after some visits.

    Parameters
    ----------
    patient_id : str
    visits : int
        Used.
    day : float
        Of the last visit used.
    names : tuple of str
        Of the coordinates: the model's parameters and, last, the dispersion where the likelihood has one.
    coordinates : ndarray, shape (m, c)
        Draws of equal weight: logarithms in units of their scales.
    log_scale : ndarray, shape (c,)
    effective : float
        Effective number of draws.
    status : str
    """

    patient_id: str
    visits: int
    day: float
    names: tuple[str, ...]
    coordinates: np.ndarray
    log_scale: np.ndarray
    effective: float
    status: str

    @property
    def usable(self) -> bool:
        """Whether the draws stand for the posterior."""
        return self.status == GOOD

    def parameters(self) -> dict[str, np.ndarray]:
        """Draws in the model's units, by name."""
        values = np.exp(self.coordinates + self.log_scale)
        return dict(zip(self.names, values.T, strict=True))


def infer_new_patient(
    patient: Patient,
    population: Population,
    *,
    covariates: dict[str, float] | None = None,
    draws: int = 4000,
    seed: int = 0,
) -> NewPatientPosterior:
    """Posterior of a patient who was not in the cohort, with the population as prior; nothing is refitted.

    The prior is the joint normal with the mean and covariance of the population's predictive distribution of the log
    parameters: the uncertainty of mu is in it, that of omega only through its mean square.

    Parameters
    ----------
    patient : Patient
    population : Population
    covariates : dict, optional
        Of this patient, where the population has some.
    draws : int
        Of the result.
    seed : int

    Raises
    ------
    ValueError
        A population that is not usable, or a patient whose model cannot be solved.
    """
    return update_by_visit(
        patient, population, visits=[len(patient)], covariates=covariates, draws=draws, seed=seed
    )[0]


def update_by_visit(
    patient: Patient,
    population: Population,
    *,
    visits: Sequence[int] | None = None,
    covariates: dict[str, float] | None = None,
    draws: int = 4000,
    seed: int = 0,
) -> tuple[NewPatientPosterior, ...]:
    """Posteriors after each visit.

    Parameters
    ----------
    patient : Patient
    population : Population
    visits : sequence of int, optional
        Numbers of visits to stop at; every one by default.
    covariates, draws, seed
        As in :func:`infer_new_patient`.

    Raises
    ------
    ValueError
        A population that is not usable, or a patient whose model cannot be solved.
    """
    from dynamics import get_model
    from fitting.likelihood import get_likelihood

    if not population.usable:
        raise ValueError(
            f"patient {patient.patient_id!r}: the population cannot be a prior. {population.status}"
        )
    counts = range(1, len(patient) + 1) if visits is None else visits
    reason = unusable(patient)
    if reason and len(patient) > 1:
        raise ValueError(f"patient {patient.patient_id!r}: {reason}")
    model, likelihood = get_model(population.model_name), get_likelihood(population.likelihood)
    priors = population.priors(covariates)
    known = [first_visits_of(patient, n) for n in counts]
    problem = build_penalised(known, model, likelihood, priors, rtol=1e-6)
    found = explore_cohort(problem, known, priors, starts=8, rounds=6, draws=1500, seed=seed)
    names = (*model.parameter_names, *([DISPERSION] if likelihood.has_dispersion else []))
    return tuple(
        _result(part, explored, names, draws, seed) for part, explored in zip(known, found, strict=True)
    )


def first_visits_of(patient: Patient, count: int) -> Patient:
    """Return what was known of a patient after so many visits."""
    if not 1 <= count <= len(patient):
        raise ValueError(
            f"patient {patient.patient_id!r} has {len(patient)} visits, asked for the first {count}"
        )
    return dataclasses.replace(
        patient,
        times=patient.times[:count],
        burdens=patient.burdens[:count],
        censoring=patient.censoring[:count],
    )


def _result(
    patient: Patient, explored: Exploration | None, names: tuple[str, ...], draws: int, seed: int
) -> NewPatientPosterior:
    """Resample weighted draws to equal weights."""
    if explored is None:
        raise ValueError(
            f"patient {patient.patient_id!r}: the model could not be solved from any start; check doses and burdens"
        )
    weights = explored.draws.weights
    generator = patient_generator(seed, patient.patient_id, f"resampling {len(patient)}")
    # systematic resampling: less noise than independent picks
    places = (np.arange(draws) + generator.uniform()) / draws
    take = np.minimum(np.searchsorted(np.cumsum(weights), places), len(weights) - 1)
    effective = explored.draws.effective
    return NewPatientPosterior(
        patient.patient_id, len(patient), float(patient.times[-1]), names, explored.coordinates()[take],
        explored.log_scale, effective, GOOD if effective >= FEWEST else ROUGH,
    )  # fmt: skip
