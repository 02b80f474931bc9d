"""The augmented system carries the whole cost (Theorem 1), and order does not matter without flows (Theorem 2)."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from switching_instances import random_cost, random_model

from dosing.switching.cost import SwitchingCost
from dosing.switching.durations_problem import DurationsProblem
from dosing.switching.schedule import SwitchingSchedule, evaluate


def test_augmented_cost_equals_quadrature_of_the_trajectory():
    model = random_model(3, lines=5, drugs=3, flow=1e-3)
    burden = np.array([0.1, 0.0, 0.3, 0.2, 0.1])
    cost = SwitchingCost(np.array([2e6, 5e4, 1e6]), 0.7, np.arange(1.0, 6.0), burden, 0.4)
    schedule = SwitchingSchedule(
        np.array([11.0, 4.0, 17.0]), np.array([[1, 0, 0], [0.2, 0.5, 0.3], [0, 0, 1]])
    )
    state, transient = model.cells, 0.0
    for days, mixture in zip(schedule.days, schedule.mixtures, strict=True):
        matrix = model.growth - np.diag(mixture @ model.kill)

        def slope(_, y, matrix=matrix):
            return np.append(matrix @ y[:-1], burden @ y[:-1])

        end = solve_ivp(slope, (0, days), np.append(state, 0.0), rtol=1e-11, atol=1e-6, method="DOP853").y[
            :, -1
        ]
        state, transient = end[:-1], transient + 0.4 * end[-1]
    found = evaluate(model, cost, schedule)
    assert found.final == pytest.approx(np.arange(1.0, 6.0) @ state, rel=1e-8)
    assert found.transient == pytest.approx(transient, rel=1e-8)
    assert found.toxicity == pytest.approx(0.7 * np.array([2e6, 5e4, 1e6]) @ schedule.durations, rel=1e-12)


def test_every_order_costs_the_same_without_flows_and_equals_the_sum_of_exponentials():
    model, cost = random_model(1, lines=6, drugs=3), random_cost(1, 3)
    days = np.array([7.0, 20.0, 13.0])
    expected = DurationsProblem.of(model, cost, 40.0).cost(days)
    for order in itertools.permutations(range(3)):
        schedule = SwitchingSchedule.of_drugs(np.array(order), days[list(order)], 3)
        assert evaluate(model, cost, schedule).total == pytest.approx(expected, rel=1e-11)


def test_order_matters_once_the_transient_costs():
    model = random_model(1, lines=6, drugs=3)
    cost = SwitchingCost(np.zeros(3), burden=np.ones(6))
    days = np.array([7.0, 20.0, 13.0])
    costs = {
        evaluate(model, cost, SwitchingSchedule.of_drugs(np.array(order), days[list(order)], 3)).total
        for order in itertools.permutations(range(3))
    }
    assert max(costs) > 1.01 * min(costs)
