import numpy as np
import pytest
from distributions import COUNTS, DISPERSION, distribution
from scipy.integrate import quad

from fitting.likelihood import LIKELIHOODS, get_likelihood

MU = np.array([0.3, 2.0, 7.5, 60.0, 900.0])
NAMES = tuple(LIKELIHOODS)


def log_density(name, y, mu, phi):
    found = distribution(name, mu, phi)
    return found.logpmf(y) if name in COUNTS else found.logpdf(y)


def terms(name, y, mu, phi=None):
    mu = np.asarray(mu, dtype=float)
    phi = DISPERSION[name] if phi is None else phi
    y, phi = (np.broadcast_to(np.asarray(v, dtype=float), mu.shape).copy() for v in (y, phi))
    return get_likelihood(name).terms(y, mu, phi, np.zeros(mu.shape, dtype=int))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("y", [1.0, 5.0, 800.0])
def test_value_is_the_negative_log_density(name, y):
    expected = -log_density(name, y, MU, DISPERSION[name])
    np.testing.assert_allclose(terms(name, y, MU)[0], expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", ["poisson", "negative_binomial", "normal"])
def test_zero_burdens_have_a_value_where_the_distribution_gives_them_one(name):
    np.testing.assert_allclose(
        terms(name, 0.0, MU)[0], -log_density(name, 0.0, MU, DISPERSION[name]), rtol=1e-10
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("y", [1.0, 9.0, 120.0])
def test_slopes_are_those_of_the_value(name, y):
    h = 1e-5
    _, slope, _, slope_phi, curvature_phi = terms(name, y, MU)
    up, down = (terms(name, y, MU * np.exp(s * h))[0] for s in (1, -1))
    np.testing.assert_allclose(slope * MU, (up - down) / (2 * h), rtol=1e-6, atol=1e-6)
    phi, h = DISPERSION[name], 1e-4
    value, up, down = (terms(name, y, MU, phi * np.exp(s * h))[0] for s in (0, 1, -1))
    np.testing.assert_allclose(slope_phi, (up - down) / (2 * h), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(curvature_phi, (up - 2 * value + down) / h**2, rtol=1e-4, atol=1e-3)


def expectation(name, function, mu, phi):
    """Mean of a function of a measurement around an output."""
    found = distribution(name, mu, phi)
    if name in COUNTS:
        y = np.arange(0, int(found.isf(1e-14)) + 50)
        return float(np.sum(found.pmf(y) * function(y)))
    low, high = found.ppf(1e-13), found.isf(1e-13)
    return quad(lambda y: found.pdf(y) * function(np.array([y]))[0], low, high, points=[mu], limit=400)[0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mu", [2.0, 60.0])
def test_information_is_the_expected_squared_score(name, mu):
    information = terms(name, mu, np.array([mu]))[2][0]
    squared = expectation(name, lambda y: terms(name, y, np.full(len(y), mu))[1] ** 2, mu, DISPERSION[name])
    assert information == pytest.approx(squared, rel=1e-6)
    # whatever was measured: the information does not depend on it
    assert terms(name, 3 * mu + 1, np.array([mu]))[2][0] == information


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mu", [2.0, 60.0])
def test_score_has_mean_zero_and_mean_and_dispersion_are_orthogonal(name, mu):
    phi = DISPERSION[name]
    score = expectation(name, lambda y: terms(name, y, np.full(len(y), mu))[1], mu, phi)
    cross = expectation(
        name, lambda y: np.prod([terms(name, y, np.full(len(y), mu))[i] for i in (1, 3)], axis=0), mu, phi
    )
    assert abs(score) < 1e-7
    assert abs(cross) < 1e-7


@pytest.mark.parametrize("name", [n for n in NAMES if LIKELIHOODS[n].has_dispersion])
def test_curvature_in_the_dispersion_is_the_expected_squared_score_on_average(name):
    mu, phi = 20.0, DISPERSION[name]
    squared = expectation(name, lambda y: terms(name, y, np.full(len(y), mu))[3] ** 2, mu, phi)
    curvature = expectation(name, lambda y: terms(name, y, np.full(len(y), mu))[4], mu, phi)
    assert curvature == pytest.approx(squared, rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_pearson_residuals_of_draws_have_mean_zero_and_variance_one(name):
    phi = DISPERSION[name]
    draws = distribution(name, 50.0, phi).rvs(size=40_000, random_state=np.random.default_rng(5))
    residuals = get_likelihood(name).pearson(draws, np.full(len(draws), 50.0), phi)
    assert abs(residuals.mean()) < 4 / np.sqrt(len(draws))
    assert residuals.var() == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize("name", NAMES)
def test_variance_is_that_of_the_distribution(name):
    phi, mu = DISPERSION[name], np.array([3.0, 40.0])
    likelihood = get_likelihood(name)
    np.testing.assert_allclose(likelihood._variance(mu, phi) * np.ones(2), distribution(name, mu, phi).var())


def test_outputs_that_are_not_positive_are_read_as_almost_nothing():
    value, slope, *_ = terms("poisson", 5.0, np.array([0.0, -3.0]))
    assert np.all(np.isfinite(value))
    assert np.all(value > 100)
    assert np.all(slope < 0)


def test_dispersion_range_of_the_normal_scales_with_the_burdens():
    assert get_likelihood("normal").dispersion_range(np.array([10.0, 50.0])) == (1.0, 50.0)
    assert get_likelihood("log_normal").dispersion_range(np.array([10.0, 50.0])) == (0.05, 2.0)


def test_equation_is_printed_for_the_report():
    assert "mu" in get_likelihood("poisson").latex
    assert all(member.source for member in LIKELIHOODS.values())


def test_unknown_likelihood_names_the_known_ones():
    with pytest.raises(
        ValueError, match=r"unknown likelihood 'gamma'; known are auto, poisson, negative_binomial"
    ):
        get_likelihood("gamma")
