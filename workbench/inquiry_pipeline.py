"""One patient's inquiry, part by part, so that what fails costs only itself."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from identifiability.result import SideStatus
from workbench.inquiry_options import InquiryOptions
from workbench.inquiry_quantities import asked_quantities
from workbench.inquiry_record import INQUIRY, PatientInquiry, admitted_ensemble, basis_of
from workbench.observer import INQUIRY_STAGES, Observer
from workbench.options import RunOptions
from workbench.record import PatientRecord
from workbench.store import RunStore

if TYPE_CHECKING:
    from dynamics.model import Model
    from fitting.problem import CohortProblem
    from fitting.result import Fit
    from identifiability.inquiry import InquirySettings
    from identifiability.quantity import Quantity
    from identifiability.result import Diagnosis
    from patients.cohort import Patient

RTOL = 1e-7  # as for the profiles of the parameters
MAY_BE_INFINITE = ("smallest_tolerable", "time_to_progression")  # no percentile of replicates
Tick = Callable[[float], None]


def compute_inquiries(
    store: RunStore,
    patient_ids: Sequence[str],
    model: Model,
    run: RunOptions,
    options: InquiryOptions,
    observer: Observer,
) -> int:
    """Ask what is not yet answered; each patient's answer is on the disk before the next begins.

    Parameters
    ----------
    store : RunStore
        With the results of an ordinary run.
    patient_ids : sequence of str
    model : Model
    run : RunOptions
        Of that run.
    options : InquiryOptions
    observer : Observer

    Returns
    -------
    int
        Number of patients for whom anything was computed.
    """
    pending = []
    for record in store.records(patient_ids):
        known = record.inquiry
        if known is None or dict(known.options) != options.as_dict():
            pending.append(record.patient.patient_id)
    observer.start(len(patient_ids), len(patient_ids) - len(pending))
    for record in store.records(pending):
        answer = _guarded(record, model, run, options, observer)
        store.save(record.patient.patient_id, INQUIRY, answer)
        observer.finished(1)
    return len(pending)


def _guarded(
    record: PatientRecord, model: Model, run: RunOptions, options: InquiryOptions, observer: Observer
) -> PatientInquiry:
    """Ask one patient; whatever nobody thought of becomes that patient's sentence."""
    try:
        return inquire_patient(record, model, run, options, observer)
    except MemoryError:
        raise
    except Exception as error:
        if os.environ.get("EVODOSE_DEBUG") == "1":
            raise
        basis = basis_of(record.fit) if record.fit else ""
        reason = f"The inquiry broke off: {type(error).__name__}: {error}"
        return PatientInquiry(record.patient.patient_id, basis, options.as_dict(), failures=(reason,))


def inquire_patient(
    record: PatientRecord, model: Model, run: RunOptions, options: InquiryOptions, observer: Observer
) -> PatientInquiry:
    """Answer for one patient; what cannot be computed becomes a sentence."""
    begun = time.perf_counter()
    patient, fit, diagnosis = record.patient, record.fit, record.diagnosis
    if fit is None or diagnosis is None:
        reason = record.failure.reason if record.failure else "the patient was not diagnosed"
        return _nothing(patient, "", options, f"Nothing can be asked beyond the ordinary run: {reason}")
    if not fit.converged:
        return _nothing(
            patient, basis_of(fit), options,
            "The fit did not converge, so there is no optimum from which profiles, bootstrap or plans could start.",
        )  # fmt: skip
    asking = _Asking(record, model, run, options, observer)
    asking.ask()
    return PatientInquiry(
        patient.patient_id, basis_of(fit), options.as_dict(), asking.k_tol, **asking.found, notes=tuple(asking.notes),
        failures=tuple(asking.failures), seconds=round(time.perf_counter() - begun, 3),
    )  # fmt: skip


def _nothing(patient: Patient, basis: str, options: InquiryOptions, note: str) -> PatientInquiry:
    """Return the answer for a patient who cannot be asked more."""
    return PatientInquiry(patient.patient_id, basis, options.as_dict(), notes=(note,))


