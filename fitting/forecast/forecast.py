"""Forecasts for a cohort or one patient, with defaults that were measured on four cohorts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitting.forecast.baselines.standard import standard_baselines
from fitting.forecast.context import CohortContext
from fitting.forecast.own import default_stack
from fitting.forecast.population_prior import FEWEST
from fitting.forecast.split import Rule, Split, first_share, split_cohort

if TYPE_CHECKING:
    from dynamics.schedule import DoseSchedule
    from fitting.forecast.mechanistic_draws import Doses
    from fitting.forecast.prediction import Prediction
    from fitting.forecast.stacking import Stack
    from patients.cohort import Patient, Rejection


@dataclass(frozen=True)
class CohortForecast:
    """Forecasts of the later visits of a cohort.

    Parameters
    ----------
    splits : tuple of Split
    predictions : tuple of Prediction or None
        In the order of the splits; None where the forecast failed.
    failures : dict of str to str
        Reason by patient.
    skipped : tuple of Rejection
        Patients whom the rule could not cut.
    weights : dict of str to float
        Share of each member in the mixture.
    """

    splits: tuple[Split, ...]
    predictions: tuple[Prediction | None, ...]
    failures: dict[str, str]
    skipped: tuple[Rejection, ...]
    weights: dict[str, float]


def forecast_cohort(
    patients: Sequence[Patient],
    *,
    model_names: Sequence[str] = (),
    rule: Rule | None = None,
    doses: Doses = "planned",
) -> CohortForecast:
    """Forecast every patient's later visits from the first ones.

    Parameters
    ----------
    patients : sequence of Patient
    model_names : sequence of str
        Models of the catalogue to add to the mixture, such as ``"turnover+b0"``; they take minutes a cohort.
    rule : callable, optional
        Where to cut; after the first 60 % of the visits where absent.
    doses : {"planned", "held"}
        Whether the doses after the cut are known, or the last one is held.
    """
    splits, skipped = split_cohort(patients, rule or first_share(0.6))
    if not splits:
        reasons = "; ".join(dict.fromkeys(s.reason for s in skipped))
        raise ValueError(
            f"no patient has enough visits to be cut, so there is nothing to forecast: {reasons}"
        )
    context = CohortContext(tuple(s.training for s in splits))
    stack = _stack(len(splits), model_names, doses)
    predictions: list[Prediction | None] = []
    failures = {}
    for split in splits:
        try:
            predictions.append(stack(split, context))
        except Exception as error:  # one bad patient never takes the cohort down
            predictions.append(None)
            failures[split.patient_id] = f"{type(error).__name__}: {error}"
    weights = stack.weights(context) if len(failures) < len(splits) else np.zeros(len(stack.members))
    shares = {m.name: float(a) for m, a in zip(stack.members, weights, strict=True)}
    return CohortForecast(splits, tuple(predictions), failures, skipped, shares)


def forecast_patient(
    patient: Patient,
    days: Sequence[float] | np.ndarray,
    *,
    schedule: DoseSchedule | None = None,
    others: Sequence[Patient] = (),
    model_names: Sequence[str] = (),
) -> Prediction:
    """Forecast a patient beyond the last visit.

    Parameters
    ----------
    patient : Patient
        All visits so far.
    days : sequence of float, length n
        Days to forecast, after the last visit, on the patient's own count.
    schedule : DoseSchedule, optional
        All doses, past and planned; the patient's own where absent.
    others : sequence of Patient
        Patients of the same disease and drug, observed as far as they are: they give the prior, the size of the
        errors and the weights. Without them the declared priors stay, and only the patient's own visits teach.
    model_names : sequence of str
        As in :func:`forecast_cohort`.

    Returns
    -------
    Prediction
        Its log density is minus infinity throughout: nothing was measured yet.

    Raises
    ------
    ValueError
        Days that are not after the last visit.
    """
    ahead = np.asarray(days, dtype=float)
    if len(ahead) == 0 or np.any(np.diff(ahead) <= 0) or ahead[0] <= patient.times[-1]:
        raise ValueError(
            f"patient {patient.patient_id!r}: the days to forecast must rise and lie after the last visit on day "
            f"{patient.times[-1]:g}, got {ahead[:5]}"
        )
    # a placeholder stands where a measurement will be; only the density, which is thrown away, reads it
    blank = np.full(len(ahead), float(patient.burdens[-1]))
    split = Split(patient, ahead, blank, np.zeros(len(ahead), int), schedule or patient.schedule)
    trainings = (*(p for p in others if p.patient_id != patient.patient_id), patient)
    found = _stack(len(trainings), model_names, "planned")(split, CohortContext(trainings))
    return dataclasses.replace(found, log_density=np.full(len(ahead), -np.inf))


def _stack(patients: int, model_names: Sequence[str], doses: Doses) -> Stack:
    """Return the default mixture; without the curve of the others where there are too few of them."""
    simple = list(standard_baselines().values())
    if patients < FEWEST:
        simple = [b for b in simple if "population" not in b.name]
    return default_stack(model_names, doses=doses, simple=simple)
