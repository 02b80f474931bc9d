"""Ensemble control: one schedule for every tumour that the data allow (Scagliotti 2026)."""

from dosing.ensemble.averaged import Averaged
from dosing.ensemble.chance import ChanceConstraint
from dosing.ensemble.costs import hyperbolic_cost, linear_cost
from dosing.ensemble.cvar import ConditionalValueAtRisk
from dosing.ensemble.evaluation import EnsembleEvaluation, Outcomes
from dosing.ensemble.optimise import optimise
from dosing.ensemble.pontryagin_check import ensemble_switching
from dosing.ensemble.problem import EnsembleProblem, ProblemError
from dosing.ensemble.projected_gradient import projected_gradient
from dosing.ensemble.result import EnsembleSolution, EnsembleStatus
from dosing.ensemble.worst_case import WorstCase

__all__ = [
    "Averaged",
    "ChanceConstraint",
    "ConditionalValueAtRisk",
    "EnsembleEvaluation",
    "EnsembleProblem",
    "EnsembleSolution",
    "EnsembleStatus",
    "Outcomes",
    "ProblemError",
    "WorstCase",
    "ensemble_switching",
    "hyperbolic_cost",
    "linear_cost",
    "optimise",
    "projected_gradient",
]
