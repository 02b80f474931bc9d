"""The parameter beyond whose boundary no dose window exists, found without knowing the model."""

import numpy as np
import pytest
from handmade import MODEL, PATIENT_2, V0, make_ensemble

from dosing.lost_window import lost_window
from dosing.window import WindowUnavailable
from dynamics import Model, Parameter, get_model
from dynamics.ensemble import Ensemble


def around(count=200, spread=0.5, seed=3, **columns):
    """Sets around patient 2, with some columns given."""
    generator = np.random.default_rng(seed)
    values = PATIENT_2 * np.exp(spread * generator.standard_normal((count, 4)))
    for name, column in columns.items():
        values[:, MODEL.parameter_names.index(name)] = column
    return values


def test_in_the_competition_model_it_is_c_at_1():
    c = np.geomspace(0.02, 40.0, 200)
    weights = np.linspace(1, 2, 200)
    found = lost_window(MODEL, make_ensemble(around(c=c), weights / weights.sum()))
    assert found is not None
    assert found.parameter == "c"
    assert found.boundary == pytest.approx(1.0, rel=1e-6)
    assert not found.above
    assert found.reached == pytest.approx(0.02)
    assert found.share == pytest.approx(weights[c <= 1].sum() / weights.sum())


def test_the_tolerable_burden_has_no_say():
    # a capacity so small that a window at K_tol = V0 is impossible, but not at a larger burden
    assert lost_window(MODEL, make_ensemble(around(c=2.0, K=1e6))) is None


def test_two_sets_are_enough():
    found = lost_window(MODEL, make_ensemble([[0.1, 500, 0.1, 3.0], [0.2, 700, 0.05, 0.5]]))
    assert found is not None
    assert (found.parameter, found.share) == ("c", 0.5)
    assert found.boundary == pytest.approx(1.0, rel=1e-6)


def test_nothing_is_said_where_all_sets_or_none_can_have_a_window():
    assert lost_window(MODEL, make_ensemble(around(c=np.linspace(1.1, 9, 200)))) is None
    assert lost_window(MODEL, make_ensemble(around(c=np.linspace(0.1, 0.9, 200)))) is None
    assert lost_window(MODEL, make_ensemble(PATIENT_2)) is None


def test_sets_that_are_no_numbers_are_left_out():
    values = around(c=np.geomspace(0.1, 10.0, 200))
    values[[3, 60]], values[199] = np.nan, np.inf
    values[100] = 0.0
    found = lost_window(MODEL, make_ensemble(values))
    assert found is not None
    assert found.boundary == pytest.approx(1.0, rel=1e-6)
    assert lost_window(MODEL, make_ensemble(np.full((4, 4), np.nan))) is None


def test_a_parameter_that_only_goes_along_with_the_cause_is_not_blamed():
    # r separates the sets as well as c does, but moving r alone changes nothing
    c = np.geomspace(0.1, 10.0, 50)
    found = lost_window(MODEL, make_ensemble(around(50, spread=0.0, c=c, r=0.1 * c)))
    assert found is not None
    assert found.parameter == "c"


def test_where_two_parameters_decide_together_none_is_blamed():
    # growth of resistant cells g_R against that of sensitive ones under their competition: c*g_S > g_R
    model = Model.define(
        "pair",
        states={"S": "g*(1 - (S + R)/K)*S - u*d*S", "R": "(q*g - b*g*S/K - g*R/K)*R"},
        initial={"S": "0.99*V0", "R": "0.01*V0"},
        outputs={"burden": "S + R"},
        roles={"S": "sensitive", "R": "resistant"},
        parameters=[Parameter(n, "1", 1e-6, 1e6) for n in ("g", "K", "d", "q", "b")],
        constants=get_model("competition").constants[:1],
    )
    generator = np.random.default_rng(8)
    values = np.exp(generator.uniform(-1, 1, (100, 5)))
    values[:, 1] *= 500
    ensemble = Ensemble(model.parameter_names, values, np.full(100, 0.01), {"V0": V0}, "random")
    lost = values[:, 3] >= values[:, 4]  # resistant cells grow even beside sensitive ones at their capacity
    assert 10 < lost.sum() < 90
    assert lost_window(model, ensemble) is None


def test_a_boundary_may_lie_above():
    # the competition model with the inverse of c as its parameter
    text = {"S": "r*(1 - (S + R)/K)*S - u*delta*S", "R": "r*(1 - (S/e + R)/K)*R"}
    model = Model.define(
        "inverse", states=text, initial={"S": "0.99*V0", "R": "0.01*V0"}, outputs={"burden": "S + R"},
        roles={"S": "sensitive", "R": "resistant"},
        parameters=[Parameter(n, "1", 1e-6, 1e6) for n in ("r", "K", "delta", "e")],
        constants=get_model("competition").constants[:1],
    )  # fmt: skip
    values = around(c=np.geomspace(0.1, 10.0, 200))
    found = lost_window(model, Ensemble(model.parameter_names, values, np.full(200, 1 / 200), {"V0": V0}, ""))
    assert found is not None
    assert (found.parameter, found.above) == ("e", True)
    assert found.boundary == pytest.approx(1.0, rel=1e-6)
    assert found.reached == pytest.approx(10.0)


def test_a_model_without_a_window_says_so():
    model = Model.define(
        "one", states={"x": "g*x"}, initial={"x": "1"}, outputs={"y": "x"},
        parameters=[Parameter("g", "1", 0.1, 1.0)], inputs=(),
    )  # fmt: skip
    ensemble = Ensemble(("g",), np.ones((2, 1)), np.full(2, 0.5), {}, "")
    with pytest.raises(WindowUnavailable, match="it has one population"):
        lost_window(model, ensemble)
