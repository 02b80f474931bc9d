"""The page of ``evodose identify``: what is identified, why not, what would change that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from workbench.decision import decide
from workbench.options import RunOptions
from workbench.record import PatientRecord
from workbench.report.identifiability_overview import overview
from workbench.report.page import DETAILED, _environment, _template_text
from workbench.store import IDENTIFIABILITY_FILE, CohortIndex, RunStore

if TYPE_CHECKING:
    from dynamics.model import Model
    from workbench.manifest import Manifest

View = dict[str, Any]


def write_identifiability(
    store: RunStore,
    records: Callable[[], Iterable[PatientRecord]],
    index: CohortIndex,
    model: Model,
    manifest: Manifest,
    *,
    always_detailed: Sequence[str] = (),
    limit: int = DETAILED,
    drawn: dict[str, View] | None = None,
) -> Path:
    """Render ``identifiability.html``.

    Parameters
    ----------
    store, records, index, model, manifest, always_detailed, limit, drawn
        As for :func:`workbench.report.page.write_report`.
    """
    from workbench.report.methods_view import provenance_view

    options = RunOptions(level=manifest.content["options"]["level"])
    chosen = _chosen(records(), always_detailed, limit)
    template = _environment().get_template("identifiability_patient.html.j2")
    sections, summaries = [], []
    for record in records():
        patient_id = record.patient.patient_id
        summaries.append(_summary(record))
        if patient_id in chosen:
            sections.append(
                Markup(template.render(p=patient_section(record, model, options.criterion, drawn)))
            )
    cohort = overview(summaries, index, model, options.criterion, chosen)
    cohort["finished"] = manifest.content.get("identify", {}).get("finished", "")
    html = _environment().get_template("identifiability_page.html.j2").render(
        css=_template_text("page.css"), cohort=cohort, sections=sections, model=model,
        asked=_asked(manifest.content), provenance=provenance_view(manifest.content, index),
    )  # fmt: skip
    return store.write(IDENTIFIABILITY_FILE, html)


def _summary(record: PatientRecord) -> PatientRecord:
    """Keep what the overview reads, so that a large cohort is not held in memory as a whole."""
    from dataclasses import replace

    diagnosis, inquiry = record.diagnosis, record.inquiry
    if diagnosis is not None:
        diagnosis = replace(diagnosis, profiles=(), ensemble=None)  # type: ignore[arg-type]
    if inquiry is not None and inquiry.inquiry is not None:
        inquiry = replace(inquiry, inquiry=replace(inquiry.inquiry, bootstrap=None, planes=()), curves=())
    return PatientRecord(record.patient, record.fit, diagnosis, None, record.failure, inquiry)


def _chosen(records: Iterable[PatientRecord], always: Sequence[str], limit: int) -> set[str]:
    """Who gets a section: those asked for, then those with an inquiry, in the order of the file."""
    asked = [r.patient.patient_id for r in records if r.inquiry is not None]
    return set(always) | set(asked[: max(limit - len(set(always)), 0)])


def patient_section(
    record: PatientRecord, model: Model, criterion: str, drawn: dict[str, View] | None = None
) -> View:
    """Return everything the page shows of one patient.

    Parameters
    ----------
    record : PatientRecord
    model : Model
    criterion : str
        Name of the profiles' criterion.
    drawn : dict, optional
        See :func:`workbench.report.inquiry_view.inquiry_part`.
    """
    from workbench.report.identifiability_view import identifiability_part
    from workbench.report.inquiry_view import inquiry_part
    from workbench.report.patient_view import _common

    view = _common(record, decide(record)) | {"inquiry": inquiry_part(record, model, drawn), "profiles": None}
    view["identified"] = False
    view["lead"] = record.failure.reason if record.failure else "Not diagnosed."
    if record.fit is not None and record.diagnosis is not None and record.diagnosis.profiles:
        view |= identifiability_part(record.fit, record.diagnosis, record.patient.marker)
        verdict = record.diagnosis.verdict(criterion, "all")
        view["lead"], view["identified"] = verdict.sentence, verdict.identified
    return view


def _asked(manifest: Mapping[str, Any]) -> list[View]:
    """Return what was asked for, as facts."""
    options = manifest.get("identify", {}).get("options", {})
    words = {
        "replicates": "Bootstrap replicates", "simulations": "Simulations a plan", "days": "Feasible days",
        "doses": "Feasible doses", "targets": "Targets", "day_ahead": "Burden ahead, days",
        "progression_dose": "Progression under dose", "quick": "Quick",
    }  # fmt: skip
    facts = []
    for key, name in words.items():
        value = options.get(key)
        if value in (None, [], False):
            continue
        shown = value if isinstance(value, list) else ["yes" if value is True else value]
        text = ", ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in shown)
        facts.append({"name": name, "text": text})
    return facts
