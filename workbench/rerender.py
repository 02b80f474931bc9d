"""Tables and report of a run directory, made again from its results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.locking import run_lock
from workbench.manifest import Manifest
from workbench.options import RunOptions
from workbench.request import RequestError
from workbench.store import IDENTIFIABILITY_FILE, MANIFEST_FILE, RunStore, StoreError

if TYPE_CHECKING:
    from dynamics.model import Model


@dataclass(frozen=True)
class Pages:
    """Where the pages of a run lie.

    Parameters
    ----------
    report : Path
    identifiability : Path
        Written once ``evodose identify`` has run.
    """

    report: Path
    identifiability: Path


def render_again(folder: Path, always_detailed: Sequence[str] = ()) -> Path:
    """Make the tables and the report of a run directory again, from what is finished in it.

    Parameters
    ----------
    folder : Path
    always_detailed : sequence of str
        Patients who are shown with all figures, however many there are.

    Raises
    ------
    StoreError
        Not a run directory, or nothing is finished in it.
    RequestError
        A patient who is not in it.
    """
    if not (folder / MANIFEST_FILE).is_file():
        raise StoreError(
            f"{folder} is not a run directory (it has no {MANIFEST_FILE}); `evodose run` makes one"
        )
    store = RunStore(folder)
    with run_lock(folder):
        manifest = Manifest.read(store)
        assert manifest is not None
        index = store.load_index()
        selected = manifest.content["patients"].get("selected", "all")
        ids = [i for i in index.patient_ids if selected == "all" or i in selected]
        ids = [i for i in ids if store.path(i, "fit").is_file()]
        if not ids:
            raise StoreError(f"no patient is finished in {folder}; repeat `evodose run` to compute them")
        for name in always_detailed:
            if name not in ids:
                raise RequestError(f"{folder} has no results of a patient {name!r}")
        model = stored_model(store, manifest)
        return render_all(store, manifest, ids, model, always_detailed=always_detailed).report


def render_all(
    store: RunStore,
    manifest: Manifest,
    ids: Sequence[str],
    model: Model,
    *,
    always_detailed: Sequence[str] = (),
) -> Pages:
    """Write tables, report and, where ``evodose identify``, ``fit --bayes`` or ``dose`` has run, their pages."""
    from workbench.posterior_store import PosteriorStore
    from workbench.report.identifiability_page import write_identifiability
    from workbench.report.page import write_report
    from workbench.report.posterior_page import write_posteriors
    from workbench.report.schedule_page import write_schedules
    from workbench.schedule_store import ScheduleStore
    from workbench.tables import write_tables

    index, records = store.load_index(), partial(store.records, ids)
    decisions = write_tables(store, records(), index, model, _criterion(manifest))
    page, drawn = store.folder / IDENTIFIABILITY_FILE, {}
    if any(record.inquiry is not None for record in records()):
        page = write_identifiability(
            store, records, index, model, manifest, always_detailed=always_detailed, drawn=drawn
        )
    if any(PosteriorStore(store).has(patient_id) for patient_id in ids):
        write_posteriors(store, ids, index, model, manifest, always_detailed=always_detailed)
    if any(ScheduleStore(store).has(patient_id) for patient_id in ids):
        write_schedules(store, ids, index, model, manifest, always_detailed=always_detailed)
    report = write_report(
        store, records, decisions, index, model, manifest, always_detailed=always_detailed, drawn=drawn
    )
    return Pages(report, page)


def _criterion(manifest: Manifest) -> str:
    """Name of the profiles' criterion at the level of a run."""
    return RunOptions(level=manifest.content["options"]["level"]).criterion


def stored_model(store: RunStore, manifest: Manifest) -> Model:
    """Find the model that a run directory was made with."""
    from dynamics.catalogue import get_model

    return get_model(stored_model_name(store, manifest))


def stored_model_name(store: RunStore, manifest: Manifest) -> str:
    """Name under which :func:`dynamics.catalogue.get_model` finds the model of a run directory."""
    name = manifest.content["model"]["name"]
    for suffix in (".py", ".yaml", ".yml"):
        if (store.folder / f"model{suffix}").is_file():
            _, plus, variant = name.partition(f"{suffix}+")
            return str(store.folder / f"model{suffix}") + (f"+{variant}" if plus else "")
    return name
