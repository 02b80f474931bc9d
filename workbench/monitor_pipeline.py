"""The value of monitoring, patient by patient."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from workbench.dose_command import gather_evidence
from workbench.manifest import evodose_version
from workbench.monitor_record import MonitoringStore, PatientMonitoring
from workbench.options import RunOptions
from workbench.store import RunStore

if TYPE_CHECKING:
    from dosing.monitoring.marker_noise import MarkerNoise
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model
    from patients.cohort import Patient
    from workbench.monitor_options import MonitorOptions
    from workbench.observer import Observer
    from workbench.record import PatientRecord

MONITORING = "monitoring"
STEPS_PER_DAY = 1  # Runge-Kutta, which divides its steps; times are interpolated between nodes
_WORDS = {
    "posterior": "Plausible tumours: draws of the patient's posterior.",
    "profiles": "Plausible tumours: the parameter sets that the profile likelihoods admit, weighted by length of "
    "profile. They are no draws: means and errors say how far what the data admit differs, not how probable it is. For "
    "a posterior: evodose fit RUN --bayes.",
}  # fmt: skip


def compute_monitoring(
    store: RunStore,
    ids: Sequence[str],
    model: Model,
    options: MonitorOptions,
    run: RunOptions,
    observer: Observer,
) -> int:
    """Compute what is missing or was asked for otherwise; return for how many patients anything was computed.

    Parameters
    ----------
    store : RunStore
    ids : sequence of str
    model : Model
    options : MonitorOptions
        Settled.
    run : RunOptions
    observer : Observer
    """
    kept = MonitoringStore(store)
    asked = {
        i: _asked(store, record, options, run) for i, record in zip(ids, store.records(ids), strict=True)
    }
    pending = [i for i in ids if (there := kept.load(i)) is None or there.asked != asked[i]]
    observer.start(len(ids), len(ids) - len(pending))
    for patient_id in pending:
        observer.stage(MONITORING, 1)
        record = next(iter(store.records([patient_id])))
        begun = time.perf_counter()
        found = patient_monitoring(store, record, model, options, run, observer)
        kept.save(replace(found, asked=asked[patient_id], seconds=time.perf_counter() - begun))
        observer.finished(1)
    return len(pending)


def patient_monitoring(
    store: RunStore,
    record: PatientRecord,
    model: Model,
    options: MonitorOptions,
    run: RunOptions,
    observer: Observer,
) -> PatientMonitoring:
    """One patient's value of monitoring; whatever goes wrong is that patient's reason for none."""
    from patients.problems import quoted

    patient = record.patient
    if record.fit is None:
        return PatientMonitoring(patient.patient_id, None, record.reason)

    def tell(done: float, text: str) -> None:
        observer.tick(MONITORING, done)
        observer.detail(f"{quoted(patient.patient_id)[1:-1]}: {text}")

    try:
        ensemble, evidence, note = gather_evidence(store, record)
        if ensemble is None:
            return PatientMonitoring(
                patient.patient_id, None,
                "No value of monitoring: there is neither a usable posterior nor a diagnosis, and a point estimate "
                f"leaves nothing to learn on visits; evodose fit RUN --bayes makes a posterior. {note}".strip(),
                evidence,
            )  # fmt: skip
        noises, more = _noises(record, options)
        notes = tuple(filter(None, (_WORDS[evidence], note, *more)))
        return _valued(patient, ensemble, evidence, model, options, run, noises, notes, tell)
    except MemoryError:
        raise
    except Exception as error:
        return PatientMonitoring(
            patient.patient_id, None, f"No value of monitoring: {type(error).__name__}: {error}"
        )


def _valued(
    patient: Patient,
    ensemble: Ensemble,
    evidence: str,
    model: Model,
    options: MonitorOptions,
    run: RunOptions,
    noises: Sequence[MarkerNoise],
    notes: tuple[str, ...],
    tell: Callable[[float, str], None],
) -> PatientMonitoring:
    """Split the tumours, and treat those held out."""
    from dosing.ensemble.member_times import TtpSetting
    from dosing.monitoring.draw_split import split_ensemble
    from dosing.monitoring.visit_value import value_of_monitoring
    from dosing.progression import PROGRESSION_FACTOR
    from dosing.schedule_solution import visit_spacing

    assert options.horizon is not None
    assert options.k_tol is not None
    planned, held_out = split_ensemble(ensemble, options.planned, options.held_out, seed=run.seed)
    own = visit_spacing(patient.times) if len(patient.times) > 1 else float("nan")
    every: list[float] = sorted(
        {*options.every, *([own] if options.every[0] < own <= options.horizon else [])}
    )
    setting = TtpSetting(
        options.horizon, level=PROGRESSION_FACTOR * max(1.0, options.k_tol), steps_per_day=STEPS_PER_DAY
    )
    value = value_of_monitoring(
        model, planned, held_out, setting, visit_days=every, noises=noises, tolerable_level=options.k_tol,
        own_visit_days=own, seed=run.seed, progress=tell,
    )  # fmt: skip
    return PatientMonitoring(patient.patient_id, value, "", evidence, notes)


def _noises(record: PatientRecord, options: MonitorOptions) -> tuple[list[MarkerNoise], list[str]]:
    """Return the noises to compute, the patient's own last, with what to say of them."""
    from dosing.monitoring.marker_noise import MarkerNoise
    from fitting.likelihood import get_likelihood

    found, notes = [MarkerNoise.log_normal(s) for s in options.noise], []
    if options.own_noise:
        fit = record.fit
        assert fit is not None
        own = MarkerNoise.of_likelihood(get_likelihood(fit.likelihood), fit.dispersion)
        first = record.patient.first_burden
        found.append(own)
        notes.append(
            f"The patient's own marker: {own.source} At the first burden its logarithm has the standard deviation "
            f"{own.log_sd(first):.2g}."
        )
    return found, notes


def _asked(store: RunStore, record: PatientRecord, options: MonitorOptions, run: RunOptions) -> str:
    """Everything the numbers depend on, as text."""
    from workbench.inquiry_record import basis_of
    from workbench.posterior_store import PosteriorStore, data_digest
    from workbench.request import digest

    diagnosis = record.diagnosis
    return json.dumps(
        {
            **options.as_dict(), "seed": run.seed, "data": data_digest(record.patient), "evodose": evodose_version(),
            "fit": basis_of(record.fit) if record.fit is not None else record.reason,
            "sets": digest(np.asarray(diagnosis.ensemble.values).tolist()) if diagnosis is not None else "",
            "posterior": PosteriorStore(store).asked(record.patient.patient_id),
        },
        sort_keys=True,
    )  # fmt: skip
