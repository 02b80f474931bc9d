"""Does it predict? Forecasts of later visits from the first ones, scored against baselines."""

from fitting.forecast.context import CohortContext
from fitting.forecast.evaluate import Evaluation, Forecaster, evaluate
from fitting.forecast.prediction import Prediction, PredictionError, predict_from_draws
from fitting.forecast.progression import above_first, above_highest, first_crossing
from fitting.forecast.split import (
    Split,
    SplitError,
    first_days,
    first_share,
    first_visits,
    last_two_of_at_least,
    split_cohort,
    split_patient,
)
from fitting.forecast.summary import in_common, paired_differences, patient_scores, summarise
from fitting.forecast.tumorgrowth import tumorgrowth_protocol

__all__ = [
    "CohortContext",
    "Evaluation",
    "Forecaster",
    "Prediction",
    "PredictionError",
    "Split",
    "SplitError",
    "above_first",
    "above_highest",
    "evaluate",
    "first_crossing",
    "first_days",
    "first_share",
    "first_visits",
    "in_common",
    "last_two_of_at_least",
    "paired_differences",
    "patient_scores",
    "predict_from_draws",
    "split_cohort",
    "split_patient",
    "summarise",
    "tumorgrowth_protocol",
]
