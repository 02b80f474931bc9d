"""A cohort from its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from patients.assembly import DoseSource, assemble
from patients.cohort import Cohort, CohortError, Patient, Rejection
from patients.doses import ASSUMED
from patients.problems import SEVERITIES, Problem, ProblemLog, UnusableCohortError, quoted
from patients.readers.any_file import read_table
from patients.schedule_file import read_courses
from patients.visits import read_visits

if TYPE_CHECKING:
    from patients.visit import Visit


@dataclass(frozen=True)
class Reading:
    """What came of reading a file.

    Parameters
    ----------
    cohort : Cohort
        Possibly without any patient.
    problems : tuple of Problem
        Errors first, then by row.
    """

    cohort: Cohort
    problems: tuple[Problem, ...]


def load_cohort(
    path: str | Path, schedule: str | Path | None = None, *, marker: str | None = None
) -> tuple[Cohort, tuple[Problem, ...]]:
    """Read a cohort; a patient or a row that cannot be used is left out with its reason, the rest goes on.

    Parameters
    ----------
    path : str or Path
        CSV file (comma, semicolon, tab) or Excel workbook with the columns of :mod:`patients.schema`.
    schedule : str or Path, optional
        Table ``patient_id, t_start, t_end, dose``; overrides the dose column for the patients it names.
    marker : str, optional
        Which marker to read from a file with several; or the marker's name for a file without such a column.

    Returns
    -------
    cohort : Cohort
        At least one patient.
    problems : tuple of Problem
        Everything that was found, errors first.

    Raises
    ------
    CohortError
        Nothing can be fitted: the files cannot be read, required columns are missing, or no patient is left.

    See Also
    --------
    patients.check.check : the same, as a report that never raises.
    """
    reading = read_cohort(path, schedule, marker=marker)
    if not reading.cohort.patients:
        raise UnusableCohortError(f"{reading.cohort.source}: no patient can be fitted", reading.problems)
    return reading.cohort, reading.problems


def read_cohort(
    path: str | Path, schedule: str | Path | None = None, *, marker: str | None = None
) -> Reading:
    """Read a cohort as :func:`load_cohort` does; return one without patients where all are rejected.

    Raises
    ------
    CohortError
        The files cannot be read, or required columns are missing.
    """
    path = Path(path)
    log = ProblemLog(path.name)
    table = read_visits(read_table(path), log)
    notes = list(table.notes)
    courses_log = ProblemLog(Path(schedule).name if schedule is not None else "")
    courses = None
    if schedule is not None:
        try:
            courses = read_courses(schedule, courses_log)
        except UnusableCohortError as error:
            raise UnusableCohortError(error.headline, (*error.problems, *log.problems())) from None
    if marker is not None:
        _choose_marker(table.visits, marker, log)
    has_doses = "dose" in table.columns
    if not has_doses and courses is None:
        notes.append(
            f"no dose was recorded: {ASSUMED} for every patient, from the first visit or from day 0 on"
        )
        log.add(
            "warning",
            f"there is no column dose and no schedule, so {ASSUMED} for every patient, from the first visit "
            "on (from day 0 on where visits lie before it)",
            "add a column dose (fraction of the maximum tolerated dose, 0 for none), or give a schedule file",
        )
    by_patient: dict[str, list[Visit]] = {}
    for visit in table.visits:
        by_patient.setdefault(visit.patient_id, []).append(visit)
    source = DoseSource(courses, courses_log, has_doses)
    results = [assemble(patient_id, visits, source, log) for patient_id, visits in by_patient.items()]
    patients = tuple(r for r in results if isinstance(r, Patient))
    rejected = tuple(r for r in results if isinstance(r, Rejection))
    _compare_patients(patients, list(by_patient), log)
    for patient_id in [p for p in courses or {} if p not in by_patient]:
        courses_log.add_for_patient(
            "warning",
            f"{path.name} has no such patient, so these segments are not used",
            "compare the identifiers of the two files (leading zeros, blanks, capital letters)",
            patient_id=patient_id,
        )
    problems = sorted(
        (*log.problems(), *courses_log.problems()),
        key=lambda p: SEVERITIES.index(p.severity),
    )
    virtual = bool(patients) and all(p.virtual for p in patients)
    cohort = Cohort(patients, rejected, source=path.name, notes=tuple(notes), virtual=virtual)
    return Reading(cohort, tuple(problems))


def _choose_marker(visits: Sequence[Visit], marker: str, log: ProblemLog) -> None:
    """Keep the rows of one marker; the doses of the other rows still count."""
    present = sorted({v.marker for v in visits if v.marker})
    if not present:
        for visit in visits:
            visit.marker = marker
        return
    wanted = marker.strip().casefold()
    if wanted not in [m.casefold() for m in present]:
        raise CohortError(
            f"{log.file} has no rows of the marker {quoted(marker)}; its markers are {', '.join(present)}"
        )
    others = [v for v in visits if v.marker.casefold() != wanted]
    for visit in others:
        visit.other_marker = True
    if others:
        log.add("note", f"{len(others)} rows of other markers were not used, as asked for (marker {marker})")


def _compare_patients(patients: Sequence[Patient], patient_ids: Sequence[str], log: ProblemLog) -> None:
    """Warn of what only shows across patients: several markers, identifiers that look alike."""
    markers: dict[str, str] = {}
    for patient in patients:
        markers.setdefault(patient.marker.casefold(), patient.marker)
    if len(markers) > 1:
        listed = ", ".join(m or "(not named)" for m in markers.values())
        log.add(
            "warning",
            f"the patients have different markers: {listed}; each is fitted in its own unit, and they "
            "should not be compared",
            "put each marker into a file of its own, or choose one",
        )
    alike: dict[str, str] = {}
    for patient_id in patient_ids:
        key = "".join(patient_id.casefold().split()).lstrip("0")
        other = alike.setdefault(key, patient_id)
        if other != patient_id:
            log.add(
                "warning",
                f"this identifier and {quoted(other)} look alike and are treated as two patients",
                "write the same identifier into all rows, if it is one patient",
                patient_id=patient_id,
            )
