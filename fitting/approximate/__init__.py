"""Fast posteriors beside sampling: normal approximations, importance resampling with a check of its weights."""

from fitting.approximate.cohort import approximate_cohort
from fitting.approximate.importance import Smoothed, resample, smooth, weigh_laplace
from fitting.approximate.laplace import Laplace, laplace_cohort
from fitting.approximate.most_probable import MostProbable, maximise_cohort

__all__ = [
    "Laplace",
    "MostProbable",
    "Smoothed",
    "approximate_cohort",
    "laplace_cohort",
    "maximise_cohort",
    "resample",
    "smooth",
    "weigh_laplace",
]
