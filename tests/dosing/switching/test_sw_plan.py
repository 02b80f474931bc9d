"""A whole plan: schedules of single drugs with evidence, and refusals with their reason."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from switching_instances import CLOSED_COST, closed_instance, from_net_growth, random_cost, random_model

from dosing.switching.cost import SwitchingCost
from dosing.switching.dwell import dwell_durations
from dosing.switching.model import SwitchingError
from dosing.switching.plan import plan_switching
from dosing.switching.plan_result import PlanStatus
from dosing.switching.runs import shortest_run_days
from dosing.switching.schedule import evaluate


def test_plan_of_a_fixed_horizon_carries_its_evidence():
    model, cost = random_model(2, flow=1e-9), random_cost(2)
    plan = plan_switching(model, cost, horizon_days=100.0, dwell_days=2.0)
    assert plan.status is PlanStatus.PLANNED
    assert plan.schedule is not None
    assert plan.dwell is not None
    assert plan.cost_parts is not None
    assert plan.schedule.is_pure
    assert plan.schedule.horizon_days == pytest.approx(100.0)
    assert plan.durations == pytest.approx(plan.dwell.durations, abs=1e-8)
    assert shortest_run_days(plan.schedule) >= 2.0 * (1 - 1e-9)
    assert plan.cost_parts.total == pytest.approx(evaluate(model, cost, plan.schedule).total)
    assert plan.lower_bound <= plan.dwell.free.cost <= plan.cost_parts.total
    assert 0 <= plan.gap < 1e-2
    assert plan.subintervals > 5
    assert 0 <= plan.interruption_excess < 0.2
    assert plan.peak_cells >= model.cells.sum() * (1 - 1e-12)
    assert any("Assumption 1" in note for note in plan.notes)
    assert "D" in plan.sentence
    assert "changing the drug" in plan.sentence


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), dwell=st.floats(0.5, 20.0), count=st.integers(1, 15))
def test_dwell_time_is_never_violated(seed, dwell, count):
    model, cost = random_model(seed, lines=5, drugs=3), random_cost(seed, 3)
    plan = plan_switching(model, cost, horizon_days=40.0, dwell_days=dwell, subintervals=count)
    assert plan.schedule is not None
    assert plan.schedule.is_pure
    assert shortest_run_days(plan.schedule) >= dwell * (1 - 1e-8)
    assert plan.schedule.horizon_days == pytest.approx(40.0)


@pytest.mark.parametrize("arrangement", ["lowest_peak", "least_area"])
def test_other_arrangements_keep_durations_and_serve_their_aim(arrangement):
    rates = np.array([[0.20, -0.30, 0.05], [-0.25, 0.15, 0.02], [0.05, 0.04, -0.40]])
    model = from_net_growth(rates, np.array([1e4, 2e4, 3e4]))
    cost = SwitchingCost(np.ones(3))
    usual = plan_switching(model, cost, horizon_days=30.0, subintervals=1)
    other = plan_switching(model, cost, horizon_days=30.0, arrangement=arrangement)
    assert usual.schedule is not None
    assert other.schedule is not None
    assert other.durations == pytest.approx(usual.durations, abs=1e-8)
    assert shortest_run_days(other.schedule) >= 1.0 - 1e-9
    if arrangement == "lowest_peak":
        assert other.peak_cells < usual.peak_cells
        assert other.ordering_excess < 1e-9 < usual.ordering_excess
    else:
        area = SwitchingCost(np.zeros(3), burden=np.ones(3))
        assert evaluate(model, area, other.schedule).total < evaluate(model, area, usual.schedule).total


def test_free_horizon_finds_the_closed_form():
    plan = plan_switching(closed_instance(), CLOSED_COST, limit_days=200.0)
    assert plan.status is PlanStatus.PLANNED
    assert plan.schedule is not None
    assert plan.schedule.horizon_days == pytest.approx(35.59157364, abs=1e-6)
    assert plan.gap < 1e-9
    short = plan_switching(closed_instance(), CLOSED_COST, limit_days=20.0)
    assert short.status is PlanStatus.LIMIT_BINDS
    assert "raise the limit" in short.sentence


def test_dwell_time_of_a_free_horizon_does_not_bind_the_time_not_used():
    plan = plan_switching(closed_instance(), CLOSED_COST, limit_days=36.0, dwell_days=5.0)
    assert plan.schedule is not None
    assert plan.schedule.horizon_days == pytest.approx(35.59157364, abs=1e-6)
    long = plan_switching(closed_instance(), CLOSED_COST, limit_days=100.0, dwell_days=18.0)
    assert long.durations is not None
    assert long.durations.min() >= 18.0 * (1 - 1e-9)
    assert long.dwell is not None
    assert long.dwell.price_of_dwelling > 0


def test_line_that_only_grows_is_refused_where_the_horizon_is_free_and_noted_where_it_is_fixed():
    rates = np.array([[-0.3, 0.2], [0.04, 0.05]])
    model = from_net_growth(rates, np.array([1e6, 1e3]))
    refused = plan_switching(model, CLOSED_COST, limit_days=100.0)
    assert refused.status is PlanStatus.GROWING_LINE
    assert refused.schedule is None
    assert "L1" in refused.sentence
    assert "fixed horizon" in refused.sentence
    assert np.isnan(refused.gap)
    fixed = plan_switching(model, CLOSED_COST, horizon_days=30.0)
    assert fixed.status is PlanStatus.PLANNED
    assert any("L1 grows whatever is given" in note for note in fixed.notes)


def test_no_treatment_is_an_answer():
    model = from_net_growth(np.array([[-0.1]]), np.array([5.0]))
    plan = plan_switching(model, SwitchingCost(np.array([1e3])), limit_days=50.0)
    assert plan.status is PlanStatus.NO_TREATMENT
    assert plan.schedule is None
    assert not plan.status.usable


def test_lines_without_a_joint_cure_are_noted():
    model = from_net_growth(np.array([[-0.1, 0.3], [0.3, -0.1]]), np.array([1e3, 1e3]))
    plan = plan_switching(model, SwitchingCost(np.full(2, 1e-3)), limit_days=50.0)
    assert any("no sharing of the time" in note for note in plan.notes)


def test_transient_cost_is_declared():
    model = random_model(2)
    cost = dataclasses.replace(random_cost(2), burden=np.full(18, 0.1))
    plan = plan_switching(model, cost, horizon_days=50.0, dwell_days=2.0)
    assert plan.cost_parts is not None
    assert plan.cost_parts.transient > 0
    assert any("(f)" in note for note in plan.notes)
    assert "even with a transient that costs nothing" in plan.sentence


def test_questions_without_an_answer_are_refused():
    model, cost = closed_instance(), CLOSED_COST
    with pytest.raises(SwitchingError, match="either the horizon"):
        plan_switching(model, cost)
    with pytest.raises(SwitchingError, match="either the horizon"):
        plan_switching(model, cost, horizon_days=10.0, limit_days=20.0)
    with pytest.raises(SwitchingError, match="does not fit"):
        plan_switching(model, cost, horizon_days=10.0, dwell_days=11.0)
    with pytest.raises(SwitchingError, match="belong to Algorithm 1"):
        plan_switching(model, cost, horizon_days=10.0, subintervals=2, arrangement="lowest_peak")


def test_price_of_a_dwell_time_never_falls_with_it():
    model, cost = random_model(9), random_cost(9)
    from dosing.switching.durations_problem import DurationsProblem

    problem = DurationsProblem.of(model, cost, 60.0)
    prices = [dwell_durations(problem, dwell).cost for dwell in (0.5, 3.0, 8.0, 20.0, 35.0)]
    assert np.all(np.diff(prices) >= -1e-9 * prices[0])
