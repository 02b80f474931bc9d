"""Patients and cohorts: what was measured, when, under what dose; validated and immutable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from dynamics.schedule import DoseSchedule


class CohortError(ValueError):
    """A cohort that cannot be used at all; the message names the file, the place and the remedy."""


@dataclass(frozen=True)
class Exclusion:
    """A measurement that no fit uses, with the reason that the report prints."""

    time_days: float
    burden: float
    reason: str
    row: int | None = None


@dataclass(frozen=True)
class Rejection:
    """A patient who cannot be fitted at all, with the reason; the rest of the cohort goes on."""

    patient_id: str
    reason: str


@dataclass(frozen=True)
class Patient:
    """One patient's series, only the measurements that a fit uses.

    Parameters
    ----------
    patient_id : str
        As in the file; data, never part of a path or of HTML unescaped.
    times : ndarray, shape (n,)
        Days, strictly increasing; day 0 is the file's day 0, not necessarily the first visit.
    burdens : ndarray, shape (n,)
        In the marker's unit; a censored value holds its limit.
    schedule : DoseSchedule
        Doses as fractions of the maximum tolerated dose.
    marker : str
        Name and unit of the marker, such as ``LDH_U_per_L``.
    censoring : ndarray of int, shape (n,)
        0 measured, -1 at or below the value, +1 at or above it.
    excluded : tuple of Exclusion
        Measurements left out, each with a reason.
    notes : tuple of str
        Assumptions made while reading (for instance a dose that was not recorded).
    virtual : bool
        True for a simulated patient; every display says so.
    """

    patient_id: str
    times: np.ndarray
    burdens: np.ndarray
    schedule: DoseSchedule
    marker: str = ""
    censoring: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))
    excluded: tuple[Exclusion, ...] = ()
    notes: tuple[str, ...] = ()
    virtual: bool = False

    def __post_init__(self) -> None:
        """Validate and freeze the arrays."""
        times = np.array(self.times, dtype=float)
        burdens = np.array(self.burdens, dtype=float)
        censoring = np.array(self.censoring, dtype=int)
        if censoring.size == 0:
            censoring = np.zeros(len(times), dtype=int)
        if not (times.ndim == burdens.ndim == 1 and len(times) == len(burdens) == len(censoring)):
            raise CohortError(f"patient {self.patient_id!r}: times, burdens and censoring differ in length")
        if len(times) == 0:
            raise CohortError(f"patient {self.patient_id!r} has no measurement")
        if not np.all(np.isfinite(times)) or np.any(np.diff(times) <= 0):
            raise CohortError(f"patient {self.patient_id!r}: days must be finite and strictly increasing")
        if not np.all(np.isfinite(burdens)) or np.any(burdens < 0):
            raise CohortError(f"patient {self.patient_id!r}: burdens must be finite and not negative")
        for array, name in ((times, "times"), (burdens, "burdens"), (censoring, "censoring")):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        """Return the number of measurements used in a fit."""
        return len(self.times)

    @property
    def first_burden(self) -> float:
        """Burden at the first visit used, V0 in the models."""
        return float(self.burdens[0])


@dataclass(frozen=True)
class Cohort:
    """Patients of one file, and those who had to be left out.

    Parameters
    ----------
    patients : tuple of Patient
        In the order of the file.
    rejected : tuple of Rejection
        Patients without a usable measurement.
    source : str
        File name, or a sentence for a simulated cohort.
    notes : tuple of str
        What was assumed for the whole file.
    virtual : bool
        True where every patient is simulated.
    """

    patients: tuple[Patient, ...]
    rejected: tuple[Rejection, ...] = ()
    source: str = ""
    notes: tuple[str, ...] = ()
    virtual: bool = False

    def __post_init__(self) -> None:
        """Refuse two patients of one name."""
        ids = [p.patient_id for p in self.patients]
        if len(set(ids)) != len(ids):
            raise CohortError("two patients carry the same patient_id")

    def __len__(self) -> int:
        """Return the number of patients that can be fitted."""
        return len(self.patients)

    def __iter__(self) -> Iterator[Patient]:
        """Iterate over the patients."""
        return iter(self.patients)

    def __getitem__(self, patient_id: str) -> Patient:
        """Return the patient with this identifier."""
        for patient in self.patients:
            if patient.patient_id == patient_id:
                return patient
        raise KeyError(f"no patient {patient_id!r} in {self.source or 'this cohort'}")
