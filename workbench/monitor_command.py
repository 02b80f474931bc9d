"""What ``evodose monitor`` does: for every patient of a finished run, what rarer visits and a noisier marker cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.monitor_options import MonitorOptions
from workbench.run_question import open_run, recorded, require_run

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
        require_run(self.folder)


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
    from workbench.monitor_listing import print_monitoring
    from workbench.monitor_pipeline import MONITORING, compute_monitoring
    from workbench.monitor_record import MonitoringStore
    from workbench.report.monitor_page import write_monitoring

    with open_run(request.folder, request.patient_ids) as run:
        store, chosen, options = run.store, run.chosen, request.options.settled(run.options)
        if request.fresh:
            MonitoringStore(store).clear()
        with recorded(run, "monitor", options.as_dict(), MONITORING, quiet=quiet) as observer:
            computed = compute_monitoring(store, chosen, run.model, options, run.options, observer)
        page, told = write_monitoring(
            store, run.patient_ids, store.load_index(), run.model, run.manifest,
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
