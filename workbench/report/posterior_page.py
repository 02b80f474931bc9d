"""The page of ``evodose fit --bayes``: what is data, what is prior, and which doses that leaves."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from workbench.options import RunOptions
from workbench.posterior_store import PosteriorStore
from workbench.posterior_summary import PosteriorSummary, summarise
from workbench.report.labels import marker_unit, number, people, symbol_html
from workbench.report.page import DETAILED, _environment, _template_text
from workbench.report.posterior_view import badge, overview_row, patient_view
from workbench.store import POSTERIORS_FILE, REPORT_FILE, CohortIndex, RunStore
from workbench.tables import PosteriorTables

if TYPE_CHECKING:
    from dynamics.model import Model
    from workbench.manifest import Manifest

View = dict[str, Any]


def write_posteriors(
    store: RunStore,
    patient_ids: Sequence[str],
    index: CohortIndex,
    model: Model,
    manifest: Manifest,
    *,
    always_detailed: Sequence[str] = (),
    limit: int = DETAILED,
) -> tuple[Path, tuple[PosteriorSummary, ...]]:
    """Write ``posteriors.html``, ``posteriors.csv`` and ``posterior_checks.csv`` from the stored posteriors.

    Parameters
    ----------
    store : RunStore
    patient_ids : sequence of str
        Patients of the run, in the order of the file; those without a posterior or a reason for none are left out.
    index : CohortIndex
    model : Model
    manifest : Manifest
    always_detailed : sequence of str
        Patients who are shown with all figures, however many there are.
    limit : int
        How many are shown with all figures.

    Returns
    -------
    Path
        Of the page.
    tuple of PosteriorSummary
        Without draws.
    """
    from workbench.report.methods_view import provenance_view

    run = RunOptions(**{k: v for k, v in manifest.content["options"].items() if k != "marker"})
    kept, tables = PosteriorStore(store), PosteriorTables()
    ids = [i for i in patient_ids if kept.has(i)]
    chosen = set(always_detailed) | set(ids[: max(limit - len(set(always_detailed)), 0)])
    template = _environment().get_template("posterior_patient.html.j2")
    summaries, sections = [], []
    for patient_id in ids:
        patient = store.load(patient_id, "patient")
        if patient is None:
            continue
        summary = summarise(patient, kept.load(patient_id), model, run.k_tol)
        tables.add(summary)
        if patient_id in chosen:
            sections.append(Markup(template.render(p=_section(summary))))
        summaries.append(summary.light())
    tables.write(store)
    html = _environment().get_template("posterior_page.html.j2").render(
        css=_template_text("page.css"), cohort=_cohort(summaries, index, model, chosen, manifest), sections=sections,
        model=model, provenance=provenance_view(manifest.content, index), population=_population(store),
        report_page=REPORT_FILE if (store.folder / REPORT_FILE).is_file() else "",
    )  # fmt: skip
    return store.write(POSTERIORS_FILE, html), tuple(summaries)


def _section(summary: PosteriorSummary) -> View:
    """Everything of one patient; without figures, and with the reason, where they cannot be drawn."""
    try:
        return patient_view(summary)
    except MemoryError:
        raise
    except Exception as error:
        note = f"The figures could not be drawn: {type(error).__name__}: {error}"
        return patient_view(dataclasses.replace(summary, parameters=(), notes=(*summary.notes, note)))


def _cohort(
    summaries: Sequence[PosteriorSummary],
    index: CohortIndex,
    model: Model,
    chosen: set[str],
    manifest: Manifest,
) -> View:
    """Title, counts, table."""
    names = [*model.parameter_names]
    if any(p.name == "dispersion" for s in summaries for p in s.parameters):
        names.append("dispersion")
    rows = [overview_row(s, names, linked=s.patient.patient_id in chosen) for s in summaries]
    words: dict[str, int] = {}
    for summary in summaries:
        words[badge(summary)[0]] = words.get(badge(summary)[0], 0) + 1
    return {
        "title": f"Posteriors of {people(len(summaries), virtual=index.virtual)}", "source": index.source,
        "virtual": index.virtual, "person": "virtual patient" if index.virtual else "patient", "rows": rows,
        "columns": [{"head": h, "below": b} for h, b in map(symbol_html, names)],
        "counts": [{"number": len(summaries), "label": "in this page"}, *(
            {"number": n, "label": word} for word, n in words.items()
        )],
        "finished": manifest.content.get("posteriors", {}).get("finished", ""),
        "further": sum(not row["linked"] for row in rows),
        "statuses": sorted({(badge(s)[0], badge(s)[1], s.status.value) for s in summaries if s.status is not None}),
    }  # fmt: skip


def _population(store: RunStore) -> View | None:
    """Return the population's table with short numbers and its pictures, where one was fitted."""
    import csv

    path = store.folder / "population.csv"
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        return None
    shown = [name for name in rows[0] if name not in ("patients", "usable", "status")]
    return {
        "head": [name.replace("_percent", " %").replace("_", " ") for name in shown],
        "rows": [[_short(row[name]) for name in shown] for row in rows], "status": rows[0]["status"],
        "usable": rows[0]["usable"] == "True", "patients": rows[0]["patients"], **_pictures(store),
    }  # fmt: skip


def _pictures(store: RunStore) -> View:
    """Pictures of the stored population; a sentence where they cannot be drawn."""
    from fitting.maximum_likelihood import prepare
    from fitting.population.result import Population
    from workbench.population_step import POPULATION_FILE
    from workbench.report.plots.population import population_figures

    try:
        population = Population.load(store.folder / POPULATION_FILE)
        kept = [store.load(patient_id, "patient") for patient_id in population.patient_ids]
        patients, _, _ = prepare([p for p in kept if p is not None], population.likelihood)
        return {
            "figures": population_figures(population, patients, marker_unit(patients[0].marker)),
            "note": "",
        }
    except MemoryError:
        raise
    except Exception as error:
        return {"figures": [], "note": f"The figures could not be drawn: {type(error).__name__}: {error}"}


def _short(text: str) -> str:
    """Write a number of a table with three digits."""
    try:
        return number(float(text))
    except ValueError:
        return text or "–"
