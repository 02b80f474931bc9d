"""One run from the files to the report, and what it says at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.locking import run_lock
from workbench.manifest import Manifest, now
from workbench.observer import Observer
from workbench.request import Request, choose_patients, digest, fingerprint_inputs, open_model, read_request
from workbench.store import REPORT_FILE, CohortIndex, RunStore

if TYPE_CHECKING:
    from patients.problems import Problem
    from workbench.tables import Decision


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
    StoreError, RunDirectoryBusyError, RequestError, OptionError, CohortError, ModelError
        What a person has to correct; nothing of the run is lost.
    """
    fingerprints = fingerprint_inputs(request)
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
        model = open_model(store, request)
        cohort, problems = read_request(request)
        _tell_problems(problems, request, observer)
        patients, likelihood, reason = prepare(cohort.patients, request.options.likelihood)
        chosen = choose_patients(patients, cohort, request.patient_ids)
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
    records = partial(store.records, ids)
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
    shown = digest(ids)
    report = store.folder / REPORT_FILE
    if computed or content.get("report_of") != shown or not report.is_file():
        with _timing(manifest, "report"):
            report = write_report(store, records, decisions, index, model, manifest)
        content["report_of"] = shown
    content["status"] = "complete"
    manifest.write(store)
    return Outcome(decisions, index.rejected, computed, report, index.virtual, request.options.criterion)


def _tell_problems(
    problems: Sequence[Problem], request: Request, observer: Observer, shown: int = 10
) -> None:
    """Tell the first findings of the reader; notes of harmless repairs stay in the report."""
    telling = [p for p in problems if p.severity != "note"]
    for problem in telling[:shown]:
        observer.note(str(problem))
    if len(telling) > shown:
        schedule = f" --schedule {request.schedule_file}" if request.schedule_file else ""
        observer.note(f"… and {len(telling) - shown} more: evodose check {request.input_file}{schedule}")


@contextmanager
def _timing(manifest: Manifest, stage: str) -> Iterator[None]:
    """Book the time of a stage that is not the pipeline's."""
    begun = time.perf_counter()
    yield
    manifest.add_time(stage, time.perf_counter() - begun)
