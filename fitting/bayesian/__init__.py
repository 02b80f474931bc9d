"""Bayes for one patient at a time: priors, posteriors, the PyMC model behind them."""

from fitting.bayesian.cohort import sample_cohort
from fitting.bayesian.posterior import Posterior, PosteriorStatus
from fitting.bayesian.prior_set import PriorSet, build_priors
from fitting.bayesian.sampling import SamplingOptions

__all__ = ["Posterior", "PosteriorStatus", "PriorSet", "SamplingOptions", "build_priors", "sample_cohort"]
