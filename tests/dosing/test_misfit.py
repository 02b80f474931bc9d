import dataclasses

import numpy as np
import pytest

from dosing.misfit import misfit_factor
from dosing.recommendation import recommend
from dynamics import DoseSchedule, get_model
from fitting.maximum_likelihood import fit_cohort
from identifiability.diagnosis import diagnose_cohort
from identifiability.profiles.profile_settings import ProfileSettings
from patients.cohort import Patient


@pytest.fixture(scope="module")
def erratic():
    """Ten visits that no tumour under one dose could produce: a factor of a hundred up and down."""
    times = np.arange(10) * 14.0
    burdens = np.where(np.arange(10) % 2, 1.5, 150.5)
    patient = Patient("erratic", times, burdens, DoseSchedule.constant(1.0), "PSA_ng_per_mL")
    model = get_model("competition")
    fits = fit_cohort([patient], model)
    settings = ProfileSettings(points=9, near_points=2, fresh_starts=1)
    ((fit, diagnosis),) = diagnose_cohort([patient], fits, model, settings=settings)
    return patient, fit, diagnosis, model


def test_the_factor_is_one_for_a_perfect_fit_and_two_for_twice_the_burden(erratic):
    patient, fit, _, _ = erratic
    assert misfit_factor(patient, dataclasses.replace(fit, fitted=patient.burdens.copy())) == pytest.approx(
        1.0
    )
    assert misfit_factor(patient, dataclasses.replace(fit, fitted=2 * patient.burdens)) == pytest.approx(2.0)


def test_censored_values_and_the_first_visit_do_not_count(erratic):
    patient, fit, _, _ = erratic
    only_first = dataclasses.replace(patient, censoring=np.array([0, *[-1] * 9]))
    assert misfit_factor(only_first, fit) == 1.0


def test_a_model_that_does_not_describe_the_patient_gives_no_dose(erratic):
    patient, fit, diagnosis, model = erratic
    regimen = recommend(patient, fit, diagnosis, model)
    assert regimen.action == "refuse"
    assert regimen.code == "POOR_FIT"
    assert "factor" in regimen.reason
    assert "schedule" in regimen.would_change
