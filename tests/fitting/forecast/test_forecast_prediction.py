"""Predictions from draws of a model."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from dynamics import DoseSchedule
from fitting.forecast import Prediction, PredictionError, Split, predict_from_draws
from fitting.forecast.scores import score_visits
from fitting.likelihood import LIKELIHOODS, LOG_NORMAL, NORMAL, POISSON
from patients import Patient

DAYS = np.array([30.0, 40.0])


def split_with(burdens, censoring=(0, 0)):
    schedule = DoseSchedule.constant(1.0)
    training = Patient("P1", [0.0, 10.0, 20.0], [9.0, 9.0, 9.0], schedule)
    return Split(training, DAYS, np.array(burdens), np.array(censoring), schedule)


def test_log_density_is_that_of_the_mixture():
    mu = np.array([[3.0, 5.0], [4.0, 8.0], [6.0, 7.0]])
    sd = np.array([0.3, 0.5, 0.2])
    w = np.array([0.2, 0.5, 0.3])
    y = np.array([3.5, 6.5])
    prediction = predict_from_draws(split_with(y), "m", mu, sd, LOG_NORMAL, weights=5 * w)
    expected = logsumexp(stats.lognorm.logpdf(y, sd[:, None], scale=mu), b=w[:, None], axis=0)
    assert prediction.log_density == pytest.approx(expected, rel=1e-12)
    assert prediction.weights == pytest.approx(w)


def test_log_probability_of_a_censored_value():
    mu, sd = np.array([[3.0, 5.0], [4.0, 8.0]]), np.array([1.0, 2.0])
    prediction = predict_from_draws(split_with([2.0, 9.0], (-1, 1)), "m", mu, sd, NORMAL)
    below = stats.norm.cdf(2.0, mu[:, 0], sd).mean()
    above = stats.norm.sf(9.0, mu[:, 1], sd).mean()
    assert np.exp(prediction.log_density) == pytest.approx([below, above])


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_draws_follow_the_likelihood(name):
    likelihood = LIKELIHOODS[name]
    phi = {"negative_binomial": 4.0, "log_normal": 0.4, "normal": 2.0, "poisson": 1.0}[name]
    mu = np.full((40000, 2), [20.0, 60.0])
    dispersion = np.full(40000, phi) if likelihood.has_dispersion else None
    prediction = predict_from_draws(split_with([20.0, 60.0]), "m", mu, dispersion, likelihood, seed=4)
    variance = {"poisson": mu[0], "normal": np.full(2, 4.0), "negative_binomial": mu[0] + mu[0] ** 2 / 4}
    if name == "log_normal":
        assert np.log(prediction.draws).std(axis=0) == pytest.approx([0.4, 0.4], rel=0.02)
        assert prediction.point == pytest.approx(mu[0], rel=0.02)
    else:
        assert prediction.draws.mean(axis=0) == pytest.approx(mu[0], rel=0.02)
        assert prediction.draws.var(axis=0) == pytest.approx(variance[name], rel=0.05)


def test_draws_of_the_truth_cover_as_they_should():
    generator = np.random.default_rng(2)
    n = 1000
    level = np.exp(generator.normal(3.0, 0.5, n))
    y = level * np.exp(0.3 * generator.standard_normal(n))
    schedule = DoseSchedule.constant(1.0)
    training = Patient("P1", [-2.0, -1.0, 0.0], [9.0, 9.0, 9.0], schedule)
    split = Split(training, np.arange(1.0, n + 1), y, np.zeros(n, dtype=int), schedule)
    mu = np.exp(generator.normal(3.0, 0.5, (1000, n)))
    scored = score_visits(split, predict_from_draws(split, "m", mu, np.full(1000, 0.3), LOG_NORMAL))
    assert scored["covered90"].mean() == pytest.approx(0.9, abs=0.03)
    # the mean log density of the truth is minus its entropy
    entropy = 3.0 + 0.5 * np.log(2 * np.pi * np.e * (0.5**2 + 0.3**2))
    assert scored["log_density"].mean() == pytest.approx(-entropy, abs=0.08)


@pytest.mark.parametrize(
    ("mu", "dispersion", "message"),
    [
        (np.ones((5, 3)), np.ones(5), "shape"),
        (np.array([[1.0, np.nan], [1.0, 1.0]]), np.ones(2), "1 of 2 draws"),
        (np.ones((5, 2)), None, "one dispersion a draw"),
    ],
)
def test_draws_that_cannot_be_used_are_refused(mu, dispersion, message):
    with pytest.raises(PredictionError, match=message):
        predict_from_draws(split_with([1.0, 1.0]), "m", mu, dispersion, LOG_NORMAL)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"draws": np.ones((5, 3))}, "shape"),
        ({"draws": np.full((5, 2), np.inf)}, "10 draws are not finite"),
        ({"point": np.ones(3)}, "one number for each"),
        ({"log_density": np.array([0.0, np.nan])}, "not a number"),
        ({"weights": np.full(5, 0.5)}, "sum to 1"),
    ],
)
def test_predictions_that_cannot_be_scored_are_refused(change, message):
    arguments = {"draws": np.ones((5, 2)), "log_density": np.zeros(2), "point": np.ones(2)} | change
    with pytest.raises(PredictionError, match=message):
        Prediction("P1", "m", DAYS, **arguments)


def test_counts_need_no_dispersion():
    prediction = predict_from_draws(split_with([3.0, 4.0]), "m", np.full((10, 2), 3.0), None, POISSON)
    assert prediction.log_density == pytest.approx(stats.poisson.logpmf([3, 4], 3.0))
