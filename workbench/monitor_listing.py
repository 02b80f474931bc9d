"""What ``evodose monitor`` prints on the standard output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from patients.problems import quoted
from workbench.listing import output_console
from workbench.monitor_record import MONITORING_TABLE
from workbench.monitor_standing import NOTHING, RECOMMENDED, REFUSED, MonitoringStanding
from workbench.report.labels import plural

if TYPE_CHECKING:
    from workbench.monitor_record import PatientMonitoring

_SHOWN = 40
WORDS = {
    RECOMMENDED: ("a dose is recommended", "green"), REFUSED: ("refused by the run; for study only", "yellow"),
    NOTHING: ("no value of monitoring", "red"),
}  # fmt: skip


def print_monitoring(
    rows: Sequence[tuple[PatientMonitoring, MonitoringStanding]], page: Path, computed: int, *, quiet: bool
) -> None:
    """Print what visits are worth to each patient, in sentences; then where the page lies."""
    console = output_console()
    if not quiet:
        console.print("Research use only; not a medical device", style="dim")
    for found, standing in rows[:_SHOWN] if not quiet else ():
        word, style = WORDS[standing.action]
        console.print(
            Text.assemble((quoted(found.patient_id)[1:-1], "bold"), ": ", (word, style)), soft_wrap=True
        )
        for line in monitoring_lines(found, standing):
            console.print(Text(f"  {line}"), soft_wrap=True)
    if len(rows) > _SHOWN and not quiet:
        console.print(f"… and {len(rows) - _SHOWN} more in {MONITORING_TABLE}", markup=False)
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


def monitoring_lines(found: PatientMonitoring, standing: MonitoringStanding) -> list[str]:
    """Sentences on one patient; the reason of a refusal comes first."""
    if found.value is None:
        return [standing.reason]
    return [
        standing.reason,
        *found.value.sentences,
        found.value.progression,
        *found.notes,
        *found.value.notes,
    ]
