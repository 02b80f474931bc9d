"""Durations by the cone solver against SLSQP, a certificate that judges, and scales that do not matter."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import linprog
from switching_instances import CLOSED_COST, closed_instance, from_net_growth, random_cost, random_model

from dosing.switching.cost import SwitchingCost
from dosing.switching.durations import DurationsStatus, certify, durations_of, solve_durations
from dosing.switching.durations_problem import DurationsProblem
from dosing.switching.durations_slsqp import slsqp_durations
from dosing.switching.model import SwitchingError


def test_derivatives_are_those_of_the_symbols():
    model = closed_instance()
    problem = DurationsProblem.of(model, CLOSED_COST, 30.0)
    tau = sp.symbols("tau0:2")
    cost = (
        sp.S.Zero
        + sum(
            w * sp.exp(sum(r * t for r, t in zip(column, tau, strict=True)))
            for w, column in zip(model.cells, model.net_growth.T, strict=True)
        )
        + sum(g * t for g, t in zip(CLOSED_COST.toxicity, tau, strict=True))
    )
    at = {tau[0]: 11.0, tau[1]: 19.0}
    days = np.array([11.0, 19.0])
    assert problem.cost(days) == pytest.approx(float(cost.subs(at)), rel=1e-13)
    gradient = [float(sp.diff(cost, t).subs(at)) for t in tau]
    assert problem.gradient(days) == pytest.approx(gradient, rel=1e-12)
    hessian = np.array(sp.hessian(cost, tau).subs(at), dtype=float)
    assert problem.hessian(days) == pytest.approx(hessian, rel=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_cone_solver_agrees_with_slsqp(seed):
    model, cost = random_model(seed, lines=3 + 3 * seed, drugs=2 + seed % 3), random_cost(seed, 2 + seed % 3)
    found = durations_of(model, cost, 60.0)
    witness = slsqp_durations(found.problem, starts=4, seed=seed)
    assert found.status is DurationsStatus.OPTIMAL
    assert found.cone_excess < 1e-5
    assert witness.cost == pytest.approx(found.cost, rel=1e-6)
    assert found.cost <= witness.cost * (1 + 1e-9)
    assert found.lower_bound <= witness.cost
    if found.is_unique:
        assert witness.durations == pytest.approx(found.durations, abs=2e-3)


def test_case_of_18_lines_and_4_drugs_is_certified_at_scales_far_apart():
    cells = np.full(18, 5e7)
    cells[[0, 8]] = 9.56e9, 1e8
    model = random_model(5, shrinkable=True).with_cells(cells)
    cost = SwitchingCost(np.array([1e6, 5e4, 1e5, 1e6]), 0.7)
    for days in (1.0, 20.0, 100.0, 350.0):
        found = durations_of(model, cost, days)
        assert found.status is DurationsStatus.OPTIMAL
        assert found.gap < 1e-9
        assert found.stationarity < 1e-6
        assert found.durations.sum() == pytest.approx(days, rel=1e-12)
        assert found.cone_status == "optimal"


def test_units_of_cost_do_not_change_the_durations():
    model, cost = random_model(2), random_cost(2)
    found = durations_of(model, cost, 80.0)
    for factor in (1e-12, 1e9):
        scaled = dataclasses.replace(cost, toxicity_weight=0.7 * factor, final=np.full(18, factor))
        assert durations_of(model, scaled, 80.0).durations == pytest.approx(found.durations, abs=1e-5)


def test_lines_that_vanish_and_explode_are_solved():
    rates = np.array([[-0.5, 0.4, -0.1], [0.3, 0.45, -0.6]])
    model = from_net_growth(rates, np.array([1e9, 10.0, 1e4]))
    found = durations_of(model, SwitchingCost(np.array([1e4, 1e6])), 110.0)
    assert found.status is DurationsStatus.OPTIMAL
    assert slsqp_durations(found.problem).cost == pytest.approx(found.cost, rel=1e-6)


def test_certificate_bounds_what_can_be_saved_and_rejects_a_bad_answer():
    model, cost = random_model(4), random_cost(4)
    best = durations_of(model, cost, 60.0)
    poor = certify(best.problem, np.full(4, 15.0), "even split")
    assert poor.lower_bound <= best.cost < poor.cost
    assert poor.status is DurationsStatus.NOT_CONVERGED
    assert poor.stationarity > 1e-3


def test_price_per_day_is_the_slope_of_the_optimal_cost():
    model, cost = random_model(7, shrinkable=True), random_cost(7)
    near = [durations_of(model, cost, t).cost for t in (49.99, 50.01)]
    assert durations_of(model, cost, 50.0).price_per_day == pytest.approx(
        (near[1] - near[0]) / 0.02, rel=1e-4
    )


def test_neighbour_start_and_cone_solver_find_the_same():
    model, cost = random_model(8), random_cost(8)
    problem = DurationsProblem.of(model, cost, 70.0)
    cone = solve_durations(problem)
    near = solve_durations(problem, start=durations_of(model, cost, 60.0).durations * 7 / 6)
    assert near.method.startswith("Newton")
    assert cone.method.startswith("cone")
    assert near.cost == pytest.approx(cone.cost, rel=1e-10)


def test_drugs_that_act_alike_are_said_to_be_exchangeable():
    rates = np.array([[-0.2, -0.1], [-0.2, -0.1]])
    alike = durations_of(from_net_growth(rates, np.array([1e3, 1e3])), SwitchingCost(np.ones(2)), 10.0)
    assert not alike.is_unique
    assert "may cost the same" in alike.sentence
    assert durations_of(closed_instance(), CLOSED_COST, 30.0).is_unique


def test_best_linear_is_the_linear_programme():
    random = np.random.default_rng(0)
    problem = DurationsProblem.of(random_model(0), random_cost(0), 20.0).with_bounds(
        np.array([1.0, 0.0, 2.0, 0.0]), np.array([6.0, 9.0, 20.0, 3.0])
    )
    for _ in range(5):
        price = random.normal(size=4)
        witness = linprog(
            price,
            A_eq=np.ones((1, 4)),
            b_eq=[20.0],
            bounds=list(zip(problem.least, problem.most, strict=True)),
        )
        assert price @ problem.best_linear(price) == pytest.approx(witness.fun)


def test_bounds_hold_and_infeasible_ones_are_named():
    problem = DurationsProblem.of(closed_instance(), CLOSED_COST, 30.0)
    found = solve_durations(problem.with_bounds(np.array([0.0, 20.0]), np.array([30.0, 30.0])))
    assert found.durations[1] >= 20.0
    assert found.status is DurationsStatus.OPTIMAL
    with pytest.raises(SwitchingError, match="cannot sum to 30"):
        solve_durations(problem.with_bounds(np.array([20.0, 20.0]), np.array([30.0, 30.0])))


@pytest.mark.parametrize(
    ("days", "cells", "words"),
    [(0.0, [5.0, 8.0], "must be positive"), (1e5, [5.0, 8.0], "shorten the horizon")],
)
def test_impossible_horizons_are_refused_with_a_remedy(days, cells, words):
    rates = np.array([[-0.30, 0.05], [0.04, 0.25]])
    with pytest.raises(SwitchingError, match=words):
        durations_of(from_net_growth(rates, np.array(cells)), CLOSED_COST, days)


def test_weights_without_cells_are_refused():
    cost = SwitchingCost(np.ones(2), final=np.array([0.0, 1.0]))
    with pytest.raises(SwitchingError, match="nothing to shrink"):
        DurationsProblem.of(closed_instance().with_cells(np.array([5.0, 0.0])), cost, 10.0)
