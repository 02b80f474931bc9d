"""Simulated survival lies where the chains compute it."""

import numpy as np
import pytest

from dosing.stochastic.wright_fisher import (
    ControlledSelection,
    WrightFisherError,
    mean_survival_time,
    naive,
    naive_control,
    perfect,
    population_regimes,
    preemptive,
    preemptive_control,
    simulate_course,
    simulate_survival,
    survival_threshold,
    uncontrolled,
)

PAPER = ControlledSelection(10.0, -30.0)
THRESHOLD = survival_threshold(PAPER).frequency


def within(sample, expected, errors=4.0):
    assert abs(sample.mean - expected) < errors * sample.standard_error, (sample.sentence, expected)


@pytest.fixture(scope="module")
def exact():
    return population_regimes(PAPER, 200, 2)


def test_naive_survival_is_that_of_the_chain(exact):
    sample = simulate_survival(naive(PAPER, 200, THRESHOLD, 0.1), runs=1000, exact=True)
    within(sample, naive_control(exact, 0.1, THRESHOLD).survival_from(0.5))
    assert not sample.censored.any()


def test_preemptive_survival_is_that_of_the_chain(exact):
    plan = preemptive_control(exact, 0.2)
    sample = simulate_survival(preemptive(PAPER, 200, plan), runs=600, seed=3, exact=True)
    within(sample, plan.survival_from(0.5))


def test_censored_runs_estimate_the_same_mean(exact):
    plan = preemptive_control(exact, 0.1)
    sample = simulate_survival(preemptive(PAPER, 200, plan), runs=600, horizon=15.0, seed=4, exact=True)
    assert sample.censored.mean() > 0.5
    within(sample, plan.survival_from(0.5))
    assert sample.share_kept(10.0) == pytest.approx(np.exp(-10 / plan.survival_from(0.5)), abs=0.08)
    with pytest.raises(WrightFisherError, match="beyond"):
        sample.share_kept(16.0)


def test_normal_draws_are_as_good_as_binomial_ones():
    expected = mean_survival_time(0.5, 1.0, PAPER)
    samples = [simulate_survival(uncontrolled(PAPER, 2000), runs=1000, seed=s, exact=s > 0) for s in (0, 1)]
    for sample in samples:
        within(sample, expected)
    assert not np.array_equal(samples[0].times, samples[1].times)


@pytest.mark.slow
def test_survival_in_large_populations_is_that_of_the_diffusion():
    from dosing.stochastic.wright_fisher import diffusion_regimes

    regimes = diffusion_regimes(PAPER, 0.005, 241)
    sample = simulate_survival(naive(PAPER, 10_000, THRESHOLD, 0.1), runs=1500, seed=5)
    within(sample, naive_control(regimes, 0.1, THRESHOLD).survival_from(0.5))
    plan = preemptive_control(regimes, 0.2)
    sample = simulate_survival(preemptive(PAPER, 10_000, plan), runs=1000, seed=6)
    within(sample, plan.survival_from(0.5))


@pytest.mark.slow
def test_perfect_survival_is_that_of_the_chain():
    population = 100
    expected = naive_control(population_regimes(PAPER, population), 0.01, THRESHOLD).survival_from(0.5)
    sample = simulate_survival(perfect(PAPER, population, THRESHOLD), runs=200, horizon=4000.0, seed=7)
    assert sample.losses > 60
    within(sample, expected)


def test_results_do_not_depend_on_the_number_of_threads():
    protocol = naive(PAPER, 500, THRESHOLD, 0.2)
    one, two = (simulate_survival(protocol, runs=100, seed=8, workers=w) for w in (1, 2))
    np.testing.assert_array_equal(one.times, two.times)
    seen = []
    simulate_survival(protocol, runs=50, horizon=0.1, progress=seen.append)
    assert seen[-1] == 1.0


def test_a_course_starts_and_ends_where_it_should():
    for seed in range(5):
        lost = simulate_course(uncontrolled(PAPER, 1000), start=0.5, horizon=20.0, seed=seed)
        assert lost.frequency[0] == 0.5
        assert lost.frequency[-1] in (0.0, 1.0)
        assert ((lost.frequency[:-1] > 0) & (lost.frequency[:-1] < 1)).all()
        assert (np.diff(lost.time) > 0).all()
        assert len(lost.looks) == 0
    kept = simulate_course(perfect(PAPER, 10_000, THRESHOLD), horizon=2.0, seed=2)
    assert kept.time[-1] == pytest.approx(2.0)
    assert abs(kept.frequency[300:].mean() - THRESHOLD) < 0.1
    watched = simulate_course(naive(PAPER, 10_000, THRESHOLD, 0.1), horizon=0.3, seed=2)
    np.testing.assert_allclose(watched.looks, [0.0, 0.1, 0.2, 0.3], atol=1e-9)


def test_no_loss_is_told():
    sample = simulate_survival(perfect(PAPER, 500, THRESHOLD), runs=5, horizon=0.1)
    assert sample.mean == np.inf
    assert "take a longer horizon" in sample.sentence


def test_errors_say_what_to_do():
    with pytest.raises(WrightFisherError, match="less than one generation"):
        naive(PAPER, 100, THRESHOLD, 0.001)
    with pytest.raises(WrightFisherError, match="strictly between"):
        simulate_survival(uncontrolled(PAPER, 100), start=1.0)
