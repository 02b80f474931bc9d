"""Assumptions 1 and 2: what was dropped is measured, and the line that no drug shrinks is named."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from switching_instances import from_net_growth, random_cost, random_model

from dosing.switching.assumptions import dropped_terms, joint_decay, lines_that_only_grow, require_shrinkable
from dosing.switching.durations import durations_of
from dosing.switching.model import SwitchingError
from dosing.switching.schedule import SwitchingSchedule, evaluate


def test_line_that_no_drug_shrinks_is_named_with_its_best_drug():
    rates = np.array([[-0.3, 0.20, 0.4], [0.1, 0.05, -0.2]])
    model = from_net_growth(rates, np.ones(3))
    with pytest.raises(SwitchingError, match=r"L1 still grows by \+0\.05 per day under the best drug, D1"):
        require_shrinkable(model)
    require_shrinkable(from_net_growth(rates[:, [0, 2]], np.ones(2)))


def test_line_that_never_appears_does_not_count_unless_cells_reach_it():
    rates = np.array([[-0.3, 0.2], [-0.1, 0.05]])
    model = from_net_growth(rates, np.array([10.0, 0.0]))
    assert model.lines_no_drug_shrinks() == (1,)
    assert lines_that_only_grow(model) == ()
    reached = dataclasses.replace(model, growth=model.growth + np.array([[0, 0], [1e-9, 0]]))
    assert lines_that_only_grow(reached) == (1,)


def test_dropped_flows_are_measured_and_only_add_cost():
    model, cost = random_model(3, flow=1e-5), random_cost(3)
    best = durations_of(model, cost, 60.0)
    schedule = SwitchingSchedule.of_drugs(np.arange(4), best.durations, 4)
    found = dropped_terms(model, cost, schedule)
    assert found.largest_flow == 1e-5
    assert found.simple.total == pytest.approx(best.cost, rel=1e-10)
    assert found.whole.total == pytest.approx(evaluate(model, cost, schedule).total)
    assert found.whole.total > found.simple.total >= best.lower_bound
    assert 0 < found.error < 0.5
    assert "Assumption 1" in found.sentence


def test_transient_is_measured_and_a_diagonal_model_drops_nothing():
    model, cost = random_model(3), random_cost(3)
    schedule = SwitchingSchedule.of_drugs(np.arange(4), np.full(4, 10.0), 4)
    nothing = dropped_terms(model, cost, schedule)
    assert nothing.error == 0
    assert nothing.sentence.startswith("Nothing was left out")
    some = dropped_terms(model, dataclasses.replace(cost, burden=np.full(18, 0.1)), schedule)
    assert some.simple.total == pytest.approx(nothing.whole.total)
    assert some.error == pytest.approx(some.whole.transient / some.whole.total)
    assert "(f)" in some.sentence


def test_joint_decay_is_the_best_mixture():
    rates = np.array([[-0.3, 0.05], [0.04, -0.25]])
    rate, shares = joint_decay(from_net_growth(rates, np.ones(2)))
    grid = np.linspace(0, 1, 100_001)[:, None]
    assert rate == pytest.approx((grid * rates[0] + (1 - grid) * rates[1]).max(axis=1).min(), abs=1e-5)
    assert shares.sum() == pytest.approx(1.0)
    assert shares @ rates == pytest.approx([rate, rate])
    # each line has its drug, but there is no time for both
    assert joint_decay(from_net_growth(np.array([[-0.1, 0.3], [0.3, -0.1]]), np.ones(2)))[0] == pytest.approx(
        0.1
    )
