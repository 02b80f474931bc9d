"""The adaptive rule that suits an interval between visits and a noise: pre-emptive, in the sense of Fischer 2015."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.feedback_family import AdaptiveRule, FeedbackFamily
from dosing.monitoring.errors import MonitoringError
from dosing.monitoring.noisy_visits import noisy_times

if TYPE_CHECKING:
    from dosing.ensemble.member_times import TtpSetting
    from dosing.monitoring.marker_noise import MarkerNoise
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model


def visit_family(largest_level: float = 1.0) -> FeedbackFamily:
    """Return the rules among which one is chosen, for a larger of first and tolerable burden.

    The start levels reach far below the tolerable burden: who looks rarely has to act early.

    Parameters
    ----------
    largest_level : float
        A multiple of the first burden.
    """
    start, stop = (0.4, 0.6, 0.8, 0.95, 1.1), (0.1, 0.3, 0.5, 0.7, 0.9)
    return FeedbackFamily(
        tuple(largest_level * v for v in start), tuple(largest_level * v for v in stop), (0.4, 0.6, 0.8, 1.0)
    )


def retuned_rule(
    model: Model,
    planned_on: Ensemble,
    setting: TtpSetting,
    visit_days: float,
    noise: MarkerNoise,
    shocks: np.ndarray,
    *,
    family: FeedbackFamily | None = None,
    also: Sequence[AdaptiveRule] = (),
    members_in_search: int = 60,
    rounds: int = 3,
    keep: int = 3,
) -> AdaptiveRule:
    """Choose the rule of longest expected time to progression for one interval and one noise.

    The grid of the family and then steps to better neighbours, on some of the draws; the leaders are judged on all.

    Parameters
    ----------
    model : Model
    planned_on : Ensemble
        Draws to choose on.
    setting : TtpSetting
    visit_days : float
    noise : MarkerNoise
    shocks : ndarray, shape (m, days + 1)
    family : FeedbackFamily, optional
    also : sequence of AdaptiveRule
        Further candidates, such as the rules of other intervals.
    members_in_search : int
        The search runs on the first so many of the draws, which are in random order.
    rounds, keep : int
        Of refinement; rules that are refined.

    Raises
    ------
    MonitoringError
        See :func:`dosing.monitoring.noisy_visits.noisy_times`.
    """
    family = family or visit_family()
    if members_in_search < 1 or rounds < 0 or keep < 1:
        raise MonitoringError(
            f"a search on {members_in_search} draws that refines {keep} rules {rounds} times; take at least one draw "
            "and one rule"
        )
    few = np.unique(np.linspace(0, len(planned_on) - 1, min(members_in_search, len(planned_on))).astype(int))
    small, few_shocks = planned_on.take(few), shocks[few]
    known: dict[AdaptiveRule, float] = {}

    def learn(rules: Sequence[AdaptiveRule]) -> None:
        new = [rule for rule in dict.fromkeys(rules) if rule not in known]
        if new:
            found = noisy_times(model, small, new, setting, visit_days, noise, few_shocks)
            known.update(zip(new, (found.days @ small.weights).tolist(), strict=True))

    learn([*family.rules(), *also])
    reach = dict.fromkeys(_leaders(known, keep), 0.5)
    for _ in range(rounds):
        around = {rule: family.neighbours(rule, size) for rule, size in reach.items()}
        learn([r for rules in around.values() for r in rules])
        moved: dict[AdaptiveRule, float] = {}
        for rule, size in reach.items():
            better = max((rule, *around[rule]), key=known.__getitem__)
            moved[better] = size if better != rule else 0.5 * size
        reach = moved
    finalists = list(dict.fromkeys([*_leaders(known, 2 * keep), *also]))
    judged = noisy_times(model, planned_on, finalists, setting, visit_days, noise, shocks)
    return finalists[int(np.argmax(judged.days @ planned_on.weights))]


def _leaders(known: dict[AdaptiveRule, float], keep: int) -> list[AdaptiveRule]:
    """Return the best rules, best first."""
    return sorted(known, key=known.__getitem__, reverse=True)[:keep]
