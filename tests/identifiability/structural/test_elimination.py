import pytest
import sympy as sp

from identifiability.structural.elimination import Elimination
from identifiability.structural.equation_text import equation_texts
from identifiability.structural.from_model import system_from_strings
from identifiability.structural.one_experiment import is_confined, one_experiment_suffices

MODELS = {
    "competition": ({"S": "r*(1 - (S + R)/K)*S - u*d*S", "R": "r*(1 - (c*S + R)/K)*R"}, ["S + R"], ["u"]),
    "prey seen": ({"x": "a*x - b*x*z", "z": "-c*z + d*x*z"}, ["x"], []),
    "saturated": ({"x": "-V*x/(k + x) + g*x"}, ["c*x"], []),
    "two outputs": ({"x": "l - d*x - b*x*v", "p": "b*x*v - a*p", "v": "k*p - c*v"}, ["v", "x + p"], []),
    "unseen state": ({"x": "-a*x + u", "z": "-b*z + x"}, ["x"], ["u"]),
    "known population": ({"S": "-b*S*I/N", "I": "b*S*I/N - g*I", "N": "0"}, ["I", "N"], []),
}


@pytest.mark.parametrize("name", MODELS)
def test_equations_hold_along_the_flow(name):
    """Symbolic derivatives put into the equation give zero, at rational points."""
    states, outputs, inputs = MODELS[name]
    system = system_from_strings(name, states, outputs, inputs)
    jets = {u: [sp.Symbol(f"{u}_{k}") if k else u for k in range(6)] for u in system.inputs}
    several = len(outputs) > 1

    def derivative(expr: sp.Expr) -> sp.Expr:
        along = sum(sp.diff(expr, x) * f for x, f in zip(system.states, system.rhs, strict=True))
        return along + sum(sp.diff(expr, j[k]) * j[k + 1] for j in jets.values() for k in range(5))

    seen = {}
    for i, output in enumerate(system.outputs):
        letter = f"y{i + 1}" if several else "y"
        for k in range(4):
            seen[sp.Symbol(f"{letter}_{k}" if k else letter)] = output
            output = derivative(output)
    elimination = Elimination(system)
    equations = elimination.equations()
    assert len(equations) == len(outputs) - len(elimination.constant_outputs)
    for equation in equations:
        expr = sp.sympify(
            equation_texts(equation, system)[0], locals={"S": sp.Symbol("S"), "I": sp.Symbol("I")}
        )
        value = expr.subs(seen)
        point = {s: sp.Rational(3 + 2 * i, 2 + i) for i, s in enumerate(sorted(value.free_symbols, key=str))}
        assert value.subs(point) == 0


def test_monic_equation_by_hand():
    """y' = -(k10 + k12) y + k21 z + u and z' = k12 y - k21 z, differentiated once and z taken out."""
    system = system_from_strings(
        "bolus", {"x": "-(k10 + k12)*x + k21*z + u", "z": "k12*x - k21*z"}, ["x"], ["u"]
    )
    (equation,) = Elimination(system).equations()
    text, latex = equation_texts(equation, system)
    assert text == "y_2 + (k10 + k12 + k21)*y_1 + k10*k21*y - u_1 - k21*u"
    assert latex.startswith(r"\ddot{y} + \left(k_{10} + k_{12} + k_{21}\right) \dot{y}")
    assert equation.order == 2
    assert equation.degree == 1


def test_output_called_like_a_parameter():
    system = system_from_strings("decay", {"x": "-y*x"}, ["x"])
    (equation,) = Elimination(system).equations()
    assert equation_texts(equation, system)[0] == "Y_1 + y*Y"


def test_unseen_state_is_no_part_of_it():
    states, outputs, inputs = MODELS["unseen state"]
    elimination = Elimination(system_from_strings("unseen", states, outputs, inputs))
    assert not elimination.all_states_seen
    assert elimination.orders == [1]


def test_terms_that_depend_on_each_other():
    hidden = Elimination(system_from_strings("hidden", {"x": "0", "z": "x*z + a*x + b"}, ["z"]))
    (equation,) = hidden.equations()
    assert not one_experiment_suffices(equation, hidden.derivatives, hidden.point)
    plain = Elimination(system_from_strings("plain", {"x": "-a*x", "z": "x - b*z"}, ["z"]))
    (equation,) = plain.equations()
    assert one_experiment_suffices(equation, plain.derivatives, plain.point)


def test_confined_solutions():
    system = system_from_strings("SI", {"S": "-b*S*I", "I": "b*S*I", "Z": "-a*Z"}, ["I + Z"])
    derivatives = Elimination(system).derivatives
    assert is_confined(derivatives, [3, 5, 7, 11, 13])  # S + I stays as it is
    free = system_from_strings("prey", {"x": "a*x - x*z", "z": "-c*z + d*x*z"}, ["x"])
    assert not is_confined(Elimination(free).derivatives, [3, 5, 7, 11, 13])
    assert is_confined(Elimination(free).derivatives, [3, 5, 7, 11, 0])  # no predator, ever
