"""A question put to a finished run: open it, compute what is missing, keep whatever was computed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.locking import run_lock
from workbench.manifest import Manifest, now
from workbench.options import RunOptions
from workbench.request import RequestError
from workbench.store import MANIFEST_FILE, RunStore, StoreError

if TYPE_CHECKING:
    from dynamics.model import Model
    from workbench.observer import Observer

__all__ = ["OpenRun", "open_run", "recorded", "require_run"]


@dataclass(frozen=True)
class OpenRun:
    """A run directory that this process holds.

    Parameters
    ----------
    store : RunStore
    manifest : Manifest
    patient_ids : tuple of str
        Everyone who is finished, in the order of the file.
    chosen : tuple of str
        Those the question is about.
    options : RunOptions
        Of the run.
    model : Model
    """

    store: RunStore
    manifest: Manifest
    patient_ids: tuple[str, ...]
    chosen: tuple[str, ...]
    options: RunOptions
    model: Model


def require_run(folder: Path) -> None:
    """Refuse what is no run directory.

    Raises
    ------
    RequestError, StoreError
        Nothing there, or something else.
    """
    if not folder.exists():
        raise RequestError(f"{folder} does not exist; give a run directory, which `evodose run` makes")
    if not (folder / MANIFEST_FILE).is_file():
        raise StoreError(
            f"{folder} is not a run directory (it has no {MANIFEST_FILE}); `evodose run` makes one"
        )


@contextmanager
def open_run(folder: Path, patient_ids: Sequence[str]) -> Iterator[OpenRun]:
    """Hold a run directory, and find whom the question is about.

    Parameters
    ----------
    folder : Path
    patient_ids : sequence of str
        All finished patients where empty.

    Raises
    ------
    RequestError, StoreError, RunDirectoryBusyError
        A patient who is not there, a run that another process holds.
    """
    from workbench.identify_command import chosen_patients, finished_patients
    from workbench.rerender import stored_model

    store = RunStore(folder)
    with run_lock(store.folder):
        store.sweep()
        manifest = Manifest.read(store)
        assert manifest is not None
        ids = finished_patients(store, manifest)
        yield OpenRun(
            store, manifest, tuple(ids), tuple(chosen_patients(store, ids, patient_ids)),
            RunOptions(**{k: v for k, v in manifest.content["options"].items() if k != "marker"}),
            stored_model(store, manifest),
        )  # fmt: skip


@contextmanager
def recorded(
    run: OpenRun, name: str, options: Mapping[str, Any], stage: str, *, quiet: bool
) -> Iterator[Observer]:
    """Show progress, pass on what the store noticed, and write time and options into the manifest whatever happens.

    Parameters
    ----------
    run : OpenRun
    name : str
        Under which the manifest keeps the question.
    options : mapping
        In JSON's types.
    stage : str
        What is computed for each patient.
    quiet : bool
    """
    from workbench.console import choose_observer

    begun = time.perf_counter()
    try:
        with choose_observer(quiet=quiet, stages=(stage,)) as observer:
            yield observer
            for note in run.store.notes:
                observer.note(note)
    finally:
        # what an interruption leaves is complete, patient by patient
        run.manifest.add_time(name, time.perf_counter() - begun)
        run.manifest.content[name] = {"options": dict(options), "finished": now()}
        run.manifest.write(run.store)
