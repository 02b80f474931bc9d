"""What ``evodose fit`` prints on the standard output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from patients.problems import quoted
from workbench.listing import output_console
from workbench.record import PatientRecord
from workbench.report.labels import number, percent, plural

if TYPE_CHECKING:
    from workbench.posterior_summary import PosteriorSummary
    from workbench.store import RunStore

_SHOWN = 40
_AGAIN = "Everything was there already; nothing was computed again."


def print_fits(store: RunStore, records: Sequence[PatientRecord], computed: int, *, quiet: bool) -> None:
    """Print each patient's estimates or why there are none, then where the table lies."""
    console = output_console()
    for record in records[:_SHOWN] if not quiet else ():
        name, fit = quoted(record.patient.patient_id)[1:-1], record.fit
        if fit is None:
            console.print(Text.assemble((f"{name}: ", "bold"), (record.reason, "red")), soft_wrap=True)
            continue
        values = ", ".join(
            f"{p} {number(float(v), 4)}" for p, v in zip(fit.parameter_names, fit.estimates, strict=True)
        )
        console.print(Text.assemble((f"{name}: ", "bold"), f"{values}. {fit.status.value}"), soft_wrap=True)
    _more(len(records), store.folder / "fits.csv", quiet=quiet)
    failed = sum(r.failed for r in records)
    text = f"{plural(len(records), 'patient')} fitted by maximum likelihood, {computed} of them now"
    console.print(text + (f"; {failed} could not be." if failed else "."), markup=False, soft_wrap=True)
    if computed == 0:
        console.print(_AGAIN, soft_wrap=True)
    console.print(f"Table: {store.folder / 'fits.csv'}", markup=False, soft_wrap=True)


def print_posteriors(
    summaries: Sequence[PosteriorSummary], page: Path, computed: int, no_population: str = "", *, quiet: bool
) -> None:
    """Print what each posterior says of the window, or why not, then where the page lies."""
    console = output_console()
    for summary in summaries[:_SHOWN] if not quiet else ():
        console.print(Text(quoted(summary.patient.patient_id)[1:-1], style="bold"), soft_wrap=True)
        for text, style in posterior_lines(summary):
            console.print(Text(f"  {text}", style=style), soft_wrap=True)
    _more(len(summaries), page, quiet=quiet)
    usable = sum(s.usable for s in summaries)
    text = (
        f"{plural(len(summaries), 'patient')}, {plural(usable, 'usable posterior')}, {computed} computed now."
    )
    console.print(text, markup=False, soft_wrap=True)
    if computed == 0:
        console.print(_AGAIN, soft_wrap=True)
    if no_population:
        console.print(Text(no_population, style="red"), soft_wrap=True)
    console.print(f"Page: {page}", markup=False, soft_wrap=True)


def posterior_lines(summary: PosteriorSummary) -> list[tuple[str, str]]:
    """Sentences with their styles."""
    style = "green" if summary.usable else "red" if summary.failed else "yellow"
    lines = [(summary.reason, style)]
    window = summary.window
    if window is not None:
        text = f"A dose window exists with probability {percent(window.probability, 0)}. {window.sentence}"
        lines.append((text if window.probability > 0 else window.sentence, ""))
    if summary.usable:
        lines += [(note, "dim") for note in summary.notes]
    return lines


def _more(count: int, path: Path, *, quiet: bool) -> None:
    """Say that there is more than was printed."""
    if count > _SHOWN and not quiet:
        output_console().print(f"… and {count - _SHOWN} more in {path.name}", markup=False)
