"""One run from the files to the report, and what it says at the end."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.locking import run_lock
from workbench.manifest import Manifest, file_fingerprint, now
from workbench.observer import Observer
from workbench.options import RunOptions
from workbench.store import MANIFEST_FILE, REPORT_FILE, CohortIndex, RunStore, StoreError

if TYPE_CHECKING:
    from dynamics.model import Model
    from patients.cohort import Cohort
    from patients.problems import Problem
    from workbench.record import PatientRecord
    from workbench.tables import Decision

DEFAULT_MODEL = "competition"


class RequestError(ValueError):
    """Something that was asked for does not exist; the message says what there is."""


@dataclass(frozen=True)
class Request:
    """What a person asks of a run.

    Parameters
    ----------
    folder : Path
        The run directory.
    input_file, schedule_file : Path or None
        Without an input file the embedded virtual cohort is used.
    marker : str or None
        Which marker of a file with several.
    model : str
        Catalogue name, or a ``.py`` or ``.yaml`` file.
    options : RunOptions
    patient_ids : tuple of str
        Only these patients; all where empty.
    fresh : bool
        Delete what an earlier run left in the folder.
    """

    folder: Path
    input_file: Path | None = None
    schedule_file: Path | None = None
    marker: str | None = None
    model: str = DEFAULT_MODEL
    options: RunOptions = field(default_factory=RunOptions)
    patient_ids: tuple[str, ...] = ()
    fresh: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Parameters
    ----------
    decisions : tuple of Decision
        One a patient, in the order of the file.
    rejected : tuple of (str, str)
        Patients who could not be fitted, with the reason.
    computed : int
        Patients for whom this session computed anything.
    report : Path
    virtual : bool
    criterion : str
        Name of the profiles' criterion.
    """

    decisions: tuple[Decision, ...]
    rejected: tuple[tuple[str, str], ...]
    computed: int
    report: Path
    virtual: bool
    criterion: str

    @property
    def failed(self) -> int:
        """Number of patients for whom a stage failed."""
        return sum(d.failed for d in self.decisions)

    @property
    def exit_code(self) -> int:
        """Return 0 where all patients have a result, 3 where some failed, 1 where all did."""
        return 0 if not self.failed else 1 if self.failed == len(self.decisions) else 3


def execute(request: Request, observer: Observer) -> Outcome:
    """Carry out a run, or continue it.

    Raises
    ------
    StoreError, RunDirectoryBusy, RequestError, OptionError, CohortError, ModelError
        What a person has to correct; nothing of the run is lost.
    """
    fingerprints = _fingerprint_inputs(request)
    store = RunStore(request.folder)
    with run_lock(request.folder):
        if request.fresh:
            store.clear()
        store.sweep()
        manifest = _open_manifest(store, request, fingerprints)
        try:
            outcome = _carry_out(store, manifest, request, observer)
        except KeyboardInterrupt:
            manifest.content["status"] = "interrupted"
            manifest.write(store)
            raise
        return outcome


def _fingerprint_inputs(request: Request) -> dict[str, Any]:
    """Identify everything that goes in, before anything is written."""
    for path, what in ((request.input_file, "cohort file"), (request.schedule_file, "schedule file")):
        if path is not None and not path.is_file():
            raise RequestError(f"{what} {path} does not exist" if not path.exists() else f"{path} is not a file")
    is_file = Path(request.model).suffix in (".py", ".yaml", ".yml")
    if is_file and not Path(request.model).is_file():
        raise RequestError(f"model file {request.model} does not exist")
    model = {"name": Path(request.model).stem if is_file else request.model, "file": None, "sha256": None}
    if is_file:
        model |= file_fingerprint(Path(request.model))
    source = file_fingerprint(request.input_file) if request.input_file else _demo_fingerprint()
    schedule = file_fingerprint(request.schedule_file) if request.schedule_file else None
    return {"input_file": source, "schedule": schedule, "model": model}


def _demo_fingerprint() -> dict[str, str]:
    """Identify the embedded cohort by its content."""
    from patients.demo import embedded_demo_cohort

    content = [(p.patient_id, p.times.tolist(), p.burdens.tolist(), p.schedule) for p in embedded_demo_cohort()]
    return {"file": "embedded virtual cohort", "sha256": _digest(content)}


def _digest(content: object) -> str:
    """SHA-256 of a value whose text says all about it."""
    return hashlib.sha256(repr(content).encode("utf-8", "surrogatepass")).hexdigest()


def _open_manifest(store: RunStore, request: Request, fingerprints: dict[str, Any]) -> Manifest:
    """Start a manifest, or continue the one that is there if it is of the same run."""
    options = {**request.options.as_dict(), "marker": request.marker}
    fresh = Manifest.new(**fingerprints, options=options)
    there = Manifest.read(store)
    if there is None:
        return fresh
    there.require_same(fresh, store.folder)
    there.content["status"] = "running"
    there.content["versions"] = fresh.content["versions"]
    return there


