"""The model object: what is refused at construction, and that a model cannot change."""

import dataclasses

import pytest
import sympy as sp

from dynamics.model import Constant, Input, Model, ModelError, Output, Parameter, State
from dynamics.prior import Prior


def define(**changes):
    """One population with a drug, or a broken variant of it."""
    parts = {
        "states": {"S": "r*S*(1 - S/K) - u*delta*S"},
        "initial": {"S": "V0"},
        "outputs": {"burden": "S"},
        "parameters": [
            Parameter("r", "per day", 1e-3, 2.0),
            Parameter("K", "burden", 0.5, 100.0, scale="V0"),
            Parameter("delta", "per day", 1e-3, 2.0, start=(0.01, 0.5)),
        ],
        "constants": [Constant("V0", "burden", from_data="first_burden")],
    }
    return Model.define("one", **(parts | changes))


def test_symbols_keep_the_declared_order():
    model = define()
    assert [s.name for s in model.parameter_symbols] == ["r", "K", "delta"] == list(model.parameter_names)
    assert model.state_names == ("S",)
    assert model.input_symbols == (sp.Symbol("u"),)
    assert model.rhs.shape == model.initial.shape == model.output.shape == (1, 1)


def test_equal_declarations_are_equal_and_hash_alike():
    assert define() == define()
    assert hash(define()) == hash(define())
    assert define(title="other") != define()


def test_a_model_cannot_change():
    model = define()
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.name = "two"
    before = model.rhs.copy()
    model.rhs[0, 0] = sp.Integer(0)
    assert model.rhs == before


def test_lists_are_taken_and_frozen():
    x = sp.Symbol("x")
    model = Model(
        "direct",
        states=[State("x", -x, sp.Integer(1))],
        parameters=[],
        outputs=[Output("y", x)],
        inputs=[],
    )
    assert isinstance(model.states, tuple)
    assert hash(model) == hash(model)


P = Parameter("r", "per day", 1e-3, 2.0)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"states": {}, "initial": {}, "outputs": {"burden": "1"}}, "no states"),
        ({"outputs": {}}, "no output"),
        ({"outputs": {"burden": "V0"}}, "contains no state"),
        ({"outputs": {"burden": "S*u"}}, "output burden: unknown symbol u"),
        ({"initial": {}}, "no initial value for state S"),
        ({"initial": {"S": "V0", "R": "V0"}}, "R, which is not a state"),
        ({"initial": {"S": "S"}}, "initial value of S: unknown symbol S"),
        ({"initial": {"S": "u*V0"}}, "initial value of S: unknown symbol u"),
        ({"states": {"S": "q*S"}}, "equation of S: unknown symbol 'q'"),
        ({"states": {"S": "r*S"}, "parameters": [P, P]}, "r declared more than once"),
        (
            {"initial": {"S": "1"}, "constants": [Constant("S", "burden", value=1.0)]},
            "S declared more than once",
        ),
        ({"roles": {"S": "sensible"}}, "role 'sensible' of S"),
        ({"roles": {"T": "sensitive"}}, "role of T, but there is only S"),
        ({"units": {"size": "mm"}}, "unit of size, but there is only S, burden"),
        ({"meanings": {"size": "mm"}}, "meaning of size"),
        ({"constants": [Constant("V0", "burden")]}, "either a value or `from_data`"),
        ({"constants": [Constant("V0", "burden", value=1.0, from_data="first_burden")]}, "either a value or"),
        ({"constants": [Constant("V0", "burden", from_data="age")]}, "can only be 'first_burden'"),
        ({"constants": [Constant("V0", "burden", value=float("nan"))]}, "must be a finite number"),
        ({"inputs": [Input("u", lower=1.0, upper=0.0)]}, "input u is bounded by"),
    ],
)
def test_incomplete_or_inconsistent_declarations_are_refused(changes, says):
    with pytest.raises(ModelError, match=says) as error:
        define(**changes)
    assert "'one'" in str(error.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lower": 0.0}, "need 0 < lower < upper"),
        ({"upper": float("inf")}, "need 0 < lower < upper"),
        ({"lower": 3.0}, "need 0 < lower < upper"),
        ({"scale": "W0"}, "scale with 'W0'"),
        ({"start": (1e-4, 1.0)}, "start box"),
        ({"start": (1.0, 1.0)}, "start box"),
    ],
)
def test_bounds_are_checked(change, says):
    parameters = list(define().parameters)
    parameters[0] = dataclasses.replace(parameters[0], **change)
    with pytest.raises(ModelError, match=says):
        define(parameters=parameters)


