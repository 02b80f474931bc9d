"""ALK-rearranged lung carcinoma: five H3122 lines in lung and brain under four drugs.

The matrices of Devia and Giordano, section V, stand in Giordano, Rantzer and Jonsson (2016) and are not at hand. EC50s
and Hill coefficients measured on H3122 cells (Dhawan 2017) take their place; what was not measured is declared in the
table and printed with every result. The best horizon of the paper, 64.24 days, follows from its matrices and is
therefore no number to be met here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dosing.switching.case_studies.study import SwitchingStudy, switching_study
from dosing.switching.cost import SwitchingCost
from dosing.switching.model import SwitchingModel
from dosing.switching.table.reading import read_switching_table
from dosing.switching.table.switching_table import SwitchingTable

__all__ = [
    "MIGRATION_PER_DAY",
    "MUTATION_PER_DAY",
    "TABLE_FILE",
    "alk_cost",
    "alk_model",
    "alk_study",
    "alk_table",
]

TABLE_FILE = Path(__file__).parent / "alk_h3122.csv"
# declared, so small that leaving them out can be seen to cost nothing
MUTATION_PER_DAY, MIGRATION_PER_DAY = 1e-7, 1e-6
TOXICITY_WEIGHT = TRANSIENT_WEIGHT = 0.7  # c_g and c_f of Devia and Giordano, section V
SUBINTERVALS, BEST_SUBINTERVALS = 10, 13


def alk_table() -> SwitchingTable:
    """Return the embedded table, with its declared values in its notes."""
    return read_switching_table(TABLE_FILE)


def alk_model() -> SwitchingModel:
    """Return ten lines and four drugs, with declared mutation and migration."""
    return alk_table().model(mutation_per_day=MUTATION_PER_DAY, migration_per_day=MIGRATION_PER_DAY)


def alk_cost(transient: float = 0.0) -> SwitchingCost:
    """Return the cost of section V: all cells at the end, g = (1e6, 5e4, 1e5, 1e6), c_g = c_f = 0.7."""
    return alk_table().cost(toxicity_weight=TOXICITY_WEIGHT, transient=transient, weight=TRANSIENT_WEIGHT)


def alk_study(progress: Callable[[str], None] | None = None) -> SwitchingStudy:
    """Compute the counterpart of Fig. 1: 100 days, 10 subintervals, a dwell time of one day; f = 0.1 for G and H.

    Parameters
    ----------
    progress : callable, optional
        Given a line now and then; it takes a few seconds.
    """
    return switching_study(
        alk_model(),
        alk_cost(),
        subintervals=SUBINTERVALS,
        best_subintervals=BEST_SUBINTERVALS,
        progress=progress,
    )