def _carry_out(store: RunStore, manifest: Manifest, request: Request, observer: Observer) -> Outcome:
    """Read, compute, write the tables, render the report."""
    from fitting.maximum_likelihood import prepare
    from workbench.pipeline import compute
    from workbench.report.page import write_report
    from workbench.tables import write_tables

    content = manifest.content
    content["sessions"] += 1
    content["notes"] = []
    with _timing(manifest, "reading"):
        model = _get_model(store, request)
        cohort, problems = _read_cohort(request)
        _tell_problems(problems, request, observer)
        patients, likelihood, reason = prepare(cohort.patients, request.options.likelihood)
        chosen = _choose(patients, cohort, request.patient_ids)
        index = CohortIndex.of(cohort, problems)
        store.save_index(index)
    content["likelihood"] = {"name": likelihood, "reason": reason}
    content["patients"] = {
        "in_file": len(index.patient_ids) + len(index.rejected),
        "rejected": len(index.rejected),
        "selected": [p.patient_id for p in chosen] if request.patient_ids else "all",
    }
    manifest.write(store)

    def booked(stage: str, seconds: float) -> None:
        manifest.add_time(stage, seconds)
        manifest.write(store)

    computed = compute(store, chosen, model, request.options, likelihood, observer, booked)
    content["notes"] = list(store.notes)
    ids = [p.patient_id for p in chosen]
    records = partial(_records, store, ids)
    with _timing(manifest, "tables"):
        decisions = write_tables(store, records(), index, model, request.options.criterion)
    content["patients"] |= {
        "done": len(decisions),
        "recommended": sum(d.action == "recommend" for d in decisions),
        "refused": sum(d.action == "refuse" and not d.failed for d in decisions),
        "failed": sum(d.failed for d in decisions),
    }
    content["finished"] = now()
    manifest.write(store)
    shown = _digest(ids)
    report = store.folder / REPORT_FILE
    if computed or content.get("report_of") != shown or not report.is_file():
        with _timing(manifest, "report"):
            report = write_report(store, records, decisions, index, model, manifest)
        content["report_of"] = shown
    content["status"] = "complete"
    manifest.write(store)
    return Outcome(decisions, index.rejected, computed, report, index.virtual, request.options.criterion)


def _records(store: RunStore, patient_ids: Sequence[str]) -> Iterator[PatientRecord]:
    """Read the patients' results one at a time."""
    for patient_id in patient_ids:
        record = store.record(patient_id)
        if record is None:
            raise StoreError(f"the results of patient {patient_id!r} have disappeared from {store.folder}")
        yield record


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
    from workbench.report.page import write_report
    from workbench.tables import write_tables

    if not (folder / MANIFEST_FILE).is_file():
        raise StoreError(f"{folder} is not a run directory (it has no {MANIFEST_FILE}); `evodose run` makes one")
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
        model, records = stored_model(store, manifest), partial(_records, store, ids)
        decisions = write_tables(store, records(), index, model, _criterion(manifest))
        return write_report(store, records, decisions, index, model, manifest, always_detailed=always_detailed)


def _criterion(manifest: Manifest) -> str:
    """Name of the profiles' criterion at the level of a run."""
    return RunOptions(level=manifest.content["options"]["level"]).criterion


def _get_model(store: RunStore, request: Request) -> Model:
    """Find the model; keep a copy of a user's file, so that the report can be made again."""
    from dynamics.catalogue import get_model

    model = get_model(request.model)
    path = Path(request.model)
    if path.suffix in (".py", ".yaml", ".yml"):
        shutil.copyfile(path, store.folder / f"model{path.suffix}")
    return model


def stored_model(store: RunStore, manifest: Manifest) -> Model:
    """Find the model that a run directory was made with."""
    from dynamics.catalogue import get_model

    for suffix in (".py", ".yaml", ".yml"):
        if (store.folder / f"model{suffix}").is_file():
            return get_model(str(store.folder / f"model{suffix}"))
    return get_model(manifest.content["model"]["name"])


def _read_cohort(request: Request) -> tuple[Cohort, Sequence[Problem]]:
    """Read the file, or take the embedded cohort."""
    if request.input_file is None:
        from patients.demo import embedded_demo_cohort

        return embedded_demo_cohort(), ()
    from patients.loading import load_cohort

    return load_cohort(request.input_file, request.schedule_file, marker=request.marker)


def _tell_problems(problems: Sequence[Problem], request: Request, observer: Observer, shown: int = 10) -> None:
    """Tell the first findings of the reader; notes of harmless repairs stay in the report."""
    telling = [p for p in problems if p.severity != "note"]
    for problem in telling[:shown]:
        observer.note(str(problem))
    if len(telling) > shown:
        schedule = f" --schedule {request.schedule_file}" if request.schedule_file else ""
        observer.note(f"… and {len(telling) - shown} more: evodose check {request.input_file}{schedule}")


def _choose[P](patients: Sequence[P], cohort: Cohort, wanted: Sequence[str]) -> Sequence[P]:
    """Take the patients that were asked for, in the order of the file."""
    if not wanted:
        return patients
    from difflib import get_close_matches

    from patients.problems import quoted

    ids = [p.patient_id for p in cohort]
    reasons = {r.patient_id: r.reason for r in cohort.rejected}
    for name in wanted:
        if name in reasons:
            raise RequestError(f"patient {quoted(name)} cannot be fitted: {reasons[name]}")
        if name not in ids:
            near = get_close_matches(name, ids, n=3) or ids[:3]
            raise RequestError(
                f"{cohort.source} has no patient {quoted(name)}; it has {', '.join(quoted(i) for i in near)}"
                f"{', …' if len(ids) > len(near) else ''}"
            )
    return [patient for patient, name in zip(patients, ids, strict=True) if name in set(wanted)]


@contextmanager
def _timing(manifest: Manifest, stage: str) -> Iterator[None]:
    """Book the time of a stage that is not the pipeline's."""
    begun = time.perf_counter()
    yield
    manifest.add_time(stage, time.perf_counter() - begun)
