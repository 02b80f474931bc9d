"""The figures of Scagliotti 2026, each from a study that holds its numbers."""

from dosing.ensemble.studies.controls import ControlsStudy, controls_figure, controls_study
from dosing.ensemble.studies.cost_shapes import CostShapes, cost_shapes, cost_shapes_figure
from dosing.ensemble.studies.setting import paper_problem, paper_tumour
from dosing.ensemble.studies.single_tumour import (
    FIGURE_1,
    FIGURE_5,
    FIGURE_7,
    SingleTumourStudy,
    single_tumour_figure,
    single_tumour_study,
)
from dosing.ensemble.studies.tumour_course import TumourCourse, tumour_course
from dosing.ensemble.studies.worst_tumours import WorstTumoursStudy, worst_tumours_figure, worst_tumours_study

__all__ = [
    "FIGURE_1",
    "FIGURE_5",
    "FIGURE_7",
    "ControlsStudy",
    "CostShapes",
    "SingleTumourStudy",
    "TumourCourse",
    "WorstTumoursStudy",
    "controls_figure",
    "controls_study",
    "cost_shapes",
    "cost_shapes_figure",
    "paper_problem",
    "paper_tumour",
    "single_tumour_figure",
    "single_tumour_study",
    "tumour_course",
    "worst_tumours_figure",
    "worst_tumours_study",
]
