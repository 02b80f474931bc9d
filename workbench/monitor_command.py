"""What ``evodose monitor`` does: for every patient of a finished run, what rarer visits and a noisier marker cost."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.locking import run_lock
from workbench.manifest import Manifest, now
from workbench.monitor_options import MonitorOptions
from workbench.options import RunOptions
from workbench.request import RequestError
from workbench.store import MANIFEST_FILE, RunStore, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.monitor_record import PatientMonitoring

NOTHING, PARTLY_FAILED = 1, 3


@dataclass(frozen=True)
class MonitorRequest:
    """What a person asks.

    Parameters
    ----------
    folder : Path
        A run directory.
    patient_ids : tuple of str
        Only these; all where empty.
    options : MonitorOptions
    fresh : bool
        Delete what an earlier call left.

    Raises
    ------
    RequestError, StoreError
        No run directory.
    """

    folder: Path
    patient_ids: tuple[str, ...] = ()
    options: MonitorOptions = field(default_factory=MonitorOptions)
    fresh: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no run."""
        if not self.folder.exists():
            raise RequestError(
                f"{self.folder} does not exist; give a run directory, which `evodose run` makes"
            )
        if not (self.folder / MANIFEST_FILE).is_file():
            raise StoreError(
                f"{self.folder} is not a run directory (it has no {MANIFEST_FILE}); `evodose run` makes one"
            )


def execute(request: MonitorRequest, *, quiet: bool = False) -> int:
    """Compute what is missing; write table and page.

    Returns
    -------
    int
        See :func:`exit_code`.

    Raises
    ------
    RequestError, OptionError, StoreError, RunDirectoryBusyError
        What a person has to correct; nothing that was computed is lost.
    """
    from workbench.console import choose_observer
    from workbench.identify_command import chosen_patients, finished_patients
    from workbench.monitor_listing import print_monitoring
    from workbench.monitor_pipeline import MONITORING, compute_monitoring
    from workbench.monitor_record import MonitoringStore
    from workbench.report.monitor_page import write_monitoring
    from workbench.rerender import stored_model

    store = RunStore(request.folder)
    with run_lock(store.folder):
        store.sweep()
        manifest = Manifest.read(store)
        assert manifest is not None
        ids = finished_patients(store, manifest)
        chosen = chosen_patients(store, ids, request.patient_ids)
        run = RunOptions(**{k: v for k, v in manifest.content["options"].items() if k != "marker"})
        options = request.options.settled(run)
        model = stored_model(store, manifest)
        if request.fresh:
            MonitoringStore(store).clear()
        begun = time.perf_counter()
        try:
            with choose_observer(quiet=quiet, stages=(MONITORING,)) as observer:
                computed = compute_monitoring(store, chosen, model, options, run, observer)
                for note in store.notes:
                    observer.note(note)
        finally:
            # what an interruption leaves is complete, patient by patient
            manifest.add_time("monitor", time.perf_counter() - begun)
            manifest.content["monitor"] = {"options": options.as_dict(), "finished": now()}
            manifest.write(store)
        page, told = write_monitoring(
            store, ids, store.load_index(), model, manifest,
            always_detailed=chosen if request.patient_ids else (),
        )  # fmt: skip
    asked = [(found, standing) for found, standing in told if found.patient_id in set(chosen)]
    print_monitoring(asked, page, computed, quiet=quiet)
    return exit_code([found for found, _ in asked])


def exit_code(found: Sequence[PatientMonitoring]) -> int:
    """Return 0 where every patient has a result, 3 where some have none, 1 where nobody has."""
    if not any(f.value is not None for f in found):
        return NOTHING
    return PARTLY_FAILED if any(f.value is None for f in found) else 0
