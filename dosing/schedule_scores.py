"""How a schedule and the usual strategies fare on all tumours that the evidence admits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.policies import (
    RESUME_BELOW_TOLERABLE,
    ConstantDose,
    MaximumToleratedDose,
    OffOnAdaptiveTherapy,
    OnOffAdaptiveTherapy,
    Policy,
    run_policy,
)
from dosing.progression import PROGRESSION_FACTOR, ProgressionRule, progression
from dynamics.feedback import first_burdens

if TYPE_CHECKING:
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model

STEPS_PER_DAY = 4
POINTS = 365
BAND = (0.05, 0.95)
MEDIAN, WORST_DECILE = 0.5, 0.1
_PAUSE = 0.5  # of the first burden: AT50


@dataclass(frozen=True)
class PolicyScore:
    """One strategy on all members of an ensemble.

    Parameters
    ----------
    name, description : str
    share : float
        Weighted share of the members that do not progress within the horizon.
    median_days, worst_decile_days : float
        Weighted quantiles of the time to progression; the horizon where that quantile does not progress.
    total_dose_days : float
        Weighted mean of the total dose, in days at the maximum tolerated dose.
    mean_dose : float
        The same by day: fraction of the maximum tolerated dose.
    point_days : float
        Time to progression at the point estimate; the horizon where it does not progress.
    point_progresses : bool
    failed : float
        Weight of the members that could not be simulated; they count as progressed on day 0.
    expected_days, expected_error_days : float
        Weighted mean of the time to progression, where a member that does not progress counts with the horizon (a
        restricted mean), and its Monte Carlo standard error.
    """

    name: str
    description: str
    share: float
    median_days: float
    worst_decile_days: float
    total_dose_days: float
    mean_dose: float
    point_days: float
    point_progresses: bool
    failed: float
    expected_days: float = float("nan")
    expected_error_days: float = float("nan")


@dataclass(frozen=True)
class ScheduleTimes:
    """Times to progression of all members, for distributions.

    Parameters
    ----------
    names : tuple of str, length c
    days : ndarray, shape (c, m)
        The horizon where censored, 0 where a member could not be simulated.
    censored : ndarray of bool, shape (c, m)
    weights : ndarray, shape (m,)
    """

    names: tuple[str, ...]
    days: np.ndarray
    censored: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class ScheduleCourses:
    """Burdens over time, in the marker's unit.

    Parameters
    ----------
    days : ndarray, shape (k,)
    schedule, low, high : ndarray, shape (k,)
        Under the schedule: at the point estimate, and the weighted 5 % and 95 % quantiles over the members.
    mtd, adaptive : ndarray, shape (k,)
        At the point estimate; ``adaptive`` is empty where there is no AT50.
    """

    days: np.ndarray
    schedule: np.ndarray
    low: np.ndarray
    high: np.ndarray
    mtd: np.ndarray
    adaptive: np.ndarray


def progression_burden(first_burden: float, k_tol: float) -> float:
    """Burden at which a tumour counts as progressed: 1.2 times the larger of the first and the tolerable burden."""
    return PROGRESSION_FACTOR * max(first_burden, k_tol)


def rival_policies(tolerable_level: float, constant_dose: float | None) -> tuple[Policy, ...]:
    """Strategies that a schedule is compared with.

    Parameters
    ----------
    tolerable_level : float
        Tolerable burden in multiples of the first.
    constant_dose : float or None
        Inside the dose window; None where there is no window.
    """
    found: list[Policy] = [MaximumToleratedDose()]
    if RESUME_BELOW_TOLERABLE * tolerable_level > _PAUSE:
        found.append(OnOffAdaptiveTherapy.below_tolerable(1.0, _PAUSE, tolerable_level))
    # half way to progression: started at the level that counts as progression, every tumour would count as progressed
    begin = (1 + PROGRESSION_FACTOR) / 2 * max(1.0, tolerable_level)
    found.append(OffOnAdaptiveTherapy(1.0, begin, _PAUSE))
    if constant_dose is not None:
        found.append(ConstantDose(constant_dose))
    return tuple(found)


def score_policies(
    model: Model,
    ensemble: Ensemble,
    point: np.ndarray,
    schedule: Policy,
    rivals: Sequence[Policy],
    progressed_at: float,
    horizon_days: float,
) -> tuple[tuple[PolicyScore, ...], ScheduleCourses, ScheduleTimes]:
    """Simulate every policy on every member, and on the point estimate.

    Parameters
    ----------
    model : Model
    ensemble : Ensemble
    point : ndarray, shape (p,)
        In the model's order.
    schedule : Policy
    rivals : sequence of Policy
    progressed_at : float
        Burden, in the marker's unit, the first reaching of which is progression (eq. 3.8 of Scagliotti 2026 with
        this level).
    horizon_days : float
        A whole number of quarter days.
    """
    columns = [ensemble.parameter_names.index(n) for n in model.parameter_names]
    rows = np.vstack([ensemble.values[:, columns], np.asarray(point, dtype=float)])
    policies, members = (schedule, *rivals), len(rows)
    firsts = first_burdens(model, rows, ensemble.constants)
    every = max(1, round(horizon_days * STEPS_PER_DAY / POINTS))
    run = run_policy(
        model, np.tile(rows, (len(policies), 1)), ensemble.constants, [p for p in policies for _ in range(members)],
        horizon_days, STEPS_PER_DAY, "rk4", decisions="crossing",
        levels=np.tile(progressed_at / firsts, len(policies))[:, None], every=every,
    )  # fmt: skip
    times = progression(run.course, ProgressionRule.FIRST_CROSSING)
    shape = (len(policies), members)
    days, safe = times.exact_days.reshape(shape), times.censored.reshape(shape)
    doses = run.course.total_doses.reshape(shape)
    scores = tuple(
        _score(policy, days[i], safe[i], doses[i], ensemble.weights, horizon_days)
        for i, policy in enumerate(policies)
    )
    lasting = np.where(np.isfinite(days[:, :-1]), days[:, :-1], 0.0)
    known = ScheduleTimes(tuple(p.name for p in policies), lasting, safe[:, :-1], ensemble.weights)
    return scores, _courses(run.course.times, run.course.burdens, policies, ensemble.weights), known


def _score(
    policy: Policy, days: np.ndarray, safe: np.ndarray, doses: np.ndarray, weights: np.ndarray, horizon: float
) -> PolicyScore:
    """Score of one policy; the last tumour is the point estimate."""
    from dosing.ensemble.schedule_scores import mean_error

    broken = ~np.isfinite(days[:-1])
    lasting = np.where(broken, 0.0, days[:-1])
    kept = np.where(broken, 0.0, weights)
    total = float(kept @ np.nan_to_num(doses[:-1]) / kept.sum()) if kept.sum() > 0 else float("nan")
    middle, worst = (
        float(weighted_quantile(lasting[:, None], weights, q)[0]) for q in (MEDIAN, WORST_DECILE)
    )
    return PolicyScore(
        policy.name, policy.description, float(weights[safe[:-1]].sum()), middle, worst, total, total / horizon,
        float(days[-1]), not bool(safe[-1]), float(weights[broken].sum()), float(weights @ lasting),
        mean_error(lasting, weights),
    )  # fmt: skip


def _courses(
    days: np.ndarray, burdens: np.ndarray, policies: Sequence[Policy], weights: np.ndarray
) -> ScheduleCourses:
    """Burdens under the schedule with their band, under MTD and AT50 at the point estimate."""
    table = burdens.reshape(len(policies), -1, len(days))
    names = [p.name for p in policies]
    own = table[0, :-1]
    good = np.isfinite(own).all(axis=1)
    nothing = np.full(len(days), np.nan)
    low, high = (
        weighted_quantile(own[good], weights[good] / weights[good].sum(), q) if good.any() else nothing
        for q in BAND
    )
    adaptive = [i for i, p in enumerate(policies) if isinstance(p, OnOffAdaptiveTherapy)]
    return ScheduleCourses(
        days, table[0, -1], low, high, table[names.index(MaximumToleratedDose().name), -1],
        table[adaptive[0], -1] if adaptive else np.zeros(0),
    )  # fmt: skip


def weighted_quantile(values: np.ndarray, weights: np.ndarray, level: float) -> np.ndarray:
    """Return the smallest value, in each column, at or below which at least this share of the weight lies.

    Parameters
    ----------
    values : ndarray, shape (m, k)
    weights : ndarray, shape (m,)
        Sum to one.
    level : float
    """
    order = np.argsort(values, axis=0)
    reached = np.cumsum(weights[order], axis=0) >= level - 1e-12
    first = np.argmax(reached, axis=0)
    return np.take_along_axis(values, np.take_along_axis(order, first[None], axis=0), axis=0)[0]
