"""The page of ``evodose monitor``: what visits are worth to each patient."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from workbench.monitor_record import MONITORING_FILE, MONITORING_TABLE, MonitoringStore
from workbench.monitor_standing import monitoring_standing
from workbench.monitor_table import COLUMNS, monitoring_rows
from workbench.report.labels import people
from workbench.report.monitor_view import BADGES, monitoring_row, monitoring_view
from workbench.report.page import DETAILED, _environment, _template_text
from workbench.report.patient_view import anchor
from workbench.store import REPORT_FILE, CohortIndex, RunStore
from workbench.tables import Table

if TYPE_CHECKING:
    from dynamics.model import Model
    from workbench.manifest import Manifest
    from workbench.monitor_record import PatientMonitoring
    from workbench.monitor_standing import MonitoringStanding

View = dict[str, Any]
Told = tuple["PatientMonitoring", "MonitoringStanding"]


def write_monitoring(
    store: RunStore,
    patient_ids: Sequence[str],
    index: CohortIndex,
    model: Model,
    manifest: Manifest,
    *,
    always_detailed: Sequence[str] = (),
    limit: int = DETAILED,
) -> tuple[Path, tuple[Told, ...]]:
    """Write ``monitoring.html`` and ``monitoring.csv`` from what is stored.

    Parameters
    ----------
    store : RunStore
    patient_ids : sequence of str
        Patients of the run, in the order of the file; those for whom nothing was asked are left out.
    index : CohortIndex
    model : Model
    manifest : Manifest
    always_detailed : sequence of str
        Patients who are shown with figures, however many there are.
    limit : int
        How many are shown with figures.

    Returns
    -------
    Path
        Of the page.
    tuple of (PatientMonitoring, MonitoringStanding)
    """
    from workbench.report.methods_view import provenance_view

    there = list(MonitoringStore(store).all_of(list(patient_ids)))
    ids = [found.patient_id for found in there]
    chosen = set(always_detailed) | set(ids[: max(limit - len(set(always_detailed)), 0)])
    template = _environment().get_template("monitor_patient.html.j2")
    table = Table(COLUMNS)
    told: list[Told] = []
    rows, sections = [], []
    for found, record in zip(there, store.records(ids), strict=True):
        standing = monitoring_standing(found, record)
        table.add(monitoring_rows(found, standing, record.patient.first_burden))
        detailed = found.patient_id in chosen
        rows.append(monitoring_row(found, standing, linked=detailed))
        told.append((found, standing))
        if detailed:
            header = {
                "id": found.patient_id, "anchor": anchor(found.patient_id), "virtual": record.patient.virtual,
            }  # fmt: skip
            view = _with_figure(monitoring_view(found, standing), found)
            sections.append(Markup(template.render(p=header | view)))
    store.write(MONITORING_TABLE, table.text)
    html = _environment().get_template("monitor_page.html.j2").render(
        css=_template_text("page.css"), cohort=_cohort(told, rows, index, manifest), sections=sections, model=model,
        provenance=provenance_view(manifest.content, index),
        report_page=REPORT_FILE if (store.folder / REPORT_FILE).is_file() else "",
    )  # fmt: skip
    return store.write(MONITORING_FILE, html), tuple(told)


def _with_figure(view: View, found: PatientMonitoring) -> View:
    """Add the figure, or why it could not be drawn."""
    from workbench.report.monitor_figure import monitoring_figure

    if found.value is None:
        return view
    try:
        view["figure"] = monitoring_figure(found.value)
    except MemoryError:
        raise
    except Exception as error:
        view["notes"] = (*view["notes"], f"The figure could not be drawn: {type(error).__name__}: {error}")
    return view


def _cohort(told: Sequence[Told], rows: Sequence[View], index: CohortIndex, manifest: Manifest) -> View:
    """Title, counts, table."""
    words: dict[str, int] = {}
    for _, standing in told:
        word = BADGES[standing.action][0]
        words[word] = words.get(word, 0) + 1
    return {
        "title": f"The value of monitoring for {people(len(told), virtual=index.virtual)}", "source": index.source,
        "virtual": index.virtual, "person": "virtual patient" if index.virtual else "patient", "rows": rows,
        "counts": [{"number": len(told), "label": "asked for"}, *({"number": n, "label": w} for w, n in words.items())],
        "finished": manifest.content.get("monitor", {}).get("finished", ""),
        "further": sum(not r["linked"] for r in rows),
    }  # fmt: skip
