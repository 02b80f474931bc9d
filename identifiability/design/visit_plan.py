"""Further visits of a patient, under a dose until then."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dynamics.schedule import DoseSchedule

if TYPE_CHECKING:
    from patients.cohort import Patient

EVERY, AHEAD = 7.0, 365.0  # days


@dataclass(frozen=True)
class VisitPlan:
    """Further visits.

    Parameters
    ----------
    days : tuple of float
        Increasing, after the patient's last visit.
    dose : float
        From the last visit on, as a fraction of the maximum tolerated dose.
    """

    days: tuple[float, ...]
    dose: float

    @property
    def words(self) -> str:
        """The plan in words: "day 214 under 60 % dose"."""
        days = [f"{day:g}" for day in self.days]
        when = f"day {days[0]}" if len(days) == 1 else f"days {', '.join(days[:-1])} and {days[-1]}"
        return f"{when} {'without a dose' if self.dose == 0 else f'under {100 * self.dose:.0f} % dose'}"


def feasible_days(patient: Patient, days: Sequence[float] | None = None) -> np.ndarray:
    """Days on which the patient could be seen again: every week of the coming year unless given.

    Raises
    ------
    ValueError
        No day, or one that is not after the last visit.
    """
    last = float(patient.times[-1])
    if days is None:
        return last + np.arange(EVERY, AHEAD + 1e-9, EVERY)
    chosen = np.unique(np.asarray(days, dtype=float))
    if not len(chosen) or not np.all(np.isfinite(chosen)):
        raise ValueError(f"patient {patient.patient_id!r}: a plan needs at least one day, got {list(days)}")
    if chosen[0] <= last:
        raise ValueError(
            f"patient {patient.patient_id!r}: day {chosen[0]:g} is not after the last visit (day {last:g}); what is "
            "past cannot be measured any more"
        )
    return chosen


def dose_until_now(patient: Patient) -> float:
    """Dose at the last visit, the one that goes on if nothing is changed."""
    return float(patient.schedule.dose_at(patient.times[-1]))


def schedule_with(patient: Patient, dose: float) -> DoseSchedule:
    """Return the patient's schedule to the last visit, then this dose."""
    last = float(patient.times[-1])
    rows = []
    edges = patient.schedule.edges
    for start, end, level in zip(edges[:-1], edges[1:], patient.schedule.doses, strict=True):
        if start < last:
            rows.append((start, min(end, last), level))
    return DoseSchedule.from_rows([*rows, (last, np.inf, dose)])


def with_visits(patient: Patient, plan: VisitPlan) -> Patient:
    """Return the patient with the plan's visits, whose burdens are still to be simulated."""
    more = len(plan.days)
    return dataclasses.replace(
        patient,
        times=np.concatenate([patient.times, plan.days]),
        burdens=np.concatenate([patient.burdens, np.full(more, patient.first_burden)]),
        censoring=np.concatenate([patient.censoring, np.zeros(more, dtype=int)]),
        schedule=schedule_with(patient, plan.dose),
    )