class _Asking:
    """The parts of one patient's inquiry, in turn."""

    def __init__(
        self,
        record: PatientRecord,
        model: Model,
        run: RunOptions,
        options: InquiryOptions,
        observer: Observer,
    ) -> None:
        assert record.fit is not None
        assert record.diagnosis is not None
        self.patient: Patient = record.patient
        self.fit: Fit = record.fit
        self.diagnosis: Diagnosis = record.diagnosis
        self.model, self.run, self.options, self.observer = model, run, options, observer
        self.found: dict[str, Any] = {}
        self.notes: list[str] = []
        self.failures: list[str] = []

    def ask(self) -> None:
        """Ask everything."""
        if self.fit.too_few_points:
            self.notes.append(
                f"{len(self.patient)} measurements for {self.fit.n_estimated} estimated quantities: what is derived "
                "from them describes the model and its declared bounds as much as the patient. Nothing rests on it."
            )
        problem = self.part("the problem", self.problem)
        quantities = self.part("what the dose rests on", self.quantities) or ()
        if problem is None:
            return
        settings = self.options.function_settings(self.run.level, self.run.seed)
        with_window = any(q.name == "window_low" for q in quantities)

        from dosing.bound_influence import bound_influence
        from identifiability.functions.function_profile import profile_quantities

        tick = self.stage(0)
        profiles = []
        for k, quantity in enumerate(quantities):
            found = self.part(
                f"the profile of {quantity.name}",
                lambda q=quantity: profile_quantities(
                    problem, 0, self.fit, [q], settings, profiles=self.diagnosis.profiles
                ),
            )
            profiles += found or ()
            tick((k + 1) / len(quantities))
        self.found["quantities"] = tuple(profiles)
        self.stage(1)
        if with_window:
            self.found["bounds"] = self.part(
                "what moving a bound does",
                lambda: bound_influence(
                    problem, 0, self.fit, self.k_tol, profiles=self.diagnosis.profiles, settings=settings
                ),
            ) or ()  # fmt: skip
        self.inquire(quantities, self.stage(2))

    def inquire(self, quantities: Sequence[Quantity], tick: Tick) -> None:
        """Bootstrap, planes, further visits; where the visits cannot be planned, the rest still is computed."""
        from dataclasses import replace

        from identifiability.design.single_visits import single_visits
        from identifiability.inquiry import inquire

        settings = self.feasible(self.options.inquiry_settings(self.run.seed))
        # what the quantities' profiles found admitted counts for the plans too
        admitted = admitted_ensemble(self.diagnosis.ensemble, self.found["quantities"])
        diagnosis = replace(self.diagnosis, ensemble=admitted)
        targets = self.part("the targets of further visits", lambda: self.targets(quantities)) or ()
        # an infinite or missing value has no place in a bootstrap interval of what is to be dosed
        shown = [q for q in quantities if q.name not in MAY_BE_INFINITE]

        def ask(some: Sequence[str | Quantity]) -> Any:
            return inquire(
                self.patient, self.fit, diagnosis, self.model, shown, some,
                settings if some else replace(settings, simulations=0), progress=tick,
            )  # fmt: skip

        found = self.part("bootstrap, plane or further visits", lambda: ask(targets))
        if found is None and targets:
            found = self.part("bootstrap or plane", lambda: ask(()))
        self.found["inquiry"] = found
        curves = []
        for target in targets if settings.simulations else ():
            curve = self.part(
                "the ranking of single visits",
                lambda t=target: single_visits(
                    self.patient, self.fit, self.model, t, admitted, days=settings.days, doses=settings.doses,
                ),
            )  # fmt: skip
            curves += [curve] if curve is not None else []
        self.found["curves"] = tuple(curves)

    def feasible(self, settings: InquirySettings) -> InquirySettings:
        """Leave out days that are past for this patient; a cohort's patients were last seen on different days."""
        from dataclasses import replace

        last = float(self.patient.times[-1])
        left = tuple(day for day in settings.days or () if day > last)
        if settings.days is None or left == settings.days:
            return settings
        past = "some" if left else "all"
        self.notes.append(
            f"The last visit was on day {last:g}: {past} of the days asked for are past"
            + (" and left out." if left else ", so no further visit was planned.")
        )
        return replace(settings, days=left) if left else replace(settings, days=None, simulations=0)

    def problem(self) -> CohortProblem:
        """One row: this patient."""
        from fitting.likelihood import get_likelihood
        from fitting.maximum_likelihood import prepare
        from fitting.problem import build_problem

        (prepared,), _, _ = prepare([self.patient], self.fit.likelihood)
        return build_problem([prepared], self.model, get_likelihood(self.fit.likelihood), rtol=RTOL)

    @property
    def k_tol(self) -> float:
        """Tolerable burden of the run, in the marker's unit."""
        return self.run.k_tol * self.patient.first_burden

    def quantities(self) -> tuple[Quantity, ...]:
        """Collect what the dose rests on, with what was asked for besides."""
        found, notes = asked_quantities(self.patient, self.fit, self.model, self.k_tol, self.options)
        self.notes += notes
        return found

    def targets(self, quantities: Sequence[Quantity]) -> tuple[str | Quantity, ...]:
        """Take what was asked for; else an edge of the window where there is one, else the first open parameter.

        The lower edge, unless its confidence set begins at dose 0, where nothing can close it.
        """
        by_name = {q.name: q for q in quantities}
        chosen: list[str | Quantity] = []
        for name in self.options.targets:
            if name in by_name:
                chosen.append(by_name[name])
            elif name in self.model.parameter_names:
                chosen.append(name)
            else:
                known = ", ".join([*self.model.parameter_names, *by_name])
                self.notes.append(f"There is no {name!r} to be settled by further visits; there are {known}.")
        if self.options.targets:
            return tuple(chosen)
        found = {q.parameter: q for q in self.found["quantities"]}
        low = found.get("window_low")
        if low is not None and math.isfinite(low.estimate):
            if (
                low.intervals
                and low.ci[0] <= 0.0
                and low.upper_status is SideStatus.CLOSED
                and "window_high" in found
            ):
                self.notes.append(
                    "The confidence set of the window's lower edge begins at dose 0, where no visit can close it; "
                    "further visits are planned for the upper edge."
                )
                return (by_name["window_high"],)
            return (by_name["window_low"],)
        for profile in self.diagnosis.profiles:
            if not profile.lower_status == profile.upper_status == "closed":
                return (profile.parameter,)
        self.notes.append(
            "Every parameter is closed and there is no window, so no further visit was planned."
        )
        return ()

    def stage(self, number: int) -> Tick:
        """Announce a part, and return what reports its progress."""
        name = INQUIRY_STAGES[number]
        self.observer.stage(name, 1)
        return lambda share: self.observer.tick(name, share)

    def part[T](self, what: str, compute: Callable[[], T]) -> T | None:
        """Compute a part; a sentence where that raises."""
        try:
            return compute()
        except MemoryError:
            raise
        except Exception as error:
            if os.environ.get("EVODOSE_DEBUG") == "1":
                raise
            text = str(error) or type(error).__name__
            self.failures.append(f"{what[0].upper()}{what[1:]} could not be computed: {text}")
            return None
