"""Times to progression where the dose answers to a noisy marker on visits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dosing.monitoring.errors import MonitoringError
from dosing.progression import ProgressionRule, progression
from dynamics.feedback import whole_steps
from dynamics.feedback_records import FeedbackRun
from dynamics.member_rows import constant_rows

if TYPE_CHECKING:
    from dosing.ensemble.member_times import TtpSetting
    from dosing.monitoring.marker_noise import MarkerNoise
    from dosing.policies import Policy
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model

CHUNK = 8
_LOOKS, _ON_LOOKS, _TOTAL, _RISES = 4, 5, 2, 3


@dataclass(frozen=True)
class VisitTimes:
    """What c treatments did to m tumours.

    Parameters
    ----------
    days : ndarray, shape (c, m)
        Exact times to progression; the horizon where censored.
    censored : ndarray of bool, shape (c, m)
    doses : ndarray, shape (c, m)
        Mean dose until progression or horizon, fraction of the maximum tolerated dose.
    treated_visits : ndarray, shape (c, m)
        Share of the visits on which a drug was given.
    """

    days: np.ndarray
    censored: np.ndarray
    doses: np.ndarray
    treated_visits: np.ndarray


@dataclass(frozen=True)
class VisitJobs:
    """What every loop over visits is given, in the kernels' terms.

    Parameters
    ----------
    p, k : ndarray, shapes (m, parameters) and (m, constants)
    levels : ndarray, shape (m, 1)
    head : tuple
        Method, whether crossings are interpolated, steps a day, steps, output.
    until_exceeded : bool
    """

    p: np.ndarray
    k: np.ndarray
    levels: np.ndarray
    head: tuple[Any, ...]
    until_exceeded: bool

    @classmethod
    def of(cls, model: Model, ensemble: Ensemble, setting: TtpSetting) -> VisitJobs:
        """Arrange tumours and setting.

        Raises
        ------
        ValueError, ModelError
            An ensemble of another model, a horizon that is not a whole number of steps.
        """
        m = len(ensemble)
        return cls(
            np.ascontiguousarray(ensemble.rows(model)),
            constant_rows(model, ensemble.constants, m),
            np.full((m, 1), setting.level),
            (
                setting.method == "rk4", setting.decisions == "crossing", int(setting.steps_per_day),
                whole_steps(setting.horizon_days, setting.steps_per_day), 0,
            ),
            # eq. 3.9 looks at the last time below the level, and so at the whole horizon
            setting.rule is not ProgressionRule.LAST_BELOW,
        )  # fmt: skip

    def times(
        self, setting: TtpSetting, summary: np.ndarray, crossings: np.ndarray, status: np.ndarray
    ) -> VisitTimes:
        """Read times to progression off what the kernel filled.

        Raises
        ------
        MonitoringError
            A tumour that could not be simulated.
        """
        jobs, m = len(status), len(self.p)
        course = _course(self, setting, summary, crossings, status)
        if np.any(status != 0):
            j = int(np.flatnonzero(status)[0])
            raise MonitoringError(
                f"parameter set {j % m} cannot be simulated: {course.status_of(j).value} Or leave the set out of the "
                "ensemble with its `take`."
            )
        found, shape = progression(course, setting.rule), (jobs // m, m)
        lasted = np.where(found.censored, setting.horizon_days, found.exact_days)
        if not self.until_exceeded:
            lasted = np.full(jobs, setting.horizon_days)
        # a course ends at the first step past the level
        steps = np.maximum(np.ceil(lasted * setting.steps_per_day), 1.0)
        return VisitTimes(
            found.exact_days.reshape(shape),
            found.censored.reshape(shape),
            (summary[:, _TOTAL] * setting.steps_per_day / steps).reshape(shape),
            (summary[:, _ON_LOOKS] / np.maximum(summary[:, _LOOKS], 1.0)).reshape(shape),
        )


def _course(
    jobs: VisitJobs, setting: TtpSetting, summary: np.ndarray, crossings: np.ndarray, status: np.ndarray
) -> FeedbackRun:
    """Return what was noted as a closed-loop record, whose times to progression are defined in one place."""
    n = len(status)
    nothing, none = np.full(n, np.nan), np.zeros((n, 0))
    return FeedbackRun(
        times=np.zeros(0), burdens=none, doses=none, states=np.zeros((n, 0, 0)), first_burdens=nothing,
        final_burdens=nothing, lowest_burdens=nothing, lowest_days=nothing, total_doses=summary[:, _TOTAL],
        rises=summary[:, _RISES] == 1.0, levels=np.tile(jobs.levels, (n // len(jobs.p), 1)), reached=crossings[:, :, 0],
        within=crossings[:, :, 1], exceeded=crossings[:, :, 2], switches=none, n_switches=np.zeros(n, dtype=np.int64),
        status=status, rules=(), steps_per_day=int(setting.steps_per_day), steps=jobs.head[3],
    )  # fmt: skip


def steps_between(visit_days: float, setting: TtpSetting, noise: MarkerNoise) -> int:
    """Count the steps between two visits.

    Raises
    ------
    MonitoringError
        An interval that is not a whole number of steps, or of less than a day with a noisy marker.
    """
    steps = visit_days * setting.steps_per_day
    if not np.isfinite(visit_days) or steps < 1 - 1e-9 or abs(steps - round(steps)) > 1e-9 * max(steps, 1.0):
        raise MonitoringError(
            f"visits every {visit_days:g} days are not a whole number of steps at {setting.steps_per_day} steps a day; "
            "take whole days"
        )
    if visit_days < 1 and not noise.is_none:
        raise MonitoringError(
            f"visits every {visit_days:g} days with a noisy marker: noise is drawn once a day; take at least one day"
        )
    if visit_days > setting.horizon_days:
        raise MonitoringError(
            f"visits every {visit_days:g} days lie beyond the horizon of {setting.horizon_days:g} days, so there would "
            "be nothing to decide; take a shorter interval or a longer horizon"
        )
    return round(steps)


def noisy_times(
    model: Model,
    ensemble: Ensemble,
    rules: Sequence[Policy],
    setting: TtpSetting,
    visit_days: float,
    noise: MarkerNoise,
    shocks: np.ndarray,
) -> VisitTimes:
    """Simulate adaptive rules that read a noisy marker on visits, on every member.

    The first visit's reading is what all levels are multiples of, and counts as exact. Between visits the dose is held.

    Parameters
    ----------
    model : Model
        With at most one input.
    ensemble : Ensemble
        m members: the true tumours.
    rules : sequence of Policy
        c rules; the visits of their own, if any, are replaced.
    setting : TtpSetting
    visit_days : float
    noise : MarkerNoise
    shocks : ndarray, shape (m, days + 1)
        Of :func:`dosing.monitoring.visit_shocks.visit_shocks`.

    Raises
    ------
    MonitoringError
        No rule, a planned schedule, visits that fit no step, a tumour that cannot be simulated.
    ValueError
        See :class:`VisitJobs`.
    """
    from dosing.monitoring.kernels.compile import visits_kernel
    from dynamics.kernels.chunks import run_chunks

    machines = [policy.rule() for policy in rules]
    if not machines or any(r.schedule is not None for r in machines):
        raise MonitoringError(
            "give at least one rule that reads the burden; a schedule fixed in advance needs no visits"
        )
    check_shocks(shocks, len(ensemble), setting)
    jobs = VisitJobs.of(model, ensemble, setting)
    count = len(machines) * len(ensemble)
    each = np.array([(r.dose, r.pause_level, r.resume_level, float(r.starts_on)) for r in machines])
    every = np.full(len(machines), steps_between(visit_days, setting, noise), dtype=np.int64)
    summary, crossings = np.zeros((count, 6)), np.full((count, 1, 3), np.nan)
    status = np.zeros(count, dtype=np.int64)
    run_chunks(
        visits_kernel(model).run_range, count, CHUNK,
        (*jobs.head, jobs.p, jobs.k, each, every, noise.coefficients, shocks, jobs.levels, jobs.until_exceeded,
         summary, crossings, status),
    )  # fmt: skip
    return jobs.times(setting, summary, crossings, status)


def check_shocks(shocks: np.ndarray, members: int, setting: TtpSetting) -> None:
    """Raise MonitoringError for random numbers that do not cover all members and days."""
    if shocks.ndim != 2 or len(shocks) != members or shocks.shape[1] < setting.horizon_days + 1:
        raise MonitoringError(
            f"the noise has shape {shocks.shape}; {members} tumours over {setting.horizon_days:g} days need "
            f"({members}, {setting.horizon_days + 1:g}) or more days: make it with `visit_shocks`"
        )
