"""A patient cut in time: visits to learn from, later visits to be forecast."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dynamics.schedule import DoseSchedule
from patients.cohort import Patient, Rejection


class SplitError(ValueError):
    """A patient who cannot be cut by a rule; the message is the reason."""


Rule = Callable[[Patient], int]


@dataclass(frozen=True)
class Split:
    """A patient as known on the day of the cut, and what was measured later.

    Nothing of after the cut is in ``training``: no burden, no exclusion, no note, no change of dose. A forecast
    may use ``planned_schedule``, so it is conditional on the doses that were given. Where doses follow the
    marker (adaptive or intermittent therapy), they were decided with burdens that the forecast does not see: a
    later stop of the drug tells that the marker had fallen. A method that reads doses then knows more than a
    clinic on the day of the cut; ``held_schedule`` is the input without this knowledge. Which days are visits
    is given to every method.

    Parameters
    ----------
    training : Patient
        First visits only; its schedule holds the dose of the day of the cut from then on.
    held_out_days : ndarray, shape (n,)
        Days of the later visits, on the patient's own count of days.
    held_out_burdens : ndarray, shape (n,)
    held_out_censoring : ndarray of int, shape (n,)
        As in :class:`patients.cohort.Patient`.
    planned_schedule : DoseSchedule
        All doses as given, before the cut and after it.
    """

    training: Patient
    held_out_days: np.ndarray
    held_out_burdens: np.ndarray
    held_out_censoring: np.ndarray
    planned_schedule: DoseSchedule

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for name, kind in (
            ("held_out_days", float),
            ("held_out_burdens", float),
            ("held_out_censoring", int),
        ):
            array = np.array(getattr(self, name), dtype=kind)
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def patient_id(self) -> str:
        """Identifier of the patient."""
        return self.training.patient_id

    @property
    def cut_day(self) -> float:
        """Day of the last visit in the training part."""
        return float(self.training.times[-1])

    @property
    def horizons_days(self) -> np.ndarray:
        """Days from the last training visit to each held-out visit."""
        return self.held_out_days - self.cut_day

    @property
    def held_schedule(self) -> DoseSchedule:
        """Doses known on the day of the cut, the last of them held: no later decision is used."""
        return self.training.schedule

    def complete(self) -> Patient:
        """Return the patient with all visits."""
        t = self.training
        return Patient(
            t.patient_id,
            np.concatenate([t.times, self.held_out_days]),
            np.concatenate([t.burdens, self.held_out_burdens]),
            self.planned_schedule,
            marker=t.marker,
            censoring=np.concatenate([t.censoring, self.held_out_censoring]),
            virtual=t.virtual,
        )


def first_visits(count: int) -> Rule:
    """Train on the first ``count`` visits."""

    def rule(patient: Patient) -> int:
        if len(patient) <= count:
            raise SplitError(f"{len(patient)} visits: none is left after the first {count}")
        return count

    return rule


def first_share(share: float, *, training: int = 3, held_out: int = 2) -> Rule:
    """Train on the first share of the visits, rounded down; at least ``training`` and ``held_out`` visits."""
    if not 0 < share < 1:
        raise ValueError(f"the share of visits to train on is {share:g}; it must lie between 0 and 1")

    def rule(patient: Patient) -> int:
        if len(patient) < training + held_out:
            raise SplitError(
                f"{len(patient)} visits: {training} to learn from and {held_out} to forecast are needed"
            )
        # 1e-9: 0.6 of 5 visits is 3, not the 2.9999999999999996 of floating point
        return int(np.clip(np.floor(share * len(patient) + 1e-9), training, len(patient) - held_out))

    return rule


def first_days(days: float, *, training: int = 3, held_out: int = 1) -> Rule:
    """Train on the visits of the first ``days`` days since the first visit, the last of them included."""

    def rule(patient: Patient) -> int:
        count = int(np.searchsorted(patient.times - patient.times[0], days, side="right"))
        if count < training or len(patient) - count < held_out:
            raise SplitError(
                f"{count} visits within {days:g} days and {len(patient) - count} later: {training} to learn "
                f"from and {held_out} to forecast are needed"
            )
        return count

    return rule


def last_two_of_at_least(visits: int, *, held_out: int = 2) -> Rule:
    """Hold out the last two visits of patients with at least so many (6 in TumorGrowth.jl's comparison)."""

    def rule(patient: Patient) -> int:
        if len(patient) < visits:
            raise SplitError(f"{len(patient)} visits: at least {visits} are needed")
        return len(patient) - held_out

    return rule


def split_patient(patient: Patient, rule: Rule) -> Split:
    """Cut one patient.

    Parameters
    ----------
    patient : Patient
    rule : callable
        ``Patient -> number of first visits to train on``.

    Raises
    ------
    SplitError
        Too few visits for the rule.
    """
    n = rule(patient)
    if not 0 < n < len(patient):
        raise SplitError(f"{len(patient)} visits cannot be cut after {n} of them")
    day = float(patient.times[n - 1])
    training = Patient(
        patient.patient_id,
        patient.times[:n],
        patient.burdens[:n],
        _known_doses(patient.schedule, day),
        marker=patient.marker,
        censoring=patient.censoring[:n],
        excluded=tuple(e for e in patient.excluded if e.time_days <= day),
        # notes of reading may speak of later rows, and carry no day
        notes=(f"cut for a forecast: the first {n} visits, to day {day:g}",),
        virtual=patient.virtual,
    )
    return Split(training, patient.times[n:], patient.burdens[n:], patient.censoring[n:], patient.schedule)


def split_cohort(patients: Sequence[Patient], rule: Rule) -> tuple[tuple[Split, ...], tuple[Rejection, ...]]:
    """Cut every patient; those whom the rule cannot cut are skipped with the reason."""
    splits, skipped = [], []
    for patient in patients:
        try:
            splits.append(split_patient(patient, rule))
        except SplitError as reason:
            skipped.append(Rejection(patient.patient_id, str(reason)))
    return tuple(splits), tuple(skipped)


def _known_doses(schedule: DoseSchedule, day: float) -> DoseSchedule:
    """Doses up to a day, the dose of that day held from then on."""
    begun = bisect.bisect_right(schedule.edges, day)
    if begun == 0:
        return DoseSchedule.constant(0.0, day)
    if begun == len(schedule.edges):
        return DoseSchedule((*schedule.edges, np.inf), (*schedule.doses, 0.0))
    return DoseSchedule((*schedule.edges[:begun], np.inf), schedule.doses[:begun])
