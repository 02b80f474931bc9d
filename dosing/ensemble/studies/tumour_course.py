"""The course of one tumour under one treatment, with its times to progression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.policies import run_policy
from dosing.progression import Progression, ProgressionRule, progression

if TYPE_CHECKING:
    from dosing.ensemble.member_times import TtpSetting
    from dosing.policies import Policy
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model


@dataclass(frozen=True)
class TumourCourse:
    """One tumour under one treatment, at every step.

    Parameters
    ----------
    treatment : str
    times_days : ndarray, shape (n,)
    burden : ndarray, shape (n,)
        In the model's unit; shares of the carrying capacity in the paper.
    populations : mapping of str to ndarray of shape (n,)
        By the model's symbol.
    doses : ndarray, shape (n - 1,)
        Fraction of the maximum tolerated dose, from each time to the next.
    level : float
        Burden at which progression begins.
    last_below, first_crossing : Progression
        In the sense of eqs 3.9 and 3.8.
    """

    treatment: str
    times_days: np.ndarray
    burden: np.ndarray
    populations: Mapping[str, np.ndarray]
    doses: np.ndarray
    level: float
    last_below: Progression
    first_crossing: Progression

    @property
    def days_above(self) -> float:
        """Longest stretch above the level before the time to progression of eq. 3.9: zero where eqs 3.8 and 3.9 agree.

        An adaptive rule that acts at the level stands above it for a step.
        """
        above = (self.burden > self.level) & (self.times_days < self.last_below.exact_days)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], above, [False]])))
        starts, ends = edges[::2], edges[1::2]
        return float(np.max(ends - starts, initial=0) * (self.times_days[1] - self.times_days[0]))

    @property
    def stands_above(self) -> bool:
        """Whether the burden stands above the level for more than a day, and comes back."""
        return self.days_above > 1.0

    @property
    def sentence(self) -> str:
        """The times to progression in words."""
        if self.last_below.censored:
            text = f"{self.treatment}: not progressed by day {self.last_below.horizon_days:g}"
        else:
            text = f"{self.treatment}: time to progression {self.last_below.exact_days:g} days"
        if self.stands_above:
            return (
                f"{text}, though the burden stood above the level from day {self.first_crossing.days} for "
                f"{self.days_above:.4g} days"
            )
        return text


def tumour_course(
    model: Model, tumour: Ensemble, policy: Policy, setting: TtpSetting, *, treatment: str = ""
) -> TumourCourse:
    """Simulate one tumour.

    Parameters
    ----------
    model : Model
    tumour : Ensemble
        With one member.
    policy : Policy
    setting : TtpSetting
    treatment : str
        The policy's name where not given.

    Raises
    ------
    ValueError
        An ensemble of several members; a tumour that cannot be simulated.
    """
    name = treatment or policy.name
    if len(tumour) != 1:
        raise ValueError(f"{len(tumour)} members are no single tumour; take one with the ensemble's `take`")
    run = run_policy(
        model, tumour.rows(model), tumour.constants, policy, setting.horizon_days, setting.steps_per_day,
        setting.method, decisions=setting.decisions, levels=(setting.level,), every=1, keep_states=True,
    ).course  # fmt: skip
    if run.status[0]:
        raise ValueError(f"the tumour under {name} cannot be simulated: {run.status_of(0).value}")
    last, first = (
        progression(run, rule).of(0) for rule in (ProgressionRule.LAST_BELOW, ProgressionRule.FIRST_CROSSING)
    )
    return TumourCourse(
        treatment=name,
        times_days=run.times,
        burden=run.burdens[0],
        populations=dict(zip(model.state_names, run.states[0].T, strict=True)),
        doses=run.doses[0, :-1],
        level=setting.level * float(run.first_burdens[0]),
        last_below=last,
        first_crossing=first,
    )