@pytest.mark.parametrize("name", ["lambda", "exp", "t", "2r", "r S", "µ"])
def test_names_that_no_expression_can_carry_are_refused(name):
    with pytest.raises(ModelError, match=r"cannot name|meaning of its own|is read as"):
        define(
            states={"S": "0"},
            parameters=[Parameter(name, "1", 1.0, 2.0)],
        )


def test_a_symbol_with_assumptions_is_explained():
    x = sp.Symbol("x", positive=True)
    with pytest.raises(ModelError, match="carries assumptions"):
        Model(
            "direct",
            states=(State("x", -x, sp.Integer(1)),),
            parameters=(),
            outputs=(Output("y", x),),
            inputs=(),
        )


def test_text_in_place_of_an_expression_is_explained():
    with pytest.raises(ModelError, match=r"Model\.define"):
        Model(
            "direct",
            states=(State("x", "-x", sp.Integer(1)),),
            parameters=(),
            outputs=(Output("y", sp.Symbol("x")),),
        )


def test_an_output_given_twice_is_refused():
    x = sp.Symbol("x")
    with pytest.raises(ModelError, match="output y declared more than once"):
        Model("d", (State("x", -x, sp.Integer(1)),), (), (Output("y", x), Output("y", 2 * x)))


def test_fix_turns_parameters_into_constants_and_free_turns_them_back():
    model = define()
    fixed = model.fix(r=0.1)
    assert fixed.parameter_names == ("K", "delta")
    assert fixed.constants[-1].value == 0.1
    assert fixed.rhs == model.rhs
    again = fixed.free(model.parameters[0])
    assert again.parameter_names == ("K", "delta", "r")
    assert again.constants == model.constants


def test_fix_and_free_refuse_what_is_not_there():
    with pytest.raises(ModelError, match="no parameter 'c'"):
        define().fix(c=1.0)
    with pytest.raises(ModelError, match="no constant 'r'"):
        define().free(P)
    with pytest.raises(ModelError, match="finite number"):
        define().fix(r=float("nan"))
    # V0 carries the bounds of K, so it cannot be estimated as well.
    with pytest.raises(ModelError, match="scale with 'V0'"):
        define().free(Parameter("V0", "burden", 1.0, 2.0))


def test_roles_find_one_state_or_none():
    model = define(roles={"S": "sensitive"})
    sensitive = model.state_with_role("sensitive")
    assert sensitive is not None
    assert sensitive.name == "S"
    assert model.state_with_role("resistant") is None
    two = define(
        states={"S": "-S", "Q": "-Q"},
        initial={"S": "V0", "Q": "V0"},
        roles={"S": "resistant", "Q": "resistant"},
    )
    assert two.state_with_role("resistant") is None


def test_start_box_falls_back_on_the_bounds():
    r, _, delta = define().parameters
    assert r.start_box == (1e-3, 2.0)
    assert delta.start_box == (0.01, 0.5)


@pytest.mark.parametrize(("median", "fold"), [(0.0, 2.0), (1.0, 1.0), (-1.0, 3.0), (float("nan"), 2.0)])
def test_a_prior_without_mass_is_refused(median, fold):
    with pytest.raises(ValueError, match="prior needs"):
        Prior(median, fold)


def test_a_prior_holds_95_percent_within_its_fold():
    from scipy.stats import lognorm

    prior = Prior(0.2, 4.0)
    mass = lognorm(s=prior.sigma, scale=prior.median)
    assert mass.cdf(0.8) - mass.cdf(0.05) == pytest.approx(0.95, abs=1e-12)
