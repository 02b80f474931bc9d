"""Mean, median and worst tenth of times, and their derivatives."""

import numpy as np
import pytest

from dosing.ensemble.smoothed_objective import smoothed_objective
from dosing.ensemble.ttp_objective import TtpObjective, objective_value, weighted_quantile, worst_weights

EXPECTED, MEDIAN, WORST = TtpObjective


def test_equal_weights_give_the_usual_statistics():
    rng = np.random.default_rng(0)
    for m in (1, 2, 7, 40):
        days, weights = rng.uniform(0, 500, m), np.full(m, 1 / m)
        assert objective_value(days, weights, EXPECTED) == pytest.approx(days.mean())
        assert objective_value(days, weights, MEDIAN) == pytest.approx(np.median(days))
    days = rng.uniform(0, 500, 40)
    assert objective_value(days, np.full(40, 1 / 40), WORST) == pytest.approx(np.sort(days)[:4].mean())


def test_weights_are_repeats():
    days, weights = np.array([10.0, 20.0, 30.0]), np.array([0.05, 0.15, 0.8])
    repeated = np.repeat(days, [1, 3, 16])
    same = np.full(20, 0.05)
    for objective in TtpObjective:
        assert objective_value(days, weights, objective) == pytest.approx(
            objective_value(repeated, same, objective)
        )
    # a tenth: all of the first, a third of the second
    np.testing.assert_allclose(worst_weights(days, weights), [0.5, 0.5, 0.0])


def test_many_treatments_at_once():
    days = np.random.default_rng(1).uniform(0, 9, (4, 3, 11))
    weights = np.random.default_rng(2).dirichlet(np.ones(11))
    for objective in TtpObjective:
        found = objective_value(days, weights, objective)
        assert found.shape == (4, 3)
        assert found[2, 1] == pytest.approx(objective_value(days[2, 1], weights, objective))


def test_quantiles_of_a_weighted_sample():
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([0.5, 0.25, 0.25])
    assert weighted_quantile(values, weights, 0.2) == 1.0
    assert weighted_quantile(values, weights, 0.4) == 2.0
    assert weighted_quantile(values, weights, 0.9) == 3.0


@pytest.mark.parametrize("objective", TtpObjective)
def test_smoothed_objectives_approach_the_exact_and_have_their_derivatives(objective):
    rng = np.random.default_rng(3)
    days, weights = rng.uniform(100, 400, 31), rng.dirichlet(np.ones(31))
    _, slopes = smoothed_objective(days, weights, objective, 20.0)
    for i in (0, int(np.argmin(days)), int(np.argsort(days)[15])):
        step = np.zeros(31)
        step[i] = 1e-3
        ends = [smoothed_objective(days + s * step, weights, objective, 20.0)[0] for s in (1, -1)]
        assert slopes[i] == pytest.approx((ends[0] - ends[1]) / 2e-3, rel=1e-4, abs=1e-8)
    assert slopes.sum() == pytest.approx(1.0)
    errors = [
        abs(smoothed_objective(days, weights, objective, s)[0] - objective_value(days, weights, objective))
        for s in (20.0, 0.01)
    ]
    assert errors[1] < 2.0
    assert errors[1] <= errors[0] + 1e-9
