"""A report on a cohort file, before anything is fitted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from patients.cohort import Cohort, CohortError, Patient
from patients.dose_words import describe_doses
from patients.loading import read_cohort
from patients.problems import Problem, UnusableCohortError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class PatientSummary:
    """What would be fitted of one patient.

    Parameters
    ----------
    patient_id, marker : str
    usable : bool
        False for a patient who is left out; then only ``reason`` is filled.
    n_used, n_excluded, n_censored : int
        Measurements in the fit, rows left out with a reason, censored ones among the used.
    first_day, last_day : float or None
        Of the measurements used.
    burden_min, burden_max : float or None
        In the marker's unit.
    integer_burdens : bool or None
        True where all burdens are whole numbers, as a Poisson likelihood takes them.
    doses : str
        Dose between the first and the last visit, in words.
    notes : tuple of str
        Assumptions.
    reason : str
        Why the patient is left out.
    """

    patient_id: str
    usable: bool
    marker: str = ""
    n_used: int = 0
    n_excluded: int = 0
    n_censored: int = 0
    first_day: float | None = None
    last_day: float | None = None
    burden_min: float | None = None
    burden_max: float | None = None
    integer_burdens: bool | None = None
    doses: str = ""
    notes: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class CheckReport:
    """Everything that can be said about a cohort file without a fit.

    Parameters
    ----------
    source, schedule : str
        File names; ``schedule`` is empty where none was given.
    problems : tuple of Problem
        Errors first, then by row.
    patients : tuple of PatientSummary
        Those that can be fitted in the order of the file, then those left out.
    cohort : Cohort or None
        None where the file could not be read.
    """

    source: str
    schedule: str
    problems: tuple[Problem, ...]
    patients: tuple[PatientSummary, ...]
    cohort: Cohort | None

    @property
    def ok(self) -> bool:
        """True where at least one patient can be fitted."""
        return any(p.usable for p in self.patients)

    def count(self, severity: str) -> int:
        """Return the number of problems of one severity."""
        return sum(p.severity == severity for p in self.problems)

    def problems_table(self) -> pd.DataFrame:
        """Return the problems, one a row: severity, file, row, column, value, patient_id, message, remedy."""
        import pandas as pd

        columns = ["severity", "file", "row", "column", "value", "patient_id", "message", "remedy"]
        table = pd.DataFrame([asdict(p) for p in self.problems], columns=columns)
        return table.astype({"row": "Int64"})

    def patients_table(self) -> pd.DataFrame:
        """Return the patients, one a row: the fields of :class:`PatientSummary`, notes joined by ``; ``."""
        import pandas as pd

        rows = [{**asdict(p), "notes": "; ".join(p.notes)} for p in self.patients]
        return pd.DataFrame(rows, columns=list(PatientSummary.__dataclass_fields__))


def check(path: str | Path, schedule: str | Path | None = None, *, marker: str | None = None) -> CheckReport:
    """Read a cohort file as a fit would, and report all problems at once.

    Parameters
    ----------
    path, schedule, marker
        As for :func:`patients.loading.load_cohort`.

    Returns
    -------
    CheckReport
        Also for a file that cannot be read at all: then ``ok`` is False and the problem says why.
    """
    name, schedule_name = Path(path).name, Path(schedule).name if schedule is not None else ""
    try:
        reading = read_cohort(path, schedule, marker=marker)
    except UnusableCohortError as error:
        return CheckReport(name, schedule_name, error.problems, (), None)
    except CohortError as error:
        return CheckReport(name, schedule_name, (Problem(severity="error", message=str(error)),), (), None)
    cohort = reading.cohort
    usable = [summarise(patient) for patient in cohort]
    left_out = [
        PatientSummary(patient_id=r.patient_id, usable=False, reason=r.reason) for r in cohort.rejected
    ]
    return CheckReport(name, schedule_name, reading.problems, (*usable, *left_out), cohort)


def summarise(patient: Patient) -> PatientSummary:
    """Say what would be fitted of one patient.

    Parameters
    ----------
    patient : Patient
    """
    return PatientSummary(
        patient_id=patient.patient_id,
        usable=True,
        marker=patient.marker,
        n_used=len(patient),
        n_excluded=len(patient.excluded),
        n_censored=int(np.count_nonzero(patient.censoring)),
        first_day=float(patient.times[0]),
        last_day=float(patient.times[-1]),
        burden_min=float(patient.burdens.min()),
        burden_max=float(patient.burdens.max()),
        integer_burdens=bool(np.all(patient.burdens == np.round(patient.burdens))),
        doses=describe_doses(patient.schedule, float(patient.times[0]), float(patient.times[-1])),
        notes=patient.notes,
    )
