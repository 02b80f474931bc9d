"""Profiles of functions of the parameters whose answer is a formula."""

import numpy as np
import pytest
from analytic import fit_from, make_problem, optimise
from regression import BURDENS, DAY, NOISE, TIMES, WIDE, Regression, burden
from scipy.stats import chi2

from identifiability.functions.function_profile import profile_quantities
from identifiability.functions.function_search import FunctionSettings
from identifiability.functions.level_functions import LevelFunctions, parameter_quantity
from identifiability.quantity import Parts, Quantity
from identifiability.result import SideStatus
from identifiability.thresholds import threshold

CLOSED, OPEN, AT_BOUND = SideStatus.CLOSED, SideStatus.OPEN, SideStatus.AT_BOUND


@pytest.fixture(scope="module")
def growing():
    problem = make_problem("g", WIDE, TIMES, BURDENS)
    return problem, fit_from(problem, [1.0, 0.04, 0.3]), Regression()


def test_a_linear_function_has_the_closed_form_of_the_regression(growing):
    problem, fit, exact = growing
    (found,) = profile_quantities(problem, 0, fit, [burden()])
    weights = [1.0, DAY]
    near = found.rise < 2.5
    assert near.sum() > 10
    np.testing.assert_allclose(found.rise[near], exact.rise(weights, np.log(found.values[near])), atol=1e-4)
    np.testing.assert_allclose(np.log(found.ci), exact.ci(weights, found.threshold), rtol=1e-4)
    assert found.estimate == pytest.approx(np.exp(np.dot(weights, exact.best)), rel=1e-6)
    assert (found.lower_status, found.upper_status) == (CLOSED, CLOSED)
    np.testing.assert_allclose(burden().value(found.sets), found.values, rtol=1e-6)


@pytest.mark.parametrize(("level", "df"), [(0.8, 1), (0.95, 2), (0.99, 3)])
def test_level_and_degrees_of_freedom_widen_the_set_as_the_formula_says(growing, level, df):
    problem, fit, exact = growing
    (found,) = profile_quantities(problem, 0, fit, [burden()], FunctionSettings(level=level, df=df))
    assert found.threshold == pytest.approx(chi2.ppf(level, df) / 2)
    np.testing.assert_allclose(np.log(found.ci), exact.ci([1.0, DAY], found.threshold), rtol=2e-4)


def test_a_function_without_derivatives_has_the_same_profile(growing):
    problem, fit, _ = growing
    with_, without = profile_quantities(problem, 0, fit, [burden(), burden(gradient=False)])
    np.testing.assert_allclose(without.ci, with_.ci, rtol=1e-4)


def test_a_parameter_taken_as_a_function_has_the_parameters_profile(growing):
    problem, fit, _ = growing
    quantity = parameter_quantity(problem.model, "g", 1e-3, 1.0)
    (found,) = profile_quantities(problem, 0, fit, [quantity])
    near = found.rise < 6.0
    for value, rise in zip(found.values[near], found.rise[near], strict=True):
        held = optimise(problem, [[1.0, value, 0.3], [0.3, value, 0.5]], fixed=[1])
        assert rise == pytest.approx(held.value.min() - fit.nll, abs=1e-4)


def test_a_range_of_interest_cuts_the_set_open(growing):
    problem, fit, exact = growing
    low, _ = np.exp(exact.ci([1.0, DAY], threshold()))
    middle = np.exp(np.dot([1.0, DAY], exact.best))
    (found,) = profile_quantities(problem, 0, fit, [burden(lower=0.5 * low, upper=1.1 * middle)])
    assert found.ci[1] == pytest.approx(1.1 * middle)
    assert found.ci[0] == pytest.approx(low, rel=1e-3)
    assert (found.lower_status, found.upper_status) == (CLOSED, OPEN)


def test_a_bound_of_another_parameter_that_closes_the_set_is_named_so():
    # growth alone is bounded: the burden to come cannot exceed what it allows
    problem = make_problem("g", {"a": (0.05, 20.0), "g": (1e-3, 0.052)}, TIMES, BURDENS)
    fit = fit_from(problem, [1.0, 0.04, 0.3])
    (found,) = profile_quantities(problem, 0, fit, [burden()])
    assert (found.lower_status, found.upper_status) == (CLOSED, AT_BOUND)
    assert found.sets[np.searchsorted(found.values, found.ci[1]) - 1, 1] == pytest.approx(0.052, rel=1e-4)
    free = Regression().ci([1.0, DAY], threshold())
    assert np.log(found.ci[1]) < free[1] - 0.02


def test_two_valleys_give_a_disconnected_set():
    # the data tell the square of log(g/0.1) only: slow or fast growth fits, what lies between does not
    problem = make_problem(
        "0.02 + 0.03*log(10*g)**2", {"g": (1e-3, 10.0)}, TIMES, 100 * np.exp(0.14 * TIMES + 0.2 * NOISE)
    )
    fit = fit_from(problem, [0.013, 0.1], [0.7, 0.1])
    quantity = parameter_quantity(problem.model, "g", 1e-3, 10.0)
    (found,) = profile_quantities(problem, 0, fit, [quantity])
    assert len(found.intervals) == 2
    (a, b), (c, d) = (np.log(10 * np.array(piece)) for piece in found.intervals)
    # both pieces are mirror images
    assert (a, b) == (pytest.approx(-d, abs=2e-3), pytest.approx(-c, abs=2e-3))
    assert b < -1.5 < 1.5 < c


