"""A cohort as one population: what patients share, how they differ, what that says of the next one."""

from fitting.population.fit import fit_population
from fitting.population.new_patient import NewPatientPosterior, infer_new_patient, update_by_visit
from fitting.population.predictions import VisitPredictions, predict_visits
from fitting.population.residuals import individual_residuals, prediction_errors
from fitting.population.result import Population
from fitting.population.table import PopulationTable, population_table

__all__ = [
    "NewPatientPosterior",
    "Population",
    "PopulationTable",
    "VisitPredictions",
    "fit_population",
    "individual_residuals",
    "infer_new_patient",
    "population_table",
    "predict_visits",
    "prediction_errors",
    "update_by_visit",
]
