import dataclasses

import lmfit
import numpy as np
import pytest
import sympy as sp
from only_fits import fits

from dynamics import DoseSchedule, get_model
from fitting.lmfit_fit import fit_patient
from fitting.lmfit_parameters import to_lmfit_parameters
from fitting.result import FitStatus
from patients import Patient

OTHERS = ("negative_binomial", "log_normal", "normal")


@pytest.fixture(scope="module")
def batched(model, noisy):
    return fits(noisy, model)


@pytest.fixture(scope="module")
def nelder(model, noisy):
    return fit_patient(noisy[0], model)


def start_near(model, patient, fit, likelihood="poisson"):
    values = {name: 1.02 * fit[name] for name in fit.parameter_names}
    if fit.dispersion is not None:
        values["dispersion"] = fit.dispersion
    return to_lmfit_parameters(model, patient, likelihood=likelihood, values=values)


def test_nelder_mead_reaches_the_optimum_of_the_batched_fit(nelder, batched):
    np.testing.assert_allclose(nelder.fit.estimates, batched[0].estimates, rtol=1e-3)
    assert nelder.fit.nll == pytest.approx(batched[0].nll, abs=1e-6)
    np.testing.assert_allclose(nelder.fit.se, batched[0].se, rtol=1e-2)
    np.testing.assert_allclose(nelder.fit.log_covariance, batched[0].log_covariance, rtol=2e-2)
    assert nelder.fit.converged
    assert nelder.fit.status is FitStatus.SINGLE_START
    assert (nelder.fit.starts, nelder.fit.aic) == (1, pytest.approx(batched[0].aic))


def test_report_is_that_of_lmfit_with_the_statistics_of_the_likelihood(nelder):
    report, fit = nelder.report, nelder.fit
    assert report.startswith("[[Model]]\n    competition, patient MEL02, poisson likelihood\n")
    for expected in (
        "[[Fit Statistics]]",
        "Nelder-Mead",
        "[[Variables]]",
        "[[Correlations]]",
        "+/-",
        str(fit.status),
    ):
        assert expected in report
    assert lmfit.fit_report(nelder.result) in report
    assert nelder.result.aic == fit.aic
    assert nelder.result.bic == fit.bic
    assert nelder.result.ndata == fit.n_points
    assert nelder.result.chisqr == fit.pearson_chi2
    for name, error in zip(fit.parameter_names, fit.se, strict=True):
        assert nelder.result.params[name].stderr == pytest.approx(error, rel=1e-6)
        assert nelder.result.uvars[name].std_dev == pytest.approx(error, rel=1e-6)


