"""The cells of one row, read into a visit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from patients.calendar_dates import DateError, looks_like_date, read_date
from patients.numerals import is_missing
from patients.problems import Problem, Severity, quoted
from patients.schema import LONGEST_DAYS
from patients.visit import LEFT_OUT_BY_FILE, Visit

if TYPE_CHECKING:
    from patients.sheet import Sheet

_TRUE = frozenset(("true", "t", "yes", "y", "1", "1.0", "x", "wahr", "ja", "vrai", "oui"))
_FALSE = frozenset(("false", "f", "no", "n", "0", "0.0", "falsch", "nein", "faux", "non"))
_A_DAY = "write the day as a number such as 28, or a date such as 2024-01-31"


def read_visit(sheet: Sheet, row: int, patient_id: str, cells: Sequence[str], time_column: str) -> Visit:
    """Read one row; the first thing that is wrong with it is the reason for leaving it out, all are logged.

    Parameters
    ----------
    sheet : Sheet
    row : int
        Row number in the file.
    patient_id : str
    cells : sequence of str
    time_column : {"time_days", "date"}
    """
    visit = Visit(row, patient_id)
    if sheet.shifted(cells):
        visit.left_out = "its cells do not fit the header"
        sheet.log.add(
            "error",
            f"the row holds {len(cells)} cells and the header {len(sheet.table.columns)}, so its cells may "
            "have shifted; the row is left out, with its dose",
            "put a text that contains the separator, or a number with a decimal comma, in quotes",
            row=row,
            patient_id=patient_id,
        )
        return visit
    marker = sheet.cell(cells, "marker")
    visit.marker = "" if is_missing(marker) else marker
    _read_marks(sheet, visit, cells)
    _read_time(sheet, visit, cells, time_column)
    _read_limits(sheet, visit, cells)
    _read_burden(sheet, visit, cells)
    _read_dose(sheet, visit, cells)
    return visit


def refuse(sheet: Sheet, visit: Visit, column: str, text: str, message: str, remedy: str, why: str) -> None:
    """Log an error of one cell, and leave its row out; in a row that the file leaves out it is no error."""
    if visit.marked:
        return
    visit.left_out = visit.left_out or why
    _log(sheet, "error", visit, column, text, message, remedy)


def break_dose(sheet: Sheet, visit: Visit, text: str, message: str, remedy: str, why: str) -> None:
    """Keep the error of a dose with its row: it only counts where no schedule file gives the doses."""
    problem = Problem(
        severity="error",
        message=message,
        remedy=remedy,
        file=sheet.log.file,
        row=visit.row,
        column=sheet.written("dose"),
        value=text,
        patient_id=visit.patient_id,
    )
    visit.dose_error = (why, problem)


def _log(
    sheet: Sheet, severity: Severity, visit: Visit, column: str, text: str, message: str, remedy: str
) -> None:
    """Log a finding in one cell."""
    place = {"row": visit.row, "column": sheet.written(column), "value": text, "patient_id": visit.patient_id}
    sheet.log.add(severity, message, remedy, **place)


def _read_marks(sheet: Sheet, visit: Visit, cells: Sequence[str]) -> None:
    """Read whether the file itself leaves the row out, and whether the patient is simulated."""
    out = []
    for column, leaves_out in (("exclude", True), ("used_in_fit", False), ("virtual", True)):
        text = sheet.cell(cells, column)
        if is_missing(text):
            continue
        word = text.casefold()
        if word not in _TRUE and word not in _FALSE:
            visit.left_out = visit.left_out or f"{column} is {quoted(text)}, neither true nor false"
            message = f"{column} is neither true nor false; the row is left out"
            remedy = "write true or false; a reason has its own column, exclusion_reason"
            _log(sheet, "error", visit, column, text, message, remedy)
        elif column == "virtual":
            visit.virtual = word in _TRUE
        else:
            out.append((word in _TRUE) == leaves_out)
    if any(out):
        visit.marked = True
        visit.left_out = sheet.cell(cells, "exclusion_reason") or LEFT_OUT_BY_FILE
        if not all(out):
            message = "exclude and used_in_fit contradict each other; the row is left out"
            text = sheet.cell(cells, "exclude")
            _log(
                sheet,
                "warning",
                visit,
                "exclude",
                text,
                message,
                "correct one of the two, or delete one column",
            )


def _read_time(sheet: Sheet, visit: Visit, cells: Sequence[str], column: str) -> None:
    """Read the day or the date; a row without either cannot be placed, and its dose is lost with it."""
    text = sheet.cell(cells, column)
    if looks_like_date(text) or (column == "date" and not is_missing(text)):
        complaint, remedy = _read_date(sheet, visit, text)
    else:
        complaint, remedy = _read_day(sheet, visit, cells, column)
    if not complaint:
        return
    lost = " with its dose" if sheet.cell(cells, "dose") else ""
    message = f"{complaint}; the row is left out{lost}"
    if visit.marked and lost:
        _log(sheet, "warning", visit, column, text, message, remedy)
    refuse(sheet, visit, column, text, message, remedy, "its day is not known")


def _read_date(sheet: Sheet, visit: Visit, text: str) -> tuple[str, str]:
    """Read a date; return complaint and remedy where there is none."""
    try:
        visit.date = read_date(text, sheet.order)
    except DateError as error:
        if text.replace(".", "", 1).isdigit():
            return "it is a number in a column of dates", (
                "rename the column to time_days if it holds days; if it comes from a spreadsheet, format "
                "it as dates"
            )
        return error.complaint, error.remedy
    return "", ""


def _read_day(sheet: Sheet, visit: Visit, cells: Sequence[str], column: str) -> tuple[str, str]:
    """Read a day; return complaint and remedy where there is none."""
    number = sheet.number(cells, column)
    if number.missing:
        return "the visit has no day", _A_DAY
    if number.sign:
        return "it is a bound, not a day", _A_DAY
    if number.complaint:
        return number.complaint, number.remedy if "thousands" in number.complaint else _A_DAY
    visit.time = number.value
    if LONGEST_DAYS < abs(visit.time) < math.inf:
        sheet.log.add_for_patient(
            "warning",
            "days beyond 100 years: they may be a spreadsheet's serial numbers of dates, or another unit",
            "format the column as dates and export again, or write days since the first visit",
            patient_id=visit.patient_id,
            row=visit.row,
        )
    return "", ""


def _read_limits(sheet: Sheet, visit: Visit, cells: Sequence[str]) -> None:
    """Read the detection limits of the row."""
    for column, name in (("lower_limit", "lower"), ("upper_limit", "upper")):
        number = sheet.number(cells, column)
        if not number.complaint and not number.sign:
            setattr(visit, name, number.value)
            continue
        complaint = number.complaint or "a limit is a plain number"
        remedy = number.remedy or "write the number without < or >"
        message = f"{complaint}; the row is left out"
        refuse(
            sheet, visit, column, sheet.cell(cells, column), message, remedy, f"its {column} cannot be read"
        )
    if visit.lower >= visit.upper:
        message = f"the lower limit is not below the upper limit ({visit.upper:g}); the row is left out"
        why = "its detection limits contradict each other"
        refuse(sheet, visit, "lower_limit", f"{visit.lower:g}", message, "correct the limits", why)


def _read_burden(sheet: Sheet, visit: Visit, cells: Sequence[str]) -> None:
    """Read the burden, and whether it is censored."""
    text = sheet.cell(cells, "burden")
    number = sheet.number(cells, "burden")
    visit.burden = number.value
    if number.missing:
        if not visit.left_out:
            visit.left_out = "no burden was recorded"
            message = "no burden was recorded; the visit is left out" + (
                ", its dose still counts" if sheet.cell(cells, "dose") else ""
            )
            remedy = "fill it in, or write true in a column exclude if nothing was measured"
            _log(sheet, "warning", visit, "burden", text, message, remedy)
    elif number.complaint:
        why = f"its burden {quoted(text)} cannot be read"
        refuse(sheet, visit, "burden", text, f"{number.complaint}; the row is left out", number.remedy, why)
    elif number.sign and number.value <= 0:
        visit.burden = math.nan
        message = "a limit of detection is a positive number; the row is left out"
        remedy = "write the detection limit of the assay, such as <0.1"
        refuse(sheet, visit, "burden", text, message, remedy, "its detection limit is not positive")
    elif number.sign:
        # What the laboratory wrote into the row is more precise than a limit for all rows.
        visit.censoring = -1 if number.sign == "<" else 1
    elif 0 <= visit.burden <= visit.lower:
        visit.burden, visit.censoring = visit.lower, -1
    elif visit.upper <= visit.burden < math.inf:
        visit.burden, visit.censoring = visit.upper, 1


def _read_dose(sheet: Sheet, visit: Visit, cells: Sequence[str]) -> None:
    """Read the dose; one that cannot be read makes the whole course unknown."""
    text = sheet.cell(cells, "dose")
    number = sheet.number(cells, "dose")
    if not number.complaint and not number.sign:
        visit.dose = number.value
        return
    complaint = number.complaint or "a dose is a plain number"
    why = f"its dose {quoted(text)} in row {visit.row} cannot be read"
    message = f"{complaint}; the patient is left out, because the doses of a course hang together"
    remedy = "write it as a fraction of the maximum tolerated dose: 0.5, not 50% or 75 mg"
    break_dose(sheet, visit, text, message, remedy, why)
