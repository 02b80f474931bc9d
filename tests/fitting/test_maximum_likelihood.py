import dataclasses

import numpy as np
import pytest
from only_fits import fits
from scipy.optimize import minimize
from scipy.stats import poisson

from dynamics import DoseSchedule
from dynamics.simulate import simulate
from fitting.likelihood import get_likelihood
from fitting.maximum_likelihood import FitFailure, fit_cohort, log_covariance, refined
from fitting.problem import build_problem
from fitting.result import Fit, FitStatus
from patients import Patient


@pytest.fixture(scope="module")
def fitted(model, noisy):
    return fits(noisy, model)


def test_parameters_of_noise_free_patients_come_back(model, noise_free, truth):
    for fit in fits(noise_free, model, likelihood="normal"):
        expected = [truth[fit.patient_id][name] for name in fit.parameter_names]
        np.testing.assert_allclose(fit.estimates, expected, rtol=1e-4)
        assert fit.dispersion is not None


def test_parameters_of_noisy_patients_come_back_within_their_standard_errors(fitted, truth):
    for fit in fitted:
        z = np.log(fit.estimates / [truth[fit.patient_id][n] for n in fit.parameter_names])
        z /= np.sqrt(np.diag(fit.log_covariance))
        assert np.all(np.abs(z) < 4)
        assert fit.status is (FitStatus.CONVERGED if fit.starts_at_optimum > 1 else FitStatus.SINGLE_START)
    assert sum(fit.status is FitStatus.CONVERGED for fit in fitted) >= 1


def test_optimum_is_that_of_another_optimiser_on_an_independent_likelihood(model, noisy, fitted):
    patient, fit = noisy[0], fitted[0]

    def nll(log_parameters):
        course = simulate(
            model, np.exp(log_parameters), patient.schedule, patient.times, {"V0": patient.first_burden}
        )
        return float(-np.sum(poisson.logpmf(patient.burdens, course.outputs[:, 0])))

    start = np.log(fit.estimates) + np.array([0.05, -0.05, 0.03, 0.04])
    other = minimize(
        nll, start, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9, "maxiter": 4000}
    )
    assert fit.nll == pytest.approx(other.fun, abs=1e-6)
    np.testing.assert_allclose(fit.estimates, np.exp(other.x), rtol=1e-3)


def test_fit_carries_what_a_reader_needs(model, noisy, fitted):
    for patient, fit in zip(noisy, fitted, strict=True):
        assert (fit.patient_id, fit.model_name, fit.likelihood) == (
            patient.patient_id,
            "competition",
            "poisson",
        )
        assert fit.constants["V0"] == patient.first_burden
        course = simulate(model, fit.estimates, patient.schedule, patient.times, {"V0": patient.first_burden})
        np.testing.assert_allclose(fit.fitted, course.outputs[:, 0], rtol=1e-7)
        np.testing.assert_allclose(fit.residuals, (patient.burdens - fit.fitted) / np.sqrt(fit.fitted))
        np.testing.assert_allclose(fit.optima[0], fit.estimates)
        assert np.all(np.diff(fit.optima_nll) >= 0)


def test_a_fit_depends_neither_on_the_company_nor_on_the_order(model, noisy, fitted):
    longer = Patient("long", np.arange(0.0, 300.0, 10.0), np.full(30, 400.0), DoseSchedule.constant(0.5))
    other_company = fits([longer, noisy[2], noisy[0]], model)
    for fit in other_company[1:]:
        before = next(f for f in fitted if f.patient_id == fit.patient_id)
        # sums over more columns of padding round differently, and flat valley floors are long
        np.testing.assert_allclose(fit.estimates, before.estimates, rtol=1e-3)
        assert fit.nll == pytest.approx(before.nll, abs=1e-4)
        assert fit.starts_at_optimum == before.starts_at_optimum


def test_seed_moves_the_starts_but_not_the_answer(model, noisy, fitted):
    (again,) = fits(noisy[:1], model, seed=7)
    np.testing.assert_allclose(again.estimates, fitted[0].estimates, rtol=1e-4)


def test_patients_who_cannot_be_fitted_do_not_take_the_others_down(model, noisy, fitted):
    days, dose = np.array([0.0, 30.0, 60.0]), DoseSchedule.constant(1.0)
    cohort = [
        Patient("once", np.array([0.0]), np.array([300.0]), dose),
        noisy[1],
        Patient("from nothing", days, np.array([0.0, 5.0, 9.0]), dose),
        Patient("below the limit", days, np.array([2.0, 5.0, 9.0]), dose, censoring=np.array([-1, 0, 0])),
        noisy[3],
    ]
    seen = []
    found = fit_cohort(cohort, model, progress=lambda done, total: seen.append((done, total)))
    assert [type(f) for f in found] == [FitFailure, Fit, FitFailure, FitFailure, Fit]
    assert [f.patient_id for f in found] == [p.patient_id for p in cohort]
    reasons = [f.reason for f in found if isinstance(f, FitFailure)]
    assert reasons[0] == "one visit only: a trend needs at least two"
    assert "the first burden is zero or below a detection limit" in reasons[1]
    assert "leave that visit out" in reasons[2]
    estimates = [f.estimates for f in found if isinstance(f, Fit)]
    np.testing.assert_allclose(estimates, [fitted[1].estimates, fitted[3].estimates], rtol=1e-3)
    assert seen[-1] == (5, 5)


def test_burdens_beyond_any_number_fail_alone(model, noisy):
    days = np.array([0.0, 30.0, 60.0])
    huge = Patient("huge", days, np.array([1e300, 1e301, 2e305]), DoseSchedule.constant(1.0))
    found = fit_cohort([huge, noisy[0]], model, starts=3)
    assert isinstance(found[0], FitFailure)
    assert "a burden of 2e+305 cannot be" in found[0].reason
    assert isinstance(found[1], Fit)


