"""Expected information with limits and dispersion, standard errors and correlations."""

import dataclasses

import numpy as np
import pytest
from analytic import fit_from, make_problem
from scipy import stats

from fitting.likelihood import LIKELIHOODS, get_likelihood
from fitting.problem import build_problem
from identifiability.information.fisher import expected_information
from identifiability.information.measurement import detection_limits, measurement_information
from identifiability.profiles.profile import profile_cohort
from identifiability.profiles.profile_settings import ProfileSettings
from identifiability.profiles.search import free_vector
from identifiability.resampling.replicates import repeated
from patients import Patient

DISPERSION = {"poisson": 1.0, "negative_binomial": 3.0, "log_normal": 0.4, "normal": 6.0}
NAN = np.nan


def draw(name, mu, phi, size, generator):
    if name == "poisson":
        return generator.poisson(mu, size).astype(float)
    if name == "negative_binomial":
        return generator.negative_binomial(phi, phi / (phi + mu), size).astype(float)
    if name == "log_normal":
        return mu * np.exp(generator.normal(0, phi, size))
    return generator.normal(mu, phi, size)


@pytest.mark.parametrize("limits", [(NAN, NAN), (17.0, NAN), (NAN, 24.0), (15.0, 26.0)])
@pytest.mark.parametrize("name", list(LIKELIHOODS))
def test_the_expected_information_is_the_covariance_of_the_scores_of_simulated_measurements(name, limits):
    likelihood, mu, phi, n = get_likelihood(name), 20.0, DISPERSION[name], 400_000
    below, above = limits
    y = draw(name, mu, phi, n, np.random.default_rng(3))
    side = np.where(y <= below, -1, np.where(y >= above, 1, 0))
    seen = np.where(side < 0, below, np.where(side > 0, above, y))
    full = np.full(n, mu), np.full(n, phi)
    _, slope, _, slope_phi, _ = likelihood.terms(
        np.maximum(seen, 1e-9) if name == "normal" else seen, *full, side
    )
    score = np.stack([slope, slope_phi])
    measured = score @ score.T / n
    expected = measurement_information(likelihood, np.array(mu), phi, below, above)
    scale = np.sqrt(np.outer(np.diag(measured), np.diag(measured))) + 1e-300
    np.testing.assert_allclose(expected / scale, measured / scale, atol=0.015)


@pytest.mark.parametrize("name", list(LIKELIHOODS))
def test_a_limit_costs_information_and_a_far_one_nothing(name):
    likelihood, phi = get_likelihood(name), DISPERSION[name]
    mu = np.array([20.0, 20.0, 20.0, 20.0])
    limits = np.array([NAN, 1e-3 if name == "log_normal" else 0.0, 20.0, 60.0])
    if name == "negative_binomial":
        mu, limits = 10 * mu, np.array([NAN, 0.0, 200.0, 2000.0])
    information = measurement_information(likelihood, mu, phi, limits)[:, 0, 0]
    np.testing.assert_allclose(information[1], information[0], rtol=1e-2)
    assert information[1] > information[2] > information[3] >= 0


def test_a_large_count_is_summed_as_closely_as_a_small_one():
    # without a limit the sum over all counts has a closed form in the mean: 1/variance
    likelihood = get_likelihood("negative_binomial")
    for mu, phi in ((5.0, 0.3), (800.0, 0.1), (3000.0, 50.0), (1e7, 40.0)):
        nothing_below = measurement_information(likelihood, np.array(mu), phi, below=-1.0)
        np.testing.assert_allclose(nothing_below[0, 0] * (mu + mu**2 / phi), 1.0, rtol=1e-5)
        np.testing.assert_allclose(nothing_below[0, 1] * np.sqrt(mu), 0.0, atol=1e-4)
    poisson = measurement_information(get_likelihood("poisson"), np.array(1e8), below=9.5e7)
    np.testing.assert_allclose(poisson[0, 0], 1e-8, rtol=1e-6)


def test_at_the_median_a_limit_leaves_what_half_of_a_normal_and_one_bit_tell():
    # z² over the upper half: 1/2; the tail: density²/probability = 2/(2 pi)
    information = measurement_information(get_likelihood("normal"), np.array(5.0), 2.0, below=5.0)
    assert information[0, 0] == pytest.approx((0.5 + 1 / np.pi) / 4)
    # only the measured part knows the dispersion: ∫ (z² - 1)² = 1 over the upper half
    assert information[1, 1] == pytest.approx(1.0)
    assert information[0, 1] == pytest.approx(stats.norm.pdf(0) / 2)


def test_limits_are_read_off_the_censored_visits():
    burdens, censoring = np.array([9.0, 2.0, 0.7, 1.0, 1.0]), np.array([0, 0, 0, -1, 0])
    below, above = detection_limits(burdens, censoring, np.array([True, True, True, True, False]))
    np.testing.assert_array_equal(below, [1.0, 1.0, NAN, 1.0, NAN])
    assert np.all(np.isnan(above))


