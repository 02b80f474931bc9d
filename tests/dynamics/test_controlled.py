"""Integration under controls that switch."""

import numpy as np
import pytest
import sympy as sp

from dynamics.catalogue import get_model
from dynamics.controlled import integrate
from dynamics.expressions import ModelError
from dynamics.model import Constant, Input, Model
from dynamics.schedule import DoseSchedule
from dynamics.simulate import simulate


def model(states, initial, inputs=("u",), **constants):
    return Model.define(
        "controlled", states=states, initial=initial, outputs={"y_out": next(iter(states))}, parameters=[],
        inputs=[Input(u, lower=-10, upper=10) for u in inputs],
        constants=[Constant(c, "1", value=v) for c, v in constants.items()],
    )  # fmt: skip


LINEAR = model({"x": "u - k*x*v"}, {"x": "2"}, ("u", "v"), k=0.3)


@pytest.mark.parametrize("method", ["auto", "DOP853", "LSODA", "Radau"])
def test_linear_arcs_are_exact(method):
    edges, controls = np.array([0.0, 1.5, 4.0]), np.array([[-3.0, 0.0], [2.0, 5.0]])
    times = np.array([0.0, 0.7, 1.5, 2.0, 4.0])
    course = integrate(LINEAR, {}, edges, controls, times, integrand=sp.Symbol("u") ** 2, method=method)
    rate = 0.3 * 5.0
    after = 2 / rate + (-2.5 - 2 / rate) * np.exp(-rate * (times[2:] - 1.5))
    assert course.states[:, 0] == pytest.approx([2.0, -0.1, *after], rel=1e-7)
    assert course.integral == pytest.approx([0.0, 6.3, 13.5, 15.5, 23.5], rel=1e-9)
    assert course.message == ""


def test_agrees_with_the_kernel():
    competition = get_model("competition")
    # Masud 2023, Table 1, patient 2
    fit = {"r": 0.131799194, "K": 580.8725024, "delta": 0.089001925, "c": 2.291960323}
    edges, doses, times = (0.0, 30.0, 75.0, 200.0), (1.0, 0.2, 0.6), np.linspace(0.0, 200.0, 41)
    witness = simulate(competition, fit, DoseSchedule(edges, doses), times, {"V0": 359.0}, rtol=1e-10)
    course = integrate(competition, fit | {"V0": 359.0}, edges, np.array(doses)[:, None], times)
    assert course.states == pytest.approx(witness.states, rel=1e-6)


def test_initial_state_and_time_dependence():
    ramp = model({"x": "u*t"}, {"x": "0"})
    course = integrate(ramp, {}, [0.0, 2.0], np.array([[3.0]]), [0.0, 1.0, 2.0], initial=[1.0])
    assert course.states[:, 0] == pytest.approx([1.0, 2.5, 7.0], rel=1e-10)


def test_stiff_equations_go_to_an_implicit_method():
    stiff = model({"x": "-1e6*(x - u)", "y": "x - y"}, {"x": "0", "y": "0"})
    course = integrate(stiff, {}, [0.0, 5.0], np.array([[1.0]]), [5.0], sizes=[1.0, 1.0], rtol=1e-8)
    assert course.message == ""
    assert course.states[0] == pytest.approx([1.0, 1 - np.exp(-5.0)], rel=1e-5)


def test_runaway_is_told():
    burst = model({"x": "x**2 + u"}, {"x": "1"})
    course = integrate(burst, {}, [0.0, 3.0], np.array([[0.0]]), [0.0, 0.5, 2.0])
    assert course.states[1, 0] == pytest.approx(2.0, rel=1e-8)
    assert np.isnan(course.states[2, 0])
    assert "day" in course.message


def test_end_of_logarithm_is_told():
    course = integrate(model({"x": "log(x) + u"}, {"x": "0.5"}), {}, [0.0, 3.0], np.array([[-1.0]]), [3.0])
    assert "right-hand side near day" in course.message


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"controls": np.zeros((2, 1))}, "2 inputs"),
        ({"edges_days": [0.0, 2.0, 2.0]}, "increase"),
        ({"times_days": [0.0, 9.0]}, "must lie in"),
        ({"integrand": sp.Symbol("q")}, "no value for q"),
    ],
)
def test_what_does_not_fit_is_refused(change, says):
    arguments = {
        "edges_days": [0.0, 2.0, 4.0],
        "controls": np.zeros((2, 2)),
        "times_days": [0.0, 4.0],
    } | change
    with pytest.raises(ModelError, match=says):
        integrate(LINEAR, {}, **arguments)
