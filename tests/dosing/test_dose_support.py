"""Shares of an ensemble that support a dose, against counting."""

import numpy as np
import pytest

from dosing.window import best_supported_dose, dose_support, supported_doses, window_edges
from dynamics.catalogue import get_model
from dynamics.ensemble import Ensemble

MODEL = get_model("competition")
V0 = 359.0


def ensemble(windows, weights=None):
    """Parameter sets with given windows at K_tol = V0: with r = delta they are 1 - V0/K and 1 - 1/c."""
    rows = [(1.0, V0 / (1 - low), 1.0, 1 / (1 - high)) for low, high in windows]
    weights = np.full(len(rows), 1 / len(rows)) if weights is None else np.asarray(weights)
    return Ensemble(MODEL.parameter_names, np.array(rows), weights, {"V0": V0}, "made for this test")


THREE = ensemble([(0.2, 0.6), (0.4, 0.8), (0.5, 0.9)], [0.2, 0.3, 0.5])


def test_the_share_is_the_weight_of_the_windows_around_the_dose():
    share = dose_support(MODEL, THREE, np.array([0.1, 0.3, 0.45, 0.55, 0.7, 0.85, 0.95]), V0)
    assert share == pytest.approx([0, 0.2, 0.5, 1.0, 0.8, 0.5, 0])


def test_a_dose_on_an_edge_is_not_inside():
    edge = float(window_edges(MODEL, THREE, V0)[0][2])
    assert dose_support(MODEL, THREE, edge, V0) == pytest.approx([0.5])


def test_a_dose_that_every_set_supports_has_a_share_of_exactly_one():
    many = ensemble([(0.3, 0.7)] * 997)
    assert dose_support(MODEL, many, 0.5, V0)[0] == 1.0


def test_shares_agree_with_counting():
    rng = np.random.default_rng(11)
    values = np.array([0.13, 580.0, 0.09, 2.3]) * np.exp(0.5 * rng.standard_normal((400, 4)))
    values[7] = np.nan
    weights = rng.uniform(size=400)
    some = Ensemble(MODEL.parameter_names, values, weights / weights.sum(), {"V0": V0}, "random")
    r, K, delta, c = values.T
    lower, upper = r * (1 - V0 / K) / delta, r * (1 - 1 / c) / delta
    doses = np.linspace(0, 1, 57)
    counted = [np.sum(some.weights[(lower < u) & (u < upper)]) for u in doses]
    np.testing.assert_allclose(dose_support(MODEL, some, doses, V0), counted, atol=1e-12)


def test_supported_doses_are_exact_intervals():
    assert np.array(supported_doses(MODEL, THREE, V0, 1.0)) == pytest.approx(np.array([(0.5, 0.6)]))
    assert np.array(supported_doses(MODEL, THREE, V0, 0.8)) == pytest.approx(np.array([(0.5, 0.8)]))
    assert np.array(supported_doses(MODEL, THREE, V0, 0.5)) == pytest.approx(np.array([(0.4, 0.9)]))
    apart = ensemble([(0.1, 0.3), (0.6, 0.8)])
    assert np.array(supported_doses(MODEL, apart, V0, 0.5)) == pytest.approx(
        np.array([(0.1, 0.3), (0.6, 0.8)])
    )
    assert supported_doses(MODEL, apart, V0, 0.9) == ()


def test_supported_doses_reach_the_ends_of_the_dose_axis():
    # Tolerable untreated, and resistant cells that invade only above the maximum tolerated dose.
    wide = Ensemble(MODEL.parameter_names, np.array([(0.9, 300.0, 0.3, 3.0)]), np.ones(1), {"V0": V0}, "wide")
    assert supported_doses(MODEL, wide, V0, 1.0) == ((0.0, 1.0),)
    assert dose_support(MODEL, wide, np.array([0.0, 1.0]), V0) == pytest.approx([1.0, 1.0])


def test_the_best_dose_is_the_middle_of_what_most_sets_support():
    dose, share = best_supported_dose(MODEL, THREE, V0)
    assert dose == pytest.approx(0.55)
    assert share == pytest.approx(1.0)
    dose, share = best_supported_dose(MODEL, ensemble([(0.1, 0.3), (0.5, 0.9)]), V0)
    assert dose == pytest.approx(0.7)
    assert share == pytest.approx(0.5)


def test_without_any_window_no_dose_is_best():
    none = ensemble([(0.8, 0.2)])
    dose, share = best_supported_dose(MODEL, none, V0)
    assert np.isnan(dose)
    assert share == 0.0
    assert supported_doses(MODEL, none, V0, 0.01) == ()
    assert dose_support(MODEL, none, 0.5, V0)[0] == 0.0


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, float("nan")])
def test_an_impossible_share_is_refused(share):
    with pytest.raises(ValueError, match=r"\(0, 1\]"):
        supported_doses(MODEL, THREE, V0, share)
