"""The exact recursion against dense sums, brute force over all policies, and a closed form."""

import itertools

import numpy as np
import pytest
from bd_witness import fischer_rates, recursion, transitions

from dosing.stochastic.birth_death import BirthDeathProblem, solve_exact
from dosing.stochastic.edge_rule import EdgeRule
from dynamics.birth_death import BirthDeathProcess
from dynamics.drug_resistance import DRUG_RESISTANCE
from dynamics.expressions import ModelError
from dynamics.model import Constant

SMALL = {"K": 8.0, "gamma": 4.0, "sigma": 1.0, "mu": 0.3, "phi_s": 9.0, "phi_r": 7.0}


@pytest.mark.parametrize("rule", list(EdgeRule))
def test_value_and_control_are_those_of_dense_sums(rule):
    problem = BirthDeathProblem.define(
        DRUG_RESISTANCE, SMALL, driver_rate=3.0, horizon_generations=15, edge_rule=rule
    )
    table = solve_exact(problem)
    value, each, _ = recursion(problem, fischer_rates(SMALL))
    np.testing.assert_allclose(table.value, value, rtol=1e-10)
    clear = np.abs(each[1] / each[0] - 1) > 1e-9
    assert clear.mean() > 0.9
    np.testing.assert_array_equal(table.indices[clear], each.argmax(axis=0)[clear])


def test_a_lost_tumour_is_worth_nothing_and_a_stopped_one_something():
    lost, stays = (
        solve_exact(
            BirthDeathProblem.define(
                DRUG_RESISTANCE, SMALL, driver_rate=3.0, horizon_generations=15, edge_rule=rule
            )
        )
        for rule in (EdgeRule.LOST, EdgeRule.STAYS)
    )
    assert np.all(lost.value <= stays.value + 1e-12)
    assert lost.value[-1, -1] < 0.95 * stays.value[-1, -1]
    assert lost.value[1, 1] == pytest.approx(stays.value[1, 1], rel=0.02)


def test_no_policy_of_a_tiny_lattice_does_better():
    """All 2^17 feedback policies of three generations, one by one; the last generation's control is worth nothing."""
    values = SMALL | {"K": 3.0, "phi_s": 2.0, "phi_r": 1.5, "gamma": 1.0, "sigma": 0.2}
    problem = BirthDeathProblem.define(
        DRUG_RESISTANCE, values, driver_rate=2.0, horizon_generations=3, edge=1.0
    )
    table = solve_exact(problem, keep_stages=True)
    first, second = transitions(problem, fischer_rates(values))
    cells = np.add.outer(np.arange(4), np.arange(4))
    kept = np.exp(-2.0 / 9 * cells)
    after = np.einsum("cija,ab,cijb->cij", first, kept, second) * kept  # two generations to go
    policies = np.array(list(itertools.product([0, 1], repeat=16)))
    worth = np.where(policies == 1, after[1].ravel(), after[0].ravel())
    for state in [(2, 1), (1, 2), (3, 3)]:
        best = max(
            (worth @ np.outer(first[u][state], second[u][state]).ravel()).max() * kept[state] for u in (0, 1)
        )
        assert table.value[state] == pytest.approx(best, rel=1e-10)
    assert table.stages is not None
    np.testing.assert_array_equal(table.stages.to_go, [2, 1])


def test_a_pure_birth_process_has_a_closed_form():
    """exp(n a) with a <- -nu_0 + a + b (exp(a) - 1): births alone branch, and never reach the edge here."""
    process = BirthDeathProcess.define(
        "pure_birth",
        births={"a": "rate*a/K", "b": "0"},
        deaths={"a": "0", "b": "0"},
        constants=[
            Constant("K", "cells", "scale", 100.0),
            Constant("rate", "per K generations", "births", 3.0),
        ],
    )
    problem = BirthDeathProblem.define(process, driver_rate=40.0, horizon_generations=20)
    a = 0.0
    for _ in range(20):
        a = -40.0 / 100**2 + a + 0.03 * (np.exp(a) - 1)
    n = np.arange(20)
    np.testing.assert_allclose(solve_exact(problem).value[n, 0], np.exp(a * n), rtol=1e-9)


def test_no_cells_are_worth_one_and_ties_go_to_the_first_control():
    table = solve_exact(
        BirthDeathProblem.define(DRUG_RESISTANCE, SMALL, driver_rate=3.0, horizon_generations=5)
    )
    assert table.value[0, 0] == pytest.approx(1, abs=1e-12)
    assert table.indices[0, 0] == 0
    symmetric = SMALL | {"sigma": 0.0, "phi_s": 9.0, "phi_r": 9.0}
    table = solve_exact(
        BirthDeathProblem.define(DRUG_RESISTANCE, symmetric, driver_rate=3.0, horizon_generations=5)
    )
    np.testing.assert_allclose(table.value, table.value.T, rtol=1e-12)
    assert not np.diag(table.indices).any()


def test_progress_ends_at_one():
    seen = []
    problem = BirthDeathProblem.define(DRUG_RESISTANCE, SMALL, driver_rate=3.0, horizon_generations=4)
    solve_exact(problem, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1


def test_what_cannot_be_solved_is_said():
    with pytest.raises(ValueError, match="give horizon_generations"):
        BirthDeathProblem.define(DRUG_RESISTANCE, SMALL, driver_rate=0.0)
    with pytest.raises(ValueError, match="every row holds the doses of u"):
        BirthDeathProblem.define(DRUG_RESISTANCE, SMALL, driver_rate=1.0, controls=[[0.0, 1.0]])
    with pytest.raises(ValueError, match="drug_cost is"):
        BirthDeathProblem.define(DRUG_RESISTANCE, SMALL, driver_rate=1.0, drug_cost=-1.0)
    one = BirthDeathProcess.define(
        "one", births={"n": "n"}, deaths={"n": "n"}, constants=[Constant("K", "cells", "scale", 9.0)]
    )
    with pytest.raises(ModelError, match="has 1 types"):
        BirthDeathProblem.define(one, driver_rate=1.0)
    bad = BirthDeathProcess.define(
        "bad", births={"a": "a/(a - 2)", "b": "b"}, deaths={"a": "a", "b": "b"},
        constants=[Constant("K", "cells", "scale", 9.0)],
    )  # fmt: skip
    with pytest.raises(ValueError, match="not finite at a = 2"):
        solve_exact(BirthDeathProblem.define(bad, driver_rate=1.0))
