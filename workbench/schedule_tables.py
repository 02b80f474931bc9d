"""The tables of ``evodose dose``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workbench.schedule_store import SCHEDULE_TABLE, SCORE_TABLE
from workbench.tables import Table

if TYPE_CHECKING:
    from dosing.schedule_result import PatientSchedule
    from workbench.schedule_store import Standing
    from workbench.store import RunStore

Row = dict[str, Any]
# the first four are those of a schedule file, so that a planned schedule can be read back as a given one
SCHEDULE_COLUMNS = ["patient_id", "t_start", "t_end", "dose", "objective", "action", "reason"]
SCORE_COLUMNS = [
    "patient_id", "objective", "action", "strategy", "share_without_progression", "mean_ttp_days",
    "mean_ttp_error_days", "median_ttp_days",
    "worst_decile_ttp_days", "total_dose_days", "mean_dose", "point_estimate_ttp_days", "point_estimate_progresses",
    "failed", "horizon_days", "progression_burden", "evidence", "members", "description",
]  # fmt: skip


class ScheduleTables:
    """Both tables, growing by schedules."""

    def __init__(self) -> None:
        self.schedules, self.scores = Table(SCHEDULE_COLUMNS), Table(SCORE_COLUMNS)

    def add(self, schedule: PatientSchedule, standing: Standing) -> None:
        """Append one schedule."""
        self.schedules.add(schedule_rows(schedule, standing))
        self.scores.add(score_rows(schedule, standing))

    def write(self, store: RunStore) -> None:
        """Write both."""
        store.write(SCHEDULE_TABLE, self.schedules.text)
        store.write(SCORE_TABLE, self.scores.text)


def schedule_rows(schedule: PatientSchedule, standing: Standing) -> Iterator[Row]:
    """One row an interval; one row with the reason where there is no schedule."""
    base: Row = {
        "patient_id": schedule.patient_id, "objective": schedule.objective, "action": standing.action,
        "reason": standing.reason,
    }  # fmt: skip
    if not schedule.found:
        yield base
        return
    for start, end, dose in zip(
        schedule.edges_days[:-1], schedule.edges_days[1:], schedule.doses, strict=True
    ):
        yield {**base, "t_start": start, "t_end": end, "dose": dose}


def score_rows(schedule: PatientSchedule, standing: Standing) -> Iterator[Row]:
    """One row a strategy."""
    for s in schedule.scores:
        yield {
            "patient_id": schedule.patient_id, "objective": schedule.objective, "action": standing.action,
            "strategy": s.name, "share_without_progression": s.share, "mean_ttp_days": s.expected_days,
            "mean_ttp_error_days": s.expected_error_days, "median_ttp_days": s.median_days,
            "worst_decile_ttp_days": s.worst_decile_days, "total_dose_days": s.total_dose_days,
            "mean_dose": s.mean_dose, "point_estimate_ttp_days": s.point_days,
            "point_estimate_progresses": s.point_progresses, "failed": s.failed,
            "horizon_days": schedule.horizon_days, "progression_burden": schedule.progressed_at,
            "evidence": schedule.evidence, "members": schedule.members, "description": s.description,
        }  # fmt: skip
