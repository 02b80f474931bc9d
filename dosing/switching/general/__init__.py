"""Which drug when, where lines flow into each other or cells on the way cost: mixtures, rounding, planning again."""

from dosing.switching.general.ensemble_members import SwitchingEnsemble
from dosing.switching.general.mixtures import MixturePlan, bound_on_cells, optimal_mixtures
from dosing.switching.general.plan import GeneralPlan, plan_general
from dosing.switching.general.receding import RecedingCourse, Visit, noisy_counts, receding_horizon
from dosing.switching.general.rounding import nearest_multiples, sum_up_rounding
from dosing.switching.general.step_grid import Held, StepGrid, dwell_obeyed, step_grid
from dosing.switching.general.uncertainty import member_costs, uncertain_models

__all__ = [
    "GeneralPlan",
    "Held",
    "MixturePlan",
    "RecedingCourse",
    "StepGrid",
    "SwitchingEnsemble",
    "Visit",
    "bound_on_cells",
    "dwell_obeyed",
    "member_costs",
    "nearest_multiples",
    "noisy_counts",
    "optimal_mixtures",
    "plan_general",
    "receding_horizon",
    "step_grid",
    "sum_up_rounding",
    "uncertain_models",
]
