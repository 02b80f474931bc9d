"""What ``evodose dose`` prints on the standard output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from patients.problems import quoted
from workbench.listing import output_console
from workbench.report.labels import days, percent, plural
from workbench.schedule_store import NONE, NOT_SUPPORTED, REFUSE, SCHEDULE_TABLE, SUPPORTED, Standing

if TYPE_CHECKING:
    from dosing.schedule_result import PatientSchedule

_SHOWN = 40
WORDS = {
    SUPPORTED: ("supported by the evidence", "green"), NOT_SUPPORTED: ("not supported by the evidence", "yellow"),
    REFUSE: ("refused by the run; for study only", "yellow"), NONE: ("no schedule", "red"),
}  # fmt: skip


def print_schedules(
    rows: Sequence[tuple[PatientSchedule, Standing]], page: Path, computed: int, *, quiet: bool
) -> None:
    """Print what each schedule may be taken for, its doses in words, its score; then where the page lies."""
    console = output_console()
    if not quiet:
        console.print("Research use only; not a medical device", style="dim")
    for schedule, standing in rows[:_SHOWN] if not quiet else ():
        word, style = WORDS[standing.action]
        name = quoted(schedule.patient_id)[1:-1]
        console.print(
            Text.assemble((name, "bold"), f" ({schedule.objective}): ", (word, style)), soft_wrap=True
        )
        for line in schedule_lines(schedule, standing):
            console.print(Text(f"  {line}"), soft_wrap=True)
    if len(rows) > _SHOWN and not quiet:
        console.print(f"… and {len(rows) - _SHOWN} more in {SCHEDULE_TABLE}", markup=False)
    counts = [
        f"{n} {WORDS[action][0]}" for action in WORDS if (n := sum(s.action == action for _, s in rows))
    ]
    console.print(
        f"{plural(len(rows), 'patient')}, {computed} computed now: {', '.join(counts)}.",
        markup=False,
        soft_wrap=True,
    )
    if computed == 0:
        console.print("Everything was there already; nothing was computed again.", soft_wrap=True)
    console.print(f"Page: {page}", markup=False, soft_wrap=True)


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
