import numpy as np
import pytest
from known_posteriors import gamma_poisson, normal_pairs, tree
from scipy import stats

from fitting.posterior_checks.course_features import features
from fitting.posterior_checks.leave_one_out import leave_one_out
from fitting.posterior_checks.pit import leave_one_out_pit, pit_values, uniformity
from fitting.posterior_checks.predictive import PredictiveVerdict, check_predictions
from fitting.posterior_checks.reading import visit_draws

CALM = [101, 96, 110, 92, 104, 99]


def predicting(burdens, draws, times=None, **extra):
    """A posterior that predicts these draws, shape (chain, draw, visit)."""
    times = 10.0 * np.arange(len(burdens)) if times is None else times
    data = {"burden": np.asarray(burdens, float), **extra}
    return tree({"posterior_predictive": {"burden": np.asarray(draws, float)}, "observed_data": data}, times)


def test_values_of_counts_are_uniform_under_the_true_model():
    rng = np.random.default_rng(1)
    y = rng.poisson(1.5, size=3000).astype(float)
    draws = rng.poisson(1.5, size=(400, 3000)).astype(float)
    values = pit_values(y, draws, rng)
    assert uniformity(values) > 0.01
    # without the randomised ties they are not
    assert uniformity(np.mean(draws < y, axis=0)) < 1e-6


def test_values_are_the_shares_below():
    draws = np.arange(100.0)[:, None] * np.ones(3)
    values = pit_values(np.array([-1.0, 24.5, 200.0]), draws, np.random.default_rng(0))
    np.testing.assert_allclose(values, [0, 0.25, 1])


def test_censored_values_are_drawn_from_their_tail():
    rng = np.random.default_rng(2)
    y = rng.normal(size=4000)
    below = y < -0.5
    above = y > 1.0
    censored = np.where(below, -0.5, np.where(above, 1.0, y))
    flags = np.where(below, -1, np.where(above, 1, 0))
    values = pit_values(censored, rng.normal(size=(2000, 4000)), rng, flags)
    assert uniformity(values) > 0.01
    assert uniformity(pit_values(censored, rng.normal(size=(2000, 4000)), rng)) < 1e-6


def test_leave_one_out_values_are_those_in_closed_form_and_of_arviz():
    from arviz_stats import loo_pit

    posterior = normal_pairs({"a": (0.4, 2.0), "b": (-0.5, 0.5), "c": (1.5, 0.5)})
    # without its visit each parameter falls back on its prior N(0, 1)
    result = check_predictions(posterior)
    exact = [
        stats.norm.cdf(y, scale=np.sqrt(1 + 1 / tau)) for y, tau in ((0.4, 2.0), (-0.5, 0.5), (1.5, 0.5))
    ]
    np.testing.assert_allclose(result.loo_pit, exact, atol=0.06)
    np.testing.assert_allclose(result.loo_pit, loo_pit(posterior)["burden"].values, atol=0.02)
    # the posterior has seen the visits: its own values are nearer to one half
    assert np.all(np.abs(result.pit - 0.5) <= np.abs(result.loo_pit - 0.5))


def test_leave_one_out_values_need_the_same_draws_and_weights_that_hold():
    posterior = gamma_poisson([100, 98, 103, 320])
    loo = leave_one_out(posterior)
    predicted = visit_draws(posterior, "posterior_predictive")
    values = leave_one_out_pit(loo, loo.burdens, predicted, np.random.default_rng(0))
    np.testing.assert_array_equal(np.isnan(values), loo.pareto_k > loo.k_limit)
    with pytest.raises(ValueError, match="take both from one posterior"):
        leave_one_out_pit(loo, loo.burdens, predicted[:, :10], np.random.default_rng(0))


def test_a_course_from_the_model_looks_like_it():
    result = check_predictions(gamma_poisson(CALM))
    assert result.verdict is PredictiveVerdict.LIKE
    assert "6 of 6 visits lie inside the 90 % band" in result.sentence
    assert result.coverage(0.9) == 1.0
    assert list(result.to_table().columns) == [
        "burden",
        "censoring",
        "q5",
        "q25",
        "q50",
        "q75",
        "q95",
        "pit",
        "loo_pit",
    ]
    assert list(result.feature_table().index) == [
        "nadir depth",
        "slope of the last two visits",
        "largest residual",
    ]


