import pytest
import sympy as sp

from dynamics.catalogue import get_model
from dynamics.expressions import ModelError
from dynamics.model import Constant, Model, Parameter
from identifiability.structural.from_model import system_from_strings, system_of
from identifiability.structural.unknowns import unknowns_of

COMPETITION = get_model("competition")


def test_catalogue_model_has_known_initial_states():
    system = system_of(COMPETITION)
    v0, f_r = sp.symbols("V0 f_R")
    assert system.initial == {sp.Symbol("S"): (1 - f_r) * v0, sp.Symbol("R"): f_r * v0}
    assert system.known == (v0, f_r)
    assert [q.name for q in unknowns_of(system)] == ["r", "K", "delta", "c"]


def test_unknown_initial_state():
    system = system_of(COMPETITION, unknown_initial=["R"])
    assert [q.name for q in unknowns_of(system)] == ["r", "K", "delta", "c", "R(0)"]


def test_parameters_that_are_not_asked_for_are_known():
    system = system_of(COMPETITION, parameters=["c"])
    assert system.parameters == (sp.Symbol("c"),)
    assert {s.name for s in system.known} == {"V0", "f_R", "r", "K", "delta"}


def test_values_that_change_the_form_are_put_in():
    model = Model.define(
        "form",
        states={"N": "r*N**m + b*N + g*N"},
        initial={"N": "V0"},
        outputs={"y": "N"},
        inputs=(),
        parameters=[Parameter("r", "1", 0.1, 1.0), Parameter("g", "1", 0.1, 1.0)],
        constants=[
            Constant("V0", "1", value=1.5),
            Constant("m", "1", value=0.5),
            Constant("b", "1", value=0.0),
        ],
    )
    system = system_of(model)
    n, r, g = sp.symbols("N r g")
    assert system.rhs == (r * sp.sqrt(n) + g * n,)
    assert system.known == (sp.Symbol("V0"),)


def test_time_is_a_state_that_starts_at_zero():
    system = system_from_strings("ageing", {"N": "r*N/(1 + k*t)"}, ["N"])
    t = sp.Symbol("t")
    assert (system.states[-1], system.rhs[-1], system.initial[t]) == (t, 1, 0)
    assert [p.name for p in system.parameters] == ["r", "k"]


def test_parameters_are_the_other_names_in_their_order():
    system = system_from_strings(
        "order", {"x": "b*x + u", "z": "a*x*V"}, ["c*z"], inputs=["u"], known=["V"], initial={"z": "z0"}
    )
    assert [p.name for p in system.parameters] == ["b", "a", "c", "z0"]
    assert [q.name for q in unknowns_of(system)] == ["b", "a", "c", "z0", "x(0)"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: system_of(COMPETITION, unknown_initial=["T"]), "has no state 'T'; it has S, R"),
        (lambda: system_of(COMPETITION, parameters=["q"]), "has no parameter 'q'"),
        (lambda: system_of(COMPETITION, outputs=["psa"]), "has no output 'psa'; it has burden"),
        (lambda: system_from_strings("x", {"x": "a*x +"}, ["x"]), "is not an expression"),
        (lambda: system_from_strings("x", {"x": "a*x"}, ["x"], initial={"y": "1"}), "has no state 'y'"),
        (lambda: system_from_strings("x", {"x": "a*x"}, ["x"], initial={"x": "2*x"}), "depends on x"),
        (lambda: system_from_strings("x", {"x": "a*x"}, ["x"], parameters=["b"]), "unknown symbol 'a'"),
        (lambda: system_from_strings("x", {"x": "a*x"}, ["x"], inputs=["x"]), "declared twice: x"),
        (lambda: system_from_strings("x", {"x": "a*x"}, []), "has no output"),
    ],
)
def test_refused(make, message):
    with pytest.raises(ModelError, match=message):
        make()
