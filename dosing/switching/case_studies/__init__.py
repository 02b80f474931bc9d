"""Switching treatments worked through: the lung carcinoma of Devia and Giordano, and the figures for any table."""

from dosing.switching.case_studies.alk import alk_cost, alk_model, alk_study, alk_table
from dosing.switching.case_studies.cost_course import CostCourse, cost_course
from dosing.switching.case_studies.limits import LimitingLine, limiting_line
from dosing.switching.case_studies.robustness import Robustness, RobustPlan, robust_plan, robustness
from dosing.switching.case_studies.study import SwitchingStudy, switching_study

__all__ = [
    "CostCourse",
    "LimitingLine",
    "RobustPlan",
    "Robustness",
    "SwitchingStudy",
    "alk_cost",
    "alk_model",
    "alk_study",
    "alk_table",
    "cost_course",
    "limiting_line",
    "robust_plan",
    "robustness",
    "switching_study",
]
