"""A cohort table of text, read into visits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from patients.calendar_dates import looks_like_date
from patients.cells import break_dose, read_visit, refuse
from patients.problems import ProblemLog, plural
from patients.ranges import breaches
from patients.schema import COHORT_COLUMNS
from patients.sheet import Sheet, open_sheet
from patients.visit import Visit, VisitTable

if TYPE_CHECKING:
    from patients.readers.raw import RawTable

_NUMBERS = ("time_days", "burden", "dose", "lower_limit", "upper_limit")


def read_visits(table: RawTable, log: ProblemLog) -> VisitTable:
    """Read every row of a cohort table; a broken row is logged and goes on as one that is left out.

    Parameters
    ----------
    table : RawTable
    log : ProblemLog
        Takes the findings.

    Raises
    ------
    UnusableCohortError
        Required columns are missing, or most rows do not fit the header.
    """
    sheet = open_sheet(
        table,
        COHORT_COLUMNS,
        log,
        numbers=_NUMBERS,
        times=("time_days", "date"),
        instead={"time_days": "date"},
    )
    time_column = _time_column(sheet)
    named, nameless = sheet.named_rows()
    visits = [read_visit(sheet, row, patient, cells, time_column) for row, patient, cells in named]
    _check_ranges(sheet, visits, {row: cells for row, _, cells in named}, time_column)
    notes = ()
    if nameless:
        listed = ", ".join(map(str, nameless[:10])) + (", …" if len(nameless) > 10 else "")
        notes = (f"{plural(len(nameless), 'row')} without patient_id dropped: {listed}",)
    return VisitTable(tuple(visits), frozenset(sheet.position), notes)


def _time_column(sheet: Sheet) -> str:
    """Return the column that says when: ``time_days`` where the file has it with any value, else ``date``."""
    if "date" not in sheet.position:
        return "time_days"
    if "time_days" not in sheet.position:
        return "date"
    if not any(sheet.cell(cells, "time_days") for _, cells in sheet.table.rows):
        sheet.log.add("note", "time_days is blank throughout, so days are counted from the dates")
        return "date"
    dated = any(looks_like_date(sheet.cell(cells, "time_days")) for _, cells in sheet.table.rows)
    what = "the dates in time_days are used" if dated else "days are taken from time_days"
    sheet.log.add("note", f"{what}; this column is not used", column=sheet.written("date"))
    return "time_days"


def _check_ranges(
    sheet: Sheet, visits: list[Visit], cells: dict[int, tuple[str, ...]], time_column: str
) -> None:
    """Hold all values against the rules of the schema."""
    columns = {
        "time_days": [v.time for v in visits],
        "burden": [v.burden for v in visits],
        "dose": [v.dose for v in visits],
        "lower_limit": [v.lower for v in visits],
        "upper_limit": [v.upper for v in visits],
    }
    by_row = {v.row: v for v in visits}
    for breach in breaches([v.row for v in visits], columns):
        visit, rule = by_row[breach.row], breach.rule
        column = time_column if rule.column == "time_days" else rule.column
        text = sheet.cell(cells[breach.row], column)
        if rule.column == "dose":
            why = f"its dose {text} in row {visit.row} {rule.why}"
            break_dose(sheet, visit, text, rule.message, rule.remedy, why)
        else:
            refuse(sheet, visit, column, text, rule.message, rule.remedy, rule.why)
