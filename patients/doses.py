"""The dose schedule of a patient, from a column of doses or by assumption."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dynamics.schedule import DoseSchedule

if TYPE_CHECKING:
    from patients.problems import ProblemLog
    from patients.visit import Visit

ASSUMED = "the maximum tolerated dose is assumed"


def column_schedule(placed: Sequence[tuple[float, Visit]], log: ProblemLog) -> tuple[DoseSchedule, list[str]]:
    """Hold the dose of each row until the next row that names one; return the schedule and the assumptions.

    Rows that no fit uses carry their doses like all others.

    Parameters
    ----------
    placed : sequence of (float, Visit)
        Days and rows of one patient, sorted by day.
    log : ProblemLog
        Takes the findings.
    """
    patient_id = placed[0][1].patient_id
    notes: list[str] = []
    days: list[float] = []
    doses: list[float] = []
    for day, visit in placed:
        dose = min(max(visit.dose, 0.0), 1.0) if not math.isnan(visit.dose) else math.nan
        if days and days[-1] == day:
            if math.isnan(doses[-1]):
                doses[-1] = dose
            elif dose != doses[-1] and not math.isnan(dose):
                log.add(
                    "warning",
                    f"two rows of day {day:g} name different doses; {doses[-1]:g} was taken",
                    "keep one row a day, with the dose that was given from then on",
                    row=visit.row,
                    value=f"{dose:g}",
                    patient_id=patient_id,
                )
            continue
        days.append(day)
        doses.append(dose)
    if all(math.isnan(d) for d in doses):
        notes.append("no row names a dose: no dose is assumed throughout")
        log.add_for_patient(
            "warning",
            "no row names a dose, so no dose is assumed throughout",
            "write the dose into the first row: 1 for the maximum tolerated dose, 0 for none",
            patient_id=patient_id,
            row=placed[0][1].row,
        )
    elif math.isnan(doses[0]):
        notes.append("the first row names no dose: no dose is assumed until the first that does")
        log.add_for_patient(
            "note",
            "the first row names no dose, so no dose is assumed until the first that does",
            patient_id=patient_id,
            row=placed[0][1].row,
        )
    _question_day_zero(patient_id, days, doses, placed[0][1].row, log)
    held = 0.0
    for i, dose in enumerate(doses):
        held = held if math.isnan(dose) else dose
        doses[i] = held
    return DoseSchedule.held_forward(days, doses), notes


def _question_day_zero(
    patient_id: str, days: Sequence[float], doses: Sequence[float], row: int, log: ProblemLog
) -> None:
    """Warn where treatment seems to start at the first visit after day 0, because day 0 has no row."""
    start = next((day for day, dose in zip(days, doses, strict=True) if dose > 0), 0.0)
    if days[0] < 0 < start and not any(0 <= day < start for day in days):
        log.add_for_patient(
            "warning",
            "the dose before day 0 is held until the first visit after it, so treatment starts at that "
            "visit and not on day 0",
            "where treatment started on day 0, add a row with day 0, its dose, no burden and used_in_fit "
            "false; or give a schedule file",
            patient_id=patient_id,
            row=row,
        )


def assumed_schedule(first_day: float, last_day: float) -> tuple[DoseSchedule, str]:
    """Assume the maximum tolerated dose, and say from when on.

    Days before 0 are days before treatment by the meaning of ``time_days``, so a patient with visits on both
    sides of day 0 is taken as treated from day 0 on, any other from the first visit on.
    """
    if first_day < 0 <= last_day:
        return DoseSchedule.constant(
            1.0, 0.0
        ), f"no dose was recorded: {ASSUMED} from day 0 on, and none before"
    return DoseSchedule.constant(1.0, first_day), f"no dose was recorded: {ASSUMED} from the first visit on"