def test_correlations_are_those_of_the_estimates(nelder):
    covariance = nelder.fit.covariance
    expected = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert nelder.result.params["r"].correl["K"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("likelihood", OTHERS)
def test_dispersion_is_one_more_parameter(model, noisy, likelihood):
    (reference,) = fits(noisy[:1], model, likelihood=likelihood)
    parameters = start_near(model, noisy[0], reference, likelihood)
    assert list(parameters) == [*model.parameter_names, "dispersion"]
    found = fit_patient(noisy[0], model, parameters, likelihood=likelihood)
    assert found.fit.nll == pytest.approx(reference.nll, abs=1e-4)
    np.testing.assert_allclose(found.fit.estimates, reference.estimates, rtol=5e-3)
    assert found.fit.dispersion == pytest.approx(found.result.params["dispersion"].value)
    assert found.fit.n_estimated == 5
    assert "dispersion:" in found.report


def test_bounds_scale_with_the_patient_and_units_are_carried(model, noisy):
    parameters = to_lmfit_parameters(model, noisy[0], likelihood="normal")
    k = next(p for p in model.parameters if p.name == "K")
    assert parameters["K"].min == pytest.approx(k.lower * 359)
    assert parameters["K"].max == pytest.approx(k.upper * 359)
    assert parameters["r"].user_data == {"unit": "per day", "meaning": model.parameters[0].meaning}
    assert parameters["dispersion"].max == pytest.approx(noisy[0].burdens.max())
    assert all(p.vary for p in parameters.values())


def test_held_parameters_stay_and_have_no_error(model, noisy, batched):
    parameters = start_near(model, noisy[0], batched[0])
    parameters["c"].set(value=2.0, vary=False)
    found = fit_patient(noisy[0], model, parameters)
    reference = fits(noisy[:1], model.fix(c=2.0))[0]
    assert found.fit["c"] == 2.0
    assert found.fit.nll == pytest.approx(reference.nll, abs=1e-6)
    assert found.fit.nll > batched[0].nll
    np.testing.assert_allclose(found.fit.estimates[:3], reference.estimates, rtol=1e-3)
    np.testing.assert_allclose(found.fit.se, [*reference.se, 0.0], rtol=1e-2)
    assert found.fit.n_estimated == 3
    assert found.fit.aic == pytest.approx(reference.aic)
    assert any("c was held at 2" in w for w in found.fit.warnings)
    assert "(fixed)" in found.report


def test_expressions_are_honoured_and_their_errors_propagate(model, noisy, batched):
    parameters = start_near(model, noisy[0], batched[0])
    parameters.add("ratio", value=0.6, min=0.05, max=5.0)
    parameters["delta"].set(expr="ratio * r")
    found = fit_patient(noisy[0], model, parameters)
    # the same model in other coordinates: the same optimum, the same errors
    np.testing.assert_allclose(found.fit.estimates, batched[0].estimates, rtol=1e-3)
    np.testing.assert_allclose(found.fit.se, batched[0].se, rtol=1e-2)
    assert found.result.params["delta"].stderr == pytest.approx(batched[0].se[2], rel=1e-2)
    assert found.fit.n_estimated == 4
    assert any("delta was tied to 'ratio * r'" in w for w in found.fit.warnings)
    assert "== 'ratio * r'" in found.report


def test_a_constraint_takes_a_parameter_away(model, noisy, batched):
    parameters = start_near(model, noisy[0], batched[0])
    parameters["delta"].set(expr="0.7 * r")
    found = fit_patient(noisy[0], model, parameters)
    assert found.fit["delta"] == pytest.approx(0.7 * found.fit["r"])
    assert found.fit.n_estimated == 3
    np.testing.assert_allclose(found.fit.rse_percent[2], found.fit.rse_percent[0], rtol=1e-6)


def test_bounds_of_the_user_are_kept(model, noisy, batched):
    parameters = start_near(model, noisy[0], batched[0])
    low = 1.05 * batched[0]["r"]
    parameters["r"].set(min=low)
    found = fit_patient(noisy[0], model, parameters)
    assert found.fit["r"] == pytest.approx(low, rel=1e-4)
    assert found.fit.lower[0] == low
    assert found.fit.at_bound == ("r",)
    assert found.fit.status is FitStatus.AT_BOUND


def test_parameters_without_bounds_get_those_of_the_model(model, noisy, batched):
    parameters = lmfit.Parameters()
    for name in model.parameter_names:
        parameters.add(name, value=1.02 * batched[0][name])
    found = fit_patient(noisy[0], model, parameters)
    np.testing.assert_allclose(found.fit.estimates, batched[0].estimates, rtol=1e-3)
    np.testing.assert_allclose(found.fit.upper, batched[0].upper)
    assert parameters["r"].max == np.inf  # the user's own object is left alone


@pytest.mark.parametrize("method", ["lbfgsb", "bfgs", "powell", "TNC"])
def test_other_methods_of_lmfit(model, noisy, batched, method):
    found = fit_patient(noisy[0], model, start_near(model, noisy[0], batched[0]), method=method)
    assert found.fit.nll == pytest.approx(batched[0].nll, abs=0.05)


def test_search_that_stops_early_does_not_pass_for_converged(model, noisy):
    found = fit_patient(noisy[0], model, max_nfev=60)
    assert not found.fit.converged
    assert found.fit.status is FitStatus.FAILED
    assert any("promises to fall by" in w and "start again" in w for w in found.fit.warnings)
    assert str(FitStatus.FAILED) in found.report


def test_singular_information_is_explained(model):
    untreated = Patient("U", np.arange(0.0, 70, 10), np.round(100 * np.exp(0.02 * np.arange(0.0, 70, 10))),
                        DoseSchedule.constant(0.0))  # fmt: skip
    found = fit_patient(untreated, model, max_nfev=400)
    assert not found.result.errorbars
    assert np.all(np.isnan(found.fit.se))
    assert "the Fisher information is singular" in found.report
    assert "numdifftools" not in found.report


def test_zeros_of_a_measured_marker_are_censored(model, noisy):
    burdens = noisy[0].burdens / 10
    burdens[2] = 0.0
    patient = Patient("Z", noisy[0].times, burdens, noisy[0].schedule, "PSA_ng_per_mL")
    found = fit_patient(patient, model, likelihood="auto", max_nfev=200)
    assert found.fit.likelihood == "log_normal"
    assert found.fit.residuals[2] == 0.0
    assert np.isfinite(found.fit.nll)


def test_what_cannot_be_fitted_is_refused_with_the_remedy(model, noisy):
    patient = noisy[0]
    once = Patient("once", np.array([0.0]), np.array([300.0]), DoseSchedule.constant(1.0))
    with pytest.raises(ValueError, match="'once' cannot be fitted: one visit only"):
        fit_patient(once, model)
    for method, why in (
        ("leastsq", "a sum of squares"),
        ("emcee", "samples"),
        ("nelde", "not a scalar minimiser"),
    ):
        with pytest.raises(ValueError, match=f"method '{method}' .*{why}.*; choose one of nelder"):
            fit_patient(patient, model, method=method)
    with pytest.raises(ValueError, match="Delta: no such parameter; competition has r, K, delta, c"):
        to_lmfit_parameters(model, patient, values={"Delta": 1.0})
    with pytest.raises(
        ValueError, match=r"'MEL02': K cannot start at 4.2e\+15, outside its bounds \[71.8, 359000\]"
    ):
        to_lmfit_parameters(model, patient, values={"K": 4.2e15})


def test_parameters_that_do_not_suit_the_model_are_refused(model, noisy):
    patient = noisy[0]

    def refused(match, **changes):
        parameters = to_lmfit_parameters(model, patient)
        for name, settings in changes.items():
            parameters[name].set(**settings)
        with pytest.raises(ValueError, match=match):
            fit_patient(patient, model, parameters)

    parameters = lmfit.Parameters()
    parameters.add("r", value=0.1)
    with pytest.raises(ValueError, match="lack K, delta, c; model 'competition' needs r, K, delta, c"):
        fit_patient(patient, model, parameters)
    refused("r starts at -1; give it a positive start value", r={"min": -2, "value": -1.0})
    refused("delta starts at -0.05", delta={"min": -2.0, "expr": "-0.05"})
    refused("nothing to fit", **{name: {"vary": False} for name in model.parameter_names})
    refused(r"r cannot start at 9, outside \[0.001, 4\]", r={"max": np.inf, "value": 9.0})
    parameters = to_lmfit_parameters(model, patient)
    parameters.add("Delta", value=0.1, min=0.01, max=1)
    with pytest.raises(
        ValueError, match="Delta varies, but no parameter of model 'competition' depends on it"
    ):
        fit_patient(patient, model, parameters)


def test_model_whose_parameter_takes_the_name_of_the_dispersion(noisy):
    model = get_model("competition")
    old, new = sp.Symbol("c"), sp.Symbol("dispersion")
    renamed = dataclasses.replace(
        model,
        parameters=tuple(
            dataclasses.replace(p, name="dispersion") if p.name == "c" else p for p in model.parameters
        ),
        states=tuple(dataclasses.replace(s, rhs=s.rhs.subs(old, new)) for s in model.states),
    )
    assert "dispersion" in to_lmfit_parameters(renamed, noisy[0])
    with pytest.raises(ValueError, match="rename it, or use the poisson likelihood"):
        to_lmfit_parameters(renamed, noisy[0], likelihood="normal")
