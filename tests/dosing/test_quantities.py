"""What a dose rests on, as functions of the parameters: values and derivatives."""

import numpy as np
import pytest

from dosing.quantities import (
    burden_on_day,
    raw_edges,
    smallest_tolerable,
    window_quantities,
)
from dosing.window import WindowUnavailable, dose_window
from dynamics.catalogue import get_model
from dynamics.model import Model, Parameter
from dynamics.schedule import DoseSchedule
from dynamics.simulate import simulate

COMPETITION, TURNOVER = get_model("competition"), get_model("turnover")
V0 = 300.0
CASES = {
    "competition": (COMPETITION, np.array([0.13, 580.0, 0.09, 2.3]), 0.5),
    "turnover": (TURNOVER, np.array([0.0272, 0.0204, 10000.0, 1.5, 0.001]), 0.15),
}


def sets(name, count=150, seed=2):
    model, middle, spread = CASES[name]
    rng = np.random.default_rng(seed)
    return model, middle * np.exp(spread * rng.standard_normal((count, len(middle))))


def differences(value, x, h=1e-6):
    """Central differences in the logarithms."""
    shift = np.exp(h * np.eye(x.shape[1]))
    with np.errstate(invalid="ignore"):
        return np.stack([(value(x * s) - value(x / s)) / (2 * h) for s in shift], axis=1)


@pytest.mark.parametrize("name", CASES)
def test_values_are_those_of_the_window(name):
    model, x = sets(name, 60)
    k_tol = 400.0 if name == "competition" else 9000.0
    constants = {c.name: V0 for c in model.constants if c.value is None}
    low, high, width, smallest = window_quantities(model, constants, k_tol)
    found = 0
    for row in x:
        window = dose_window(model, row, constants, k_tol)
        values = [float(q.value(row[None])[0]) for q in (low, high, width)]
        if window.exists:
            found += 1
            assert values == pytest.approx([window.low, window.high, window.high - window.low], abs=1e-9)
        else:
            assert np.all(np.isnan(values))
        assert smallest.value(row[None])[0] == pytest.approx(window.smallest_tolerable_burden, rel=1e-5)
    assert 5 < found < 60


@pytest.mark.parametrize("name", CASES)
def test_derivatives_are_those_of_finite_differences(name):
    model, x = sets(name)
    k_tol = 400.0 if name == "competition" else 9000.0
    constants = {c.name: V0 for c in model.constants if c.value is None}
    for quantity in (*window_quantities(model, constants, k_tol), *raw_edges(model, constants, k_tol)):
        expected, found = differences(quantity.value, x), quantity.gradient(x)
        good = np.all(np.isfinite(expected), axis=1)
        assert good.sum() > 20, quantity.name
        scale = np.abs(expected[good]).max()
        np.testing.assert_allclose(found[good], expected[good], atol=1e-5 * scale, err_msg=quantity.name)


def test_the_edges_of_the_competition_model_are_equation_4():
    # Masud 2023, eq. 4: r (1 - K_tol/K) and r (1 - 1/c), over the kill rate of the full dose
    model, x = sets("competition")
    r, K, delta, c = x.T
    lower, upper = raw_edges(model, {"V0": V0}, 400.0)
    np.testing.assert_allclose(lower.value(x), r * (1 - 400.0 / K) / delta, rtol=1e-12)
    np.testing.assert_allclose(upper.value(x), r * (1 - 1 / c) / delta, rtol=1e-12)
    analytic = np.column_stack([lower.value(x), r * 400.0 / K / delta, -lower.value(x), 0 * r])
    np.testing.assert_allclose(lower.gradient(x), analytic, rtol=1e-9, atol=1e-12)


def test_parts_carry_the_edges_on_where_there_is_no_window():
    model, x = sets("competition", 400)
    low, high, width, _ = window_quantities(model, {"V0": V0}, 400.0)
    missing = np.isnan(low.value(x))
    assert 20 < missing.sum() < 380
    for quantity in (low, high, width):
        parts, k = quantity.parts.value(x), quantity.parts.pieces
        assert np.all(np.isfinite(parts))
        # it exists exactly where all conditions are positive
        np.testing.assert_array_equal(np.all(parts[:, k:] > 0, axis=1), ~missing)
        value = np.clip(parts[:, :k].min(axis=1), 0.0, 1.0)
        np.testing.assert_allclose(quantity.value(x)[~missing], value[~missing], atol=1e-12)
        for j in range(parts.shape[1]):
            expected = differences(lambda y, j=j, q=quantity: q.parts.value(y)[:, j], x)
            np.testing.assert_allclose(quantity.parts.gradient(x)[:, j], expected, rtol=1e-4, atol=1e-5)


def test_no_burden_is_tolerable_where_resistant_cells_win_at_any_dose():
    smallest = smallest_tolerable(COMPETITION, {"V0": V0})
    x = np.array([[0.13, 580.0, 0.09, 0.9], [0.13, 580.0, 0.09, 2.0], [0.13, 580.0, 0.09, 10.0]])
    # at the upper edge K/c is held; where that lies beyond the full dose, K (1 - delta/r)
    np.testing.assert_allclose(smallest.value(x), [np.inf, 290.0, 580.0 * (1 - 0.09 / 0.13)], rtol=1e-9)


def test_the_burden_of_a_day_has_exact_sensitivities():
    schedule = DoseSchedule.cycles(0.7, 30, 20, 4)
    model, x = sets("competition", 8)
    quantity = burden_on_day(model, {"V0": V0}, schedule, 123.0)
    for row, value in zip(x, quantity.value(x), strict=True):
        assert value == pytest.approx(
            simulate(model, row, schedule, [0.0, 123.0], {"V0": V0}).outputs[1, 0], rel=1e-6
        )
    expected = differences(quantity.value, x, 1e-3)
    np.testing.assert_allclose(quantity.gradient(x), expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())
    with pytest.raises(ValueError, match="does not lie after"):
        burden_on_day(model, {"V0": V0}, schedule, 0.0)


def test_nothing_is_asked_of_a_model_without_roles_or_without_a_tolerable_burden():
    plain = Model.define(
        "plain", states={"x": "g*x"}, initial={"x": "1"}, outputs={"burden": "x"},
        parameters=[Parameter("g", "1/day", 1e-3, 1)], inputs=(),
    )  # fmt: skip
    with pytest.raises(WindowUnavailable, match="no dose window"):
        window_quantities(plain, {}, 100.0)
    with pytest.raises(ValueError, match="positive number"):
        window_quantities(COMPETITION, {"V0": V0}, 0.0)
