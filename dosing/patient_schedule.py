"""One patient's optimal schedule, judged on all that the evidence admits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dosing.rules import DoseRules
from dosing.schedule_result import POINT, POSTERIOR, PROFILES, PatientSchedule
from dosing.schedule_scores import (
    progression_burden,
    rival_policies,
    score_policies,
)
from dosing.schedule_solution import (
    USABLE_DEFECT,
    dose_arcs,
    solve_checked,
    structure_sentences,
    visit_edges,
    visit_spacing,
)

if TYPE_CHECKING:
    from dosing.objectives import Objective
    from dosing.optimal.problem import OptimalControlProblem
    from dosing.optimal.solution import OptimalSolution
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model
    from fitting.result import Fit
    from patients.cohort import Patient

HORIZON_DAYS = 1460.0
NAME = "optimal schedule"
_WORDS = {
    POSTERIOR: "{n} draws of the patient's posterior",
    PROFILES: "the {n} parameter sets that the profile likelihoods admit",
    POINT: "the point estimate ALONE: there is neither a usable posterior nor a diagnosis, so nothing says how far the "
    "data support it",
}  # fmt: skip


def no_schedule(
    patient: Patient, objective: Objective, reason: str, *, k_tol_ratio: float, horizon_days: float = HORIZON_DAYS,
    every_days: float | None = None, failed: bool = True,
) -> PatientSchedule:  # fmt: skip
    """Return the answer for a patient without a schedule, with the reason; whether that is a failure."""
    first, k_tol = patient.first_burden, k_tol_ratio * patient.first_burden
    return PatientSchedule(
        patient.patient_id, objective.name, objective.sentence, k_tol, first, progression_burden(first, k_tol),
        float(horizon_days), float(every_days or visit_spacing(patient.times)), reason,
        failed,
    )  # fmt: skip


def patient_schedule(
    patient: Patient,
    fit: Fit,
    model: Model,
    objective: Objective,
    ensemble: Ensemble | None,
    evidence: str,
    *,
    k_tol_ratio: float = 1.0,
    horizon_days: float = HORIZON_DAYS,
    every_days: float | None = None,
    constant_dose: float | None = None,
    tell: Callable[[str], None] | None = None,
) -> PatientSchedule:
    """Solve at the point estimate, or for all that the evidence admits where the objective asks so; score on it.

    Parameters
    ----------
    patient : Patient
    fit : Fit
    model : Model
    objective : Objective
    ensemble : Ensemble or None
        Plausible tumours; None where there is only the point estimate.
    evidence : str
        Where the ensemble comes from: ``posterior`` or ``profiles``.
    k_tol_ratio : float
        Tolerable burden in multiples of the first.
    horizon_days : float
        Whole days.
    every_days : float, optional
        The dose is held so long; by default the median spacing of the patient's visits, within 7 to 56 days.
    constant_dose : float, optional
        To compare with; by default the one inside the window at the point estimate, where there is a window.
    tell : callable, optional
        Called with what is being done.

    Returns
    -------
    PatientSchedule
        With the reason for none where the problem cannot be posed or has no solution.

    Raises
    ------
    ObjectiveError, ValueError
        What no patient's numbers can be blamed for: a name that is taken, intervals longer than the horizon.
    """
    from dosing.optimal.conditions import ProblemError
    from dosing.optimal.solution import SolutionStatus
    from dynamics.ensemble import Ensemble

    if objective.for_all:
        from dosing.ensemble_schedule import ensemble_schedule

        return ensemble_schedule(
            patient, fit, model, objective, ensemble, evidence, k_tol_ratio=k_tol_ratio, horizon_days=horizon_days,
            every_days=every_days, constant_dose=constant_dose, tell=tell,
        )  # fmt: skip
    begun = time.perf_counter()
    blank = no_schedule(
        patient, objective, "", k_tol_ratio=k_tol_ratio, horizon_days=horizon_days, every_days=every_days,
        failed=False,
    )  # fmt: skip
    edges = visit_edges(blank.horizon_days, blank.every_days)
    values = fit_values(fit)
    if ensemble is None:
        evidence = POINT
        ensemble = Ensemble.single(fit.parameter_names, fit.estimates, fit.constants, _WORDS[POINT])
    try:
        problem = objective.problem(model, values, blank.k_tol, blank.first_burden, blank.horizon_days)
        checked = solve_checked(problem, edges, tell)
    except ProblemError as error:
        return replace(blank, reason=f"No schedule: {error}.", seconds=time.perf_counter() - begun)
    solution = checked.solution
    answer = replace(
        blank, running=str(problem.running), terminal=str(problem.terminal), numbers=_numbers(problem, values),
        status=solution.status.value, message=solution.message, cost=solution.cost,
        defect=solution.defect.worst, violations=dict(solution.defect.violations), elements=checked.elements,
        witness=checked.witness, agreement=checked.agreement, evidence=evidence, members=len(ensemble),
        progression=progression_sentence(blank),
    )  # fmt: skip
    reason = _unusable(solution)
    if reason:
        failed = solution.status is not SolutionStatus.INFEASIBLE
        return replace(answer, reason=reason, failed=failed, seconds=time.perf_counter() - begun)
    (tell or (lambda _text: None))("scores")
    answer = _with_structure(answer, solution)
    answer = _with_scores(answer, model, fit, ensemble, evidence, constant_dose)
    return replace(answer, seconds=time.perf_counter() - begun)


def fit_values(fit: Fit) -> dict[str, float]:
    """Parameters and constants of a fit by name."""
    return {n: float(v) for n, v in zip(fit.parameter_names, fit.estimates, strict=True)} | dict(
        fit.constants
    )


def _numbers(problem: OptimalControlProblem, values: Mapping[str, float]) -> dict[str, float]:
    """Numbers that the problem names besides those of the fit."""
    return {n: float(v) for n, v in problem.values.items() if n not in values}


def _unusable(solution: OptimalSolution) -> str:
    """Why a solution is no schedule; empty where it is one."""
    missed = {k: v for k, v in solution.defect.violations.items() if v > 0}
    worst = "; ".join(f"{text} is missed by {amount:.3g}" for text, amount in missed.items())
    if not solution.status.usable:
        return f"No schedule: {solution.status.value}" + (f" Re-simulated, {worst}." if worst else "")
    if not solution.defect.worst <= USABLE_DEFECT:
        return (
            f"No schedule: given to an adaptive integrator, the doses lead elsewhere than the solver says (by "
            f"{solution.defect.worst:.2g} of the states' size on day {solution.defect.worst_time_days:.0f}): over this "
            "horizon the course is too sensitive for a schedule fixed in advance. Shorten the horizon or the intervals."
        )
    return ""


def progression_sentence(blank: PatientSchedule) -> str:
    """Say what counts as progression."""
    return (
        f"Progression: the burden reaches {blank.progressed_at:.4g}, 1.2 times the larger of the first burden "
        f"({blank.first_burden:.4g}) and the tolerable burden ({blank.k_tol:.4g})."
    )


def _with_structure(answer: PatientSchedule, solution: OptimalSolution) -> PatientSchedule:
    """Add doses, arcs, switching function."""
    from dosing.optimal.pontryagin import pontryagin
    from dosing.optimal.switching_function import switching_course

    problem = solution.problem
    switching = np.zeros(0) if problem.along_path else switching_course(solution).relative[:, 0]
    # an interior-point method leaves a bound by a hair
    doses = np.clip(solution.controls[:, 0], 0.0, 1.0)
    return replace(
        answer, edges_days=solution.edges_days, doses=doses, structure=structure_sentences(solution),
        arcs=dose_arcs(solution), switching=switching,
        switching_linear=bool(pontryagin(problem).affine[0]),
    )  # fmt: skip


def _with_scores(
    answer: PatientSchedule,
    model: Model,
    fit: Fit,
    ensemble: Ensemble,
    evidence: str,
    constant_dose: float | None,
) -> PatientSchedule:
    """Add scores, courses, and what all rests on."""
    from dosing.policies import PlannedSchedule
    from dynamics.schedule import DoseSchedule

    notes = list(answer.notes)
    if constant_dose is None:
        constant_dose, note = dose_in_window(model, fit, answer.k_tol)
        notes += [note] if note else []
    plan = DoseSchedule(tuple(answer.edges_days.tolist()), tuple(answer.doses.tolist()))
    scores, courses, times = score_policies(
        model, ensemble, fit.estimates, PlannedSchedule(plan, NAME),
        rival_policies(answer.k_tol / answer.first_burden, constant_dose), answer.progressed_at, answer.horizon_days,
    )  # fmt: skip
    words = _WORDS[evidence].format(n=len(ensemble))
    rests = (
        f"The doses were computed at the point estimate (maximum likelihood, {fit.likelihood}); that says nothing of "
        f"how far the data support them. They are judged on {words}."
    )
    if scores[0].failed > 0:
        notes.append(
            f"{100 * scores[0].failed:.3g} % of the members could not be simulated under the schedule; they count as "
            "progressed."
        )
    return replace(answer, scores=scores, courses=courses, times=times, rests_on=rests, notes=tuple(notes))


def dose_in_window(model: Model, fit: Fit, k_tol: float) -> tuple[float | None, str]:
    """Constant dose inside the window at the point estimate, or why there is none."""
    from dosing.window import WindowUnavailable, dose_window

    try:
        window = dose_window(model, fit.estimates, fit.constants, k_tol)
    except WindowUnavailable as error:
        return None, f"No constant dose to compare with: {error}."
    if not window.exists:
        return None, "No constant dose to compare with: the dose window is empty at the point estimate."
    return window.low + DoseRules().margin * (window.high - window.low), ""