def simulated(problem, q, count, generator):
    """Fresh data of an analytic problem under its own limits, a problem of so many patients."""
    take = np.zeros(count, dtype=int)
    mu = problem.outputs(q[None, :], take[:1])[0]
    y = draw(problem.likelihood.name, mu, np.exp(q[-1]), (count, mu.shape[1]), generator)
    below = detection_limits(problem.burdens[0], problem.censoring[0], problem.measured[0])[0]
    side = np.where(y <= below, -1, 0)
    return dataclasses.replace(repeated(problem, take), burdens=np.where(side < 0, below, y), censoring=side)


@pytest.mark.parametrize("censored", [False, True])
def test_the_matrix_is_the_covariance_of_the_gradient_over_simulated_patients(censored):
    times = np.array([0.0, 2.0, 4.0, 6.0, 9.0])
    problem = make_problem("g", {"a": (0.1, 10), "g": (1e-3, 1)}, times, [10.0, 8, 9, 12, 20], "log_normal")
    if censored:
        side = np.array([0, -1, 0, 0, 0])
        problem = dataclasses.replace(problem, censoring=side[None, :])
    q = np.log([0.7, 0.1, 0.3])
    information = expected_information(problem, 0, q)
    assert information.names == ("a", "g", "dispersion")
    count = 60_000
    many = simulated(problem, q, count, np.random.default_rng(2))
    _, gradient, _ = many.evaluate(np.tile(q, (count, 1)), np.arange(count))
    scale = np.sqrt(np.outer(np.diag(information.full_matrix), np.diag(information.full_matrix)))
    np.testing.assert_allclose(
        gradient.T @ gradient / count / scale, information.full_matrix / scale, atol=0.03
    )
    if censored:
        assert np.all(np.linalg.eigvalsh(information.full_matrix) > 0)


def test_standard_errors_correlations_and_covariance_agree():
    problem = make_problem(
        "g", {"a": (0.1, 10), "g": (1e-3, 1)}, [0.0, 2, 5, 9], [10.0, 12, 16, 25], "normal"
    )
    information = expected_information(problem, 0, np.log([1.0, 0.1, 2.0]))
    np.testing.assert_allclose(information.covariance @ information.full_matrix, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(information.standard_errors, np.sqrt(np.diag(information.covariance)))
    np.testing.assert_allclose(information.rse_percent, 100 * information.standard_errors)
    np.testing.assert_allclose(np.diag(information.correlations), 1.0)
    assert information.correlations[0, 1] < -0.5  # a higher start and a slower growth look alike
    # a dispersion from n measurements is known to 1/sqrt(2 n)
    assert information.standard_errors[2] == pytest.approx(1 / np.sqrt(8))


def test_a_direction_that_no_data_see_has_no_standard_error_and_the_others_keep_theirs():
    problem = make_problem("r - d", {"r": (1e-3, 1), "d": (1e-3, 1)}, [0.0, 3, 7], [10.0, 14, 20])
    information = expected_information(problem, 0, np.log([0.3, 0.2, 0.1]))
    assert np.all(np.isnan(information.covariance))
    assert np.isinf(information.standard_errors[0])
    assert np.isinf(information.standard_errors[1])
    difference = np.array([0.3, -0.2]) / 0.1  # gradient of log(r - d) in the logarithms
    # y = log V0 + (r - d) t with standard deviation 0.1: known to 0.1/sqrt(9 + 49)
    assert information.standard_error(difference) == pytest.approx(0.1 / np.sqrt(58) / 0.1, rel=1e-6)
    assert np.isfinite(information.standard_errors[2])


def test_the_standard_error_is_the_curvature_of_the_profile_at_the_optimum():
    generator = np.random.default_rng(5)
    times = np.linspace(0, 20, 12)
    burdens = 10 * np.exp(0.1 * times) * np.exp(generator.normal(0, 0.02, 12))
    problem = make_problem("g", {"a": (0.1, 10), "g": (1e-3, 1)}, times, burdens)
    fit = fit_from(problem, [1.0, 0.1, 0.1])
    information = expected_information(problem, 0, free_vector(fit))
    (profiled,) = profile_cohort(problem, [fit], ProfileSettings(points=9, near_points=20, fresh_starts=1))
    for i, profile in enumerate(profiled.profiles):
        x = np.log(profile.values / profile.estimate)
        near = (np.abs(x) < 1.5 * information.standard_errors[i]) & (x != 0)
        assert near.sum() >= 2
        curvature = 2 * profile.rise[near] / x[near] ** 2
        np.testing.assert_allclose(curvature, 1 / information.standard_errors[i] ** 2, rtol=0.12)


def test_a_patient_without_a_limit_is_as_before_and_one_with_it_knows_less():
    from test_fisher import DAYS, MODEL, PARAMETERS, SCHEDULE, output

    burdens = output(PARAMETERS, DAYS)
    likelihood = get_likelihood("log_normal")
    problem = build_problem([Patient("P", DAYS, burdens, SCHEDULE)], MODEL, likelihood)
    q = np.log([*PARAMETERS, 0.2])
    free = expected_information(problem, 0, q)
    below = np.full(len(DAYS), np.median(burdens))
    limited = expected_information(problem, 0, q, limits=(below, np.full(len(DAYS), NAN)))
    lost = np.linalg.eigvalsh(free.full_matrix - limited.full_matrix)
    assert lost[0] > -1e-6 * lost[-1]
    assert lost[-1] > 0
