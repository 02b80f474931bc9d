"""Two-dimensional profiles against formulas."""

import numpy as np
import pytest
from analytic import fit_from, make_problem, optimise
from regression import BURDENS, TIMES, WIDE, Regression
from scipy.stats import chi2

from identifiability.profiles.plane import profile_plane


@pytest.fixture(scope="module")
def growing():
    problem = make_problem("g", WIDE, TIMES, BURDENS)
    return problem, fit_from(problem, [1.0, 0.04, 0.3])


def test_the_plane_of_a_regression_is_its_quadratic_form(growing):
    problem, fit = growing
    plane = profile_plane(problem, 0, fit, ("a", "g"), (15, 17), ranges=((0.4, 1.6), (0.03, 0.08)))
    exact = Regression()
    a, g = np.meshgrid(np.log(plane.values_a), plane.values_b, indexing="ij")
    off = np.stack([a - exact.best[0], g - exact.best[1]])
    quadratic = np.einsum("iab,ij,jab->ab", off, np.linalg.inv(exact.inverse), off)
    expected = 0.5 * len(TIMES) * np.log1p(quadratic / exact.rss)
    near = expected < 4.0
    assert near.sum() > 20
    np.testing.assert_allclose(plane.rise[near], expected[near], atol=1e-4)
    assert plane.rise.shape == (len(plane.values_a), len(plane.values_b)) == plane.sets.shape[:2]
    np.testing.assert_allclose(plane.sets[near][:, 0], np.exp(a[near]), rtol=1e-9)
    assert plane.estimate == pytest.approx(tuple(fit.estimates))
    assert plane.rise.min() == pytest.approx(0.0, abs=1e-6)


def test_its_thresholds_are_those_of_one_two_and_all_parameters(growing):
    problem, fit = growing
    plane = profile_plane(problem, 0, fit, ("a", "g"), (3, 3), level=0.9)
    assert plane.threshold_each == pytest.approx(chi2.ppf(0.9, 1) / 2)
    assert plane.threshold_both == pytest.approx(chi2.ppf(0.9, 2) / 2)
    assert plane.threshold_all == pytest.approx(chi2.ppf(0.9, 2) / 2)


def test_a_third_parameter_is_minimised_over_along_a_valley():
    # only the difference of growth and kill is seen: the plane is a trough, its floor as low as the optimum
    names = {"g": (0.01, 2.0), "k": (0.01, 2.0), "a": (0.1, 10.0)}
    problem = make_problem("g - k", names, TIMES, BURDENS)
    fit = fit_from(problem, [0.1, 0.05, 1.0, 0.3])
    plane = profile_plane(problem, 0, fit, ("g", "a"), (21, 9), ranges=((0.07, 1.0), (0.5, 1.5)))
    along_g = plane.profile_of("g")
    np.testing.assert_allclose(along_g[along_g < 2.5], 0.0, atol=5e-3)
    low = plane.rise < plane.threshold_both
    assert low.sum() > 20
    np.testing.assert_allclose((plane.sets[..., 0] - plane.sets[..., 1])[low], 0.05, atol=0.02)
    j = len(plane.values_b) // 2
    held = optimise(
        problem, [[plane.values_a[5], plane.values_a[5] - 0.05, plane.values_b[j], 0.3]], fixed=[0, 2]
    )
    assert plane.rise[5, j] == pytest.approx(held.value[0] - fit.nll, abs=1e-3)
    with pytest.raises(KeyError, match="no axis 'k'"):
        plane.profile_of("k")


def test_what_cannot_be_an_axis_is_refused(growing):
    problem, fit = growing
    with pytest.raises(ValueError, match="two different parameters"):
        profile_plane(problem, 0, fit, ("a", "a"))
    with pytest.raises(ValueError, match="positive and increasing"):
        profile_plane(problem, 0, fit, ("a", "g"), ranges=((2.0, 1.0), None))
