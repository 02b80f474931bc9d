"""Steady proportions: published numbers, attraction from every start, refusals."""

import numpy as np
import pytest

from dynamics import Constant, Model, ModelError, get_model
from dynamics.catalogue.bilinear import bilinear_model
from dynamics.controlled import integrate
from dynamics.steady_proportions import perron, steady_proportions, uncontrolled_matrix


def test_the_cell_cycle_has_the_published_proportions():
    found = steady_proportions(get_model("cell_cycle"))
    assert found.growth_per_day == pytest.approx(0.0472051, abs=5e-8)
    np.testing.assert_allclose(found.shares, [0.3866, 0.1722, 0.4412], atol=5e-5)
    assert found.shares.sum() == pytest.approx(1.0, abs=1e-14)
    assert found["N2"] == found.shares[1]
    assert sum(found.state(50.0).values()) == pytest.approx(50.0)


@pytest.mark.parametrize("name", ["cell_cycle", "sensitive_partial_resistant"])
def test_every_start_tends_to_the_steady_proportions(name):
    model = get_model(name)
    steady = steady_proportions(model)
    none = [[0.0] * len(model.inputs)]
    for start in np.eye(3):
        course = integrate(model, {}, [0, 500], none, [0, 400, 500], initial=start)
        totals = course.states.sum(axis=1)
        np.testing.assert_allclose(course.states[-1] / totals[-1], steady.shares, rtol=1e-7)
        assert np.log(totals[2] / totals[1]) / 100 == pytest.approx(steady.growth_per_day, rel=1e-7)


@pytest.mark.parametrize("name", ["cell_cycle", "sensitive_partial_resistant"])
def test_models_start_in_their_steady_proportions_and_stay_there(name):
    model = get_model(name)
    steady = steady_proportions(model)
    course = integrate(model, {}, [0, 30], [[0.0] * len(model.inputs)], [0, 30])
    for state, growth in zip(course.states, (1.0, np.exp(30 * steady.growth_per_day)), strict=True):
        np.testing.assert_allclose(state, growth * steady.shares, rtol=1e-9)


def test_a_held_dose_has_proportions_of_its_own():
    model = get_model("sensitive_partial_resistant")
    treated = steady_proportions(model, {"u": 1.0})
    assert treated["R"] > 5 * steady_proportions(model)["R"], "the drug selects the resistant"
    matrix = uncontrolled_matrix(model, {"u": 1.0})
    np.testing.assert_allclose(matrix @ treated.shares, treated.growth_per_day * treated.shares, atol=1e-14)


def test_other_rates_give_other_proportions():
    model = get_model("sensitive_partial_resistant")
    closed = {"rho_S": 0.0, "rho_P": 0.0, "pi_S": 0.0}
    # S alone feeds the others; with no way back the share follows from the triangular matrix
    found = steady_proportions(model, closed)
    growth = 0.10 - 0.03 - 0.01
    assert found.growth_per_day == pytest.approx(growth)
    assert found["P"] / found["S"] == pytest.approx(0.03 / (growth - 0.06 + 0.02))


def test_what_has_no_steady_proportions_is_refused():
    with pytest.raises(ModelError, match="is not linear in its states"):
        steady_proportions(get_model("logistic"), {"r": 0.1, "K": 2.0, "delta": 0.1, "V0": 1.0})
    with pytest.raises(ModelError, match="has no sigma; it has"):
        steady_proportions(get_model("cell_cycle"), {"sigma": 1.0})
    influx = Model.define(
        "influx", states={"x": "k - x"}, initial={"x": "0"}, outputs={"y": "x"}, parameters=[], inputs=(),
        constants=[Constant("k", "1", value=1.0)],
    )  # fmt: skip
    with pytest.raises(ModelError, match="is not linear in its states"):
        steady_proportions(influx)
    decay = Model.define(
        "decay", states={"x": "-k*x"}, initial={"x": "1"}, outputs={"y": "x"}, parameters=[], inputs=(),
        constants=[Constant("k", "1", from_data="first_burden")],
    )  # fmt: skip
    with pytest.raises(ModelError, match="no value for k"):
        steady_proportions(decay)
    assert steady_proportions(decay, {"k": 0.5}).growth_per_day == -0.5


def test_a_matrix_without_one_perron_vector_is_refused():
    with pytest.raises(ModelError, match=r"the flow from b into a is -0\.1 per day"):
        perron(np.array([[0.1, -0.1], [0.2, 0.0]]), ("a", "b"))
    with pytest.raises(ModelError, match=r"grow at the same rate, 0\.1 per day"):
        perron(np.diag([0.1, 0.1]), ("a", "b"))
    two = bilinear_model("two", [[0.1, 0.0], [0.0, 0.05]], {}, [1, 1])
    np.testing.assert_allclose(steady_proportions(two).shares, [1.0, 0.0], atol=1e-15)
