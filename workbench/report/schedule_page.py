"""The page of ``evodose dose``: an optimal schedule a patient, with how it fares on the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from workbench.options import RunOptions
from workbench.report.labels import people
from workbench.report.page import DETAILED, _environment, _template_text
from workbench.report.patient_view import anchor
from workbench.report.schedule_view import BADGES, overview_row, schedule_view
from workbench.schedule_store import ScheduleStore, standing_of
from workbench.schedule_tables import ScheduleTables
from workbench.store import REPORT_FILE, SCHEDULES_FILE, CohortIndex, RunStore

if TYPE_CHECKING:
    from dosing.schedule_result import PatientSchedule
    from dynamics.model import Model
    from patients.cohort import Patient
    from workbench.manifest import Manifest
    from workbench.schedule_store import Standing

View = dict[str, Any]
Told = tuple["PatientSchedule", "Standing"]


def write_schedules(
    store: RunStore,
    patient_ids: Sequence[str],
    index: CohortIndex,
    model: Model,
    manifest: Manifest,
    *,
    always_detailed: Sequence[str] = (),
    limit: int = DETAILED,
) -> tuple[Path, tuple[Told, ...]]:
    """Write ``schedules.html``, ``schedules.csv``, ``schedule_scores.csv`` and the JSON files from what is stored.

    Parameters
    ----------
    store : RunStore
    patient_ids : sequence of str
        Patients of the run, in the order of the file; those for whom no schedule was asked are left out.
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
    tuple of (PatientSchedule, Standing)
        Every schedule, without its courses.
    """
    from workbench.report.methods_view import provenance_view

    run = RunOptions(**{k: v for k, v in manifest.content["options"].items() if k != "marker"})
    kept, tables = ScheduleStore(store), ScheduleTables()
    ids = [i for i in patient_ids if kept.has(i)]
    chosen = set(always_detailed) | set(ids[: max(limit - len(set(always_detailed)), 0)])
    template = _environment().get_template("schedule_patient.html.j2")
    told: list[Told] = []
    rows, sections = [], []
    for record in store.records(ids):
        patient = record.patient
        detailed = patient.patient_id in chosen
        views = []
        for schedule in kept.all_of(patient.patient_id):
            standing = standing_of(schedule, record, run.support, run.k_tol)
            tables.add(schedule, standing)
            kept.write_json(schedule, standing)
            rows.append(overview_row(schedule, standing, linked=detailed))
            if detailed:
                views.append(_with_figure(schedule_view(schedule, standing, patient), schedule, patient))
            told.append((replace(schedule, courses=None, times=None), standing))
        if views:
            header = {
                "id": patient.patient_id,
                "anchor": anchor(patient.patient_id),
                "virtual": patient.virtual,
            }
            sections.append(Markup(template.render(p={**header, "schedules": views})))
    tables.write(store)
    html = _environment().get_template("schedule_page.html.j2").render(
        css=_template_text("page.css"), cohort=_cohort(told, rows, index, manifest), sections=sections, model=model,
        provenance=provenance_view(manifest.content, index),
        report_page=REPORT_FILE if (store.folder / REPORT_FILE).is_file() else "",
    )  # fmt: skip
    return store.write(SCHEDULES_FILE, html), tuple(told)


def _with_figure(view: View, schedule: PatientSchedule, patient: Patient) -> View:
    """Add the figure, or why it could not be drawn."""
    from workbench.report.plots.schedule import schedule_figure
    from workbench.report.plots.schedule_times import schedule_times_figure

    view["figure"] = view["times_figure"] = ""
    if not schedule.found:
        return view
    try:
        view["figure"] = schedule_figure(schedule, patient.marker)
        if schedule.times is not None and len(schedule.times.weights) > 1:
            view["times_figure"] = schedule_times_figure(schedule)
    except MemoryError:
        raise
    except Exception as error:
        view["notes"] = (*view["notes"], f"The figure could not be drawn: {type(error).__name__}: {error}")
    return view


def _cohort(told: Sequence[Told], rows: Sequence[View], index: CohortIndex, manifest: Manifest) -> View:
    """Title, counts, table."""
    who = len({s.patient_id for s, _ in told})
    words: dict[str, int] = {}
    for _, standing in told:
        word = BADGES[standing.action][0]
        words[word] = words.get(word, 0) + 1
    return {
        "title": f"Schedules of {people(who, virtual=index.virtual)}", "source": index.source,
        "virtual": index.virtual, "person": "virtual patient" if index.virtual else "patient", "rows": rows,
        "counts": [{"number": len(told), "label": "schedule asked for" if len(told) == 1 else "schedules asked for"}, *(
            {"number": n, "label": word} for word, n in words.items()
        )],
        "finished": manifest.content.get("dose", {}).get("finished", ""),
        "further": len({r["id"] for r in rows if not r["linked"]}),
    }  # fmt: skip
