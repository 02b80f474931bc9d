"""What ``evodose dose`` does: one optimal schedule a patient of a finished run, judged on the evidence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.dose_options import DoseOptions
from workbench.manifest import evodose_version
from workbench.observer import Observer
from workbench.options import OptionError, RunOptions
from workbench.run_question import open_run, recorded, require_run
from workbench.schedule_store import ScheduleStore, StoredSchedule

if TYPE_CHECKING:
    from dosing.schedule_result import PatientSchedule
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model
    from workbench.record import PatientRecord
    from workbench.store import RunStore

NO_SCHEDULE, PARTLY_FAILED = 1, 3
SCHEDULES = "schedules"
MEMBERS = 500  # draws of a posterior that a schedule is judged on


@dataclass(frozen=True)
class DoseRequest:
    """What a person asks.

    Parameters
    ----------
    folder : Path
        A run directory.
    patient_ids : tuple of str
        Only these; all where empty.
    options : DoseOptions
    fresh : bool
        Delete the schedules that are there.

    Raises
    ------
    RequestError, StoreError
        No run directory.
    """

    folder: Path
    patient_ids: tuple[str, ...] = ()
    options: DoseOptions = field(default_factory=DoseOptions)
    fresh: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no run."""
        require_run(self.folder)


def execute(request: DoseRequest, *, quiet: bool = False) -> int:
    """Compute the schedules that are missing; write tables, JSON files and page.

    Returns
    -------
    int
        See :func:`exit_code`.

    Raises
    ------
    RequestError, OptionError, StoreError, RunDirectoryBusyError
        What a person has to correct; nothing that was computed is lost.
    """
    from workbench.dose_listing import print_schedules
    from workbench.report.schedule_page import write_schedules

    with open_run(request.folder, request.patient_ids) as run:
        store, chosen, options = run.store, run.chosen, request.options.settled(run.options)
        check_objective(options, run.model)
        kept = ScheduleStore(store)
        if request.fresh:
            kept.clear()
        with recorded(run, "dose", options.as_dict(), SCHEDULES, quiet=quiet) as observer:
            computed = compute_schedules(store, chosen, run.model, options, run.options, observer)
        page, rows = write_schedules(
            store, run.patient_ids, store.load_index(), run.model, run.manifest,
            always_detailed=chosen if request.patient_ids else (),
        )  # fmt: skip
    asked = [
        (s, standing)
        for s, standing in rows
        if s.patient_id in set(chosen) and s.objective == options.objective.name
    ]
    print_schedules(asked, page, computed, quiet=quiet)
    return exit_code([s for s, _ in asked])


def exit_code(schedules: Sequence[PatientSchedule]) -> int:
    """Return 0 where every patient has a result, 3 where some failed, 1 where none has a schedule.

    That no schedule meets the conditions is a result.
    """
    if not any(s.found for s in schedules):
        return NO_SCHEDULE
    return PARTLY_FAILED if any(s.failed for s in schedules) else 0


def check_objective(options: DoseOptions, model: Model) -> None:
    """Refuse an objective that cannot be posed for this model before anything is computed.

    Raises
    ------
    OptionError
        With the reason.
    """
    from dosing.objectives import ObjectiveError
    from dynamics.expressions import ModelError

    try:
        options.objective.check(model)
    except (ObjectiveError, ModelError) as error:
        hint = "; --value NAME=NUMBER gives a name a value" if "unknown symbol" in str(error) else ""
        raise OptionError(f"--objective {options.objective.name}: {error}{hint}") from None


