"""Pictures of a fitted population."""

from fitting.population.plots.individual_fits import plot_individual_fits
from fitting.population.plots.normalised_errors import plot_prediction_errors
from fitting.population.plots.observed_predicted import plot_observed_predicted
from fitting.population.plots.predictive_check import plot_visual_predictive_check
from fitting.population.plots.random_effects import plot_random_effects

__all__ = [
    "plot_individual_fits",
    "plot_observed_predicted",
    "plot_prediction_errors",
    "plot_random_effects",
    "plot_visual_predictive_check",
]
