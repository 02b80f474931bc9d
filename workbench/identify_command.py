"""What ``evodose identify`` does: an ordinary run where one is missing, then one inquiry a patient."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.inquiry_options import InquiryOptions
from workbench.locking import run_lock
from workbench.manifest import Manifest, now
from workbench.observer import INQUIRY_STAGES
from workbench.options import OptionError, RunOptions
from workbench.request import DEFAULT_MODEL, Request, RequestError
from workbench.store import MANIFEST_FILE, RunStore, StoreError

if TYPE_CHECKING:
    from workbench.record import PatientRecord

PARTLY_FAILED = 3


@dataclass(frozen=True)
class IdentifyRequest:
    """What a person asks.

    Parameters
    ----------
    source : Path
        A run directory, or a cohort file.
    folder : Path or None
        Run directory of a cohort file.
    patient_ids : tuple of str
        Only these; all where empty.
    schedule, marker, model, likelihood, seed, k_tol
        As for an ordinary run; only with a cohort file.
    options : InquiryOptions

    Raises
    ------
    OptionError
        Options of an ordinary run beside a run directory, which has its own.
    RequestError
        Nothing at ``source``, or a cohort file without a run directory.
    """

    source: Path
    folder: Path | None = None
    patient_ids: tuple[str, ...] = ()
    schedule: Path | None = None
    marker: str | None = None
    model: str | None = None
    likelihood: str | None = None
    seed: int | None = None
    k_tol: float | None = None
    options: InquiryOptions = field(default_factory=InquiryOptions)

    def __post_init__(self) -> None:
        """Refuse what makes no question."""
        if not self.source.exists():
            raise RequestError(f"{self.source} does not exist; give a run directory or a cohort file")
        if self.source.is_dir():
            if not (self.source / MANIFEST_FILE).is_file():
                raise StoreError(
                    f"{self.source} is not a run directory (it has no {MANIFEST_FILE}); `evodose run` makes one"
                )
            given = {
                "-o": self.folder if self.folder != self.source else None, "--schedule": self.schedule,
                "--marker": self.marker, "--model": self.model, "--likelihood": self.likelihood, "--seed": self.seed,
                "--k-tol": self.k_tol,
            }  # fmt: skip
            for option, value in given.items():
                if value is not None:
                    raise OptionError(
                        f"{option} belongs to a cohort file; {self.source} is a run directory, whose own settings "
                        "count. Leave the option out, or give the file"
                    )
        elif self.folder is None:
            raise RequestError(
                f"{self.source} is a cohort file: give a run directory for its results with -o"
            )

    @property
    def run_folder(self) -> Path:
        """Where the results are."""
        return self.source if self.source.is_dir() else self.folder or self.source


def run_first(request: IdentifyRequest, *, quiet: bool) -> None:
    """Fit, diagnose and dose the patients of a cohort file; what is there already is not computed again."""
    from workbench.console import choose_observer
    from workbench.session import execute

    if request.source.is_dir():
        return
    usual = RunOptions()
    options = RunOptions(
        likelihood=request.likelihood or usual.likelihood,
        seed=usual.seed if request.seed is None else request.seed,
        k_tol=usual.k_tol if request.k_tol is None else request.k_tol,
    )
    ordinary = Request(
        request.run_folder, request.source, request.schedule, request.marker, request.model or DEFAULT_MODEL,
        options, request.patient_ids,
    )  # fmt: skip
    with choose_observer(quiet=quiet) as observer:
        execute(ordinary, observer)


def execute(request: IdentifyRequest, *, quiet: bool = False) -> int:
    """Ask every patient's data for more than the profiles tell; write tables and pages.

    Returns
    -------
    int
        0, or 3 where some part could not be computed for some patient.

    Raises
    ------
    RequestError, OptionError, StoreError, RunDirectoryBusyError
        What a person has to correct; nothing that was computed is lost.
    """
    from workbench.console import choose_observer
    from workbench.identify_listing import print_answers
    from workbench.inquiry_pipeline import compute_inquiries
    from workbench.rerender import render_all, stored_model

    run_first(request, quiet=quiet)
    store = RunStore(request.run_folder)
    with run_lock(store.folder):
        store.sweep()
        manifest = Manifest.read(store)
        assert manifest is not None
        ids = finished_patients(store, manifest)
        chosen = chosen_patients(store, ids, request.patient_ids)
        known = manifest.content["options"]
        run = RunOptions(**{k: v for k, v in known.items() if k != "marker"})
        begun = time.perf_counter()
        model = stored_model(store, manifest)
        try:
            with choose_observer(quiet=quiet, stages=INQUIRY_STAGES) as observer:
                computed = compute_inquiries(store, chosen, model, run, request.options, observer)
                for note in store.notes:
                    observer.note(note)
        finally:
            # what an interruption leaves is complete, patient by patient
            manifest.add_time("identify", time.perf_counter() - begun)
            manifest.content["identify"] = {"options": request.options.as_dict(), "finished": now()}
            manifest.write(store)
        pages = render_all(store, manifest, ids, model, always_detailed=chosen if request.patient_ids else ())
        records: list[PatientRecord] = list(store.records(chosen))
    print_answers(records, pages.identifiability, computed, quiet=quiet)
    return PARTLY_FAILED if any(r.inquiry and r.inquiry.failures for r in records) else 0


def finished_patients(store: RunStore, manifest: Manifest) -> list[str]:
    """Patients of a run that have results, in the order of the file.

    Raises
    ------
    StoreError
        There is none.
    """
    selected = manifest.content["patients"].get("selected", "all")
    ids = [i for i in store.load_index().patient_ids if selected == "all" or i in selected]
    ids = [i for i in ids if store.path(i, "fit").is_file()]
    if not ids:
        raise StoreError(f"no patient is finished in {store.folder}; repeat `evodose run` to compute them")
    return ids


def chosen_patients(store: RunStore, ids: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Take the patients that were asked for.

    Raises
    ------
    RequestError
        A patient without results in the run directory.
    """
    from difflib import get_close_matches

    from patients.problems import quoted

    for name in wanted:
        if name not in ids:
            near = get_close_matches(name, ids, n=3) or ids[:3]
            raise RequestError(
                f"{store.folder} has no results of a patient {quoted(name)}; it has "
                f"{', '.join(quoted(i) for i in near)}{', …' if len(ids) > len(near) else ''}"
            )
    return [i for i in ids if not wanted or i in set(wanted)]
