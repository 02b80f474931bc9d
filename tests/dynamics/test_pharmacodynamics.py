"""Effects of a concentration, and their place in a model."""

import numpy as np
import pytest
import sympy as sp

from dynamics import Constant, Input, ModelError, Parameter, get_model
from dynamics.pharmacodynamics import emax, hill, linear, with_pharmacodynamics

C, u = sp.symbols("C u")


def test_effects_at_their_landmarks():
    assert linear(2.0).of(sp.Integer(3)) == 6
    for effect in (emax(0.8, 4.0), hill(0.8, 4.0, 3.0)):
        assert float(effect.of(sp.Integer(4))) == pytest.approx(0.4), (
            "half the effect at the half concentration"
        )
        assert float(effect.of(sp.Integer(0))) == 0.0
        assert float(effect.of(sp.Float(1e9))) == pytest.approx(0.8)
    assert sp.simplify(hill(0.8, 4.0, 1.0).expression - emax(0.8, 4.0).expression) == 0


def test_the_slope_of_a_hill_effect_exists_without_drug():
    for steepness, slope in ((1.0, 1.0), (1.5, 0.0), (3.0, 0.0)):
        assert float(hill(1.0, 1.0, steepness).expression.diff(C).subs(C, 0)) == slope


def test_quantities_are_declared_by_the_model():
    top = Constant("E_max", "1", value=0.9)
    half = Parameter("EC50", "mg per l", 0.01, 100.0)
    dose = Input("c", "concentration", "mg per l", 0.0, 10.0)
    base = get_model("logistic")
    model = with_pharmacodynamics(base, "u", emax(top, half), dose)
    assert model.parameter_names == (*base.parameter_names, "EC50")
    assert [i.name for i in model.inputs] == ["c"]
    E, K50, c = sp.symbols("E_max EC50 c")
    assert sp.simplify(model.rhs[0] - base.rhs[0].subs(u, E * c / (K50 + c))) == 0
    assert "Emax effect of u" in model.assumptions[-1]
    assert base.inputs[0].name == "u", "the model itself is unchanged"


def test_the_michaelis_menten_kill_of_the_traits_is_emax():
    model = get_model("traits")
    kill = model.rhs[20].diff(u).subs({"UC50": 1})
    N21 = sp.Symbol("N21")
    np.testing.assert_allclose(
        float(kill.subs({u: 0.0, N21: 2.0})), -2.0
    )  # phi(1) = 1, slope 1/UC50, 2 cells
    assert float(kill.subs({u: 1.0, N21: 2.0})) == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: emax(half=0.0), "half of an effect is 0; it must be positive"),
        (lambda: with_pharmacodynamics(get_model("logistic"), "w", linear()), "no input 'w'; it has u"),
        (
            lambda: with_pharmacodynamics(get_model("logistic"), "u", linear(Constant("K", "1", value=1.0))),
            "K declared more than once",
        ),
    ],
)
def test_what_cannot_be_is_refused(make, says):
    with pytest.raises(ModelError, match=says):
        make()
