"""Patients through all rooms, a chunk at a time, each result on the disk as soon as it is known."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from workbench.observer import Observer
from workbench.options import RunOptions
from workbench.record import Diagnosed, Failure
from workbench.store import STAGES, RunStore

if TYPE_CHECKING:
    from dynamics.model import Model
    from patients.cohort import Patient

# a kill loses at most the stage of this many patients, some half a minute; larger chunks gain little
CHUNK = 8

Timer = Callable[[str, float], None]


def compute(
    store: RunStore,
    patients: Sequence[Patient],
    model: Model,
    options: RunOptions,
    likelihood: str,
    observer: Observer,
    timer: Timer | None = None,
    *,
    chunk: int = CHUNK,
) -> int:
    """Compute what is missing in the run directory for these patients.

    Every stage of a patient depends on the patient, the model and the options alone, so neither the chunks nor
    an interruption change a result.

    Parameters
    ----------
    store : RunStore
    patients : sequence of Patient
        As :func:`fitting.maximum_likelihood.prepare` returns them.
    model : Model
    options : RunOptions
    likelihood : str
        Settled for the whole cohort; ``auto`` is not accepted here.
    observer : Observer
    timer : callable, optional
        Called with (stage, seconds) after each stage of each chunk.
    chunk : int
        Patients that go through the stages together.

    Returns
    -------
    int
        Number of patients for which anything was computed.
    """
    pending = []
    for patient in patients:
        store.save_patient(patient)
        missing = store.first_missing(patient.patient_id)
        if missing < len(STAGES):
            pending.append((patient, missing))
    for note in store.notes:
        observer.note(note)
    observer.start(len(patients), len(patients) - len(pending))
    for first in range(0, len(pending), chunk):
        _compute_chunk(store, pending[first : first + chunk], model, options, likelihood, observer, timer)
        observer.finished(len(pending[first : first + chunk]))
    return len(pending)


def _compute_chunk(
    store: RunStore,
    chunk: Sequence[tuple[Patient, int]],
    model: Model,
    options: RunOptions,
    likelihood: str,
    observer: Observer,
    timer: Timer | None,
) -> None:
    """Take one chunk through fitting, identifiability, dosing."""
    to_fit = [patient for patient, missing in chunk if missing == 0]
    if to_fit:
        with _timed("fitting", len(to_fit), observer, timer):
            fits = _fit(to_fit, model, options, likelihood, observer)
            for patient, fit in zip(to_fit, fits, strict=True):
                store.save(patient.patient_id, "fit", fit)

    to_diagnose = []
    for patient, missing in chunk:
        fit = store.load(patient.patient_id, "fit") if missing <= 1 else None
        if fit is not None and not isinstance(fit, Failure):
            to_diagnose.append((patient, fit))
    if to_diagnose:
        with _timed("identifiability", len(to_diagnose), observer, timer):
            found = _diagnose(to_diagnose, model, options, observer)
            for (patient, _), diagnosed in zip(to_diagnose, found, strict=True):
                store.save(patient.patient_id, "diagnosis", diagnosed)

    to_dose = []
    for patient, _ in chunk:
        diagnosed = store.load(patient.patient_id, "diagnosis")
        if isinstance(diagnosed, Diagnosed):
            to_dose.append((patient, diagnosed))
    if to_dose:
        with _timed("dosing", len(to_dose), observer, timer):
            for done, (patient, diagnosed) in enumerate(to_dose, start=1):
                store.save(patient.patient_id, "regimen", _recommend(patient, diagnosed, model, options))
                observer.tick("dosing", done)


def _fit(
    patients: Sequence[Patient], model: Model, options: RunOptions, likelihood: str, observer: Observer
) -> list[Any]:
    """Fit the chunk; a Failure for each patient who cannot be fitted."""
    from fitting.maximum_likelihood import FitFailure, fit_cohort

    def many(some: Sequence[Patient]) -> Sequence[Any]:
        return fit_cohort(
            some, model, likelihood=likelihood, starts=options.starts, seed=options.seed,
            progress=lambda done, _: observer.tick("fitting", done),
        )  # fmt: skip

    results = _isolated("fitting", many, patients)
    return [Failure("fitting", r.reason) if isinstance(r, FitFailure) else r for r in results]


def _diagnose(
    pairs: Sequence[tuple[Patient, Any]], model: Model, options: RunOptions, observer: Observer
) -> list[Any]:
    """Diagnose the chunk; a Failure for each patient where that raised."""
    from fitting.maximum_likelihood import FitFailure
    from identifiability.diagnosis import diagnose_cohort

    def many(some: Sequence[tuple[Patient, Any]]) -> Sequence[Any]:
        found = diagnose_cohort(
            [patient for patient, _ in some], [fit for _, fit in some], model, level=options.level, seed=options.seed,
            progress=lambda share: observer.tick("identifiability", share * len(some)),
        )  # fmt: skip
        return [
            Failure("identifiability", "no diagnosis could be made")
            if diagnosis is None or isinstance(fit, FitFailure)
            else Diagnosed(fit, diagnosis)
            for fit, diagnosis in found
        ]

    return _isolated("identifiability", many, pairs)


def _recommend(patient: Patient, diagnosed: Diagnosed, model: Model, options: RunOptions) -> Any:
    """Recommend or refuse for one patient; a Failure where that raised."""
    from dosing.dose_evidence import dose_evidence_of
    from dosing.recommendation import recommend

    def many(some: Sequence[Diagnosed]) -> Sequence[Any]:
        return [
            recommend(
                patient, one.fit, one.diagnosis, model, k_tol_ratio=options.k_tol, required_support=options.support,
                horizon_days=options.horizon,
                likelihood=dose_evidence_of(patient, one.fit, one.diagnosis, model, options.k_tol),
            )
            for one in some
        ]  # fmt: skip

    return _isolated("dosing", many, [diagnosed])[0]


def _isolated[T](stage: str, many: Callable[[Sequence[T]], Sequence[Any]], items: Sequence[T]) -> list[Any]:
    """Compute all items together; where that raises, one by one, so that only the culprit fails."""
    try:
        return list(many(items))
    except MemoryError:
        raise
    except Exception as error:
        if os.environ.get("EVODOSE_DEBUG") == "1":
            raise
        if len(items) == 1:
            return [Failure(stage, f"{type(error).__name__}: {error}")]
    return [_isolated(stage, many, [item])[0] for item in items]


@contextmanager
def _timed(stage: str, patients: int, observer: Observer, timer: Timer | None) -> Iterator[None]:
    """Announce a stage of a chunk, and report how long it took."""
    observer.stage(stage, patients)
    begun = time.perf_counter()
    yield
    if timer:
        timer(stage, time.perf_counter() - begun)
