"""Cohorts as tidy CSV files that read back as they were written."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from patients.cohort import Cohort, Patient

_COLUMNS = (
    "patient_id", "time_days", "burden", "marker", "dose", "used_in_fit", "exclusion_reason", "lower_limit",
    "upper_limit", "virtual",
)  # fmt: skip


def write_tidy(cohort: Cohort, path: str | Path) -> None:
    """Write a cohort as one CSV file, from which :func:`patients.load_cohort` makes the same patients.

    A dose that changes between visits has a row of its own, without a burden, with ``used_in_fit`` false.
    Rows that were left out are written with their reason. What reading assumed (notes) and patients who were
    rejected are not written.

    Parameters
    ----------
    cohort : Cohort
    path : str or Path
        Replaced where it exists.
    """
    _write(path, _COLUMNS, (row for patient in cohort for row in _rows(patient)))


def write_schedule(cohort: Cohort, path: str | Path) -> None:
    """Write the dose schedules as one CSV file that reads back exactly; a blank end is without end.

    Parameters
    ----------
    cohort : Cohort
    path : str or Path
        Replaced where it exists.
    """
    rows = (
        (patient.patient_id, _number(start), _number(end), _number(dose))
        for patient in cohort
        for start, end, dose in zip(
            patient.schedule.edges[:-1], patient.schedule.edges[1:], patient.schedule.doses, strict=True
        )
    )
    _write(path, ("patient_id", "t_start", "t_end", "dose"), rows)


def _write(path: str | Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write UTF-8 with commas."""
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _rows(patient: Patient) -> list[tuple[str, ...]]:
    """Return one row a measurement, left-out ones included, and one a dose that starts between visits."""
    schedule = patient.schedule
    virtual = "true" if patient.virtual else "false"
    rows: list[tuple[float, tuple[str, ...]]] = []

    def add(day: float, burden: str, dose: str, used: bool, reason: str = "") -> None:
        flag = "true" if used else "false"
        cells = (
            patient.patient_id,
            _number(day),
            burden,
            patient.marker,
            dose,
            flag,
            reason,
            "",
            "",
            virtual,
        )
        rows.append((day, cells))

    for day, burden, censored in zip(patient.times, patient.burdens, patient.censoring, strict=True):
        sign = "<" if censored < 0 else ">" if censored > 0 else ""
        add(day, sign + _number(burden), _number(schedule.dose_at(day).item()), used=True)
    for exclusion in patient.excluded:
        day = exclusion.time_days
        dose = "" if math.isnan(day) else _number(schedule.dose_at(day).item())
        # A row without a reason and a burden would read back as one that only records a dose.
        add(
            day, _number(exclusion.burden), dose, used=False, reason=exclusion.reason or "no reason was given"
        )
    for day in np.setdiff1d(schedule.edges, [day for day, _ in rows]):
        if math.isfinite(day):
            add(float(day), "", _number(schedule.dose_at(day).item()), used=False)
    rows.sort(key=lambda row: (math.isnan(row[0]), row[0]))
    return [cells for _, cells in rows]


def _number(value: float) -> str:
    """Return the shortest text that reads back as the same number; blank for NaN and infinity."""
    if not math.isfinite(value):
        return ""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
