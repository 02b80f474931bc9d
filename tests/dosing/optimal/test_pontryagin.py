"""Hamiltonian, adjoint and minimising control from the symbols, against what papers print."""

import pytest
import sympy as sp

from dosing.optimal import OptimalControlProblem, ProblemError
from dosing.optimal.pontryagin import pontryagin
from dynamics import get_model
from dynamics.model import Input, Model

PATIENT_2 = {
    "r": 0.131799194,
    "K": 580.8725024,
    "delta": 0.089001925,
    "c": 2.291960323,
    "V0": 359.0,
    "B": 691.9,
}


@pytest.fixture
def masud():
    return OptimalControlProblem.define(
        get_model("competition"),
        PATIENT_2,
        running="S + R + B*u**2/2",
        subject_to=["S(T) == V0"],
        horizon_days=1460,
    )


def named(expression: str, conditions):
    """Read a printed formula, with l1 and l2 for the costates."""
    names = {n: sp.Symbol(n) for n in ("S", "R", "r", "K", "delta", "c", "B", "u")}
    return sp.sympify(expression, names | {"l1": conditions.costates[0], "l2": conditions.costates[1]})


def test_adjoint_is_equation_18_of_masud(masud):
    conditions = pontryagin(masud)
    first = named("-1 - l1*(r*(1 - (2*S + R)/K) - u*delta) + l2*r*c*R/K", conditions)
    second = named("-1 + l1*r*S/K - l2*r*(1 - (c*S + 2*R)/K)", conditions)
    assert sp.expand(conditions.adjoint[0] - first) == 0
    assert sp.expand(conditions.adjoint[1] - second) == 0


def test_control_is_equation_19_of_masud(masud):
    conditions = pontryagin(masud)
    assert conditions.interior_control == (named("delta*S*l1/B", conditions),)
    (clipped,) = conditions.minimising_control([(0, 1)])
    assert clipped == sp.Min(1, sp.Max(0, named("delta*S*l1/B", conditions)))
    assert conditions.quadratic
    assert conditions.affine == (False,)


def test_transversality_holds_the_multiplier_and_the_terminal_cost(masud):
    assert list(pontryagin(masud).transversality) == [sp.Symbol("nu 0"), 0]
    ended = OptimalControlProblem.define(
        get_model("competition"), PATIENT_2, terminal="S**2 + 3*R", horizon_days=100
    )
    assert list(pontryagin(ended).transversality) == [2 * sp.Symbol("S"), 3]


def test_cost_linear_in_the_control_gives_a_switching_function(masud):
    linear = OptimalControlProblem.define(
        get_model("competition"), PATIENT_2, running="S + R + B*u", horizon_days=100
    )
    conditions = pontryagin(linear)
    assert conditions.affine == (True,)
    assert sp.expand(conditions.switching[0] - named("B - delta*S*l1", conditions)) == 0
    with pytest.raises(ProblemError, match="not a separate quadratic"):
        _ = conditions.interior_control


def test_controls_that_meet_in_a_product_are_not_separable():
    model = Model.define(
        "two drugs", states={"x": "x - u*v*x"}, initial={"x": "1"}, outputs={"x": "x"},
        parameters=[], inputs=[Input("u"), Input("v")],
    )  # fmt: skip
    problem = OptimalControlProblem.define(model, running="u**2 + v**2", horizon_days=1)
    assert not pontryagin(problem).separable
    assert not pontryagin(problem).quadratic


def test_derivation_is_kept_between_numbers(masud):
    assert pontryagin(masud) is pontryagin(masud.with_values(B=700.0))
