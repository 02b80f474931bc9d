"""Forecasts by a model of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fitting.forecast.course_forecaster import Ahead, CourseForecaster
from fitting.forecast.mechanistic_draws import Doses, last_misses, log_outputs
from fitting.forecast.posterior_draws import posterior_draws
from fitting.likelihood import LOG_NORMAL

if TYPE_CHECKING:
    from fitting.bayesian.prior_set import PriorSet
    from fitting.forecast.context import CohortContext
    from fitting.forecast.population_prior import PatientDraws
    from fitting.forecast.split import Split
    from patients.cohort import Patient


class ModelForecaster(CourseForecaster):
    """Forecast by a model of the tumour under the doses.

    Parameters
    ----------
    model_name : str
        As in :func:`dynamics.catalogue.get_model`, variants included. With ``+b0`` the first reading has an error
        like the others; without, it is taken as exact.
    doses : {"planned", "held"}
        Whether the doses after the cut are given, or the last dose held.
    given : mapping, optional
        Declared priors by name; the catalogue's where absent.
    seed : int
    """

    def __init__(
        self,
        model_name: str,
        *,
        doses: Doses = "planned",
        given: Mapping[str, Any] | None = None,
        seed: int = 0,
    ) -> None:
        from dynamics.catalogue import get_model
        from fitting.bayesian.prior_set import build_priors

        self.model, self.seed = get_model(model_name), seed
        self.doses: Doses = doses
        self.name = model_name if doses == "planned" else f"{model_name}, last dose held"
        self._declared = build_priors(self.model, LOG_NORMAL, given)

    def declared(self, context: CohortContext) -> PriorSet:  # noqa: ARG002
        """Return the catalogue's priors, or those given."""
        return self._declared

    def posterior(
        self,
        patients: Sequence[Patient],
        priors: PriorSet,
        context: CohortContext,  # noqa: ARG002
    ) -> list[PatientDraws | None]:
        """Draw by adaptive importance sampling."""
        return posterior_draws(patients, self.model, LOG_NORMAL, priors, seed=self.seed)

    def ahead(
        self,
        splits: Sequence[Split],
        points: Sequence[np.ndarray],
        priors: PriorSet,
        context: CohortContext,  # noqa: ARG002
    ) -> list[Ahead]:
        """Solve the model under the doses."""
        result = []
        for split, q, logs in zip(
            splits, points, log_outputs(self.model, splits, points, priors, self.doses), strict=True
        ):
            later = logs[:, len(split.training) :]
            noise = np.broadcast_to((q[:, -1] - priors.normal_mean[-1])[:, None], later.shape)
            result.append(Ahead(later, last_misses(split, logs), noise))
        return result
