"""What ``evodose identify`` prints on the standard output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from patients.problems import quoted
from workbench.listing import output_console
from workbench.record import PatientRecord
from workbench.report.labels import plural
from workbench.report.quantity_labels import said

_SHOWN = 40


def print_answers(records: Sequence[PatientRecord], page: Path, computed: int, *, quiet: bool) -> None:
    """Print, for each patient, what is open, what to measure next, what failed; then where the page lies."""
    console = output_console()
    for record in records[:_SHOWN] if not quiet else ():
        console.print(Text(quoted(record.patient.patient_id)[1:-1], style="bold"), soft_wrap=True)
        for text, style in answer_lines(record):
            console.print(Text(f"  {text}", style=style), soft_wrap=True)
    if len(records) > _SHOWN and not quiet:
        console.print(f"… and {len(records) - _SHOWN} more in {page.name}", markup=False)
    failed = sum(bool(r.inquiry and r.inquiry.failures) for r in records)
    text = f"{plural(len(records), 'patient')} asked, {computed} of them now"
    text += f"; in {failed} some part could not be computed." if failed else "."
    console.print(text, markup=False, soft_wrap=True)
    if computed == 0:
        console.print("Everything was there already; nothing was computed again.", soft_wrap=True)
    console.print(f"Page: {page}", markup=False, soft_wrap=True)


def answer_lines(record: PatientRecord) -> list[tuple[str, str]]:
    """Sentences with their styles."""
    inquiry, diagnosis = record.inquiry, record.diagnosis
    lines: list[tuple[str, str]] = []
    if diagnosis is not None:
        verdict = next(
            (v for v in diagnosis.verdicts if v.criterion.startswith("profile") and v.parameter == "all"),
            None,
        )
        lines += [(verdict.sentence, "green" if verdict.identified else "yellow")] if verdict else []
    if inquiry is None:
        return lines
    low = inquiry.quantity("window_low")
    lines += [(said(low.sentence), "")] if low is not None else []
    lines += [(said(answer.sentence), "") for answer in (inquiry.inquiry.designs if inquiry.inquiry else ())]
    lines += [(note, "dim") for note in inquiry.notes]
    lines += [(failure, "red") for failure in inquiry.failures]
    return lines
