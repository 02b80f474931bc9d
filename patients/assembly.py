"""The rows of one patient, put together into a patient or refused."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from patients.cohort import Exclusion, Patient, Rejection
from patients.doses import assumed_schedule, column_schedule
from patients.schedule_file import Course, course_schedule
from patients.series import Placed, RefusedPatientError, check_start, in_time, one_marker, without_repeats

if TYPE_CHECKING:
    from dynamics.schedule import DoseSchedule
    from patients.problems import ProblemLog
    from patients.visit import Visit


@dataclass(frozen=True)
class DoseSource:
    """Where doses come from.

    Parameters
    ----------
    courses : mapping of str to Course, or None
        Segments of the schedule file; None where there is no such file.
    courses_log : ProblemLog
        Of the schedule file.
    has_column : bool
        True where the cohort file has a dose column.
    """

    courses: Mapping[str, Course] | None
    courses_log: ProblemLog
    has_column: bool


def assemble(
    patient_id: str, visits: Sequence[Visit], doses: DoseSource, log: ProblemLog
) -> Patient | Rejection:
    """Build one patient from the rows of the file, or say why that is not possible.

    Parameters
    ----------
    patient_id : str
    visits : sequence of Visit
        In the order of the file.
    doses : DoseSource
    log : ProblemLog
        Takes the findings.
    """
    notes: list[str] = []
    in_courses = doses.courses is not None and patient_id in doses.courses
    broken = [] if in_courses else [v.dose_error for v in visits if v.dose_error]
    log.found += [problem for _, problem in broken]
    try:
        placed, first_date = in_time(patient_id, visits, log, notes)
        if broken:
            raise RefusedPatientError(broken[0][0])
        schedule = _schedule(patient_id, placed, first_date, doses, log, notes)
        marker = one_marker(patient_id, visits, log)
        used, repeated = without_repeats(patient_id, placed, log)
        check_start(patient_id, used, placed, visits, log, notes)
    except RefusedPatientError as refusal:
        return Rejection(patient_id, str(refusal))
    days = {v.row: day for day, v in placed}
    excluded = [
        Exclusion(days.get(v.row, math.nan), v.burden, repeated.get(v.row) or v.left_out, v.row)
        for v in visits
        if (v.left_out or v.row in repeated) and not v.only_dose
    ]
    excluded.sort(key=lambda e: (math.isnan(e.time_days), e.time_days))
    return Patient(
        patient_id,
        times=[day for day, _ in used],  # type: ignore[arg-type]
        burdens=[v.burden for _, v in used],  # type: ignore[arg-type]
        schedule=schedule,
        marker=marker,
        censoring=[v.censoring for _, v in used],  # type: ignore[arg-type]
        excluded=tuple(excluded),
        notes=tuple(notes),
        virtual=any(v.virtual for v in visits),
    )


def _schedule(
    patient_id: str,
    placed: Sequence[Placed],
    first_date: dt.datetime | None,
    doses: DoseSource,
    log: ProblemLog,
    notes: list[str],
) -> DoseSchedule:
    """Take doses from the schedule file, else from the column, else assume them."""
    first_day, last_day = placed[0][0], placed[-1][0]
    if doses.courses is not None:
        course = doses.courses.get(patient_id)
        if course is not None:
            schedule, reason = course_schedule(course, patient_id, first_date, doses.courses_log)
            if schedule is None:
                raise RefusedPatientError(reason)
            _check_cover(patient_id, schedule, first_day, last_day, doses.courses_log)
            return schedule
        fallback = (
            "the doses of the cohort file are used"
            if doses.has_column
            else "maximum tolerated dose is assumed"
        )
        notes.append(f"no row in {doses.courses_log.file}: {fallback}")
        doses.courses_log.add_for_patient(
            "note" if doses.has_column else "warning",
            f"the schedule has no row for the patient; {fallback}",
            "add the patient's segments to the schedule (dose 0 for an untreated patient)",
            patient_id=patient_id,
        )
    if doses.has_column:
        schedule, remarks = column_schedule(placed, log)
        notes += remarks
        return schedule
    schedule, note = assumed_schedule(first_day, last_day)
    notes.append(note)
    return schedule


def _check_cover(
    patient_id: str, schedule: DoseSchedule, first_day: float, last_day: float, log: ProblemLog
) -> None:
    """Warn where a schedule misses all visits, so that its days probably count from another day 0."""
    outside = last_day <= schedule.edges[0] or first_day >= schedule.edges[-1]
    if outside and any(schedule.doses):
        log.add_for_patient(
            "warning",
            "no segment lies between the first and the last visit, so the patient counts as untreated there",
            "check that the schedule counts its days from the same day 0 as the visits",
            patient_id=patient_id,
        )
    elif first_day < schedule.edges[0] and any(schedule.doses):
        log.add_for_patient(
            "note",
            "there are visits before the first segment; no dose is taken until it starts",
            patient_id=patient_id,
        )
