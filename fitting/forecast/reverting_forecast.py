"""Forecasts by a stochastic course between the levels that the doses set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fitting.bayesian.coordinate_prior import CoordinatePrior
from fitting.bayesian.prior_set import joint
from fitting.forecast.course_forecaster import Ahead, CourseForecaster
from fitting.forecast.discrepancy import SCALE_GIVEN
from fitting.forecast.normal_importance import sample
from fitting.forecast.population_prior import PatientDraws
from fitting.forecast.reverting_course import NAMES, filtered, way_of
from fitting.starts import patient_generator

if TYPE_CHECKING:
    from fitting.bayesian.prior_set import PriorSet
    from fitting.forecast.context import CohortContext
    from fitting.forecast.mechanistic_draws import Doses
    from fitting.forecast.split import Split
    from patients.cohort import Patient

# medians and standard deviations before any patient is seen, in units of the typical training length
CENTRES = np.array([np.log(3.0), np.log(8.0), 0.5, -1.5, 0.0, np.log(0.5), np.log(0.1)])
WIDTHS = np.array([1.2, 1.2, 1.5, 1.5, 0.3, 0.8, 0.7])
REACH = 3.0  # of these, where the prior ends


class RevertingForecaster(CourseForecaster):
    """Forecast by a stochastic Gompertz law; see :func:`fitting.forecast.reverting_course.filtered`.

    Parameters
    ----------
    doses : {"planned", "held"}
    seed : int
    """

    fixed = SCALE_GIVEN
    population_rounds = 5

    def __init__(self, *, drift: bool = True, doses: Doses = "planned", seed: int = 0) -> None:
        self.doses, self.seed = doses, seed
        self.free = np.array([drift or name != "drift" for name in NAMES])
        self.name = (
            "stochastic Gompertz"
            + (" with drift" if drift else "")
            + ("" if doses == "planned" else ", last dose held")
        )

    def declared(self, context: CohortContext) -> PriorSet:  # noqa: ARG002
        """Return wide priors in units of the typical training length."""
        return joint(
            [
                CoordinatePrior(name, float(c), float(s), float(c - REACH * s), float(c + REACH * s))
                for name, c, s, free in zip(NAMES, CENTRES, WIDTHS, self.free, strict=True)
                if free
            ],
            ("",) * int(self.free.sum()),
        )

    def _all(self, q: np.ndarray) -> np.ndarray:
        """Put zeros where a parameter is left out."""
        full = np.zeros((len(q), len(NAMES)))
        full[:, self.free] = q
        return full

    def posterior(
        self, patients: Sequence[Patient], priors: PriorSet, context: CohortContext
    ) -> list[PatientDraws | None]:
        """Draw by adaptive importance sampling from the prior on."""
        return [self._one(p, priors, context.span_days) for p in patients]

    def _one(self, patient: Patient, priors: PriorSet, span: float) -> PatientDraws:
        way, logs = way_of(patient.times, patient.schedule), np.log(patient.burdens / patient.first_burden)
        low, high = priors.lower, priors.upper

        def log_likelihood(q: np.ndarray) -> np.ndarray:
            inside = np.all((q >= low) & (q <= high), axis=1)
            value = filtered(self._all(np.clip(q, low, high)), logs, patient.censoring, way, span)[0]
            return np.where(inside, value, -np.inf)

        points, log_weights = sample(
            log_likelihood,
            priors.normal_mean, np.linalg.inv(priors.normal_precision),
            patient_generator(self.seed, patient.patient_id, "reverting"),
        )  # fmt: skip
        return PatientDraws.heavy(points, log_weights)

    def ahead(
        self,
        splits: Sequence[Split],
        points: Sequence[np.ndarray],
        priors: PriorSet,  # noqa: ARG002
        context: CohortContext,
    ) -> list[Ahead]:
        """Run the filter to the cut, and the law on from there."""
        result = []
        for split, q in zip(splits, points, strict=True):
            training = split.training
            schedule = split.planned_schedule if self.doses == "planned" else split.held_schedule
            way = way_of(np.concatenate([training.times, split.held_out_days]), schedule)
            logs = np.log(training.burdens / training.first_burden)
            _, mean, variance = filtered(self._all(q), logs, training.censoring, way, context.span_days)
            result.append(
                Ahead(mean + np.log(training.first_burden), np.zeros(len(q)), 0.5 * np.log(variance))
            )
        return result
