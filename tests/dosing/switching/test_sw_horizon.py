"""Theorems 3 and 4: the optimal cost is convex in the horizon, and the dummy choice finds its minimum."""

from __future__ import annotations

import numpy as np
import pytest
from switching_instances import CLOSED_COST, closed_instance, from_net_growth, random_cost, random_model

from dosing.switching.cost import SwitchingCost
from dosing.switching.free_horizon import free_horizon, horizon_curve, scan_horizon
from dosing.switching.model import SwitchingError


@pytest.mark.parametrize("seed", range(3))
def test_optimal_cost_is_convex_in_the_horizon(seed):
    told = []
    curve = horizon_curve(
        random_model(seed, shrinkable=True), random_cost(seed), np.linspace(1, 150, 40), progress=told.append
    )
    assert all(answer.status.usable for answer in curve.answers)
    assert curve.convexity_defect < 1e-9
    assert curve.durations.sum(axis=1) == pytest.approx(curve.horizons_days)
    assert told[-1] == 1.0
    assert len(told) == 40


def test_convexity_defect_would_show():
    curve = horizon_curve(closed_instance(), CLOSED_COST, [10.0, 20.0, 30.0])
    swapped = type(curve)(curve.horizons_days, (curve.answers[1], curve.answers[0], curve.answers[2]))
    assert swapped.convexity_defect > 0.1


@pytest.mark.parametrize("seed", range(3))
def test_dummy_choice_equals_the_scan(seed):
    model, cost = random_model(seed, shrinkable=True), random_cost(seed)
    single = free_horizon(model, cost, 400.0)
    day, answer = scan_horizon(model, cost, 400.0)
    assert single.cost == pytest.approx(answer.cost, rel=1e-9)
    assert single.horizon_days == pytest.approx(day, abs=1e-3)
    assert 0 < day < 400
    assert not single.limit_binds
    assert not single.is_none
    # a longer limit changes nothing (Theorem 4)
    assert free_horizon(model, cost, 800.0).horizon_days == pytest.approx(single.horizon_days, abs=1e-5)


def test_limit_that_binds_and_treatment_that_does_not_pay_are_said():
    bound = free_horizon(closed_instance(), CLOSED_COST, 20.0)
    assert bound.limit_binds
    assert bound.horizon_days == pytest.approx(20.0)
    assert "longer one would be better" in bound.sentence
    none = free_horizon(
        from_net_growth(np.array([[-0.1]]), np.array([5.0])), SwitchingCost(np.array([1e3])), 50.0
    )
    assert none.is_none
    assert none.cost == pytest.approx(5.0)
    assert "No treatment" in none.sentence


def test_horizons_must_rise():
    with pytest.raises(SwitchingError, match="rising"):
        horizon_curve(closed_instance(), CLOSED_COST, [10.0, 5.0])
