"""The value of monitoring for a patient: expected time to progression against visit interval and marker noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.member_times import member_times
from dosing.ensemble.schedule_scores import mean_error
from dosing.ensemble.ttp_objective import weighted_quantile
from dosing.monitoring.errors import MonitoringError
from dosing.monitoring.marker_noise import MarkerNoise
from dosing.monitoring.monitoring_result import (
    AS_WRITTEN,
    FILTER,
    RETUNED,
    MonitoringCell,
    MonitoringValue,
    UnmonitoredScore,
)
from dosing.monitoring.noisy_visits import VisitTimes, noisy_times, steps_between
from dosing.monitoring.particle_policy import ParticlePolicy, filtered_times
from dosing.monitoring.retuned import retuned_rule, visit_family
from dosing.monitoring.tuned_filter import hold_levels, tuned_filter
from dosing.monitoring.visit_shocks import visit_shocks
from dosing.policies import RESUME_BELOW_TOLERABLE, ConstantDose, MaximumToleratedDose, OnOffAdaptiveTherapy
from dosing.progression import ProgressionRule
from dynamics.feedback import first_burdens

if TYPE_CHECKING:
    from dosing.ensemble.feedback_family import AdaptiveRule, FeedbackFamily
    from dosing.ensemble.member_times import TtpSetting
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model

VISIT_DAYS = (7.0, 14.0, 28.0, 42.0, 56.0, 84.0)
CONSTANT_DOSES = np.linspace(0.0, 1.0, 21)
SAME_DAYS = 1.0
_PAUSE = 0.5  # of the first burden: AT50
_PLANNING, _JUDGING = 0, 1  # which noise
Progress = Callable[[float, str], None]


def value_of_monitoring(
    model: Model,
    planned_on: Ensemble,
    held_out: Ensemble,
    setting: TtpSetting,
    *,
    visit_days: Sequence[float] = VISIT_DAYS,
    noises: Sequence[MarkerNoise] = (MarkerNoise.none(),),
    tolerable_level: float = 1.0,
    own_visit_days: float = float("nan"),
    policies: Sequence[str] = (AS_WRITTEN, RETUNED, FILTER),
    family: FeedbackFamily | None = None,
    particle: ParticlePolicy | None = None,
    members_in_search: int = 60,
    seed: int = 0,
    progress: Progress | None = None,
) -> MonitoringValue:
    """Treat the held-out tumours under every policy, interval and noise.

    A tumour is deterministic; what is random is which of the plausible ones it is, and the marker. The noise of a visit
    depends on tumour and day alone, so that intervals and noises are compared on the same random numbers.

    Parameters
    ----------
    model : Model
    planned_on : Ensemble
        Draws on which rules are tuned, the constant dose is chosen, and from which the filter takes its particles.
    held_out : Ensemble
        Draws that are treated; none of ``planned_on``.
    setting : TtpSetting
        What counts as progression, and the horizon, beyond which nothing is counted.
    visit_days : sequence of float
        Increasing intervals; the first is the densest monitoring, which the others are compared with.
    noises : sequence of MarkerNoise
    tolerable_level : float
        Tolerable burden, a multiple of the first.
    own_visit_days : float
        Median spacing of the patient's own visits, for sentences; only where it is among ``visit_days``.
    policies : sequence of str
        Of ``"AT50"``, ``"re-tuned rule"``, ``"particle filter"``.
    family : FeedbackFamily, optional
        Of the re-tuned rule.
    particle : ParticlePolicy, optional
        Taken as it is. Where not given, the level that it holds is chosen on planning draws for each interval and
        noise, between the tolerable burden and progression.
    members_in_search : int
        Draws on which the family is searched.
    seed : int
    progress : callable, optional
        Called with the share of the work that is done, and what is done next.

    Raises
    ------
    MonitoringError
        Intervals that do not increase or fit no step, no or equal noises, an unknown policy, draws shared by both
        ensembles, a tumour that cannot be simulated.
    """
    _check(visit_days, noises, policies, tolerable_level, setting)
    tell = progress or (lambda _done, _text: None)
    each = tuple(float(d) for d in visit_days)
    notes: list[str] = []
    written = _as_written(tolerable_level)
    asked = [p for p in dict.fromkeys(policies) if p != AS_WRITTEN or written is not None]
    if written is None and AS_WRITTEN in policies:
        notes.append(
            f"AT50 is left out: a tolerable burden of {tolerable_level:g} times the first lies below its pause level."
        )
    levels = hold_levels(tolerable_level, setting.level)
    family = family or visit_family(max(1.0, tolerable_level))
    shocks = {
        purpose: visit_shocks(seed, purpose, len(draws), setting.horizon_days)
        for purpose, draws in ((_PLANNING, planned_on), (_JUDGING, held_out))
    }
    tell(0.0, "constant doses")
    references, reference_days, dose = _unmonitored(model, planned_on, held_out, setting)
    notes += _window_note(model, planned_on, tolerable_level, dose)
    cells: list[MonitoringCell] = []
    rows: list[np.ndarray] = []
    total, done = len(asked) * len(noises) * len(each), 0
    for policy in asked:
        for noise in noises:
            dense: np.ndarray | None = None
            held: float | None = None
            tuned: list[AdaptiveRule] = []
            for days in each:
                tell(done / total, f"{policy}, every {days:g} days, noise {noise.name}")
                if policy == FILTER:
                    own = particle or tuned_filter(
                        model, planned_on, ParticlePolicy(), levels, setting, days, noise, shocks[_PLANNING],
                        prefer=held, seed=seed,
                    )  # fmt: skip
                    found = filtered_times(
                        model, held_out, planned_on, own, setting, days, noise, shocks[_JUDGING], seed=seed
                    )  # fmt: skip
                    held = own.hold_level if particle is None else None
                    words = own.description
                else:
                    rule = written
                    if policy == RETUNED:
                        rule = retuned_rule(
                            model, planned_on, setting, days, noise, shocks[_PLANNING], family=family,
                            also=tuned[-1:], members_in_search=members_in_search,
                        )  # fmt: skip
                        tuned.append(rule)
                    assert rule is not None
                    found = noisy_times(model, held_out, [rule], setting, days, noise, shocks[_JUDGING])
                    words = rule.description
                first = found.days[0] if dense is None else dense
                dense = first
                cells.append(_cell(policy, noise.name, days, found, first, held_out.weights, words))
                rows.append(found.days[0])
                done += 1
    tell(1.0, "")
    return MonitoringValue(
        tuple(cells), references, np.array(rows), reference_days, held_out.weights, each, tuple(noises),
        float(own_visit_days), setting.horizon_days, tolerable_level, setting.level,
        _progression(setting),
        planned_on.provenance, held_out.provenance, tuple(notes), seed,
    )  # fmt: skip


def _progression(setting: TtpSetting) -> str:
    """Say what counts as progression, of the true burden."""
    level = f"{100 * setting.level:.4g} % of the first burden"
    if setting.rule is ProgressionRule.ABOVE_TOLERABLE:
        # the level may lie above the burden that a policy holds, so it is not called tolerable here
        return f"Progression: the true burden is above {level} for the first time (as Masud 2023 defines it)."
    return f"Progression: {setting.rule.value.format(level=level)}, of the true burden."


def _check(
    visit_days: Sequence[float],
    noises: Sequence[MarkerNoise],
    policies: Sequence[str],
    tolerable_level: float,
    setting: TtpSetting,
) -> None:
    """Refuse what cannot be compared."""
    if not len(visit_days) or any(b <= a for a, b in pairwise(visit_days)):
        raise MonitoringError(
            f"intervals between visits {tuple(visit_days)} must be increasing days; the first is the densest"
        )
    names = [n.name for n in noises]
    if not names or len(set(names)) < len(names):
        raise MonitoringError(f"noises {names}: give at least one, and each once")
    unknown = [p for p in policies if p not in (AS_WRITTEN, RETUNED, FILTER)]
    if unknown or not policies:
        raise MonitoringError(
            f"unknown policy {unknown[0]!r}; there are {AS_WRITTEN}, {RETUNED}, {FILTER}"
            if unknown
            else f"no policy; there are {AS_WRITTEN}, {RETUNED}, {FILTER}"
        )
    if not (np.isfinite(tolerable_level) and 0 < tolerable_level <= setting.level):
        raise MonitoringError(
            f"the tolerable burden is {tolerable_level:g} times the first, progression begins at {setting.level:g}; "
            "the first must be positive and not above the second"
        )
    for days in visit_days:
        for noise in noises:
            steps_between(days, setting, noise)


def _as_written(tolerable_level: float) -> OnOffAdaptiveTherapy | None:
    """AT50, which resumes just below the tolerable burden (Masud 2023, eq. 20)."""
    if RESUME_BELOW_TOLERABLE * tolerable_level <= _PAUSE:
        return None
    return OnOffAdaptiveTherapy.below_tolerable(1.0, _PAUSE, tolerable_level)


def _error(values: np.ndarray, weights: np.ndarray) -> float:
    """Return the standard error of a mean; zero where only rounding differs."""
    error = mean_error(values, weights)
    return 0.0 if error < 1e-9 * max(1.0, float(np.abs(values).max())) else error


def _cell(
    policy: str,
    noise: str,
    visit_days: float,
    found: VisitTimes,
    dense: np.ndarray,
    weights: np.ndarray,
    words: str,
) -> MonitoringCell:
    """Summarise one policy at one interval and noise."""
    days, lost = found.days[0], dense - found.days[0]
    return MonitoringCell(
        policy, noise, visit_days, float(weights @ days), _error(days, weights),
        float(weighted_quantile(days, weights, 0.5)), float(weights @ found.censored[0]), float(weights @ lost),
        _error(lost, weights), float(weights @ found.doses[0]), float(weights @ found.treated_visits[0]), words,
    )  # fmt: skip


def _unmonitored(
    model: Model, planned_on: Ensemble, held_out: Ensemble, setting: TtpSetting
) -> tuple[tuple[UnmonitoredScore, ...], np.ndarray, float]:
    """Return the scores and times of what needs no visits, and the constant dose that is best on the planning draws."""
    constants = {f"{d:g}": ConstantDose(float(d)) for d in CONSTANT_DOSES}
    planned = member_times(model, planned_on, constants, setting)
    means = planned.days @ planned.weights
    # of doses that last equally long the middle one, which errs least
    equal = np.flatnonzero(means >= means.max() - SAME_DAYS)
    dose = float(CONSTANT_DOSES[equal[len(equal) // 2]])
    treatments = {p.name: p for p in (MaximumToleratedDose(), ConstantDose(dose))}
    times = member_times(model, held_out, treatments, setting)
    scores = tuple(
        UnmonitoredScore(
            name[0].upper() + name[1:], treatments[name].description, float(times.weights @ days),
            _error(days, times.weights), float(weighted_quantile(days, times.weights, 0.5)),
            float(times.weights @ gone),
        )
        for name, days, gone in zip(times.names, times.days, times.censored, strict=True)
    )  # fmt: skip
    return scores, times.days, dose


def _window_note(model: Model, draws: Ensemble, tolerable_level: float, dose: float) -> list[str]:
    """Say in how many of the draws the constant dose lies inside the dose window."""
    from dosing.quantities import window_quantities
    from dosing.window import WindowUnavailable

    if any(np.ndim(v) > 0 for v in draws.constants.values()):
        return []
    first = float(first_burdens(model, draws.rows(model)[:1], draws.constants)[0])
    try:
        low, high, *_ = window_quantities(model, draws.constants, tolerable_level * first)
        rows = draws.rows(model)
        inside = (low.value(rows) <= dose) & (dose <= high.value(rows))
    except WindowUnavailable:
        return []
    share = float(draws.weights @ inside)
    return [
        f"The constant dose of {100 * dose:.3g} % was chosen for the longest expected time on the planning draws; it "
        f"lies inside the dose window (for the tolerable burden) of {100 * share:.3g} % of them."
    ]
