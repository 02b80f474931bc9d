"""Which drug when: switching treatments by convex optimisation (Devia and Giordano)."""

from dosing.switching.algorithm1 import OptimalPath, algorithm_1
from dosing.switching.assumptions import dropped_terms, joint_decay, require_shrinkable
from dosing.switching.closed_form import ClosedForm, closed_form
from dosing.switching.cost import SwitchingCost
from dosing.switching.durations import Durations, durations_of
from dosing.switching.free_horizon import FreeHorizon, HorizonCurve, free_horizon, horizon_curve
from dosing.switching.model import SwitchingError, SwitchingModel
from dosing.switching.plan import plan_switching
from dosing.switching.plan_result import PlanStatus, SwitchingPlan
from dosing.switching.schedule import CostParts, SwitchingSchedule, cells_over_time, evaluate
from dosing.switching.table.reading import SwitchingTableError, read_switching_table
from dosing.switching.table.switching_table import SwitchingTable

__all__ = [
    "ClosedForm",
    "CostParts",
    "Durations",
    "FreeHorizon",
    "HorizonCurve",
    "OptimalPath",
    "PlanStatus",
    "SwitchingCost",
    "SwitchingError",
    "SwitchingModel",
    "SwitchingPlan",
    "SwitchingSchedule",
    "SwitchingTable",
    "SwitchingTableError",
    "algorithm_1",
    "cells_over_time",
    "closed_form",
    "dropped_terms",
    "durations_of",
    "evaluate",
    "free_horizon",
    "horizon_curve",
    "joint_decay",
    "plan_switching",
    "read_switching_table",
    "require_shrinkable",
]
