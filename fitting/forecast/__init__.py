"""Does it predict? Forecasts of later visits from the first ones, scored against baselines."""

from fitting.forecast.context import CohortContext
from fitting.forecast.evaluate import Evaluation, Forecaster, evaluate
from fitting.forecast.forecast import CohortForecast, forecast_cohort, forecast_patient
from fitting.forecast.model_forecast import ModelForecaster
from fitting.forecast.prediction import Prediction, PredictionError, predict_from_draws
from fitting.forecast.progression import above_first, above_highest, first_crossing
from fitting.forecast.reverting_forecast import RevertingForecaster
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
from fitting.forecast.stacking import Stack
from fitting.forecast.summary import in_common, paired_differences, patient_scores, summarise
from fitting.forecast.tumorgrowth import tumorgrowth_protocol

__all__ = [
    "CohortContext",
    "CohortForecast",
    "Evaluation",
    "Forecaster",
    "ModelForecaster",
    "Prediction",
    "PredictionError",
    "RevertingForecaster",
    "Split",
    "SplitError",
    "Stack",
    "above_first",
    "above_highest",
    "evaluate",
    "first_crossing",
    "first_days",
    "first_share",
    "first_visits",
    "forecast_cohort",
    "forecast_patient",
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
