"""Visits, dose levels, several drugs and their cost: each with an answer that is known another way."""

from itertools import pairwise

import numpy as np
import pytest

from dosing.stochastic.birth_death import BirthDeathProblem, solve_exact, solve_graded
from dynamics.birth_death import BirthDeathProcess
from dynamics.drug_resistance import DRUG_RESISTANCE
from dynamics.model import Constant, Input

VALUES = {"K": 20.0, "gamma": 6.0, "sigma": 1.0, "mu": 0.3, "phi_s": 12.0, "phi_r": 9.0}

TWO_DRUGS = BirthDeathProcess.define(
    "two_drugs",
    births={"a": "a*(1 + g/K)/(1 + g*(a + b)/K/K)", "b": "b*(1 + g/K)/(1 + g*(a + b)/K/K)"},
    deaths={"a": "a*(1 + v*f/K)", "b": "b*(1 + w*f/K)"},
    constants=[
        Constant("K", "cells", "scale", 20.0),
        Constant("g", "per K generations", "growth", 6.0),
        Constant("f", "per K generations", "deaths", 12.0),
    ],
    inputs=[Input("v"), Input("w")],
)


def solved(solve=solve_exact, process=DRUG_RESISTANCE, addiction=9.0, **options):
    given = {"driver_rate": 4.0, "horizon_generations": 16} | options
    values = VALUES | {"phi_r": addiction} if process is DRUG_RESISTANCE else None
    return solve(BirthDeathProblem.define(process, values, **given))


@pytest.mark.parametrize("solve", [solve_exact, solve_graded])
def test_rarer_visits_are_worth_less_and_one_visit_is_a_constant_dose(solve):
    # visits every 2, 4, 16 generations are each among the choices of the one before
    values = [solved(solve, visit_generations=m).value for m in (1, 2, 4, 16)]
    for often, rarely in pairwise(values):
        assert np.all(rarely <= often * (1 + 1e-4 * (solve is solve_graded)) + 1e-12)
    assert values[2][6, 6] < values[0][6, 6] - 1e-3
    constant = np.maximum(*(solved(solve, controls=[[u]]).value for u in (0.0, 1.0)))
    np.testing.assert_allclose(values[3], constant, rtol=1e-10)


def test_last_interval_is_shorter_where_the_visits_do_not_divide_the_horizon():
    problem = BirthDeathProblem.define(
        DRUG_RESISTANCE, VALUES, driver_rate=4.0, horizon_generations=16, visit_generations=5
    )
    assert problem.intervals == [5, 5, 5, 1]
    table = solve_exact(problem, keep_stages=True)
    assert table.stages is not None
    np.testing.assert_array_equal(table.stages.to_go, [11, 6, 1])


def test_more_levels_are_never_worse_and_a_single_level_is_a_constant_dose():
    two, five = solved(), solved(levels=(0.0, 0.25, 0.5, 1.0))
    assert np.all(five.value >= two.value - 1e-12)
    np.testing.assert_array_equal(five.controls[:, 0], [0, 0.25, 0.5, 1])
    # rates are linear in the dose, and so is the log-value almost: the ends are chosen nearly everywhere
    assert np.isin(five.indices, [0, 3]).mean() > 0.9
    half = solved(levels=(0.5,))
    assert np.all(half.value <= five.value + 1e-12)
    assert half.value[6, 6] < two.value[6, 6]


def test_a_prohibitive_cost_means_no_drug_and_a_small_one_less_drug():
    none = solved(controls=[[0.0]])
    dear = solved(drug_cost=5.0)
    assert not dear.indices.any()
    np.testing.assert_allclose(dear.value, none.value, rtol=1e-12)
    free, small = solved(addiction=0.0), solved(addiction=0.0, drug_cost=0.01)
    assert 0 < small.indices.sum() < free.indices.sum()
    assert np.all(small.value <= free.value + 1e-12)


def test_a_constant_dose_pays_every_generation():
    free, paid = solved(controls=[[0.5]]), solved(controls=[[0.5]], drug_cost=0.03)
    np.testing.assert_allclose(paid.value, free.value * np.exp(-0.03 * 0.5 * 16), rtol=1e-12)
    assert "with the cost of the drug" in paid.sentence


def test_two_drugs_that_cost_nothing_are_both_given():
    table = solved(process=TWO_DRUGS)
    np.testing.assert_array_equal(table.controls, [[0, 0], [0, 1], [1, 0], [1, 1]])
    np.testing.assert_array_equal(table.control(8, 5), [1, 1])
    np.testing.assert_array_equal(table.control(8, 0), [1, 0])  # a tie goes to less drug
    np.testing.assert_array_equal(table.control(0, 5), [0, 1])
    both = solved(process=TWO_DRUGS, controls=[[1.0, 1.0]])
    np.testing.assert_allclose(table.value, both.value, rtol=1e-9)


def test_two_drugs_of_which_one_costs_too_much():
    table = solved(process=TWO_DRUGS, drug_cost=[0.0, 5.0])
    assert not table.controls[table.indices][..., 1].any()
    only = solved(process=TWO_DRUGS, controls=[[0.0, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(table.value, only.value, rtol=1e-12)
