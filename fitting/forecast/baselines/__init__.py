"""Forecasts that any model of the tumour must beat."""

from fitting.forecast.baselines.baseline import Baseline
from fitting.forecast.baselines.bertalanffy import GeneralBertalanffy
from fitting.forecast.baselines.curve import ALONE, GRID, Curve, Shrinkage
from fitting.forecast.baselines.decay_regrowth import DecayRegrowth
from fitting.forecast.baselines.last_value import LastValue
from fitting.forecast.baselines.log_linear import LogLinear
from fitting.forecast.baselines.population_curve import PopulationCurve
from fitting.forecast.baselines.standard import standard_baselines

__all__ = [
    "ALONE",
    "GRID",
    "Baseline",
    "Curve",
    "DecayRegrowth",
    "GeneralBertalanffy",
    "LastValue",
    "LogLinear",
    "PopulationCurve",
    "Shrinkage",
    "standard_baselines",
]
