"""Looking controls up: by scaled cells, by time, between states."""

import numpy as np
import pytest

from dosing.stochastic.birth_death import BirthDeathProblem, solve_exact, solve_graded
from dynamics.drug_resistance import DRUG_RESISTANCE

VALUES = {"K": 20.0, "gamma": 6.0, "sigma": 1.0, "mu": 0.3, "phi_s": 12.0, "phi_r": 9.0}


@pytest.fixture(scope="module")
def table():
    problem = BirthDeathProblem.define(DRUG_RESISTANCE, VALUES, driver_rate=4.0, horizon_generations=16)
    return solve_exact(problem, keep_stages=True)


def test_cells_of_a_larger_tumour_are_scaled(table):
    first, second = np.arange(0, 600, 20), np.arange(599, -1, -20)
    large = table.control_index(first, second, capacity=400.0)
    rows = table.axis_map(600, 400.0)
    np.testing.assert_array_equal(large, table.indices[rows[first], rows[second]])
    np.testing.assert_array_equal(rows[[0, 20, 40, 595]], [0, 1, 2, 30])
    assert rows[1] == 1  # one cell of 400 is a type that is there
    assert table.axis_map(50)[-1] == table.edge
    np.testing.assert_array_equal(table.control(3, 4), table.controls[table.indices[3, 4]])


def test_controls_by_time_and_what_a_table_without_them_says(table):
    late = table.control_index(5, 6, to_go=1)
    assert late == table.stages.indices[-1, 5, 6]
    assert table.control_index(100, 120, to_go=20, capacity=400.0) == late
    assert table.control_index(5, 6, to_go=16) == table.indices[5, 6]
    problem = BirthDeathProblem.define(
        DRUG_RESISTANCE, VALUES, driver_rate=4.0, horizon_generations=3, visit_generations=3
    )
    once = solve_exact(problem, keep_stages=True)
    assert once.control_index(9, 2, to_go=1) == once.indices[9, 2]
    with pytest.raises(ValueError, match="keep_stages=True"):
        solve_graded(problem).control_index(5, 6, to_go=1)


def test_value_between_states_and_for_scaled_cells(table):
    assert table.value_at(5, 7) == table.value[5, 7]
    assert table.value_at(100, 140, capacity=400.0) == pytest.approx(table.value[5, 7])
    assert table.value_at(5.5, 7) == pytest.approx(table.value[5:7, 7].mean())
    assert table.value_at(30, 30) == table.value[30, 30]


def test_sentence_says_the_chance_and_the_rules(table):
    text = table.sentence
    assert f"{table.value[20, 0]:.4f}" in text
    assert "in 16 generations" in text
    assert "stays at the edge" in text
