"""Theorem 5: the closed form, by both ways, and the assumption that fails otherwise."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from switching_instances import (
    CLOSED_COST,
    CLOSED_RATES,
    closed_instance,
    from_net_growth,
    random_cost,
    random_model,
)

from dosing.switching.closed_form import ClosedFormStatus, closed_form
from dosing.switching.cost import SwitchingCost
from dosing.switching.free_horizon import free_horizon

CELLS = np.array([5.0, 8.0])


def test_published_instance_by_both_ways():
    exact = closed_form(closed_instance(), CLOSED_COST)
    solved = free_horizon(closed_instance(), CLOSED_COST, 100.0)
    assert exact.holds
    for durations, cost, days in (
        (exact.durations, exact.cost, exact.horizon_days),
        (solved.durations, solved.cost, solved.horizon_days),
    ):
        assert durations == pytest.approx([16.03458271, 19.55699093], abs=1e-8)
        assert cost == pytest.approx(1.1306890535, abs=1e-8)
        assert days == pytest.approx(35.59157364, abs=2e-8)


@pytest.mark.parametrize("seed", range(4))
def test_larger_instances_agree_with_the_cone_solver(seed):
    random = np.random.default_rng(seed)
    # a drug for each line, so that all are used
    rates = random.uniform(0.0, 0.03, (4, 4)) - np.diag(random.uniform(0.3, 0.5, 4))
    model = from_net_growth(rates, random.uniform(1e5, 1e7, 4))
    cost = SwitchingCost(random.uniform(0.5, 1.5, 4))
    exact = closed_form(model, cost)
    assert exact.holds
    solved = free_horizon(model, cost, 3 * exact.horizon_days)
    assert solved.cost == pytest.approx(exact.cost, rel=1e-8)
    assert solved.durations == pytest.approx(exact.durations, abs=1e-5)


@pytest.mark.parametrize(
    ("status", "model", "cost"),
    [
        (ClosedFormStatus.NOT_SQUARE, random_model(0, 3, 2), random_cost(0, 2)),
        (ClosedFormStatus.FLOWS, random_model(0, 2, 2, flow=1e-6), random_cost(0, 2)),
        (ClosedFormStatus.TRANSIENT, closed_instance(), dataclasses.replace(CLOSED_COST, burden=np.ones(2))),
        (ClosedFormStatus.SINGULAR, from_net_growth(CLOSED_RATES[[0, 0]], CELLS), CLOSED_COST),
        (ClosedFormStatus.SINGULAR, from_net_growth(CLOSED_RATES, np.array([5.0, 0.0])), CLOSED_COST),
        (ClosedFormStatus.NO_POSITIVE_BURDEN, from_net_growth(-CLOSED_RATES, CELLS), CLOSED_COST),
        (ClosedFormStatus.NEGATIVE_DURATION, from_net_growth(CLOSED_RATES, np.array([5.0, 0.01])), CLOSED_COST),
    ],
)  # fmt: skip
def test_the_assumption_that_fails_is_named(status, model, cost):
    found = closed_form(model, cost)
    assert found.status is status
    assert not found.holds
    assert np.isnan(found.cost)
    assert str(status) in found.sentence
