"""What ``evodose fit`` does: fits by maximum likelihood, and the posteriors that were asked for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.fit_options import FitOptions
from workbench.locking import run_lock
from workbench.manifest import Manifest, evodose_version, now
from workbench.options import OptionError, RunOptions
from workbench.request import DEFAULT_MODEL, Request, RequestError
from workbench.store import MANIFEST_FILE, CohortIndex, RunStore, StoreError

if TYPE_CHECKING:
    from patients.cohort import Patient

PARTLY_FAILED = 3


@dataclass(frozen=True)
class FitRequest:
    """What a person asks.

    Parameters
    ----------
    source : Path
        A run directory, or a cohort file.
    folder : Path or None
        Run directory of a cohort file.
    patient_ids : tuple of str
        Only these; all where empty.
    schedule, marker, model, likelihood, seed
        As for an ordinary run; only with a cohort file.
    options : FitOptions
    fresh : bool
        With a cohort file: delete what the run directory holds. With a run directory: delete its posteriors.
    address : str or None
        Of a Dask scheduler.

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
    options: FitOptions = field(default_factory=FitOptions)
    fresh: bool = False
    address: str | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no question."""
        if not self.source.exists():
            raise RequestError(f"{self.source} does not exist; give a cohort file or a run directory")
        if self.source.is_dir():
            if not (self.source / MANIFEST_FILE).is_file():
                raise StoreError(
                    f"{self.source} is not a run directory (it has no {MANIFEST_FILE}); give a cohort file, and a run "
                    "directory for its results with -o"
                )
            given = {
                "-o": self.folder if self.folder != self.source else None, "--schedule": self.schedule,
                "--marker": self.marker, "--model": self.model, "--likelihood": self.likelihood, "--seed": self.seed,
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

    @property
    def ordinary(self) -> Request:
        """The same of an ordinary run."""
        usual = RunOptions()
        options = RunOptions(
            likelihood=self.likelihood or usual.likelihood,
            seed=usual.seed if self.seed is None else self.seed,
        )
        return Request(
            self.run_folder, self.source, self.schedule, self.marker, self.model or DEFAULT_MODEL, options,
            self.patient_ids, self.fresh,
        )  # fmt: skip


@dataclass(frozen=True)
class Opened:
    """A run directory that is ready to be computed in.

    Parameters
    ----------
    manifest : Manifest
    index : CohortIndex
    patients : sequence of Patient
        Those asked for.
    likelihood : str
        Settled for the whole cohort.
    """

    manifest: Manifest
    index: CohortIndex
    patients: Sequence[Patient]
    likelihood: str


def execute(request: FitRequest, *, quiet: bool = False) -> int:
    """Fit the patients, compute their posteriors, write tables and page.

    Returns
    -------
    int
        0; 3 where some patient has no fit, or no posterior; 1 where none has.

    Raises
    ------
    RequestError, OptionError, StoreError, RunDirectoryBusyError, CohortError, ModelError, ClusterError
        What a person has to correct; nothing that was computed is lost.
    """
    from workbench.request import fingerprint_inputs

    fingerprints = None if request.source.is_dir() else fingerprint_inputs(request.ordinary)
    store = RunStore(request.run_folder)
    with run_lock(store.folder):
        if request.fresh and fingerprints is not None:
            store.clear()
        store.sweep()
        opened = _open_run(store) if fingerprints is None else _open_file(store, request, fingerprints, quiet)
        _choose(request, opened)
        if fingerprints is None:
            opened = _narrowed(opened, request, store)
        return _carry_out(store, opened, request, quiet=quiet)


def _open_file(store: RunStore, request: FitRequest, fingerprints: dict[str, Any], quiet: bool) -> Opened:
    """Read a cohort file into a new run directory, or into one of the same run."""
    from fitting.maximum_likelihood import prepare
    from workbench.console import choose_observer
    from workbench.request import choose_patients, open_model, read_request
    from workbench.session import _open_manifest, _tell_problems

    ordinary = request.ordinary
    manifest = _open_manifest(store, ordinary, fingerprints)
    open_model(store, ordinary)
    cohort, problems = read_request(ordinary)
    with choose_observer(quiet=quiet, stages=("fitting",)) as observer:
        _tell_problems(problems, ordinary, observer)
    patients, likelihood, reason = prepare(cohort.patients, ordinary.options.likelihood)
    chosen = choose_patients(patients, cohort, request.patient_ids)
    index = CohortIndex.of(cohort, problems)
    store.save_index(index)
    content = manifest.content
    content["sessions"] += 1
    content["likelihood"] = {"name": likelihood, "reason": reason}
    if not content["patients"]:  # else an ordinary run has counted them
        content["patients"] = {
            "in_file": len(index.patient_ids) + len(index.rejected), "rejected": len(index.rejected),
            "selected": "all",
        }  # fmt: skip
    manifest.write(store)
    return Opened(manifest, index, chosen, likelihood)


def _open_run(store: RunStore) -> Opened:
    """Take the patients that a run directory holds.

    Raises
    ------
    StoreError
        It holds none.
    """
    manifest = Manifest.read(store)
    assert manifest is not None
    index = store.load_index()
    found = [store.load(i, "patient") for i in index.patient_ids if store.path(i, "patient").is_file()]
    patients = [p for p in found if p is not None]
    if not patients or not manifest.content.get("likelihood"):
        raise StoreError(f"no patient is in {store.folder} yet; repeat the command that began it")
    return Opened(manifest, index, patients, manifest.content["likelihood"]["name"])


def _narrowed(opened: Opened, request: FitRequest, store: RunStore) -> Opened:
    """Keep the patients of a run directory that were asked for."""
    from workbench.identify_command import chosen_patients

    chosen = set(chosen_patients(store, [p.patient_id for p in opened.patients], request.patient_ids))
    patients = [p for p in opened.patients if p.patient_id in chosen]
    return Opened(opened.manifest, opened.index, patients, opened.likelihood)


def _choose(request: FitRequest, opened: Opened) -> None:
    """Refuse priors that the model does not have before anything is computed."""
    if not request.options.priors:
        return
    from dynamics.model import ModelError
    from fitting.bayesian.prior_set import build_priors
    from fitting.likelihood import get_likelihood
    from workbench.rerender import stored_model

    try:
        build_priors(
            stored_model(RunStore(request.run_folder), opened.manifest), get_likelihood(opened.likelihood),
            request.options.prior_objects,
        )  # fmt: skip
    except ModelError as error:
        raise OptionError(f"--prior: {error}") from None


def _carry_out(store: RunStore, opened: Opened, request: FitRequest, *, quiet: bool) -> int:
    """Compute what is missing, write tables and page, print."""
    from workbench.console import choose_observer
    from workbench.fit_listing import print_fits, print_posteriors
    from workbench.fit_pipeline import compute_fits, compute_posteriors
    from workbench.observer import FIT_STAGES, POPULATION_STAGES
    from workbench.posterior_store import PosteriorStore
    from workbench.rerender import stored_model, stored_model_name
    from workbench.tables import write_fit_tables

    content, ids = opened.manifest.content, [p.patient_id for p in opened.patients]
    run = RunOptions(**{k: v for k, v in content["options"].items() if k != "marker"})
    name, begun = stored_model_name(store, opened.manifest), time.perf_counter()
    try:
        with choose_observer(quiet=quiet, stages=("fitting",)) as observer:
            fitted = compute_fits(
                store, opened.patients, name, run, opened.likelihood, observer, request.address
            )
        known = [i for i in opened.index.patient_ids if store.path(i, "fit").is_file()]
        failed = write_fit_tables(store, store.records(known), opened.index)
        if not request.options.bayes:
            print_fits(store, list(store.records(ids)), fitted, quiet=quiet)
            return exit_code(len(failed & set(ids)), len(ids))
        if request.fresh and request.source.is_dir():
            PosteriorStore(store).clear()
        depends_on = {
            "model": {k: content["model"].get(k) for k in ("name", "sha256")}, "likelihood": opened.likelihood,
            "seed": run.seed, "evodose": evodose_version(),
        }  # fmt: skip
        with choose_observer(quiet=quiet, stages=FIT_STAGES) as observer:
            computed = compute_posteriors(
                store, opened.patients, name, request.options, depends_on, observer, request.address
            )
        content["finished"] = content["finished"] or now()
        content["posteriors"] = {"options": request.options.settings(), "finished": now()}
    finally:
        # what an interruption leaves is complete, patient by patient
        content["status"] = "complete" if content.get("report_of") else "fitted"
        opened.manifest.add_time("fit", time.perf_counter() - begun)
        opened.manifest.write(store)
    no_population = ""
    if request.options.population:
        from workbench.population_step import fit_population_step

        begun = time.perf_counter()
        with choose_observer(quiet=quiet, stages=POPULATION_STAGES) as observer:
            no_population = fit_population_step(
                store, opened.patients, name, request.options, depends_on, observer
            )
        opened.manifest.add_time("population", time.perf_counter() - begun)
        opened.manifest.write(store)
    from workbench.report.posterior_page import write_posteriors

    page, summaries = write_posteriors(
        store, known, opened.index, stored_model(store, opened.manifest), opened.manifest,
        always_detailed=ids if request.patient_ids else (),
    )  # fmt: skip
    asked = [s for s in summaries if s.patient.patient_id in set(ids)]
    print_posteriors(asked, page, computed, no_population, quiet=quiet)
    code = exit_code(sum(s.failed for s in asked), len(ids))
    return code or (PARTLY_FAILED if no_population else 0)


def exit_code(failed: int, asked: int) -> int:
    """Return 0 where every patient has a result, 3 where some have none, 1 where all have none."""
    return 0 if not failed else 1 if failed == asked else PARTLY_FAILED
