"""What ``evodose switch`` prints on the standard output."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from patients.problems import quoted
from workbench.listing import output_console
from workbench.switch_files import schedule_rows

if TYPE_CHECKING:
    from workbench.switch_pipeline import SwitchOutcome

_SHOWN = 40


def print_switching(outcome: SwitchOutcome, page: Path, *, quiet: bool) -> None:
    """Print the schedule or the refusal, its cost and bound, and where the page lies."""
    console = output_console()
    if not quiet:
        console.print("Research use only; not a medical device, and not a treatment instruction", style="dim")
    console.print(Text(outcome.lead, style="bold"), soft_wrap=True)
    if outcome.plan.reason:
        console.print(Text(outcome.plan.reason), soft_wrap=True)
    if not quiet and outcome.parts is not None:
        rows = schedule_rows(outcome)
        for start, end, drug in rows[:_SHOWN]:
            console.print(Text(f"  day {start:6.1f} to {end:6.1f}  {quoted(drug)[1:-1]}"), soft_wrap=True)
        if len(rows) > _SHOWN:
            console.print(f"  … and {len(rows) - _SHOWN} more in switching.csv", markup=False)
        console.print(Text(outcome.bound), soft_wrap=True)
    if not quiet:
        for line in (outcome.limiting.sentence, *(r.sentence for r in outcome.robust), *outcome.notes):
            console.print(Text(line), soft_wrap=True)
    console.print(f"Page: {page}", markup=False, soft_wrap=True)
