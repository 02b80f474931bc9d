"""Adaptive rules with visits: the family, the machine, the search."""

import dataclasses

import numpy as np
import pytest

from dosing.ensemble.feedback_family import OFF_ON, ON_OFF, AdaptiveRule, FeedbackFamily
from dosing.ensemble.feedback_search import search_feedback
from dosing.ensemble.member_times import TtpSetting, member_times, run_members
from dosing.ensemble.reduction import thin_ensemble
from dosing.ensemble.sources import paper_grid
from dosing.ensemble.ttp_objective import TtpObjective
from dosing.policies import OffOnAdaptiveTherapy, OnOffAdaptiveTherapy, PolicyError, run_policy
from dynamics import ModelError, get_model
from dynamics.feedback import FeedbackRule, run_feedback

TURNOVER = get_model("turnover")
PAPER = TtpSetting.paper(0.5)


@pytest.fixture(scope="module")
def few():
    return thin_ensemble(paper_grid(0.5), 30).ensemble


@pytest.mark.parametrize("setting", [PAPER, TtpSetting(1000.0)], ids=["nodes", "crossings"])
def test_on_off_and_off_on_therapy_are_two_points_of_the_family(few, setting):
    policies = {"a": ON_OFF, "b": OnOffAdaptiveTherapy(), "c": OFF_ON, "d": OffOnAdaptiveTherapy()}
    times = member_times(TURNOVER, few, policies, setting)
    np.testing.assert_array_equal(times.of("a"), times.of("b"))
    np.testing.assert_array_equal(times.of("c"), times.of("d"))
    np.testing.assert_array_equal(times.total_doses[0], times.total_doses[1])


@pytest.mark.parametrize("decisions", ["step", "crossing"])
def test_doses_change_on_visits_only(few, decisions):
    setting = dataclasses.replace(PAPER, decisions=decisions)
    course = run_members(TURNOVER, few, [AdaptiveRule(1.0, 0.5, 0.8, 28.0)], setting, every=1).course
    changes = np.flatnonzero(np.any(np.diff(course.doses, axis=1) != 0, axis=0)) + 1
    assert len(changes) > 3
    np.testing.assert_array_equal(changes % (28 * 8), 0)
    # on each visit the answer is that of the levels
    for visit in range(28 * 8, 28 * 8 * 20, 28 * 8):
        n = course.burdens[:, visit] / course.first_burdens
        before, after = course.doses[:, visit - 1], course.doses[:, visit]
        expected = np.where(before > 0, np.where(n <= 0.5, 0.0, 0.8), np.where(n >= 1.0, 0.8, 0.0))
        np.testing.assert_array_equal(after, expected)


def test_visits_at_every_step_are_a_burden_that_is_always_watched(few):
    rules = [AdaptiveRule(1.1, 0.6, 0.9), AdaptiveRule(1.1, 0.6, 0.9, 1 / 8)]
    times = member_times(TURNOVER, few, {r.name: r for r in rules}, PAPER)
    np.testing.assert_array_equal(times.days[0], times.days[1])


def test_an_interval_must_be_a_whole_number_of_steps():
    rule = FeedbackRule(1.0, 0.5, 1.0, visit_days=0.3)
    with pytest.raises(ModelError, match=r"visits every 0\.3 days"):
        run_feedback(TURNOVER, [0.027, 0.02, 1, 0.75, 0], {"V0": 0.5}, rule, horizon_days=10)


def test_the_family_is_a_box_of_valid_rules():
    family = FeedbackFamily((0.8, 1.0, 1.2), (0.5, 0.9), (0.5, 1.0), (0.0, 7.0))
    rules = family.rules()
    assert len(rules) == 2 * 2 * (2 + 2 + 1)
    assert all(r.stop_level < r.start_level for r in rules)
    near = family.neighbours(AdaptiveRule(1.2, 0.5, 1.0, 7.0), 0.5)
    assert near
    assert all(r.visit_days == 7.0 for r in near)
    assert all(0.8 <= r.start_level <= 1.2 and 0.5 <= r.stop_level <= 0.9 and r.dose <= 1.0 for r in near)
    assert AdaptiveRule(1.2, 0.5, 1.0, 7.0) not in near


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AdaptiveRule(0.5, 0.5), "stop level 0.5 must lie below start level 0.5"),
        (lambda: AdaptiveRule(1.0, 0.5, 1.2), "dose 1.2"),
        (lambda: AdaptiveRule(1.0, 0.5, 1.0, -7.0), "visits every -7 days"),
        (lambda: FeedbackFamily(doses=(1.0, 0.5)), "doses must be increasing"),
        (lambda: FeedbackFamily((0.2,), (0.5,)), "no stop level lies below"),
    ],
)
def test_rules_that_cannot_be_given_are_refused(make, message):
    with pytest.raises(PolicyError, match=message):
        make()


def test_rules_say_what_they_do_and_are_told_apart():
    rules = FeedbackFamily(visit_days=(0.0, 28.0)).rules()
    assert len({r.name for r in rules}) == len(rules)
    assert AdaptiveRule(1.1, 0.6, 0.8, 28.0).name == "on 110 %, off 60 %, dose 80 %, every 28 d"
    assert all(r.description.endswith(".") and r.description.count(". ") == 0 for r in rules)


@pytest.mark.parametrize("objective", TtpObjective)
def test_the_best_rule_is_no_worse_than_on_off_and_off_on_therapy(few, objective):
    family = FeedbackFamily((0.8, 1.0, 1.2), (0.3, 0.5, 0.9), (0.6, 1.0), (0.0, 28.0))
    found = search_feedback(TURNOVER, few, PAPER, family, objective, members_in_search=12, rounds=2, keep=2)
    policies = {"best": found.best.rule, "on-off": OnOffAdaptiveTherapy(), "off-on": OffOnAdaptiveTherapy()}
    times = member_times(TURNOVER, few, policies, PAPER)
    from dosing.ensemble.ttp_objective import objective_value

    best, on_off, off_on = objective_value(times.days, few.weights, objective)
    assert (found.best.value, found.on_off.value, found.off_on.value) == pytest.approx((best, on_off, off_on))
    assert best >= max(on_off, off_on)
    assert [s.rule.visit_days for s in found.by_interval] == [0.0, 28.0]
    assert found.best.value == max(s.value for s in found.by_interval)
    assert all(s.on_all for s in found.by_interval)


@pytest.mark.slow
def test_on_the_grid_of_the_paper_a_narrow_band_holds_tumours_a_month_longer():
    found = search_feedback(TURNOVER, paper_grid(0.5), PAPER)
    assert (int(found.on_off.value), int(found.off_on.value)) == (285, 306)
    assert found.best.value > found.off_on.value + 25
    assert found.best.rule.stop_level > 0.8


def test_visits_change_nothing_for_a_schedule(few):
    plan = run_policy(TURNOVER, few.rows(TURNOVER), few.constants, OnOffAdaptiveTherapy(), 100, every=0)
    assert plan.course.steps == 800
