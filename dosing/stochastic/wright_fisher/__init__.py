"""A Wright-Fisher population under selection control: how long a polymorphism is kept (Fischer 2015, section 3)."""

from dosing.stochastic.wright_fisher.hjb import HjbSolution, StationaryHjb, solve_hjb, solve_stationary_hjb
from dosing.stochastic.wright_fisher.monitoring import (
    NaiveControl,
    PreemptiveControl,
    naive_control,
    preemptive_control,
)
from dosing.stochastic.wright_fisher.propagation import diffusion_regimes, population_regimes
from dosing.stochastic.wright_fisher.protocols import Protocol, naive, perfect, preemptive, uncontrolled
from dosing.stochastic.wright_fisher.quadrature import quadrature_survival_time
from dosing.stochastic.wright_fisher.recursion import Recursion, solve_recursion
from dosing.stochastic.wright_fisher.selection import ControlledSelection, WrightFisherError
from dosing.stochastic.wright_fisher.simulate import (
    Course,
    SurvivalSample,
    simulate_course,
    simulate_survival,
)
from dosing.stochastic.wright_fisher.stationary import FinitePopulation, finite_threshold
from dosing.stochastic.wright_fisher.survival import (
    Threshold,
    log_mean_survival_time,
    mean_survival_time,
    survival_threshold,
)
from dosing.stochastic.wright_fisher.value import ValueOfMonitoring, value_of_monitoring

__all__ = [
    "ControlledSelection",
    "Course",
    "FinitePopulation",
    "HjbSolution",
    "NaiveControl",
    "PreemptiveControl",
    "Protocol",
    "Recursion",
    "StationaryHjb",
    "SurvivalSample",
    "Threshold",
    "ValueOfMonitoring",
    "WrightFisherError",
    "diffusion_regimes",
    "finite_threshold",
    "log_mean_survival_time",
    "mean_survival_time",
    "naive",
    "naive_control",
    "perfect",
    "population_regimes",
    "preemptive",
    "preemptive_control",
    "quadrature_survival_time",
    "simulate_course",
    "simulate_survival",
    "solve_hjb",
    "solve_recursion",
    "solve_stationary_hjb",
    "survival_threshold",
    "uncontrolled",
    "value_of_monitoring",
]
