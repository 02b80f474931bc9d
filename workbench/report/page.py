"""The report as one HTML file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from workbench.decision import Decision
from workbench.options import RunOptions
from workbench.record import PatientRecord
from workbench.report.labels import plural
from workbench.store import (
    IDENTIFIABILITY_FILE,
    POSTERIORS_FILE,
    REPORT_FILE,
    SCHEDULES_FILE,
    CohortIndex,
    RunStore,
)

if TYPE_CHECKING:
    from jinja2 import Environment

    from dynamics.model import Model
    from workbench.manifest import Manifest

DETAILED = 40  # patients with all figures, about 0.1 MB and 0.6 s each; the others get a folded line with a sparkline


def write_report(
    store: RunStore,
    records: Callable[[], Iterable[PatientRecord]],
    decisions: Sequence[Decision],
    index: CohortIndex,
    model: Model,
    manifest: Manifest,
    *,
    always_detailed: Sequence[str] = (),
    limit: int = DETAILED,
    drawn: dict[str, dict[str, Any]] | None = None,
) -> Path:
    """Render ``report.html``.

    Parameters
    ----------
    store : RunStore
    records : callable
        Returns the patients' results in the order of ``decisions``; they are read one at a time.
    decisions : sequence of Decision
    index : CohortIndex
    model : Model
    manifest : Manifest
    always_detailed : sequence of str
        Patients who are shown with all figures, however many there are.
    limit : int
        How many are shown with all figures.
    drawn : dict, optional
        See :func:`workbench.report.inquiry_view.inquiry_part`.
    """
    from workbench.report.cohort_view import cohort_view
    from workbench.report.methods_view import methods_view, provenance_view
    from workbench.report.patient_view import compact_view, full_view

    options = RunOptions(level=manifest.content["options"]["level"])
    chosen = choose_detailed(decisions, always_detailed, limit)
    environment = _environment()
    full, compact = environment.get_template("patient.html.j2"), environment.get_template("compact.html.j2")
    detailed, folded, example, asked = [], [], None, False
    for record, decision in zip(records(), decisions, strict=True):
        if decision.patient_id in chosen:
            detailed.append(Markup(full.render(p=full_view(record, decision, model, drawn))))
        else:
            folded.append(Markup(compact.render(p=compact_view(record, decision))))
        if example is None or (example.diagnosis is None and record.diagnosis is not None):
            example = record
        asked = asked or record.inquiry is not None
    cohort = cohort_view(decisions, index, manifest.content["finished"] or "", options.criterion)
    html = environment.get_template("page.html.j2").render(
        css=_template_text("page.css"),
        cohort=cohort,
        identifiability_page=IDENTIFIABILITY_FILE if asked else "",
        posteriors_page=POSTERIORS_FILE if (store.folder / POSTERIORS_FILE).is_file() else "",
        schedules_page=SCHEDULES_FILE if (store.folder / SCHEDULES_FILE).is_file() else "",
        detailed=detailed,
        compact=folded,
        compact_count=len(folded),
        compact_heading=f"{plural(len(folded), 'further ' + cohort['person'])}",
        compact_note="Shown in short, to keep this page light: recommended doses come first among those with all "
        "figures, then identified parameters, then the order of the file. evodose report RUN --patient ID adds a "
        "patient's figures.",
        methods=methods_view(model, manifest.content, example),
        provenance=provenance_view(manifest.content, index),
    )
    return store.write(REPORT_FILE, html)


def choose_detailed(decisions: Sequence[Decision], always: Sequence[str], limit: int) -> set[str]:
    """Choose who is shown with all figures.

    Those asked for, then recommended doses, then identified parameters, then the order of the file, up to
    ``limit``.
    """

    def rank(item: tuple[int, Decision]) -> tuple[bool, bool, bool, int]:
        place, d = item
        return (d.action != "recommend", not d.profile, not d.paper, place)

    ordered = [d.patient_id for _, d in sorted(enumerate(decisions), key=rank)]
    return set(always) | set(ordered[: max(limit - len(set(always)), 0)])


@cache
def _environment() -> Environment:
    """Templates with everything escaped that is not markup already."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_templates()), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip


def _templates() -> Path:
    return Path(__file__).parent / "templates"


def _template_text(name: str) -> Markup:
    """Text of this project's own, which needs no escaping."""
    return Markup((_templates() / name).read_text(encoding="utf-8"))
