"""Exact times to progression of every member of an ensemble under several treatments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.policies import run_policy
from dosing.progression import PROGRESSION_FACTOR, ProgressionRule, progression

if TYPE_CHECKING:
    from dosing.policies import Policy, PolicyRun
    from dynamics.ensemble import Ensemble
    from dynamics.feedback import Decisions, Method
    from dynamics.model import Model

# jobs of one compiled call: bounds the memory
_BLOCK = 40_000
# Scagliotti 2026, Table 5
_PAPER_HORIZON = {0.25: 750.0, 0.50: 1000.0, 0.75: 1500.0}


@dataclass(frozen=True)
class TtpSetting:
    """What is simulated, and what counts as progression.

    Parameters
    ----------
    horizon_days : float
        A whole number of steps. A tumour that has not progressed by then counts with the horizon, so that an expected
        time to progression is a restricted mean: it grows with a horizon that censors many.
    rule : ProgressionRule
        ``ABOVE_TOLERABLE``, the default, is the first time above the level; an adaptive rule that acts when the
        level is reached is not charged with reaching it, as it is by ``FIRST_CROSSING`` (eq. 3.8). ``LAST_BELOW``
        (eq. 3.9) is that of the paper's tables: the burden may stand above the level, however long, if it comes
        back. As an objective it rewards just that, so it is meant for comparisons with the paper.
    level : float
        Multiple of each member's first burden.
    steps_per_day : int
    method : {"euler", "rk4"}
    decisions : {"step", "crossing"}
        See :func:`dynamics.feedback.run_feedback`.

    Raises
    ------
    ValueError
        A horizon or level that is not positive.
    """

    horizon_days: float
    rule: ProgressionRule = ProgressionRule.ABOVE_TOLERABLE
    level: float = PROGRESSION_FACTOR
    steps_per_day: int = 8
    method: Method = "rk4"
    decisions: Decisions = "crossing"

    def __post_init__(self) -> None:
        """Validate."""
        if not (np.isfinite(self.horizon_days) and self.horizon_days > 0):
            raise ValueError(f"horizon of {self.horizon_days:g} days; it must be a positive number of days")
        if not (np.isfinite(self.level) and self.level > 0):
            raise ValueError(
                f"progression level {self.level:g} must be a positive multiple of the first burden"
            )

    @classmethod
    def paper(cls, initial_burden: float = 0.5) -> TtpSetting:
        """Convention of Scagliotti 2026: Euler, eight steps a day, eq. 3.9, the horizons of Table 5.

        Raises
        ------
        ValueError
            An initial burden that Table 5 does not have.
        """
        if initial_burden not in _PAPER_HORIZON:
            raise ValueError(
                f"Table 5 has the initial burdens {tuple(_PAPER_HORIZON)}, not {initial_burden:g}"
            )
        return cls(
            _PAPER_HORIZON[initial_burden], ProgressionRule.LAST_BELOW, method="euler", decisions="step"
        )


@dataclass(frozen=True)
class MemberTimes:
    """Times to progression of m members under c treatments.

    Parameters
    ----------
    names : tuple of str, length c
    days : ndarray, shape (c, m)
        The exact times, not cut down to whole days; the horizon where censored.
    first_crossing_days : ndarray, shape (c, m)
        When the burden first reached the level (eq. 3.8), whatever the rule; the horizon where it never did.
    censored : ndarray of bool, shape (c, m)
    total_doses : ndarray, shape (c, m)
        Days at the maximum tolerated dose, over the horizon.
    weights : ndarray, shape (m,)
    setting : TtpSetting
    """

    names: tuple[str, ...]
    days: np.ndarray
    first_crossing_days: np.ndarray
    censored: np.ndarray
    total_doses: np.ndarray
    weights: np.ndarray
    setting: TtpSetting

    def of(self, name: str) -> np.ndarray:
        """Return the times to progression under one treatment, shape (m,).

        Raises
        ------
        KeyError
            No such treatment.
        """
        if name not in self.names:
            raise KeyError(f"no treatment {name!r}; there are {', '.join(self.names)}")
        return self.days[self.names.index(name)]


def run_members(
    model: Model, ensemble: Ensemble, policies: Sequence[Policy], setting: TtpSetting, *, every: int = 0
) -> PolicyRun:
    """Simulate all members under all policies in one call; row ``c m + j`` is member j under policy c."""
    m, count = len(ensemble), len(policies)
    return run_policy(
        model,
        np.tile(ensemble.rows(model), (count, 1)),
        {n: np.tile(v, count) if np.ndim(v) > 0 else v for n, v in ensemble.constants.items()},
        [policy for policy in policies for _ in range(m)],
        setting.horizon_days,
        setting.steps_per_day,
        setting.method,
        decisions=setting.decisions,
        levels=(setting.level,),
        every=every,
    )


def member_times(
    model: Model, ensemble: Ensemble, policies: Mapping[str, Policy], setting: TtpSetting
) -> MemberTimes:
    """Compute exact times to progression, in compiled calls on all cores.

    Parameters
    ----------
    model : Model
    ensemble : Ensemble
        m members.
    policies : mapping of str to Policy
        c treatments by name.
    setting : TtpSetting

    Raises
    ------
    ValueError
        No treatment; a member whose simulation failed.
    """
    if not policies:
        raise ValueError("no treatment to simulate; give at least one policy")
    m = len(ensemble)
    shape = (len(policies), m)
    days, first, doses = np.empty(shape), np.empty(shape), np.empty(shape)
    censored = np.empty(shape, dtype=bool)
    names, each = tuple(policies), tuple(policies.values())
    block = max(1, _BLOCK // m)
    for begin in range(0, len(each), block):
        part = slice(begin, min(begin + block, len(each)))
        run = run_members(model, ensemble, each[part], setting).course
        if np.any(run.status != 0):
            row = int(np.flatnonzero(run.status)[0])
            raise ValueError(
                f"parameter set {row % m} under {names[begin + row // m]} cannot be simulated: "
                f"{run.status_of(row).value} Or leave the set out of the ensemble with its `take`."
            )
        rows = (part.stop - part.start, m)
        times = progression(run, setting.rule)
        crossing = progression(run, ProgressionRule.FIRST_CROSSING)
        days[part], censored[part] = times.exact_days.reshape(rows), times.censored.reshape(rows)
        first[part], doses[part] = crossing.exact_days.reshape(rows), run.total_doses.reshape(rows)
    return MemberTimes(names, days, first, censored, doses, ensemble.weights, setting)
