"""Four published studies of what a tumour's heterogeneity does to the best schedule: Ledzewicz 2018."""

from dosing.optimal.studies.cell_cycle import CellCycleStudy, cell_cycle_figure, cell_cycle_study
from dosing.optimal.studies.proportions import ProportionsStudy, proportions_figure, proportions_study
from dosing.optimal.studies.study import Study
from dosing.optimal.studies.traits import TraitsStudy, traits_figure, traits_study
from dosing.optimal.studies.tumor_immune import TumorImmuneStudy, tumor_immune_figure, tumor_immune_study

__all__ = [
    "CellCycleStudy",
    "ProportionsStudy",
    "Study",
    "TraitsStudy",
    "TumorImmuneStudy",
    "cell_cycle_figure",
    "cell_cycle_study",
    "proportions_figure",
    "proportions_study",
    "traits_figure",
    "traits_study",
    "tumor_immune_figure",
    "tumor_immune_study",
]
