"""One patient's schedule planned for all tumours that the evidence admits, judged on those it was not planned on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dosing.patient_schedule import HORIZON_DAYS, NAME, dose_in_window, no_schedule, progression_sentence
from dosing.schedule_result import POSTERIOR, PatientSchedule
from dosing.schedule_scores import rival_policies, score_policies

if TYPE_CHECKING:
    from dosing.ensemble.progression_search import ProgressionOptimum
    from dosing.objectives import Objective
    from dosing.policies import Policy
    from dosing.policy import FeedbackRule
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model
    from fitting.result import Fit
    from patients.cohort import Patient

FEWEST = 20  # members: of fewer, neither half says anything of the other
RULE = "best adaptive rule"


@dataclass(frozen=True)
class _Named:
    """A policy under another name."""

    name: str
    policy: Policy

    @property
    def description(self) -> str:
        """See :class:`dosing.policies.Policy`."""
        return self.policy.description

    def rule(self) -> FeedbackRule:
        """See :class:`dosing.policies.Policy`."""
        return self.policy.rule()


def ensemble_schedule(
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
    seed: int = 0,
    tell: Callable[[str], None] | None = None,
) -> PatientSchedule:
    """Plan on a random half of the evidence, and score on the other half beside adaptive therapy and constant doses.

    Parameters
    ----------
    patient, fit, model, objective, ensemble, evidence, k_tol_ratio, horizon_days, every_days, constant_dose, tell
        See :func:`dosing.patient_schedule.patient_schedule`.
    seed : int
        Of the halves.

    Returns
    -------
    PatientSchedule
        With the reason for none where there is no evidence beyond the point estimate.
    """
    from dosing.ensemble.feedback_search import search_feedback
    from dosing.ensemble.member_times import TtpSetting
    from dosing.ensemble.problem import ProblemError
    from dosing.ensemble.progression_search import maximise_progression
    from dosing.policies import PlannedSchedule
    from dosing.progression import ProgressionRule
    from dosing.progression_witness import witness_times

    begun = time.perf_counter()
    say = tell or (lambda _text: None)
    blank = no_schedule(
        patient, objective, "", k_tol_ratio=k_tol_ratio, horizon_days=horizon_days, every_days=every_days,
        failed=False,
    )  # fmt: skip
    if ensemble is None or len(ensemble) < FEWEST:
        there = "only the point estimate" if ensemble is None else f"only {len(ensemble)} parameter sets"
        return replace(
            blank,
            reason=f"No schedule: there is {there}, and this objective plans for all tumours that the evidence admits. "
            "Run `evodose fit RUN --bayes`, which gives draws of the posterior.",
        )
    planned_on, held_out = halves(ensemble, seed)
    setting = TtpSetting(
        blank.horizon_days, ProgressionRule.FIRST_CROSSING, blank.progressed_at / blank.first_burden,
        steps_per_day=4,
    )  # fmt: skip
    say(f"one schedule for {len(planned_on)} tumours")
    try:
        found = maximise_progression(model, planned_on, setting, hold_days=blank.every_days, seed=seed)
        say("adaptive rules")
        search = search_feedback(model, planned_on, setting, seed=seed)
    except ProblemError as error:
        return replace(blank, reason=f"No schedule: {error}.", seconds=time.perf_counter() - begun)
    say("scores")
    notes = []
    if constant_dose is None:
        constant_dose, note = dose_in_window(model, fit, blank.k_tol)
        notes += [note] if note else []
    rivals = (
        *rival_policies(blank.k_tol / blank.first_burden, constant_dose), _Named(RULE, search.best.rule),
    )  # fmt: skip
    plan = PlannedSchedule(found.schedule, NAME)
    scores, courses, times = score_policies(
        model, held_out, fit.estimates, plan, rivals, blank.progressed_at, blank.horizon_days
    )
    doses, kind = (
        found.doses,
        "draws of the posterior" if evidence == POSTERIOR else "sets that the profiles admit",
    )
    best = max(scores, key=lambda s: s.expected_days)
    if best.name != NAME:
        gain, error = _ahead(times.days, times.weights, times.names.index(best.name))
        notes.append(
            f"On the held-out tumours {best.name} holds this tumour {gain:.3g} days longer in the mean (standard error "
            f"{error:.2g}) than the schedule fixed in advance. {best.description}"
        )
    if np.any(doses[-2:] > doses[:-2].mean() + 0.2):
        notes.append(
            "The last doses rise because nothing after the horizon counts; whoever treats on would not give them."
        )
    return replace(
        blank, edges_days=found.edges_days, doses=doses, status=found.sentence, cost=found.value,
        witness=witness_times(model, held_out, found.policy, setting), evidence=evidence, members=len(held_out),
        progression=progression_sentence(blank), structure=_structure(found), scores=scores, courses=courses,
        times=times, notes=tuple(notes), seconds=time.perf_counter() - begun,
        rests_on=f"The doses were planned for {len(planned_on)} {kind}, drawn at random, and are judged on "
        f"{len(held_out)} others; the point estimate (maximum likelihood, {fit.likelihood}) had no part in them.",
    )  # fmt: skip


def halves(ensemble: Ensemble, seed: int = 0) -> tuple[Ensemble, Ensemble]:
    """Split an ensemble at random into two halves that share no member."""
    order = np.random.default_rng(seed).permutation(np.flatnonzero(ensemble.weights > 0))
    middle = len(order) // 2
    planned, judged = np.sort(order[:middle]), np.sort(order[middle:])
    return (
        ensemble.take(planned, f"{len(planned)} of {ensemble.provenance}, planned on"),
        ensemble.take(judged, f"{len(judged)} of {ensemble.provenance}, held out"),
    )


def _ahead(days: np.ndarray, weights: np.ndarray, rival: int) -> tuple[float, float]:
    """Mean lead of a rival over the schedule, member by member, and its standard error."""
    from dosing.ensemble.schedule_scores import mean_error

    lead = days[rival] - days[0]
    return float(weights @ lead), mean_error(lead, weights)


def _structure(found: ProgressionOptimum) -> tuple[str, ...]:
    """Say how the search went."""
    best = max(found.starts, key=lambda s: s.value)
    return (
        f"A local search from {len(found.starts)} starts on {found.searched_on} representative tumours, the best of "
        f"which came from {best.name} ({best.value_at_start:.4g} days at its start, {best.value:.4g} at its end); of "
        "schedules that the tumours cannot tell apart, the one with the fewest changes.",
    )
