"""Posterior draws of many short courses, in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fitting.bayesian.explore import explore_cohort
from fitting.bayesian.penalised_problem import build_penalised
from fitting.forecast.population_prior import PatientDraws

if TYPE_CHECKING:
    from dynamics.model import Model
    from fitting.bayesian.prior_set import PriorSet
    from fitting.likelihood import Likelihood
    from patients.cohort import Patient

ROUNDS, DRAWS, STARTS = 4, 600, 5


def posterior_draws(
    patients: Sequence[Patient], model: Model, likelihood: Likelihood, priors: PriorSet, *, seed: int = 0
) -> list[PatientDraws | None]:
    """Draw from each patient's posterior by adaptive importance sampling; None where no start could be solved."""
    problem = build_penalised(patients, model, likelihood, priors, rtol=1e-6)
    found = explore_cohort(problem, patients, priors, starts=STARTS, rounds=ROUNDS, draws=DRAWS, seed=seed)
    return [None if f is None else PatientDraws.of(f) for f in found]