def test_a_flat_function_is_open_over_all_it_can_reach():
    problem = make_problem("g + 0*h", {"g": (1e-3, 1.0), "h": (0.5, 2.0)}, TIMES, BURDENS)
    fit = fit_from(problem, [0.04, 1.0, 0.3])
    quantity = Quantity(
        "square", "1", "of what nobody measured", lambda x: x[:, 1] ** 2,
        lambda x: np.column_stack([np.zeros(len(x)), 2 * x[:, 1] ** 2]), positive=True,
    )  # fmt: skip
    (found,) = profile_quantities(problem, 0, fit, [quantity])
    assert (found.lower_status, found.upper_status) == (OPEN, OPEN)
    np.testing.assert_allclose(found.ci, [0.25, 4.0], rtol=2e-2)
    assert np.all(found.rise < 1e-3)


def narrow(least):
    """The smaller (or larger) of burdens on two days, existing where growth exceeds a rate."""
    early, late = burden(10.0), burden(60.0)
    rate = 0.048

    def value(x):
        found = np.column_stack([early.value(x), 0.25 * late.value(x)])
        found = found.min(axis=1) if least else found.max(axis=1)
        return np.where(x[:, 1] > rate, found, np.nan)

    def parts(x):
        return np.column_stack([early.value(x), 0.25 * late.value(x), x[:, 1] - rate])

    def slopes(x):
        growth = np.column_stack([np.zeros(len(x)), x[:, 1]])
        return np.stack([early.gradient(x), 0.25 * late.gradient(x), growth], axis=1)

    return Quantity("kinked", "1", "", value, positive=True, parts=Parts(parts, slopes, 2, 1, least))


@pytest.mark.parametrize("least", [True, False])
def test_kinks_and_a_missing_value_agree_with_a_search_over_everything(growing, least):
    problem, fit, exact = growing
    quantity = narrow(least)
    (found,) = profile_quantities(problem, 0, fit, [quantity])
    # along a level, log a follows from g by formula, so that a fine line over g is a search over everything
    g = np.linspace(0.048, 0.12, 20001)
    early, late = 10 * g, 60 * g + np.log(0.25)
    shift = np.minimum(early, late) if least else np.maximum(early, late)
    information = np.linalg.inv(exact.inverse)
    checked = 0
    for v, r in zip(np.log(found.values), found.rise, strict=True):
        off = np.stack([v - shift - exact.best[0], g - exact.best[1]])
        quadratic = np.einsum("ig,ij,jg->g", off, information, off)
        expected = (0.5 * len(TIMES) * np.log1p(quadratic / exact.rss)).min()
        if expected < 2.5:
            checked += 1
            assert r == pytest.approx(expected, abs=2e-4)
    assert checked > 15
    # not existing costs what growth below the rate costs: nothing if it is likely anyway
    expected = 0.0 if exact.best[1] <= 0.048 else exact.rise([0.0, 1.0], 0.048)
    assert found.rise_without == pytest.approx(expected, abs=1e-4)
    assert found.without_admitted == (expected <= found.threshold)
    assert "does not exist" in found.sentence


def test_known_points_are_upper_bounds_of_the_profile(growing):
    problem, fit, _ = growing
    rng = np.random.default_rng(5)
    best = np.log(np.append(fit.estimates, fit.dispersion))
    seeds = best + rng.normal(0, 0.15, (200, 3))
    (found,) = profile_quantities(problem, 0, fit, [burden()], seeds=seeds)
    nll, _, _ = problem.evaluate(seeds, np.zeros(len(seeds), dtype=int))
    level = np.log(burden().value(np.exp(seeds[:, :2])))
    inside = (nll - fit.nll < 3) & (level > np.log(found.values[0])) & (level < np.log(found.values[-1]))
    assert inside.sum() > 20
    at = np.interp(level[inside], np.log(found.values), found.rise)
    assert np.all(at <= nll[inside] - fit.nll + 5e-3)


def test_the_curvature_of_levels_is_that_of_the_formula(growing):
    functions = LevelFunctions(burden(), 2)
    q = np.log(np.array([[1.3, 0.05, 0.2], [0.7, 0.02, 0.4]]))
    expected = np.zeros((2, 1, 3, 3))
    expected[:, 0, 1, 1] = np.exp(q[:, 1]) * DAY  # log value = log a + g day, in log g
    np.testing.assert_allclose(functions.bends(q), expected, atol=1e-6)


def test_a_threshold_is_half_a_quantile():
    assert threshold(0.95, 1) == pytest.approx(1.920729, abs=1e-6)
    assert threshold(0.95, 4) == pytest.approx(chi2.ppf(0.95, 4) / 2)
    with pytest.raises(ValueError, match="between 0 and 1"):
        threshold(95.0)
    with pytest.raises(ValueError, match="degree of freedom"):
        threshold(0.95, 0)