def compute_schedules(
    store: RunStore,
    ids: Sequence[str],
    model: Model,
    options: DoseOptions,
    run: RunOptions,
    observer: Observer,
) -> int:
    """Compute, patient by patient, the schedules that are missing or were asked for otherwise.

    Parameters
    ----------
    store : RunStore
    ids : sequence of str
    model : Model
    options : DoseOptions
        Settled.
    run : RunOptions
    observer : Observer

    Returns
    -------
    int
        Number of patients for whom anything was computed.
    """
    kept, name = ScheduleStore(store), options.objective.name
    asked = {i: _asked(store, record, options) for i, record in zip(ids, store.records(ids), strict=True)}
    there = {i: kept.load(i, name) for i in ids}
    pending = [i for i in ids if (stored := there[i]) is None or stored.asked != asked[i]]
    observer.start(len(ids), len(ids) - len(pending))
    for patient_id in pending:
        observer.stage(SCHEDULES, 1)
        record = next(iter(store.records([patient_id])))
        schedule = _one(store, record, model, options, run, observer)
        kept.save(StoredSchedule(schedule, asked[patient_id]))
        observer.finished(1)
    return len(pending)


def _one(
    store: RunStore,
    record: PatientRecord,
    model: Model,
    options: DoseOptions,
    run: RunOptions,
    observer: Observer,
) -> PatientSchedule:
    """One patient's schedule; whatever goes wrong is that patient's reason for none."""
    from dosing.objectives import ObjectiveError
    from dosing.patient_schedule import no_schedule, patient_schedule
    from patients.problems import quoted

    assert options.k_tol is not None
    assert options.horizon is not None
    common: dict[str, Any] = {
        "k_tol_ratio": options.k_tol, "horizon_days": options.horizon, "every_days": options.every,
    }  # fmt: skip
    patient = record.patient
    if record.fit is None:
        return no_schedule(patient, options.objective, record.reason, **common)
    try:
        ensemble, evidence, note = gather_evidence(store, record)
        recommended = record.regimen.dose_fraction if record.recommended and record.regimen else None
        schedule = patient_schedule(
            patient, record.fit, model, options.objective, ensemble, evidence, **common,
            constant_dose=recommended if options.k_tol == run.k_tol else None,
            tell=lambda what: observer.detail(f"{quoted(patient.patient_id)[1:-1]}: {what}"),
        )  # fmt: skip
        return replace(schedule, notes=(*((note,) if note else ()), *schedule.notes))
    except (MemoryError, ObjectiveError):
        raise
    except Exception as error:
        reason = f"No schedule: {type(error).__name__}: {error}"
        return no_schedule(patient, options.objective, reason, **common)


def gather_evidence(store: RunStore, record: PatientRecord) -> tuple[Ensemble | None, str, str]:
    """Find the tumours that a schedule is judged on.

    Returns
    -------
    Ensemble or None
        Draws of the posterior where it is usable, else the sets that the profiles admit, else None.
    str
        ``posterior``, ``profiles`` or ``point estimate``.
    str
        A note on a posterior that was not used.
    """
    from dosing.schedule_result import POINT, POSTERIOR, PROFILES
    from workbench.posterior_store import PosteriorStore

    posterior = PosteriorStore(store).load(record.patient.patient_id)
    note = ""
    if isinstance(posterior, str):
        note = f"The posterior was not used: {posterior}"
    elif posterior is not None:
        if posterior.usable:
            return posterior.ensemble(MEMBERS), POSTERIOR, ""
        note = f"The posterior was not used: {posterior.status.value}"
    if record.diagnosis is not None:
        return record.diagnosis.ensemble, PROFILES, note
    return None, POINT, note


def _asked(store: RunStore, record: PatientRecord, options: DoseOptions) -> str:
    """Everything the numbers of a schedule depend on, as text."""
    from workbench.inquiry_record import basis_of
    from workbench.posterior_store import PosteriorStore, data_digest
    from workbench.request import digest

    diagnosis, regimen = record.diagnosis, record.regimen
    return json.dumps(
        {
            **options.as_dict(), "data": data_digest(record.patient), "evodose": evodose_version(),
            "fit": basis_of(record.fit) if record.fit is not None else record.reason,
            "sets": digest(diagnosis.ensemble.values.tolist()) if diagnosis is not None else "",
            "posterior": PosteriorStore(store).asked(record.patient.patient_id),
            "dose": f"{regimen.dose_fraction:.9g}" if regimen is not None else "",
        },
        sort_keys=True,
    )  # fmt: skip
