"""Fits and posteriors of a cohort, each on the disk as soon as it is known, here or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.distributed import CHUNK, map_patients
from workbench.fit_options import CHAINS, FitOptions
from workbench.observer import Observer
from workbench.options import RunOptions
from workbench.posterior_store import Asked, PosteriorStore, data_digest, differences
from workbench.record import Failure
from workbench.store import RunStore

if TYPE_CHECKING:
    from patients.cohort import Patient

FITTING, POSTERIORS = "fitting", "posteriors"
_TOLD = 10  # reasons for computing again that are told one by one


def compute_fits(
    store: RunStore,
    patients: Sequence[Patient],
    model: str,
    options: RunOptions,
    likelihood: str,
    observer: Observer,
    address: str | None = None,
) -> int:
    """Fit, by maximum likelihood, the patients who have no fit yet.

    Parameters
    ----------
    store : RunStore
    patients : sequence of Patient
        As :func:`fitting.maximum_likelihood.prepare` returns them.
    model : str
        Catalogue name or file.
    options : RunOptions
    likelihood : str
        Settled for the whole cohort.
    observer : Observer
    address : str, optional
        Of a Dask scheduler.

    Returns
    -------
    int
        Number of patients who were fitted now.
    """
    from fitting.maximum_likelihood import FitFailure, fit_cohort

    for patient in patients:
        store.save_patient(patient)
    pending = [p for p in patients if store.load(p.patient_id, "fit") is None]
    for note in store.notes:
        observer.note(note)

    def keep(patient_id: str, result: Any) -> None:
        failed = isinstance(result, FitFailure)
        store.save(patient_id, "fit", Failure(FITTING, result.reason) if failed else result)

        observer.finished(1)

    observer.start(len(patients), len(patients) - len(pending))
    if pending:
        observer.stage(FITTING, len(pending))
        map_patients(
            fit_cohort, pending, model, {"likelihood": likelihood, "starts": options.starts, "seed": options.seed},
            address=address, on_result=keep, keep=False,
        )  # fmt: skip
    return len(pending)


def compute_posteriors(
    store: RunStore,
    patients: Sequence[Patient],
    model: str,
    options: FitOptions,
    run: dict[str, Any],
    observer: Observer,
    address: str | None = None,
) -> int:
    """Compute the posteriors that are missing, or that were made with other settings.

    Parameters
    ----------
    store : RunStore
    patients : sequence of Patient
    model : str
        Catalogue name or file.
    options : FitOptions
    run : dict
        What else a posterior depends on: ``model`` as the manifest has it, ``likelihood``, ``seed``, ``evodose``.
    observer : Observer
    address : str, optional
        Of a Dask scheduler.

    Returns
    -------
    int
        Number of patients for whom anything was computed.
    """
    from fitting.maximum_likelihood import FitFailure

    kept = PosteriorStore(store)
    kept.sweep()
    asked = {p.patient_id: {**options.settings(), **run, "data": data_digest(p)} for p in patients}
    pending = [p for p in patients if _missing(kept, p.patient_id, asked[p.patient_id])]
    _tell(kept, pending, asked, observer)
    observer.start(len(patients), len(patients) - len(pending))
    if not pending:
        return 0
    left = len(pending)
    observer.stage(POSTERIORS, 1)
    if not address and options.approximate is None:
        observer.detail(f"{pending[0].patient_id}: exploring, compiling the sampler")

    def keep(patient_id: str, result: Any) -> None:
        nonlocal left
        if isinstance(result, FitFailure):
            kept.save_failure(patient_id, result.reason, asked[patient_id])
        else:
            kept.save(result, asked[patient_id])
        left -= 1
        observer.finished(1)
        if left:
            observer.stage(POSTERIORS, 1)

    function, arguments, chunk = _method(options, run, None if address else _by_patient(observer))
    map_patients(
        function, pending, model, arguments, address=address, chunk=chunk, on_result=keep, keep=False,
    )  # fmt: skip
    return len(pending)


def _method(
    options: FitOptions, run: dict[str, Any], progress: Callable[[str, tuple[float, ...]], None] | None
) -> tuple[Callable[..., Sequence[Any]], dict[str, Any], int]:
    """Return function, arguments, and how many patients are worth a task."""
    common = {"likelihood": run["likelihood"], "priors": options.prior_objects or None, "seed": run["seed"]}
    settings = options.settings()
    if options.approximate is not None:
        from fitting.approximate import approximate_cohort

        more = {"method": options.approximate, "draws": CHAINS * settings["draws"]}
        return approximate_cohort, {**common, **more}, CHUNK
    from fitting.bayesian import SamplingOptions, sample_cohort

    how = SamplingOptions(
        settings["draws"], settings["tune"], settings["chains"], sampler=settings["sampler"]
    )
    # one patient at a time: each is on the disk before the next begins
    return sample_cohort, {**common, "options": how, **({"progress": progress} if progress else {})}, 1


def _by_patient(observer: Observer) -> Callable[[str, tuple[float, ...]], None]:
    """Return what shows how far each chain of a patient is."""

    def show(patient_id: str, shares: tuple[float, ...]) -> None:
        chains = " ".join(f"{100 * share:.0f} %" for share in shares)
        observer.detail(f"{patient_id}: chains at {chains}" if any(shares) else f"{patient_id}: preparing")
        observer.tick(POSTERIORS, min(sum(shares) / max(len(shares), 1), 0.999))

    return show


def _missing(kept: PosteriorStore, patient_id: str, asked: Asked) -> bool:
    """Whether a patient's posterior has to be computed."""
    return kept.asked(patient_id) != asked


def _tell(
    kept: PosteriorStore, pending: Sequence[Patient], asked: dict[str, Asked], observer: Observer
) -> None:
    """Say whose posterior is computed again, and why."""
    again: dict[str, list[str]] = {}
    for patient in pending:
        patient_id = patient.patient_id
        if kept.has(patient_id):
            there = kept.asked(patient_id)
            why = (
                "the file cannot be read"
                if there is None
                else "; ".join(differences(there, asked[patient_id]))
            )
            again.setdefault(why, []).append(patient_id)
    for why, who in list(again.items())[:_TOLD]:
        names = ", ".join(repr(name) for name in who[:5]) + (
            f" and {len(who) - 5} more" if len(who) > 5 else ""
        )
        observer.note(f"the posterior of {names} is computed again: {why}")