def test_a_jump_is_outside_and_named():
    result = check_predictions(gamma_poisson([100, 98, 103, 320], patient_id="MEL01"))
    assert result.verdict is PredictiveVerdict.VISITS_OUTSIDE
    assert "day 90 (320, too high)" in result.sentence
    assert result.sentence.startswith("patient MEL01, model known: More visits")
    assert result.outside[3]


def test_one_visit_a_little_outside_is_chance():
    draws = np.random.default_rng(3).normal(100, 10, size=(4, 1000, 8))
    y = np.full(8, 100.0)
    y[4] = 118.5
    result = check_predictions(predicting(y, draws))
    assert result.outside.sum() == 1
    assert result.verdict is PredictiveVerdict.LIKE
    assert "outside: day 40" in result.sentence


def test_a_shape_that_no_course_has_is_a_feature():
    # each replicate falls as a whole or stays as a whole; the measured course falls and comes back within the band
    rng = np.random.default_rng(5)
    level = np.exp(0.7 * rng.normal(size=(4, 1000, 1)))
    draws = 100 * level * np.exp(0.01 * rng.normal(size=(4, 1000, 4)))
    result = check_predictions(predicting([100, 60, 60, 100], draws))
    assert not result.outside.any()
    assert result.verdict is PredictiveVerdict.FEATURE_MISSED
    assert "nadir depth 0.6 where" in result.sentence


def test_p_values_of_features_are_those_of_theory():
    rng = np.random.default_rng(6)
    logs = rng.normal(size=(4, 5000, 3))
    times, y = np.array([0.0, 10.0, 30.0]), np.exp([0.0, 0.5, 1.5])
    seen = {f.name: f for f in features(times, y, np.zeros(3, int), np.exp(logs))}
    slope = seen["slope of the last two visits"]
    assert slope.observed == pytest.approx(1.0 / 20)
    assert slope.p_value == pytest.approx(2 * stats.norm.sf(1.0, scale=np.sqrt(2)), abs=0.02)
    assert seen["nadir depth"].observed == 1.0
    assert seen["nadir depth"].quantiles[1] < 1.0


def test_replicates_are_censored_like_the_measurement():
    rng = np.random.default_rng(7)
    draws = np.exp(rng.normal(np.log([100.0, 0.01, 50.0]), 0.3, size=(4, 500, 3)))
    burdens, flags = np.array([100.0, 1.0, 50.0]), np.array([0, -1, 0])
    nadir = features(np.array([0.0, 10.0, 20.0]), burdens, flags, draws)[0]
    # every replicate lies below the limit there, and is read as the limit
    assert 0.005 < nadir.quantiles[0] < nadir.quantiles[2] < 0.02
    assert nadir.p_value > 0.5
    result = check_predictions(predicting(burdens, draws, censoring=flags))
    assert result.verdict is PredictiveVerdict.LIKE


def test_a_prior_that_excludes_the_data_says_check_the_units():
    right = check_predictions(gamma_poisson(CALM), "prior_predictive")
    assert right.verdict is PredictiveVerdict.LIKE
    assert right.loo_pit is None
    wrong = check_predictions(gamma_poisson(CALM, shape=20, rate=20), "prior_predictive")
    assert wrong.verdict is PredictiveVerdict.PRIOR_EXCLUDES
    assert "Check the units" in wrong.sentence


def test_visits_without_a_measurement_keep_their_band():
    draws = np.random.default_rng(3).normal(100, 10, size=(4, 500, 3))
    result = check_predictions(predicting([101, np.nan, 99], draws))
    assert np.isnan(result.pit[1])
    assert np.isfinite(result.quantiles).all()
    assert "2 of 2 visits" in result.sentence
    nothing = check_predictions(predicting([np.nan] * 3, draws))
    assert nothing.verdict is PredictiveVerdict.NOTHING_MEASURED


def test_predictions_that_are_not_numbers_are_refused():
    draws = np.full((2, 10, 3), np.nan)
    with pytest.raises(ValueError, match="100 % of the predictions"):
        check_predictions(predicting([1, 2, 3], draws))


def test_the_same_seed_gives_the_same_values():
    posterior = gamma_poisson([3, 1, 2, 4])
    first, again, other = (check_predictions(posterior, seed=s).pit for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
