"""Schedules in a run directory: for each patient and objective one stage for the program, one JSON file for people."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dosing.objectives import FOR_ALL, SENTENCES
from workbench import atomic
from workbench.store import PATIENTS, RunStore

if TYPE_CHECKING:
    from dosing.schedule_result import PatientSchedule
    from workbench.record import PatientRecord

SCHEDULE_TABLE, SCORE_TABLE = "schedules.csv", "schedule_scores.csv"
SUPPORTED, NOT_SUPPORTED, REFUSE, NONE = "supported", "not_supported", "refuse", "none"
STUDY = "What the point estimate would give, for study only."
STUDY_FOR_ALL = "What a plan for all admitted tumours would give, for study only."
FORMAT = 1
_ROUNDING = 1e-9


@dataclass(frozen=True)
class StoredSchedule:
    """A schedule with what it was asked with.

    Parameters
    ----------
    schedule : PatientSchedule
    asked : str
        JSON of everything its numbers depend on.
    """

    schedule: PatientSchedule
    asked: str


@dataclass(frozen=True)
class Standing:
    """What a schedule may be taken for.

    Parameters
    ----------
    action : str
        ``supported``: the run recommends a dose for this patient, and enough of the evidence does not progress under
        this schedule; ``not_supported``: too little of it does; ``refuse``: the run recommends no dose; ``none``:
        there is no schedule.
    reason : str
        A sentence.
    """

    action: str
    reason: str


class ScheduleStore:
    """Reading and writing of the schedules of one run directory.

    Parameters
    ----------
    store : RunStore
    """

    def __init__(self, store: RunStore) -> None:
        self.store = store

    def json_path(self, patient_id: str, objective: str) -> Path:
        """Where a schedule lies for people."""
        return self.store.path(patient_id, _stage(objective)).with_suffix(".json")

    def clear(self) -> None:
        """Remove every schedule."""
        for pattern in ("*/schedule-*.npz", "*/schedule-*.json"):
            for path in (self.store.folder / PATIENTS).glob(pattern):
                path.unlink(missing_ok=True)

    def load(self, patient_id: str, objective: str) -> StoredSchedule | None:
        """Read one schedule; None where it is absent or damaged."""
        found = self.store.load(patient_id, _stage(objective))
        return found if isinstance(found, StoredSchedule) else None

    def has(self, patient_id: str) -> bool:
        """Whether any schedule was asked for."""
        return any(self.store.path(patient_id, _stage(name)).is_file() for name in SENTENCES)

    def all_of(self, patient_id: str) -> Iterator[PatientSchedule]:
        """Read the schedules of a patient, one an objective."""
        for name in SENTENCES:
            if self.store.path(patient_id, _stage(name)).is_file():
                found = self.load(patient_id, name)
                if found is not None:
                    yield found.schedule

    def save(self, stored: StoredSchedule) -> None:
        """Write one schedule atomically."""
        self.store.save(stored.schedule.patient_id, _stage(stored.schedule.objective), stored)

    def write_json(self, schedule: PatientSchedule, standing: Standing) -> Path:
        """Write one schedule for people."""
        path = self.json_path(schedule.patient_id, schedule.objective)
        atomic.write_text(path, json.dumps(as_json(schedule, standing), indent=1, allow_nan=False) + "\n")
        return path


def _stage(objective: str) -> str:
    return f"schedule-{objective}"


def standing_of(
    schedule: PatientSchedule, record: PatientRecord, required_support: float, run_k_tol: float
) -> Standing:
    """Say what a schedule may be taken for; a refusal of the run stands."""
    if not schedule.found:
        before = "" if record.recommended or record.fit is None else f"{record.reason} "
        return Standing(NONE, f"{before}{schedule.reason}")
    study = STUDY_FOR_ALL if schedule.objective in FOR_ALL else STUDY
    if not record.recommended:
        return Standing(REFUSE, f"{record.reason} {study}")
    share = (
        f"Under this schedule {100 * schedule.share:.3g} % of the evidence stays without progression over "
        f"{schedule.horizon_days:g} days; "
        f"{100 * required_support:.3g} % are required."
    )
    judged = ""
    if not math.isclose(schedule.k_tol, run_k_tol * schedule.first_burden, rel_tol=1e-9):
        judged = f" The run itself was judged at a tolerable burden of {run_k_tol:g} times the first."
    if schedule.share >= required_support - _ROUNDING:
        return Standing(SUPPORTED, f"{share}{judged}")
    return Standing(NOT_SUPPORTED, f"{share} {study}{judged}")


def as_json(schedule: PatientSchedule, standing: Standing) -> dict[str, Any]:
    """Return a schedule in JSON's types; what is not a number is null."""
    s, courses = schedule, schedule.courses
    rows = zip(s.edges_days[:-1], s.edges_days[1:], s.doses, strict=True) if s.found else ()
    content = {
        "format": FORMAT, "notice": "Research use only; not a medical device.", "patient_id": s.patient_id,
        "action": standing.action, "reason": standing.reason,
        "objective": {
            "name": s.objective, "sentence": s.asked, "running": s.running, "terminal": s.terminal,
            "subject_to": list(s.violations), "numbers": dict(s.numbers),
        },
        "tolerable_burden": s.k_tol, "first_burden": s.first_burden, "horizon_days": s.horizon_days,
        "held_days": s.every_days,
        "schedule": [{"t_start": a, "t_end": b, "dose": u} for a, b, u in rows],
        "total_dose_days": s.total_dose_days,
        "solution": {
            "status": s.status, "message": s.message, "cost": s.cost, "defect": s.defect, "elements": s.elements,
            "violations": dict(s.violations), "witness": s.witness, "witness_dose_difference": s.agreement,
            "structure": list(s.structure),
            "arcs": [
                {"label": str(a.label), "t_start": a.start_days, "t_end": a.end_days, "mean_dose": a.mean_level}
                for a in s.arcs
            ],
            "switching": s.switching,
        },
        "evidence": {"kind": s.evidence, "members": s.members, "sentence": s.rests_on},
        "progression": {"burden": s.progressed_at, "sentence": s.progression},
        "scores": [
            {
                "strategy": x.name, "description": x.description, "share_without_progression": x.share,
                "mean_ttp_days": x.expected_days, "mean_ttp_error_days": x.expected_error_days,
                "median_ttp_days": x.median_days, "worst_decile_ttp_days": x.worst_decile_days,
                "total_dose_days": x.total_dose_days, "mean_dose": x.mean_dose, "point_estimate_ttp_days": x.point_days,
                "point_estimate_progresses": x.point_progresses, "failed": x.failed,
            }
            for x in s.scores
        ],
        "courses": None if courses is None else {
            "days": courses.days, "schedule": courses.schedule, "band_5_percent": courses.low,
            "band_95_percent": courses.high, "mtd": courses.mtd, "at50": courses.adaptive,
        },
        "notes": list(s.notes), "seconds": s.seconds,
    }  # fmt: skip
    return _plain(content)


def _plain(value: Any) -> Any:
    """Turn arrays into lists, and numbers that JSON does not have into null."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(v) for v in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
