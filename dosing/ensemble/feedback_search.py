"""The best adaptive rule of a family for an ensemble."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.feedback_family import OFF_ON, ON_OFF, AdaptiveRule, FeedbackFamily
from dosing.ensemble.member_times import TtpSetting, member_times
from dosing.ensemble.reduction import thin_ensemble
from dosing.ensemble.ttp_objective import TtpObjective, objective_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamics.ensemble import Ensemble
    from dynamics.model import Model


@dataclass(frozen=True)
class ScoredRule:
    """An adaptive rule with its objective.

    Parameters
    ----------
    rule : AdaptiveRule
    value : float
        Days.
    on_all : bool
        Whether it was evaluated on all members, or on the thinned ones of the search.
    """

    rule: AdaptiveRule
    value: float
    on_all: bool


@dataclass(frozen=True)
class FeedbackSearch:
    """What a search among adaptive rules found.

    Parameters
    ----------
    best : ScoredRule
        On all members.
    by_interval : tuple of ScoredRule
        The best rule of each interval between visits, on all members: what rarer visits cost.
    on_off, off_on : ScoredRule
        The two rules of Scagliotti 2026, always watching, on the same members.
    grid : tuple of ScoredRule
        The first grid, on the thinned members.
    objective : TtpObjective
    searched_on : int
        Members of the thinned ensemble.
    simulated : int
        Pairs of rule and member.
    """

    best: ScoredRule
    by_interval: tuple[ScoredRule, ...]
    on_off: ScoredRule
    off_on: ScoredRule
    grid: tuple[ScoredRule, ...]
    objective: TtpObjective
    searched_on: int
    simulated: int

    @property
    def sentence(self) -> str:
        """The result in words."""
        return (
            f"{self.best.rule.description} The {self.objective.value} is {self.best.value:.4g} days; with on-off "
            f"adaptive therapy it is {self.on_off.value:.4g}, with off-on {self.off_on.value:.4g} days."
        )


def search_feedback(
    model: Model,
    ensemble: Ensemble,
    setting: TtpSetting,
    family: FeedbackFamily | None = None,
    objective: TtpObjective = TtpObjective.EXPECTED,
    *,
    members_in_search: int = 60,
    rounds: int = 6,
    keep: int = 4,
    seed: int = 0,
) -> FeedbackSearch:
    """Search a grid of adaptive rules, refine around the best, and judge the winners on all members.

    Times to progression jump where a tumour goes through one cycle more, so the search uses no derivatives: the grid,
    then steps to better neighbours that halve where there is none, from the best points of every interval. The search
    runs on a thinned ensemble; what is reported is exact, on every member. On-off and off-on adaptive therapy are
    always among the judged.

    Parameters
    ----------
    model : Model
    ensemble : Ensemble
    setting : TtpSetting
    family : FeedbackFamily, optional
    objective : TtpObjective
    members_in_search : int
        The thinned ensemble has at most so many.
    rounds : int
        Of refinement.
    keep : int
        Points that are refined, for each interval between visits.
    seed : int
        Of the thinning.

    Raises
    ------
    ValueError
        See :func:`dosing.ensemble.member_times.member_times`.

    Examples
    --------
    >>> from dosing.ensemble.sources.product_grid import paper_grid
    >>> from dynamics import get_model
    >>> found = search_feedback(get_model("turnover"), paper_grid(0.5), TtpSetting.paper(0.5))  # doctest: +SKIP
    >>> found.best.value >= found.off_on.value  # doctest: +SKIP
    True
    """
    family = family or FeedbackFamily()
    small = thin_ensemble(ensemble, members_in_search, seed=seed).ensemble
    known: dict[AdaptiveRule, float] = {}

    def learn(rules: Sequence[AdaptiveRule]) -> None:
        new = [rule for rule in dict.fromkeys(rules) if rule not in known]
        known.update(zip(new, _values(model, small, new, setting, objective), strict=True) if new else ())

    learn(family.rules())
    grid = tuple(ScoredRule(rule, value, False) for rule, value in known.items())
    benchmarks = [dataclasses.replace(r, visit_days=d) for r in (ON_OFF, OFF_ON) for d in family.visit_days]
    learn(benchmarks)
    for days in family.visit_days:
        reach = dict.fromkeys(_leaders(known, days, keep), 0.5)
        for _ in range(rounds):
            around = {rule: family.neighbours(rule, step) for rule, step in reach.items()}
            learn([r for rules in around.values() for r in rules])
            moved: dict[AdaptiveRule, float] = {}
            for rule, step in reach.items():
                better = max((rule, *around[rule]), key=known.__getitem__)
                moved[better] = step if better != rule else 0.5 * step
            reach = moved
    finalists = [rule for days in family.visit_days for rule in _leaders(known, days, keep)]
    judged = list(dict.fromkeys([*finalists, *benchmarks, ON_OFF, OFF_ON]))
    exact = dict(zip(judged, _values(model, ensemble, judged, setting, objective), strict=True))
    # the published rules lie outside a family without continuous watching, and then only serve for comparison
    eligible = [r for r in judged if r.visit_days in family.visit_days]
    by_interval = tuple(
        ScoredRule(best, exact[best], True)
        for days in family.visit_days
        for best in [max((r for r in eligible if r.visit_days == days), key=exact.__getitem__)]
    )
    return FeedbackSearch(
        max(by_interval, key=lambda s: s.value),
        by_interval,
        ScoredRule(ON_OFF, exact[ON_OFF], True),
        ScoredRule(OFF_ON, exact[OFF_ON], True),
        grid,
        objective,
        len(small),
        len(known) * len(small) + len(judged) * len(ensemble),
    )


def _values(
    model: Model,
    ensemble: Ensemble,
    rules: Sequence[AdaptiveRule],
    setting: TtpSetting,
    objective: TtpObjective,
) -> list[float]:
    """Objective of each rule, days."""
    times = member_times(model, ensemble, {f"{i} {r.name}": r for i, r in enumerate(rules)}, setting)
    return [float(v) for v in np.atleast_1d(objective_value(times.days, ensemble.weights, objective))]


def _leaders(known: dict[AdaptiveRule, float], visit_days: float, keep: int) -> list[AdaptiveRule]:
    """Return the best rules of one interval, best first."""
    same = [rule for rule in known if rule.visit_days == visit_days]
    return sorted(same, key=known.__getitem__, reverse=True)[:keep]
