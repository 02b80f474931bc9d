"""Cost-to-go of finite populations and of the diffusion find the threshold of the closed form."""

import numpy as np
import pytest

from dosing.stochastic.wright_fisher import (
    ControlledSelection,
    WrightFisherError,
    finite_threshold,
    mean_survival_time,
    solve_hjb,
    solve_recursion,
    solve_stationary_hjb,
    survival_threshold,
)
from dosing.stochastic.wright_fisher.population import loss_probability, resampling_matrix

PAPER = ControlledSelection(10.0, -30.0)


@pytest.mark.slow
def test_threshold_at_five_hundred_individuals():
    found = solve_recursion(PAPER, 500, horizon=2.0)
    assert 0.642 <= found.threshold <= 0.644
    longer = solve_recursion(PAPER, 500, horizon=4.0)
    assert longer.is_stationary
    assert 0.642 <= longer.threshold <= 0.644
    chance = solve_recursion(PAPER, 500, horizon=2.0, objective="probability")
    assert chance.is_stationary
    assert chance.threshold == pytest.approx(survival_threshold(PAPER).frequency, abs=1e-3)


@pytest.mark.parametrize("objective", ["time", "probability"])
def test_the_cost_is_what_the_policy_costs_when_run_forward(objective):
    population = 30
    found = solve_recursion(PAPER, population, horizon=2.0, objective=objective)
    free, opposed = (resampling_matrix(population, s) for s in (10.0, -20.0))
    generations = len(found.time_to_go)
    state = np.eye(population - 1)[12]
    cost = 0.0
    for k in range(generations - 1, -1, -1):  # k generations remain after this one
        controlled = found.policy[k] < 0
        loss = np.where(controlled, loss_probability(population, -20.0), loss_probability(population, 10.0))
        cost += (state @ loss) * (k if objective == "time" else 1.0)
        state = state @ np.where(controlled[:, None], opposed, free)
    assert found.cost[12] == pytest.approx(cost, rel=1e-12)
    kept = found.horizon - cost / population if objective == "time" else 1 - cost
    assert found.value[12] == pytest.approx(kept, rel=1e-12)


def test_horizons_that_are_too_short_are_told():
    short = solve_recursion(PAPER, 100, horizon=0.3)
    assert not short.is_stationary
    assert "take a longer one" in short.sentence
    long = solve_recursion(PAPER, 100, horizon=6.0)
    assert long.is_stationary
    assert long.threshold == pytest.approx(0.6449, abs=0.01)


def test_middling_controls_are_of_use_only_beside_the_threshold_of_small_populations():
    gains = []
    for population in (50, 200):
        two = solve_recursion(PAPER, population, horizon=2.0)
        three = solve_recursion(PAPER, population, horizon=2.0, levels=(0.0, -15.0, -30.0))
        # one generation of a small population can step over the threshold; in the limit control is bang-bang
        used = three.x[(three.policy[population:] == -15.0).any(axis=0)]
        assert np.abs(used - two.threshold).max(initial=0.0) < 3 / population + 0.02
        assert (three.cost <= two.cost * (1 + 1e-12)).all()
        gains.append(1 - (three.cost / two.cost).min())
    assert gains[1] < 0.5 * gains[0]
    with pytest.raises(WrightFisherError, match="two or more values"):
        solve_recursion(PAPER, 100, levels=(0.0, -40.0))


def test_equal_forces_are_symmetric():
    found = solve_recursion(ControlledSelection(10.0, -20.0), 100, horizon=2.0)
    assert found.threshold == pytest.approx(0.5, abs=1e-6)
    np.testing.assert_allclose(found.cost, found.cost[::-1], rtol=1e-9)


@pytest.mark.parametrize("selection", [PAPER, ControlledSelection(10, -20), ControlledSelection(4, -30)])
def test_stationary_equation_finds_threshold_and_value(selection):
    found = solve_stationary_hjb(selection, 800)
    best = survival_threshold(selection)
    assert found.threshold == pytest.approx(best.frequency, abs=3e-5)
    assert (found.controlled == (found.x > best.frequency)).sum() >= 799
    i = 200
    expected = mean_survival_time(float(found.x[i]), best.frequency, selection)
    assert found.value[i] == pytest.approx(expected, rel=1e-3)
    assert found.value[i] <= expected * (1 + 1e-9)


@pytest.mark.parametrize(("objective", "tolerance"), [("time", 2e-3), ("probability", 3e-4)])
def test_equation_in_time_settles_at_the_threshold(objective, tolerance):
    found = solve_hjb(PAPER, horizon=3.0, steps=150, points=300, objective=objective)
    assert found.threshold == pytest.approx(0.644894, abs=tolerance)
    assert np.all(np.diff(found.thresholds[-20:]) >= -1e-6)


@pytest.mark.parametrize("objective", ["time", "probability"])
def test_equation_and_recursion_agree_on_the_value(objective):
    x = [0.1, 0.5, 0.9]
    lost = []
    for population in (200, 400):
        finite = solve_recursion(PAPER, population, horizon=1.0, objective=objective)
        lost.append(1.0 - np.interp(x, finite.x, finite.value))
    limit = solve_hjb(PAPER, horizon=1.0, steps=400, points=300, objective=objective)
    # what a finite population adds is of first order in 1 / N
    expected = 1.0 - np.interp(x, limit.x, limit.value[-1])
    np.testing.assert_allclose(2 * lost[1] - lost[0], expected, rtol=0.08)


@pytest.mark.parametrize(("sigma", "strongest"), [(10.0, -20.0), (2.0, -2.5), (4.0, -12.0)])
def test_stationary_chain_is_the_recursion_without_end(sigma, strongest):
    selection = ControlledSelection(sigma, strongest)
    found = finite_threshold(selection, 60)
    # the expected time lost settles once the horizon is beyond the survival time
    long = 4.0 * max(survival_threshold(selection).survival, 2.0)
    assert found.threshold == pytest.approx(
        solve_recursion(selection, 60, horizon=min(long, 40.0)).threshold, abs=2e-3
    )
    assert found.threshold == pytest.approx(survival_threshold(selection).frequency, abs=0.02)
