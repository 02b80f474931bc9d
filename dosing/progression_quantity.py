"""Time to progression as a function of the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dosing.progression import PROGRESSION_FACTOR, ProgressionRule, progression
from dosing.remembered import Remembered
from dynamics.jobs import Courses
from dynamics.schedule import DoseSchedule
from identifiability.quantity import Approach, Parts, Quantity

if TYPE_CHECKING:
    from dosing.policy import Policy
    from dynamics.crossing import Crossings
    from dynamics.feedback import FeedbackRule, FeedbackRun
    from dynamics.model import Model
    from dynamics.simulate import Engine

BEYOND = 1.5  # horizons: crossings are followed this far, so that the horizon is no cliff for a search
DIFFERENCE = 1e-3  # in the logarithm, where a dose answers to the burden
STEPS_PER_DAY = 2  # of the feedback run, which only dates the switches of the dose
MOST_SWITCHES = 400
AT_SWITCH = 1e-9  # days
BLUR = 2e-6  # of the level
ON_DAY = 1e-4  # of a time: found there
SLOWEST = 1e-4  # growth per day, below which a residual in days would mean nothing


def fixed_schedule(rule: FeedbackRule) -> DoseSchedule | None:
    """Return the schedule of a rule that never looks at the burden; None for one that does."""
    if rule.schedule is not None:
        return rule.schedule
    never = np.isneginf(rule.pause_level) if rule.starts_on else np.isposinf(rule.resume_level)
    return DoseSchedule.constant(rule.dose if rule.starts_on else 0.0) if never else None


def time_to_progression(
    model: Model,
    constants: Mapping[str, float],
    policy: Policy,
    *,
    level: float = PROGRESSION_FACTOR,
    rule: ProgressionRule = ProgressionRule.FIRST_CROSSING,
    horizon_days: float = 1460.0,
    rtol: float = 1e-8,
    engine: Engine = "kernel",
    name: str | None = None,
) -> Quantity:
    """Time to progression under a policy: the full dose, a constant one, adaptive therapy, a plan.

    Under doses known in advance the crossing is a root on the adaptive solution of the model, exact to about 1e-6
    of itself whatever the course, and its derivative that of the implicit function theorem with exact forward
    sensitivities (:func:`dynamics.crossing.crossings`).

    Where the dose answers to the burden, the switches of the dose are dated by Runge-Kutta steps that stop at the
    moment of crossing (relative error of a population about 3e-6 a step); the crossing itself is then the root on
    the adaptive solution under those switches. The derivative is a central difference between parameter sets with
    the same number of switches as here, one-sided where only one neighbour has it: the time jumps where a cycle
    appears or goes, and a difference across the jump would mean nothing. It is not exact.

    Crossings are followed beyond the horizon, up to 1.5 times as far, so that a search along the likelihood can
    step over it; values there are reported as infinite, for the horizon ends the range of interest.

    Parameters
    ----------
    policy : Policy
    level : float
        Multiple of the first burden.
    rule : ProgressionRule
        As in :func:`dosing.progression.progression`: a burden that starts above the level has progressed at once
        (``FIRST_CROSSING``), on day 1 if it never falls to it (``ABOVE_TOLERABLE``). The last time below depends on
        the horizon by definition, and is not followed beyond it.
    horizon_days : float
        A tumour that has not progressed by then has an infinite time to progression. A whole number of days where
        the dose answers to the burden.
    rtol : float
        Tolerance of the solver.
    name : str, optional
        ``"ttp_"`` with the policy's name by default.

    Raises
    ------
    ValueError
        A level or horizon that is not a positive number.
    ModelError
        Missing or unknown constants.
    """
    for what, number in (("level", level), ("horizon", horizon_days)):
        if not (np.isfinite(number) and number > 0):
            raise ValueError(f"the {what} of a time to progression must be a positive number, got {number}")
    search = _Search(model, dict(constants), policy, float(level), rule, float(horizon_days), rtol, engine)
    followed = Remembered(search)

    def value(x: np.ndarray) -> np.ndarray:
        days = followed(x)[0]
        return np.where(days >= horizon_days, np.inf, days)

    parts = Parts(lambda x: followed(x)[0][:, None], lambda x: followed(x)[1][:, None, :])
    threshold = f"{100 * level:.4g} % of the first burden"
    label = policy.name.lower().replace(" %", "").replace(" ", "_")
    return Quantity(
        name or f"ttp_{label}", "days",
        f"time to progression under {policy.name}: {rule.value.format(level=threshold)}",
        value, lambda x: followed(x)[1], 0.0, float(horizon_days), positive=True, parts=parts, closed_range=True,
        beyond=f"no progression within {horizon_days:g} days",
        approach=Approach(search.residual, search.confirms) if search.course is not None else None,
    )  # fmt: skip


class _Search:
    """Times, followed beyond the horizon, with their derivatives, of parameter sets under one policy."""

    def __init__(
        self, model: Model, constants: dict[str, float], policy: Policy, level: float, rule: ProgressionRule,
        horizon: float, rtol: float, engine: Engine,
    ) -> None:  # fmt: skip
        self.model, self.constants, self.policy = model, constants, policy
        self.level, self.rule, self.horizon, self.rtol = level, rule, horizon, rtol
        self.engine: Engine = engine
        self.last = rule is ProgressionRule.LAST_BELOW
        self.span = horizon if self.last else BEYOND * horizon
        self.schedule = fixed_schedule(policy.rule())
        self.course = self._courses([self.schedule]) if self.schedule is not None else None

    def __call__(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Days (b,) and derivatives in the logarithms (b, p)."""
        if not len(x):
            return np.zeros(0), np.zeros(x.shape)
        if self.course is not None:
            found = self._crossings(self.course, np.zeros(len(x), dtype=int), x, sensitive=True)
            days = self._days(found)
            # a day that the rule sets does not move
            moves = np.isfinite(days) & (days == found.days) & np.all(np.isfinite(found.gradient), axis=1)
            still = np.where(np.isfinite(days), 0.0, np.nan)[:, None]
            return days, np.where(moves[:, None], found.gradient, still)
        return self._adaptive(x)

    def residual(self, x: np.ndarray, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Days by which the crossing differs from ``days``, to first order, from the burden there."""
        from dynamics.relative_burden import RelativeBurdens

        assert self.course is not None
        jobs = np.arange(len(x))
        burdens = RelativeBurdens(
            self.model, self.course, np.zeros(len(x), dtype=int), x, self.rtol, self.engine
        )
        states, z, slopes = burdens.solve(jobs, days[:, None], sensitive=True)
        growth = burdens.growth(jobs, days[:, None], states, before=True)
        rate = np.maximum(np.abs(growth), SLOWEST)
        return (np.log(self.level) - z[:, 0]) / rate[:, 0], -slopes[:, 0] / rate

    def confirms(self, x: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Whether the crossing is on these days, the burden known to one in a million.

        A burden that creeps up to rest near the level crosses it anywhere within months, by less than any
        solution can tell.
        """
        assert self.course is not None
        who = np.zeros(len(x), dtype=int)
        early, late = (
            self._days(self._crossings(self.course, who, x, sensitive=False, share=1.0 + sign * BLUR))
            for sign in (-1.0, 1.0)
        )
        return (early <= days * (1 + ON_DAY)) & (late >= days * (1 - ON_DAY))

    def _courses(self, schedules: list[DoseSchedule]) -> Courses:
        from dynamics.jobs import pad_courses

        return pad_courses(
            self.model, [np.zeros(1)] * len(schedules), schedules, [self.constants] * len(schedules)
        )

    def _crossings(
        self, courses: Courses, who: np.ndarray, x: np.ndarray, *, sensitive: bool, share: float = 1.0
    ) -> Crossings:
        from dynamics.crossing import crossings

        return crossings(
            self.model, courses, who, x, self.level * share, self.span, last=self.last, sensitive=sensitive,
            rtol=self.rtol, engine=self.engine,
        )  # fmt: skip

    def _days(self, found: Crossings) -> np.ndarray:
        """Apply the rule's conventions for burdens that start at or above the level."""
        days = found.days
        if self.rule is ProgressionRule.FIRST_CROSSING:
            above = found.starts_above | ((self.level == 1.0) & found.rises_first)
            return np.where(above, 0.0, days)
        if self.rule is ProgressionRule.ABOVE_TOLERABLE:
            at_once = ((self.level <= 1.0) & found.rises_first) | (~found.ever_below & found.starts_above)
            return np.where(at_once, 1.0, np.maximum(days, 1.0))
        return days

    def _adaptive(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Under doses that answer to the burden: derivatives by differences on one side of any jump."""
        (b, p), shift = x.shape, np.exp(DIFFERENCE * np.eye(x.shape[1]))
        around = np.concatenate([x[:, None, :], x[:, None, :] * shift, x[:, None, :] / shift], axis=1)
        days, switches = (v.reshape(b, 1 + 2 * p) for v in self._followed(around.reshape(-1, p)))
        here = days[:, :1]
        same = (switches == switches[:, :1]) & np.isfinite(days)
        up, down = same[:, 1 : 1 + p], same[:, 1 + p :]
        high, low = np.where(up, days[:, 1 : 1 + p], here), np.where(down, days[:, 1 + p :], here)
        with np.errstate(invalid="ignore"):
            slopes = (high - low) / (DIFFERENCE * np.maximum(up.astype(float) + down, 1.0))
        lost = ~(up | down) | ~np.isfinite(here)
        return days[:, 0], np.where(lost, np.nan, slopes)

    def _followed(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Days, and how often the dose switched before, under doses that answer to the burden."""
        from dosing.policy import run_policy
        from dynamics.crossing import refined

        step = 1.0 / STEPS_PER_DAY
        course = run_policy(
            self.model, x, self.constants, self.policy, float(np.ceil(self.span)), STEPS_PER_DAY, "rk4",
            decisions="crossing", levels=(self.level,), every=0, keep_switches=MOST_SWITCHES,
        ).course  # fmt: skip
        read = progression(course, self.rule)
        days = np.where(read.censored, np.inf, read.exact_days)
        switches = np.where(np.isnan(course.switches), np.inf, course.switches)
        before = np.sum(switches < days[:, None] - AT_SWITCH, axis=1)
        previous = np.where(switches < days[:, None], switches, 0.0).max(axis=1, initial=0.0)
        following = np.where(switches > days[:, None], switches, np.inf).min(axis=1, initial=np.inf)
        # a day that the rule sets, or at which the dose answers, is what it is
        loose = np.isfinite(days) & (days > 1.0) & (course.n_switches <= MOST_SWITCHES)
        finite = np.where(loose, days, -1.0)[:, None]
        loose &= np.min(np.abs(switches - finite), axis=1, initial=np.inf) > AT_SWITCH
        who = np.flatnonzero(loose)
        if len(who):
            bracket = np.stack(
                [np.maximum(days - step, previous), np.minimum(days + step, following)], axis=1
            )
            days[who] = refined(
                self.model, self._course_of(course, who), np.arange(len(who)), x[who], self.level, days[who],
                bracket[who], rtol=self.rtol, engine=self.engine,
            )  # fmt: skip
        return days, before

    def _course_of(self, course: FeedbackRun, who: np.ndarray) -> Courses:
        """Doses that were given, as courses known in advance."""
        most = max(int(course.n_switches[who].max()), 1)
        switches = np.where(np.isnan(course.switches[who, :most]), np.inf, course.switches[who, :most])
        rule = self.policy.rule()
        on = (np.arange(most + 1) % 2 == 0) == rule.starts_on
        constants = self._courses([DoseSchedule.constant(0.0)]).constants
        return Courses(
            times=np.zeros((len(who), 1)),
            n_times=np.ones(len(who), dtype=int),
            switches=np.concatenate([np.full((len(who), 1), -np.inf), switches], axis=1),
            doses=np.broadcast_to(np.where(on, rule.dose, 0.0)[:, None], (len(who), most + 1, 1)).copy(),
            n_switches=1 + np.isfinite(switches).sum(axis=1),
            constants=np.broadcast_to(constants, (len(who), constants.shape[1])).copy(),
        )


__all__ = ["fixed_schedule", "time_to_progression"]
