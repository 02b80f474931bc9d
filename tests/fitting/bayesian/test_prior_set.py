"""Priors on the logarithm, against SciPy's distributions of the parameters themselves."""

import math

import numpy as np
import preliz as pz
import pytest
from scipy import integrate, stats

from dynamics import get_model
from dynamics.model import ModelError
from dynamics.prior import Prior
from fitting.bayesian.coordinate_prior import coordinate_prior
from fitting.bayesian.prior_set import build_priors, population_priors
from fitting.likelihood import LOG_NORMAL, NORMAL, POISSON

CASES = {
    "log_normal": (Prior(0.1, 10.0), 1e-3, 4.0),
    "cut_off": (Prior(2.0, 4.0), 1.001, 1000.0),
    "flat": (None, 0.5, 20.0),
    "preliz": (pz.Gamma(2, 10), 1e-3, 4.0),
    "scipy": (stats.halfnorm(scale=0.3), 0.05, 1.0),
}


@pytest.mark.parametrize("name", CASES)
def test_density_integrates_to_one_and_draws_follow_it(name):
    given, lower, upper = CASES[name]
    prior = coordinate_prior("r", given, lower, upper, "")
    low = prior.lower if math.isfinite(prior.lower) else -25.0
    high = prior.upper if math.isfinite(prior.upper) else 25.0
    mass, _ = integrate.quad(lambda q: float(np.exp(prior.log_density(np.array(q)))), low, high, limit=400)
    assert mass == pytest.approx(1.0, abs=1e-6)
    grid = np.linspace(low, high, 40_001)
    cdf = integrate.cumulative_trapezoid(np.exp(prior.log_density(grid)), grid, initial=0.0)
    drawn = prior.draw(np.random.default_rng(1), 4000)
    assert np.all((drawn >= low) & (drawn <= high))
    assert stats.kstest(drawn, lambda q: np.interp(q, grid, cdf)).pvalue > 1e-3


def test_density_is_that_of_the_parameter_with_its_jacobian():
    prior = coordinate_prior("r", pz.Gamma(2, 10), 1e-9, 1e9, "")
    q = np.log([0.02, 0.2, 0.7])
    np.testing.assert_allclose(prior.log_density(q), stats.gamma(2, scale=0.1).logpdf(np.exp(q)) + q)


def test_default_priors_are_those_of_the_catalogue():
    priors = build_priors(get_model("competition"), LOG_NORMAL)
    assert priors.names == ("r", "K", "delta", "c", "dispersion")
    assert priors.scales[1] == "V0"
    assert priors.mean[1] == pytest.approx(math.log(2.0))
    assert "Masud" in priors.describe()["r"]


def test_dispersion_of_the_normal_is_measured_in_the_largest_burden():
    assert build_priors(get_model("logistic"), NORMAL).scales[-1] == "the largest burden"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rho": Prior(1.0, 2.0)}, "rho"),
        ({"r": 0.3}, "no distribution"),
        ({"r": Prior(1e6, 1.5)}, "mass"),
        ({"r": stats.uniform(50, 10)}, "mass"),
    ],
)
def test_what_is_no_prior_is_refused_in_words(given, words):
    with pytest.raises(ModelError, match=words):
        build_priors(get_model("competition"), POISSON, given)


def test_joint_prior_splits_into_shares_that_sum_to_the_quadratic_form():
    priors = build_priors(get_model("logistic"), POISSON)
    covariance = np.array([[0.3, 0.1, 0.0], [0.1, 0.5, -0.2], [0.0, -0.2, 0.4]])
    mean = np.array([-2.0, 0.5, -2.0])
    joint = population_priors(priors, mean, covariance, "a population of nine")
    q = np.random.default_rng(0).normal(size=(7, 3))
    expected = -0.5 * np.einsum("mi,ij,mj->m", q - mean, np.linalg.inv(covariance), q - mean)
    np.testing.assert_allclose(joint.log_density(q).sum(axis=1), expected)
    drawn = joint.draw(np.random.default_rng(1), 20_000)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=0.03)
    assert joint.describe()["r"] == "a population of nine"
