"""What ``evodose monitor`` prints on the standard output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.answer_listing import Answer, print_answers
from workbench.monitor_record import MONITORING_TABLE
from workbench.monitor_standing import NOTHING, RECOMMENDED, REFUSED, MonitoringStanding

if TYPE_CHECKING:
    from workbench.monitor_record import PatientMonitoring

WORDS = {
    RECOMMENDED: ("a dose is recommended", "green"), REFUSED: ("refused by the run; for study only", "yellow"),
    NOTHING: ("no value of monitoring", "red"),
}  # fmt: skip


def print_monitoring(
    rows: Sequence[tuple[PatientMonitoring, MonitoringStanding]], page: Path, computed: int, *, quiet: bool
) -> None:
    """Print what visits are worth to each patient, in sentences; then where the page lies."""
    answers = [Answer(m.patient_id, t.action, tuple(monitoring_lines(m, t))) for m, t in rows]
    print_answers(answers, WORDS, page, computed, table=MONITORING_TABLE, quiet=quiet)


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
