import math

import numpy as np
import pytest
from scipy import stats

from fitting.result import Fit, FitStatus


def fit(**changes):
    values = {
        "patient_id": "A",
        "model_name": "competition",
        "likelihood": "poisson",
        "parameter_names": ("r", "K"),
        "parameter_units": ("per day", "burden"),
        "estimates": np.array([0.1, 500.0]),
        "lower": np.array([1e-3, 100.0]),
        "upper": np.array([4.0, 1e5]),
        "log_covariance": np.array([[0.04, 0.01], [0.01, 0.25]]),
        "nll": 20.0,
        "dispersion": None,
        "constants": {"V0": 300.0},
        "fitted": np.array([300.0, 200.0, 250.0, 400.0, 450.0]),
        "residuals": np.array([0.0, 1.0, -2.0, 0.5, 0.0]),
        "starts": 12,
        "starts_at_optimum": 8,
        "optima": np.array([[0.1, 500.0]]),
        "optima_nll": np.array([20.0]),
        "status": FitStatus.CONVERGED,
        "converged": True,
    }
    return Fit(**(values | changes))


def test_information_criteria():
    found = fit()
    assert found.n_points == 5
    assert found.n_estimated == 2
    assert found.log_likelihood == -20.0
    assert found.aic == 44.0
    assert found.aicc == pytest.approx(44.0 + 2 * 2 * 3 / (5 - 3))
    assert found.bic == pytest.approx(40.0 + 2 * math.log(5))


def test_dispersion_counts_as_estimated():
    found = fit(dispersion=0.2, likelihood="log_normal")
    assert found.n_estimated == 3
    assert found.aic == 46.0
    assert found.degrees_of_freedom == 2


def test_held_parameters_do_not_count_as_estimated():
    assert fit(n_free=1).n_estimated == 1
    assert fit(n_free=1).aic == 42.0


@pytest.mark.parametrize(("points", "too_few"), [(1, True), (2, True), (3, False), (4, False)])
def test_too_few_points(points, too_few):
    found = fit(fitted=np.ones(points), residuals=np.zeros(points))
    assert found.too_few_points is too_few
    assert (found.aicc == math.inf) is (points <= 3)


def test_standard_errors_come_from_the_logarithms():
    found = fit()
    np.testing.assert_allclose(found.se, [0.1 * 0.2, 500.0 * 0.5])
    np.testing.assert_allclose(found.rse_percent, [20.0, 50.0])
    np.testing.assert_allclose(found.covariance, [[4e-4, 0.5], [0.5, 62500.0]])


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_wald_interval_is_symmetric_in_the_logarithm(level):
    found = fit()
    low, high = found.wald_interval(level)
    half = stats.norm.ppf(0.5 + level / 2) * np.array([0.2, 0.5])
    np.testing.assert_allclose(np.log(high / found.estimates), half)
    np.testing.assert_allclose(low * high, found.estimates**2)


def test_singular_information_gives_nan_not_an_error():
    found = fit(log_covariance=np.full((2, 2), np.nan))
    assert np.all(np.isnan(found.se))
    assert np.all(np.isnan(found.wald_interval()[0]))
    wide = fit(log_covariance=np.diag([1e8, 0.01])).wald_interval()
    assert wide[0][0] == 0.0
    assert wide[1][0] == np.inf


def test_parameters_on_their_bounds_are_named():
    assert fit().at_bound == ()
    assert fit(estimates=np.array([0.1, 1e5])).at_bound == ("K",)
    assert fit(estimates=np.array([1.0005e-3, 99.999])).at_bound == ("r", "K")


def test_estimates_by_name():
    assert fit()["K"] == 500.0
    with pytest.raises(ValueError, match="not in tuple"):
        fit()["delta"]


def test_pearson():
    assert fit().pearson_chi2 == 5.25
    assert fit().degrees_of_freedom == 3


def test_statuses_are_sentences():
    for status in FitStatus:
        assert status[0].isupper()
        assert status.endswith(".")
        assert len(status.split()) > 6
