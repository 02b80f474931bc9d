"""The measurements of one patient: in time, of one marker, one a day, with a usable start."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from patients.problems import ProblemLog, plural

if TYPE_CHECKING:
    from patients.visit import Visit

type Placed = tuple[float, Visit]


class RefusedPatientError(Exception):
    """A patient who cannot be fitted; the message is the reason."""


def in_time(
    patient_id: str, visits: Sequence[Visit], log: ProblemLog, notes: list[str]
) -> tuple[list[Placed], dt.datetime | None]:
    """Return (day, row) in order of time, and the date of the first visit where rows carry dates."""
    timed = [v for v in visits if v.has_time]
    dates = [v.date for v in timed if v.date is not None]
    if dates and len(dates) < len(timed):
        number = next(v for v in timed if v.date is None)
        log.add(
            "error",
            "some visits of the patient are given in days and some in dates, so they cannot be put in "
            "order; the patient is left out",
            "write all visits of a patient in the same way",
            row=number.row,
            column="time_days",
            value=f"{number.time:g}",
            patient_id=patient_id,
        )
        raise RefusedPatientError("some visits are given in days and some in dates")
    first = min(dates) if dates else None
    if first is not None:
        notes.append("days are counted from the date of this patient's first visit")
        log.add_for_patient(
            "note",
            "dates were turned into days since the patient's first visit",
            patient_id=patient_id,
            row=timed[0].row,
        )
    days = [(v.date - first).total_seconds() / 86400.0 if v.date and first else v.time for v in timed]
    if any(b < a for a, b in pairwise(days)):
        log.add_for_patient(
            "note",
            "rows were not in order of time; they were sorted",
            patient_id=patient_id,
            row=timed[0].row,
        )
    placed = sorted(zip(days, timed, strict=True), key=lambda item: item[0])
    if placed and placed[0][0] < 0:
        log.add_for_patient(
            "note",
            "there are visits before day 0; they are used",
            patient_id=patient_id,
            row=placed[0][1].row,
        )
    if not placed:
        raise _no_measurement(patient_id, visits, log)
    return placed, first


def one_marker(patient_id: str, visits: Sequence[Visit], log: ProblemLog) -> str:
    """Return the one marker of a patient."""
    named = [v for v in visits if v.marker and not v.left_out and not v.other_marker]
    spellings = {v.marker.casefold(): v.marker for v in reversed(named)}
    if len(spellings) > 1:
        other = next(v for v in named if v.marker.casefold() != named[0].marker.casefold())
        listed = ", ".join(spellings[k] for k in sorted(spellings))
        log.add(
            "error",
            f"the rows of the patient hold several markers ({listed}), and one model describes one of them; "
            "the patient is left out",
            f"choose one (marker={named[0].marker!r}), or put each marker into a file of its own",
            row=other.row,
            column="marker",
            value=other.marker,
            patient_id=patient_id,
        )
        raise RefusedPatientError(f"several markers in one series: {listed}")
    return next(iter(spellings.values()), next((v.marker for v in visits if v.marker), ""))


def without_repeats(
    patient_id: str, placed: Sequence[Placed], log: ProblemLog
) -> tuple[list[Placed], dict[int, str]]:
    """Keep the first row of each day; return the rows used, and why each repeated row is not."""
    used: list[Placed] = []
    repeated: dict[int, str] = {}
    for day, visit in placed:
        if visit.left_out or visit.other_marker:
            continue
        if not used or used[-1][0] != day:
            used.append((day, visit))
            continue
        kept = used[-1][1]
        burden = f"{visit.burden:g}"
        if (kept.burden, kept.censoring) == (visit.burden, visit.censoring):
            repeated[visit.row] = f"repeats row {kept.row}: same day, same burden"
            log.add(
                "note",
                f"day {day:g} and burden are those of row {kept.row}; one of the two is used",
                row=visit.row,
                column="burden",
                value=burden,
                patient_id=patient_id,
            )
        else:
            repeated[visit.row] = f"second burden of day {day:g}; row {kept.row} is used ({kept.burden:g})"
            log.add(
                "warning",
                f"a second burden of day {day:g}: row {kept.row} says {kept.burden:g}; the first one is "
                "used, this row is left out",
                "keep the right one (or their mean) and delete the other, or correct the day",
                row=visit.row,
                column="burden",
                value=burden,
                patient_id=patient_id,
            )
    return used, repeated


def check_start(
    patient_id: str,
    used: Sequence[Placed],
    placed: Sequence[Placed],
    visits: Sequence[Visit],
    log: ProblemLog,
    notes: list[str],
) -> None:
    """Refuse a series that no model can start from; note what its start is."""
    if not used:
        raise _no_measurement(patient_id, visits, log)
    first_day, first = used[0]
    if len(used) == 1:
        log.add(
            "warning",
            "only one visit can be used, and one visit shows no course; the patient is left out",
            "add the patient's other visits",
            row=first.row,
            patient_id=patient_id,
        )
        raise RefusedPatientError("only one usable visit: one visit shows no course")
    if first.burden == 0:
        log.add(
            "error",
            "the first burden is 0, and a model that starts from 0 stays there; the patient is left out",
            "exclude this row so that the course starts at the first measurable burden, or write the "
            "detection limit of the assay as <0.1",
            row=first.row,
            column="burden",
            value="0",
            patient_id=patient_id,
        )
        raise RefusedPatientError(
            f"the first burden (day {first_day:g}) is 0: a model that starts from 0 stays there"
        )
    if first.censoring:
        notes.append("the first burden is censored; models start from its limit")
        log.add(
            "warning",
            "the first burden is censored, and models take the first burden as known: they start from the "
            "limit",
            "exclude this row so that the course starts at a measured burden",
            row=first.row,
            column="burden",
            value=f"{'<' if first.censoring < 0 else '>'}{first.burden:g}",
            patient_id=patient_id,
        )
    if any(day < first_day and not v.only_dose for day, v in placed):
        notes.append(f"the first visit is left out; models start on day {first_day:g}")
    if any(v.burden == 0 for _, v in used):
        log.add_for_patient(
            "note",
            "burdens of 0 are used as measured; a log-normal likelihood cannot use them",
            "where 0 stands for “below the detection limit”, write the limit as <0.1",
            patient_id=patient_id,
            row=next(v.row for _, v in used if v.burden == 0),
        )


def _no_measurement(patient_id: str, visits: Sequence[Visit], log: ProblemLog) -> RefusedPatientError:
    """Say that nothing is left of a patient, and why; the refusal is to be raised."""
    reasons = Counter(v.left_out for v in visits if v.left_out)
    why = "; ".join(f"{reason} ({plural(count, 'row')})" for reason, count in reasons.most_common(3))
    log.add(
        "warning",
        f"none of the {plural(len(visits), 'row')} can be used ({why or 'no burden'}); the patient is left "
        "out",
        "see the findings in these rows",
        row=visits[0].row,
        patient_id=patient_id,
    )
    return RefusedPatientError(f"no usable visit: {why or 'no burden'}")
