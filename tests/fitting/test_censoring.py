import numpy as np
import pytest
from distributions import COUNTS, DISPERSION, distribution

from fitting.likelihood import LIKELIHOODS, get_likelihood

NAMES = tuple(LIKELIHOODS)
LIMITS = np.array([1.0, 4.0, 25.0, 60.0])
OUTPUT = np.array([2.0, 3.0, 31.0, 45.0])


def terms(name, y, mu, side, phi=None):
    phi = DISPERSION[name] if phi is None else phi
    y, mu = np.asarray(y, dtype=float), np.asarray(mu, dtype=float)
    return get_likelihood(name).terms(y, mu, np.full(y.shape, phi), np.full(y.shape, side))


@pytest.mark.parametrize("name", NAMES)
def test_values_are_tail_probabilities(name):
    found = distribution(name, OUTPUT, DISPERSION[name])
    np.testing.assert_allclose(terms(name, LIMITS, OUTPUT, -1)[0], -found.logcdf(LIMITS), rtol=1e-9)
    above = found.sf(LIMITS - 1) if name in COUNTS else found.sf(LIMITS)
    np.testing.assert_allclose(terms(name, LIMITS, OUTPUT, 1)[0], -np.log(above), rtol=1e-9)


@pytest.mark.parametrize("name", COUNTS)
def test_limits_between_two_counts_round_to_the_counts_inside(name):
    found = distribution(name, OUTPUT, DISPERSION[name])
    np.testing.assert_allclose(terms(name, LIMITS + 0.4, OUTPUT, -1)[0], -found.logcdf(LIMITS), rtol=1e-9)
    np.testing.assert_allclose(
        terms(name, LIMITS - 0.4, OUTPUT, 1)[0], -np.log(found.sf(LIMITS - 1)), rtol=1e-9
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("side", [-1, 1])
def test_slopes_are_those_of_the_value(name, side):
    h, phi = 1e-4, DISPERSION[name]
    value, slope, information, slope_phi, curvature_phi = terms(name, LIMITS, OUTPUT, side)
    up, down = (terms(name, LIMITS, OUTPUT * np.exp(s * h), side)[0] for s in (1, -1))
    np.testing.assert_allclose(slope * OUTPUT, (up - down) / (2 * h), rtol=1e-5, atol=1e-7)
    if name == "normal":  # curvature in mu; the others take it in log mu
        up, down = (terms(name, LIMITS, OUTPUT + s * h, side)[0] for s in (1, -1))
        np.testing.assert_allclose(information, (up - 2 * value + down) / h**2, rtol=1e-4, atol=1e-5)
    else:
        np.testing.assert_allclose(
            information * OUTPUT**2, (up - 2 * value + down) / h**2, rtol=1e-4, atol=1e-5
        )
    up, down = (terms(name, LIMITS, OUTPUT, side, phi * np.exp(s * h))[0] for s in (1, -1))
    np.testing.assert_allclose(slope_phi, (up - down) / (2 * h), rtol=1e-5, atol=1e-7)
    if LIKELIHOODS[name].has_dispersion:
        expected = np.maximum((up - 2 * value + down) / h**2, 0.0 if name in COUNTS else -np.inf)
        np.testing.assert_allclose(curvature_phi, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("side", "direction"), [(-1, 1.0), (1, -1.0)])
def test_far_tails_stay_finite_and_point_home(name, side, direction):
    limit = np.full(6, 300.0)
    outputs = 300.0 * np.array([2, 10, 1e3, 1e6, 1e9, 1e12]) ** direction
    value, slope, information, *rest = terms(name, limit, outputs, side)
    assert all(np.all(np.isfinite(term)) for term in (value, slope, information, *rest))
    assert np.all(np.diff(value) > 0)
    assert np.all(slope * direction > 0)
    assert np.all(information >= 0)
    h = 1e-4
    up, down = (terms(name, limit, outputs * np.exp(s * h), side)[0] for s in (1, -1))
    np.testing.assert_allclose(slope * outputs, (up - down) / (2 * h), rtol=1e-3, atol=1e-8)


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("side", [-1, 1])
def test_far_tails_of_counts_agree_with_a_sum_of_logarithms(name, side):
    mu, limit = (5000.0, 40.0) if side < 0 else (5.0, 4000.0)
    phi = 500.0
    k = np.arange(0, 41) if side < 0 else np.arange(4000, 9000)
    expected = -np.logaddexp.reduce(distribution(name, mu, phi).logpmf(k))
    assert terms(name, [limit], [mu], side, phi)[0][0] == pytest.approx(expected, rel=1e-10)
    assert expected > 690  # beyond what a probability in double precision can hold


@pytest.mark.parametrize("name", NAMES)
def test_measured_rows_are_untouched_by_censored_neighbours(name):
    y, mu, phi = np.array([4.0, 4.0, 4.0]), np.array([3.0, 3.0, 3.0]), np.full(3, DISPERSION[name])
    mixed = get_likelihood(name).terms(y, mu, phi, np.array([0, -1, 1]))
    alone = get_likelihood(name).terms(y, mu, phi, np.zeros(3, dtype=int))
    for a, b in zip(mixed, alone, strict=True):
        assert a[0] == b[0]
    assert np.all(mixed[0][1:] != alone[0][1:])


@pytest.mark.parametrize("name", COUNTS)
def test_limit_of_zero(name):
    probability = distribution(name, np.array([2.0]), DISPERSION[name]).pmf(0)
    assert terms(name, [0.0], [2.0], -1)[0] == pytest.approx(-np.log(probability))
    value, slope, *_ = terms(name, [0.0], [2.0], 1)
    assert value == pytest.approx(0.0, abs=1e-10)  # every count is at least zero
    assert slope == 0.0
