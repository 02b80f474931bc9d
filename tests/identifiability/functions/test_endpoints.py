"""Ends of confidence sets without the profile between them."""

import numpy as np
import pytest
from analytic import fit_from, make_problem
from regression import DAY, TIMES, WIDE, Regression, burden

from identifiability.functions.endpoints import find_end_points
from identifiability.functions.function_profile import profile_quantities
from identifiability.functions.function_search import FunctionSettings
from identifiability.functions.level_functions import parameter_quantity
from identifiability.quantity import Quantity
from identifiability.result import SideStatus

CLOSED, OPEN, AT_BOUND, FAILED = SideStatus.CLOSED, SideStatus.OPEN, SideStatus.AT_BOUND, SideStatus.FAILED
BURDENS = 100.0 * np.exp(0.05 * TIMES + np.array([0.1, -0.2, 0.15, 0.05, -0.3, 0.2, 0.1, -0.15, 0.05]))


@pytest.fixture(scope="module")
def growing():
    problem = make_problem("g", WIDE, TIMES, BURDENS)
    return problem, fit_from(problem, [1.0, 0.04, 0.3])


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_the_ends_of_a_linear_function_are_the_closed_form(growing, level):
    problem, fit = growing
    (ends,) = find_end_points(problem, 0, fit, [burden()], FunctionSettings(level=level))
    np.testing.assert_allclose(np.log(ends.ci), Regression().ci([1.0, DAY], ends.threshold), rtol=1e-4)
    assert (ends.lower_status, ends.upper_status) == (CLOSED, CLOSED)
    np.testing.assert_allclose(ends.rises, ends.threshold, atol=1e-3)
    assert np.all(ends.shifts == 0.0)


def test_the_ends_are_those_of_the_profile(growing):
    problem, fit = growing
    quantities = [
        burden(20.0),
        parameter_quantity(problem.model, "a", *WIDE["a"]),
        burden(5.0, gradient=False),
    ]
    profiles = profile_quantities(problem, 0, fit, quantities)
    for ends, profile in zip(find_end_points(problem, 0, fit, quantities), profiles, strict=True):
        np.testing.assert_allclose(ends.ci, profile.ci, rtol=5e-4)
        assert (ends.lower_status, ends.upper_status) == (profile.lower_status, profile.upper_status)


def test_moving_a_bound_moves_the_end_as_the_envelope_theorem_says():
    def ends_with(bound):
        problem = make_problem("g", {"a": (0.05, 20.0), "g": (1e-3, bound)}, TIMES, BURDENS)
        return find_end_points(problem, 0, fit_from(problem, [1.0, 0.04, 0.3]), [burden()])[0]

    ends = ends_with(0.052)
    assert (ends.lower_status, ends.upper_status) == (CLOSED, AT_BOUND)
    assert np.all(ends.shifts[0] == 0.0)
    step = 1e-3
    moved = ends_with(0.052 * np.exp(step)).upper, ends_with(0.052 * np.exp(-step)).upper
    difference = np.log(moved[0] / moved[1]) / (2 * step)
    assert ends.shifts[1, 1] == pytest.approx(difference, rel=0.02)
    assert np.count_nonzero(ends.shifts[1]) == 1


def test_a_range_ends_the_search(growing):
    problem, fit = growing
    low, high = np.exp(Regression().ci([1.0, DAY], 1.920729))
    (ends,) = find_end_points(problem, 0, fit, [burden(lower=1.01 * low, upper=2 * high)])
    assert ends.lower == pytest.approx(1.01 * low)
    assert (ends.lower_status, ends.upper_status) == (OPEN, CLOSED)


def test_a_known_set_far_from_the_optimum_is_not_left_outside():
    # two growth rates fit equally well; the search from the optimum alone would see one
    burdens = 100 * np.exp(0.14 * TIMES + 0.02 * np.sin(TIMES))
    problem = make_problem("0.02 + 0.03*log(10*g)**2", {"g": (1e-3, 10.0)}, TIMES, burdens)
    fit = fit_from(problem, [0.0135, 0.05], [0.74, 0.05])
    quantity = parameter_quantity(problem.model, "g", 1e-3, 10.0)
    mirror = 0.01 / fit.estimates[0]
    seed = np.log([mirror, fit.dispersion])
    (ends,) = find_end_points(problem, 0, fit, [quantity], seeds=seed)
    np.testing.assert_allclose(ends.lower * ends.upper, 0.01, rtol=1e-3)
    assert ends.lower < 0.02 < 0.5 < ends.upper


def test_a_quantity_that_no_admitted_set_has_is_a_failure_not_a_number(growing):
    problem, fit = growing
    nowhere = Quantity("nowhere", "1", "", lambda x: np.full(len(x), np.nan))
    (ends,) = find_end_points(problem, 0, fit, [nowhere])
    assert np.all(np.isnan(ends.ci))
    assert (ends.lower_status, ends.upper_status) == (FAILED, FAILED)
