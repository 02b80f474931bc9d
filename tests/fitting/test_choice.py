import numpy as np
import pytest

from dynamics import DoseSchedule
from fitting.choice import censor_zeros, choose_likelihood, dispersion_warnings, poisson_warnings
from fitting.likelihood import LOG_NORMAL, NORMAL, POISSON
from patients import Patient


def patient(burdens, marker="", patient_id="A", censoring=()):
    days = np.arange(len(burdens)) * 30.0
    return Patient(
        patient_id, days, np.array(burdens), DoseSchedule.constant(1.0), marker, np.array(censoring)
    )


@pytest.mark.parametrize(
    "marker", ["", "LDH_U_per_L", "cells", "CTC count", "lesion_number", "summary score"]
)
def test_whole_numbers_without_a_measured_unit_are_counts(marker):
    likelihood, reason = choose_likelihood([patient([359.0, 120.0, 80.0], marker)])
    assert likelihood is POISSON
    assert "whole numbers" in reason


@pytest.mark.parametrize(
    "marker",
    [
        "RECIST_target_lesion1_long_diam_mm", "PSA_ng_per_mL", "tumour_volume_cm3", "Volume (mm3)", "size mm",
        "M_protein_g_per_dL", "sum_of_diameters", "tumor volume", "weight_mg", "size [mm²]",
    ],
)  # fmt: skip
def test_lengths_volumes_and_masses_are_measured_even_where_they_are_whole_numbers(marker):
    likelihood, reason = choose_likelihood([patient([64.0, 66.0], marker)])
    assert likelihood is LOG_NORMAL
    assert marker in reason


def test_fractions_anywhere_in_the_cohort_are_no_counts():
    likelihood, reason = choose_likelihood([patient([5.0, 6.0]), patient([5.0, 6.5], patient_id="B")])
    assert likelihood is LOG_NORMAL
    assert "not whole numbers" in reason


def test_what_was_asked_for_is_taken():
    likelihood, reason = choose_likelihood([patient([64.0, 66.5], "size_mm")], "normal")
    assert likelihood is NORMAL
    assert reason == "normal likelihood, as asked for"
    with pytest.raises(ValueError, match="unknown likelihood 'student'"):
        choose_likelihood([patient([1.0, 2.0])], "student")


def test_zeros_become_values_below_the_smallest_of_the_same_marker():
    cohort = [
        patient([6.0, 0.0, 0.4, 0.0], "PSA"),
        patient([3.0, 0.03], "PSA", "B"),
        patient([9.0, 0.0, 2.0], "size_mm", "C"),
    ]
    a, b, c = censor_zeros(cohort, LOG_NORMAL)
    np.testing.assert_array_equal(a.burdens, [6.0, 0.03, 0.4, 0.03])
    np.testing.assert_array_equal(a.censoring, [0, -1, 0, -1])
    assert a.notes[-1].startswith("2 burden(s) of zero are read as 'at or below 0.03'")
    assert "lower_limit" in a.notes[-1]
    assert b is cohort[1]
    np.testing.assert_array_equal(c.burdens, [9.0, 2.0, 2.0])
    np.testing.assert_array_equal(c.censoring, [0, -1, 0])


def test_zeros_that_carry_a_limit_already_keep_it():
    cohort = [patient([6.0, 0.0, 0.5], censoring=[0, -1, 0])]
    assert censor_zeros(cohort, LOG_NORMAL)[0] is cohort[0]


def test_counts_of_zero_stay_counts():
    cohort = [patient([6.0, 0.0])]
    assert censor_zeros(cohort, POISSON) == tuple(cohort)


def test_poisson_warnings_name_the_remedy():
    assert poisson_warnings(np.array([1.0, 5.0]), 3.0, 4) == ()
    (fraction,) = poisson_warnings(np.array([1.0, 5.5]), 3.0, 4)
    assert "--likelihood log_normal" in fraction
    (dispersed,) = poisson_warnings(np.array([1.0, 5.0]), 40.0, 4)
    assert "chi2/df = 10.00 with 4 df" in dispersed
    assert "--likelihood negative_binomial" in dispersed
    # nothing can be said without degrees of freedom
    assert poisson_warnings(np.array([1.0, 5.0]), 40.0, 0) == ()


def test_dispersion_on_its_bound_is_said():
    burdens = np.array([100.0, 50.0])
    assert dispersion_warnings(LOG_NORMAL, 0.2, burdens) == ()
    assert "bound 0.05" in dispersion_warnings(LOG_NORMAL, 0.05, burdens)[0]
    assert "bound 100" in dispersion_warnings(NORMAL, 100.0, burdens)[0]
