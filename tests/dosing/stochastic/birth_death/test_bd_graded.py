"""The graded grid against the exact recursion."""

import numpy as np
import pytest

from dosing.stochastic.birth_death import BirthDeathProblem, solve_exact, solve_graded
from dosing.stochastic.birth_death.nodes import AxisNodes
from dosing.stochastic.edge_rule import EdgeRule
from dynamics.drug_resistance import DRUG_RESISTANCE

SYMMETRIC = {"gamma": 10.0, "sigma": 0.0, "mu": 1.0, "phi_s": 30.0, "phi_r": 30.0}
RESISTANT = {"gamma": 10.0, "sigma": 6.0, "mu": 0.1, "phi_s": 30.0, "phi_r": 0.0}


def both(capacity, values, rule=EdgeRule.STAYS, **options):
    problem = BirthDeathProblem.define(
        DRUG_RESISTANCE, values | {"K": float(capacity)}, driver_rate=2.0, horizon_generations=capacity,
        edge_rule=rule, **options,
    )  # fmt: skip
    return solve_exact(problem), solve_graded(problem)


def worst(exact, graded):
    return np.abs(graded.value / exact.value - 1).max()


@pytest.mark.parametrize(("rule", "bound"), [(EdgeRule.STAYS, 1e-4), (EdgeRule.LOST, 5e-3)])
def test_value_and_control_at_50(rule, bound):
    exact, graded = both(50, RESISTANT, rule)
    assert worst(exact, graded) < bound
    assert np.mean(exact.indices != graded.indices) < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("values", [SYMMETRIC, RESISTANT])
def test_value_and_control_at_100(values):
    exact, graded = both(100, values)
    assert worst(exact, graded) < 1e-4
    assert np.mean(exact.indices != graded.indices) < 0.01


def test_a_finer_grid_is_closer():
    problem = BirthDeathProblem.define(
        DRUG_RESISTANCE, SYMMETRIC | {"K": 30.0}, driver_rate=2.0, horizon_generations=30
    )
    exact = solve_exact(problem)
    errors = [worst(exact, solve_graded(problem, fineness=f)) for f in (1.6, 0.8, 0.4)]
    assert errors[2] < errors[1] < errors[0] < 0.05


def test_interpolation_is_exact_for_cubics_and_at_nodes():
    axis = AxisNodes.graded(300)
    assert axis.nodes[0] == 0
    assert axis.nodes[-1] == 300
    assert len(axis.nodes) < 90
    cells = np.arange(301.0)
    cubic = 1 + cells - 0.02 * cells**2 + 1e-4 * cells**3
    kept = cubic[axis.nodes]
    found = (kept[axis.first[:, None] + np.arange(4)] * axis.shares).sum(axis=1)
    np.testing.assert_allclose(found, cubic, rtol=1e-10)
    np.testing.assert_allclose(axis.shares[axis.nodes].max(axis=1), 1, rtol=1e-12)
    with pytest.raises(ValueError, match="fineness is 0"):
        AxisNodes.graded(30, 0.0)
