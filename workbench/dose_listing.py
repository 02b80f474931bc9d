"""What ``evodose dose`` prints on the standard output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.answer_listing import Answer, print_answers
from workbench.report.labels import days, percent
from workbench.schedule_store import NONE, NOT_SUPPORTED, REFUSE, SCHEDULE_TABLE, SUPPORTED, Standing

if TYPE_CHECKING:
    from dosing.schedule_result import PatientSchedule

WORDS = {
    SUPPORTED: ("supported by the evidence", "green"), NOT_SUPPORTED: ("not supported by the evidence", "yellow"),
    REFUSE: ("refused by the run; for study only", "yellow"), NONE: ("no schedule", "red"),
}  # fmt: skip


def print_schedules(
    rows: Sequence[tuple[PatientSchedule, Standing]], page: Path, computed: int, *, quiet: bool
) -> None:
    """Print what each schedule may be taken for, its doses in words, its score; then where the page lies."""
    answers = [Answer(s.patient_id, t.action, tuple(schedule_lines(s, t)), s.objective) for s, t in rows]
    print_answers(answers, WORDS, page, computed, table=SCHEDULE_TABLE, quiet=quiet)


def schedule_lines(schedule: PatientSchedule, standing: Standing) -> list[str]:
    """Sentences on one schedule; the reason of a refusal comes first."""
    lines = [standing.reason]
    if not schedule.found:
        return lines
    lines += schedule.structure
    for score in schedule.scores:
        ttp = f"median TTP {_ttp(score.median_days, schedule.horizon_days)}"
        lines.append(
            f"{score.name}: {percent(score.share)} without progression, {ttp}, worst decile "
            f"{_ttp(score.worst_decile_days, schedule.horizon_days)}, {days(score.total_dose_days)} days at MTD in all"
        )
    return [*lines, schedule.rests_on, *schedule.notes]


def _ttp(value: float, horizon: float) -> str:
    """Write a time to progression; the horizon is no progression."""
    return f"> {days(horizon)} d" if value >= horizon else f"{days(value)} d"
