"""Real cohorts: the melanoma patients of Masud 2023 against its Table 1, two more for robustness."""

import numpy as np
import pytest
from only_fits import fits
from scipy.integrate import solve_ivp
from scipy.optimize import minimize
from scipy.special import gammaln

from fitting.lmfit_fit import fit_patient
from fitting.lmfit_parameters import to_lmfit_parameters
from fitting.maximum_likelihood import fit_cohort, prepare
from fitting.result import Fit, FitStatus
from patients import load_cohort

pytestmark = pytest.mark.cohorts

# r, K, delta, c and the negative log-likelihood of eq. 9 at them
PUBLISHED = {
    "MEL02": ((0.131799194, 580.8725024, 0.089001925, 2.291960323), 18.5352),
    "MEL06": ((0.181471087, 798.688266, 0.137568333, 3.182914523), 22.6476),
    "MEL07": ((0.18287846, 663.0487189, 0.128324461, 2.362809094), 18.5994),
    "MEL08": ((0.165457451, 544.2613509, 0.096811545, 1.734836965), 19.1004),
}
# patients whose printed values are one point of a flat valley, or lie in a worse one
OTHERS = {"MEL01": 56.857, "MEL03": 16.8539, "MEL04": 19.8361, "MEL05": 11.7187}


@pytest.fixture(scope="module")
def melanoma(cohort_dir):
    return load_cohort(cohort_dir / "melanoma_ldh.csv")[0]


@pytest.fixture(scope="module")
def fitted(melanoma, model):
    return {fit.patient_id: fit for fit in fits(melanoma.patients, model)}


def test_likelihood_is_the_paper_s(melanoma):
    _, name, reason = prepare(melanoma.patients)
    assert name == "poisson"
    assert "eq. 9" in reason


@pytest.mark.parametrize("patient_id", PUBLISHED)
def test_identifiable_patients_have_the_published_estimates(fitted, patient_id):
    estimates, nll = PUBLISHED[patient_id]
    fit = fitted[patient_id]
    np.testing.assert_allclose(fit.estimates, estimates, rtol=0.005)
    assert fit.nll <= nll + 5e-5
    assert fit.nll > nll - 0.01
    assert fit.status is FitStatus.CONVERGED
    assert np.all(fit.rse_percent < 120)


@pytest.mark.parametrize("patient_id", OTHERS)
def test_the_others_end_no_higher_than_the_paper_and_are_not_mistaken_for_identified(fitted, patient_id):
    fit = fitted[patient_id]
    assert isinstance(fit, Fit)
    assert fit.nll <= OTHERS[patient_id] + 5e-5
    assert fit.converged
    assert np.any(np.isnan(fit.se)) or np.any(fit.rse_percent > 200)
    if patient_id != "MEL04":
        assert fit.status is FitStatus.TOO_FEW_POINTS


def witness(patient, fraction=0.01):
    """Eq. 1 and eq. 9 of the paper, written for SciPy alone."""
    v0, counts = patient.burdens[0], patient.burdens

    def nll(log_parameters):
        r, k, delta, c = np.exp(log_parameters)

        def rates(_, x):
            s, res = x
            return [r * (1 - (s + res) / k) * s - delta * s, r * (1 - (c * s + res) / k) * res]

        solution = solve_ivp(
            rates, patient.times[[0, -1]], [(1 - fraction) * v0, fraction * v0], t_eval=patient.times,
            method="LSODA", rtol=1e-9, atol=1e-9,
        )  # fmt: skip
        mu = solution.y.sum(axis=0)
        return float(np.sum(mu - counts * np.log(mu) + gammaln(counts + 1)))

    return nll


def test_scipy_reaches_the_same_likelihood_from_the_published_values(melanoma, fitted):
    patient, fit = melanoma["MEL02"], fitted["MEL02"]
    nll = witness(patient)
    estimates, printed = PUBLISHED["MEL02"]
    assert nll(np.log(estimates)) == pytest.approx(printed, abs=1e-4)
    found = minimize(
        nll, np.log(estimates), method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-7, "maxiter": 600}
    )
    assert fit.nll == pytest.approx(found.fun, abs=1e-3)
    assert nll(np.log(fit.estimates)) == pytest.approx(fit.nll, abs=1e-5)


def test_nelder_mead_of_lmfit_from_the_published_values(melanoma, model, fitted):
    patient = melanoma["MEL08"]
    values = dict(zip(model.parameter_names, PUBLISHED["MEL08"][0], strict=True))
    found = fit_patient(patient, model, to_lmfit_parameters(model, patient, values=values))
    np.testing.assert_allclose(found.fit.estimates, fitted["MEL08"].estimates, rtol=1e-3)
    np.testing.assert_allclose(found.fit.se, fitted["MEL08"].se, rtol=1e-2)


@pytest.mark.parametrize(
    ("file", "first"),
    [
        ("abiraterone_psa_adaptive.csv", 17),
        ("target_lesion_diameter.csv", 30),
        ("intermittent_adt_psa.csv", 6),
    ],
)
def test_measured_markers_load_and_fit(cohort_dir, model, file, first):
    cohort, _ = load_cohort(cohort_dir / file)
    patients = cohort.patients[:first]
    _, name, reason = prepare(patients)
    assert name == "log_normal"
    assert "measured quantity" in reason
    found = fit_cohort(patients, model, starts=4)
    assert [f.patient_id for f in found] == [p.patient_id for p in patients]
    usable = [f for f in found if isinstance(f, Fit)]
    assert len(usable) >= 0.9 * len(patients)
    for fit in usable:
        assert np.isfinite(fit.nll)
        assert fit.dispersion is not None
        assert 0.05 <= round(fit.dispersion, 12) <= 2.0
        assert np.all(np.isfinite(fit.fitted))
    assert np.mean([f.converged for f in usable]) > 0.9
