"""Optimal dosing of one tumour: problems, solvers, and the structure of their solutions."""

from dosing.optimal.arcs import Arc, label_arcs
from dosing.optimal.collocation import solve
from dosing.optimal.containment import balanced_weight, containment_problem, plateau
from dosing.optimal.problem import Condition, OptimalControlProblem, ProblemError
from dosing.optimal.sign_consistency import sign_consistency
from dosing.optimal.singular import singular_control
from dosing.optimal.solution import Defect, MeshStep, OptimalSolution, SolutionStatus
from dosing.optimal.sweep import sweep
from dosing.optimal.switching_times import polish

__all__ = [
    "Arc",
    "Condition",
    "Defect",
    "MeshStep",
    "OptimalControlProblem",
    "OptimalSolution",
    "ProblemError",
    "SolutionStatus",
    "balanced_weight",
    "containment_problem",
    "label_arcs",
    "plateau",
    "polish",
    "sign_consistency",
    "singular_control",
    "solve",
    "sweep",
]
