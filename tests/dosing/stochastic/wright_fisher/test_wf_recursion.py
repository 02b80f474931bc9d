"""Cost-to-go of finite populations and of the diffusion find the threshold of the closed form."""

import itertools

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
    for population in (100, 400):
        two = solve_recursion(PAPER, population, horizon=2.0)
        three = solve_recursion(PAPER, population, horizon=2.0, levels=(0.0, -15.0, -30.0))
        # one generation of a small population can step over the threshold; in the limit control is bang-bang
        used = three.x[(three.policy[population:] == -15.0).any(axis=0)]
        assert np.abs(used - two.threshold).max(initial=0.0) < 3 / population + 0.02
        assert (three.cost <= two.cost * (1 + 1e-12)).all()
        gains.append(1 - (three.cost / two.cost).min())
    # of second order in 1 / N: a sixteenth
    assert gains[0] > 0
    assert gains[1] < 0.1 * gains[0]
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
    x = np.array([0.1, 0.5, 0.9])
    lost = []
    for population in (200, 400, 800):
        finite = solve_recursion(PAPER, population, horizon=1.0, objective=objective)
        lost.append(1.0 - finite.value[np.rint(x * population).astype(int) - 1])
    limit = solve_hjb(PAPER, horizon=1.0, steps=800, points=600, objective=objective)
    expected = [np.interp(y, limit.x, limit.cost[-1]) for y in x]
    np.testing.assert_allclose(1.0 - limit.value[-1], limit.cost[-1], atol=1e-14)
    # a small population adds terms in 1 / N and 1 / N^2; without them 5e-5 lost is met to three digits
    first = [2 * fine - coarse for coarse, fine in itertools.pairwise(lost)]
    np.testing.assert_allclose((4 * first[1] - first[0]) / 3, expected, rtol=3e-3)


def test_long_survival_keeps_its_threshold_in_the_equation_in_time():
    # survival of 1e12 N generations: the probability of keeping both alleles is one but for its last digits
    strong = ControlledSelection(20.0, -120.0)
    found = solve_hjb(strong, horizon=1.0, steps=100, points=600, objective="probability")
    assert found.threshold == pytest.approx(survival_threshold(strong).frequency, abs=2e-4)
    with pytest.raises(WrightFisherError, match="vanishes in rounding"):
        solve_stationary_hjb(strong)


def test_short_survival_has_two_best_thresholds():
    # the longest mean survival and the smallest lasting rate of loss are different aims
    weak = ControlledSelection(2.0, -2.5)
    time, chance = (
        solve_hjb(weak, horizon=8.0, steps=400, points=300, objective=o) for o in ("time", "probability")
    )
    assert time.threshold == pytest.approx(survival_threshold(weak).frequency, abs=3e-4)
    finite = solve_recursion(weak, 200, horizon=5.0, objective="probability")
    assert chance.threshold == pytest.approx(finite.threshold, abs=3e-4)
    assert time.threshold > chance.threshold + 0.009


@pytest.mark.parametrize("selection", [PAPER, ControlledSelection(5, -30), ControlledSelection(20, -120)])
def test_thresholds_of_finite_populations_tend_to_the_closed_form(selection):
    expected = survival_threshold(selection).frequency
    distance = [abs(finite_threshold(selection, n).threshold - expected) for n in (125, 250, 500)]
    # at least of first order in 1 / N
    assert distance[1] < 0.51 * distance[0]
    assert distance[2] < 0.51 * distance[1]
    # and small where the control of one generation is
    assert distance[2] < 0.05 * abs(selection.strongest) / 500


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
