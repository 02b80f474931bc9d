"""Dose schedules from a file of their own: one row a segment."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dynamics.schedule import DoseSchedule
from patients.calendar_dates import DateError, looks_like_date, read_date
from patients.problems import ProblemLog, UnusableCohortError
from patients.ranges import breaches
from patients.readers.any_file import read_table
from patients.schema import SCHEDULE_COLUMNS
from patients.sheet import Sheet, open_sheet


@dataclass(frozen=True, slots=True)
class Segment:
    """One row of a schedule file; ``end`` is infinite where it goes on."""

    row: int
    start: float | dt.datetime
    end: float | dt.datetime
    dose: float


@dataclass
class Course:
    """All segments of one patient.

    Parameters
    ----------
    segments : list of Segment
    broken : str
        Why the course is not known, so that the patient cannot be fitted; empty otherwise.
    """

    segments: list[Segment] = field(default_factory=list)
    broken: str = ""


def read_courses(path: str | Path, log: ProblemLog) -> dict[str, Course]:
    """Read a schedule file; a patient with an unreadable segment has a broken course, the others go on.

    Parameters
    ----------
    path : str or Path
        Table with columns ``patient_id, t_start, t_end, dose``; a blank ``t_end`` means without end.
    log : ProblemLog
        Takes the findings.

    Raises
    ------
    CohortError
        A file that cannot be read as a schedule: a wrong schedule must not fall back to an assumed one.
    """
    table = read_table(path)
    sheet = open_sheet(
        table, SCHEDULE_COLUMNS, log, numbers=("t_start", "t_end", "dose"), times=("t_start", "t_end")
    )
    courses: dict[str, Course] = {}
    read: dict[int, tuple[str, Segment]] = {}
    named, _ = sheet.named_rows()
    for row, patient_id, cells in named:
        course = courses.setdefault(patient_id, Course())
        segment = _read_segment(sheet, row, patient_id, cells)
        if segment is None:
            course.broken = course.broken or f"row {row} of {log.file} cannot be read"
        else:
            course.segments.append(segment)
            read[row] = patient_id, segment
    for breach in breaches(list(read), {"dose": [segment.dose for _, segment in read.values()]}):
        patient_id, rule, text = read[breach.row][0], breach.rule, f"{breach.value:g}"
        why = f"its dose {text} in row {breach.row} of {log.file} {rule.why}"
        courses[patient_id].broken = courses[patient_id].broken or why
        _refuse(sheet, breach.row, patient_id, "dose", text, rule.message, rule.remedy)
    if not any(course.segments for course in courses.values()):
        raise UnusableCohortError(
            f"{log.file} cannot be used: none of its rows is a dose segment", log.problems()
        )
    return courses


def _read_segment(sheet: Sheet, row: int, patient_id: str, cells: Sequence[str]) -> Segment | None:
    """Read one row, or log why not."""
    if sheet.shifted(cells):
        message = "the row holds more cells than the header, so its cells may have shifted"
        _refuse(sheet, row, patient_id, "", "", message, "put a number with a decimal comma in quotes")
        return None
    start = _read_edge(sheet, row, patient_id, cells, "t_start")
    end = _read_edge(sheet, row, patient_id, cells, "t_end")
    number = sheet.number(cells, "dose")
    if number.missing or number.complaint or number.sign:
        complaint = number.complaint or (
            "the segment has no dose" if number.missing else "a dose is a plain number"
        )
        remedy = "write it as a fraction of the maximum tolerated dose: 0.5, not 50% or 75 mg; 0 for a pause"
        _refuse(sheet, row, patient_id, "dose", sheet.cell(cells, "dose"), complaint, remedy)
        return None
    if start is None or end is None:
        return None
    if isinstance(start, dt.datetime) != isinstance(end, dt.datetime) and end != math.inf:
        message = "one end of the segment is a date and the other a number of days"
        _refuse(
            sheet, row, patient_id, "t_end", sheet.cell(cells, "t_end"), message, "write both in the same way"
        )
        return None
    return Segment(row, start, end, number.value)


def _read_edge(
    sheet: Sheet, row: int, patient_id: str, cells: Sequence[str], column: str
) -> float | dt.datetime | None:
    """Read one end of a segment: a day, a date, or infinity for a blank end."""
    text = sheet.cell(cells, column)
    if looks_like_date(text):
        try:
            return read_date(text, sheet.order)
        except DateError as error:
            _refuse(sheet, row, patient_id, column, text, error.complaint, error.remedy)
            return None
    number = sheet.number(cells, column)
    if column == "t_end" and (
        number.missing or text.casefold().lstrip("+") in ("inf", "infinity", "ongoing")
    ):
        return math.inf
    if math.isfinite(number.value) and not number.sign:
        return number.value
    complaint = "the segment has no first day" if number.missing else number.complaint or "it is not a day"
    remedy = "write the day as a number such as 28, or a date such as 2024-01-31"
    if column == "t_end":
        remedy += "; leave it blank where the dose goes on"
    _refuse(sheet, row, patient_id, column, text, complaint, remedy)
    return None


def _refuse(
    sheet: Sheet, row: int, patient_id: str, column: str, text: str, message: str, remedy: str
) -> None:
    """Log an error of one segment, which makes the course of the patient unknown."""
    if "the patient is left out" not in message:
        message = f"{message}; the patient is left out, because the doses of a course hang together"
    sheet.log.add(
        "error",
        message,
        remedy,
        row=row,
        column=sheet.written(column) if column else "",
        value=text,
        patient_id=patient_id,
    )


def course_schedule(
    course: Course, patient_id: str, first_date: dt.datetime | None, log: ProblemLog
) -> tuple[DoseSchedule | None, str]:
    """Build the schedule of one patient; return it, or None with the reason.

    Between segments and after the last one there is no dose. Segments without length are dropped with a note,
    and so are copies of a segment; any other overlap leaves open which dose was given.

    Parameters
    ----------
    course : Course
    patient_id : str
    first_date : datetime or None
        Date of the patient's first visit, from which dates are counted; None where visits are in days.
    log : ProblemLog
        Of the schedule file.
    """
    if course.broken:
        return None, course.broken
    rows: list[tuple[float, float, float, int]] = []
    for segment in course.segments:
        start, end = _day(segment.start, first_date), _day(segment.end, first_date)
        place = {"row": segment.row, "patient_id": patient_id}
        if start is None or end is None:
            message = "the segment is given in dates and the visits in days, so they cannot be matched"
            log.add(
                "error",
                f"{message}; the patient is left out",
                "write both in days, or both in dates",
                **place,
            )
            return None, f"row {segment.row} of {log.file} is in dates, the visits are in days"
        if end < start:
            message = (
                f"the segment ends on day {end:g}, before its start on day {start:g}; the patient is left out"
            )
            log.add("error", message, "correct t_start and t_end (they may be interchanged)", **place)
            return None, f"the dose segment in row {segment.row} of {log.file} ends before it starts"
        if end == start:
            log.add("note", f"the segment starts and ends on day {start:g}; it is dropped", **place)
        elif (start, end, segment.dose) in [r[:3] for r in rows]:
            log.add("note", "the same segment stands in the file twice; one is used", **place)
        else:
            rows.append((start, end, min(max(segment.dose, 0.0), 1.0), segment.row))
    if not rows:
        return DoseSchedule.constant(0.0), ""
    rows.sort()
    for before, after in itertools.pairwise(rows):
        if after[0] < before[1]:
            until = "without end" if before[1] == math.inf else f"to day {before[1]:g}"
            message = (
                f"the segment from day {after[0]:g} overlaps the one in row {before[3]} (from day "
                f"{before[0]:g} {until}), so it is not known which dose was given; the patient is left out"
            )
            remedy = "let each segment end where the next one starts"
            log.add("error", message, remedy, row=after[3], patient_id=patient_id)
            return None, f"the dose segments in rows {before[3]} and {after[3]} of {log.file} overlap"
    if any(0 < after[0] - before[1] <= 1 for before, after in itertools.pairwise(rows)):
        log.add_for_patient(
            "warning",
            "gaps of a day or less between segments; no dose was given in them",
            "where t_end is the last day with the dose, write the day after it",
            patient_id=patient_id,
        )
    return DoseSchedule.from_rows(r[:3] for r in rows), ""


def _day(edge: float | dt.datetime, first_date: dt.datetime | None) -> float | None:
    """Return an edge in days since the first visit; None for a date where the visits have none."""
    if not isinstance(edge, dt.datetime):
        return edge
    return None if first_date is None else (edge - first_date).total_seconds() / 86400.0
