"""One row of a cohort file, read."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from patients.problems import Problem

LEFT_OUT_BY_FILE = "left out by the file"


@dataclass(slots=True)
class Visit:
    """One row of a cohort file; what is wrong with it stands in the log.

    Parameters
    ----------
    row : int
        Row number in the file.
    patient_id, marker : str
    time : float
        Day; NaN where it is missing, unreadable, or given as ``date``.
    date : datetime or None
    burden : float
        NaN where there is none; a censored one holds its limit.
    censoring : int
        0 measured, -1 at or below, +1 at or above ``burden``.
    dose : float
        NaN where the cell is blank.
    lower, upper : float
        Limits of the assay, NaN where there are none.
    left_out : str
        Why no fit uses the row; empty for a row that is used.
    marked : bool
        True where the file itself leaves the row out.
    other_marker : bool
        True for a row of a marker that was not asked for.
    dose_error : (str, Problem) or None
        Why the dose cannot be used, so that the patient cannot, where doses are taken from the column.
    virtual : bool
        True for a simulated visit.
    """

    row: int
    patient_id: str
    marker: str = ""
    time: float = math.nan
    date: dt.datetime | None = None
    burden: float = math.nan
    censoring: int = 0
    dose: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    left_out: str = ""
    marked: bool = False
    other_marker: bool = False
    dose_error: tuple[str, Problem] | None = None
    virtual: bool = False

    @property
    def has_time(self) -> bool:
        """True where the row can be placed in time."""
        return self.date is not None or math.isfinite(self.time)

    @property
    def only_dose(self) -> bool:
        """True for a row that counts for its dose only: another marker, or no burden and no reason."""
        by_file = self.left_out == LEFT_OUT_BY_FILE and math.isnan(self.burden) and not math.isnan(self.dose)
        return self.other_marker or by_file


@dataclass(frozen=True)
class VisitTable:
    """All rows of a file that name a patient.

    Parameters
    ----------
    visits : tuple of Visit
        In the order of the file.
    columns : frozenset of str
        Known columns that the file has.
    notes : tuple of str
        What concerns the whole cohort.
    """

    visits: tuple[Visit, ...]
    columns: frozenset[str]
    notes: tuple[str, ...]