def test_empty_cohort(model):
    assert fit_cohort([], model) == ()


@pytest.mark.parametrize("points", [2, 3, 4])
def test_patients_with_too_few_visits_are_fitted_and_marked(model, noisy, points):
    patient = noisy[0]
    short = Patient("short", patient.times[:points], patient.burdens[:points], patient.schedule)
    (fit,) = fits([short], model, starts=4)
    assert fit.status is FitStatus.TOO_FEW_POINTS
    assert "More visits are needed" in fit.status
    assert fit.too_few_points
    assert fit.aicc == np.inf


def test_parameter_that_the_data_push_over_its_bound(model):
    days = np.arange(0.0, 70.0, 10.0)
    growing = Patient("growing", days, np.round(100 * np.exp(0.1 * days)), DoseSchedule.constant(0.0))
    (fit,) = fits([growing], model)
    assert fit.status is FitStatus.AT_BOUND
    assert "K" in fit.at_bound
    assert any(w.startswith(", ".join(fit.at_bound) + " ended on a declared bound") for w in fit.warnings)
    assert np.all(np.isnan(fit.se))  # no dose: delta has left no trace


def test_single_start_never_claims_that_several_agree(model, noisy, fitted):
    (fit,) = fits(noisy[:1], model, starts=1, seed=3)
    assert fit.starts == 1
    assert fit.status in (FitStatus.SINGLE_START, FitStatus.FAILED)


def test_overdispersed_counts_are_named_with_the_remedy(model, noisy):
    generator = np.random.default_rng(4)
    burdens = noisy[0].burdens.copy()
    burdens[1:] = np.round(burdens[1:] * np.exp(generator.normal(0, 0.5, len(burdens) - 1)))
    (fit,) = fits([dataclasses.replace(noisy[0], burdens=burdens)], model)
    assert any("overdispersed" in w and "--likelihood negative_binomial" in w for w in fit.warnings)
    (better,) = fits([dataclasses.replace(noisy[0], burdens=burdens)], model, likelihood="negative_binomial")
    assert better.aic < fit.aic
    assert better.dispersion is not None
    assert better.dispersion < 50
    assert np.all(better.rse_percent > fit.rse_percent) or np.any(np.isnan(fit.rse_percent))


def test_negative_binomial_ends_at_poisson_where_nothing_is_overdispersed(model, noisy, fitted):
    for fit, poisson_fit in zip(fits(noisy, model, likelihood="negative_binomial"), fitted, strict=True):
        assert fit.converged
        assert fit.dispersion is not None
        assert fit.dispersion > 1e3
        # the valley may be another one; its floor is that of the Poisson likelihood
        assert np.abs(poisson_fit.optima_nll - fit.nll).min() < 0.03


def test_limits_of_censored_values_are_not_mistaken_for_fractional_counts(model, noisy):
    patient, censoring = noisy[0], np.zeros(len(noisy[0]), dtype=int)
    censoring[5] = -1
    burdens = patient.burdens.copy()
    burdens[5] += 0.5
    (fit,) = fits(
        [dataclasses.replace(patient, burdens=burdens, censoring=censoring)], model, likelihood="poisson"
    )
    assert not any("not whole numbers" in w for w in fit.warnings)
    assert fit.residuals[5] == 0.0


def test_censored_values_pull_the_fit_to_their_side(model, noise_free):
    """Values that were cut off at a limit are explained as well as the full values would be."""
    patient = noise_free[0]
    limit = np.sort(patient.burdens)[4]
    below = patient.burdens < limit
    cut = dataclasses.replace(
        patient,
        burdens=np.where(below, limit, np.round(patient.burdens)),
        censoring=np.where(below, -1, 0),
    )
    taken_as_measured = dataclasses.replace(cut, censoring=np.zeros(len(patient), dtype=int))
    honest, naive = (fits([p], model, likelihood="poisson")[0] for p in (cut, taken_as_measured))
    error = [np.abs(np.log(f.fitted[below] / patient.burdens[below])).max() for f in (honest, naive)]
    assert error[0] < 0.1
    assert error[0] < 0.5 * error[1]


@pytest.mark.slow
def test_engines_find_the_same_optimum(model, noisy):
    ours, theirs = (fits(noisy[:1], model, starts=1, engine=engine)[0] for engine in ("kernel", "diffrax"))
    # on a flat floor a job ends when twenty steps gain less than 1e-5
    np.testing.assert_allclose(ours.estimates, theirs.estimates, rtol=1e-3)
    assert ours.nll == pytest.approx(theirs.nll, abs=1e-4)


def test_refined_moves_to_the_better_optimum_and_says_so(model, noisy, fitted):
    problem = build_problem(noisy[:1], model, get_likelihood("poisson"))
    worse = dataclasses.replace(
        fitted[0],
        estimates=fitted[0].estimates * 1.1,
        nll=fitted[0].nll + 2.0,
        optima_nll=fitted[0].optima_nll + 2.0,
    )
    better = refined(problem, noisy[0], 0, worse, np.log(fitted[0].estimates))
    assert better.nll == pytest.approx(fitted[0].nll)
    assert better.starts_at_optimum == 0
    assert better.status is FitStatus.SINGLE_START
    assert any("better by 2" in w for w in better.warnings)


def test_covariance_is_the_inverse_or_nan():
    information = np.array([[4.0, 1.0], [1.0, 9e6]])
    np.testing.assert_allclose(log_covariance(information) @ information, np.eye(2), atol=1e-9)
    for singular in (np.ones((2, 2)), np.diag([1.0, 0.0]), np.full((2, 2), np.nan)):
        assert np.all(np.isnan(log_covariance(singular)))
