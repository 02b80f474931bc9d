import pytest
import sympy as sp

from identifiability.structural.analysis import analyse, is_identifiable_function
from identifiability.structural.combinations import forms
from identifiability.structural.from_model import system_from_strings

DECAY = ({"x": "-(a + b)*x + u"}, ["c*x"], ["u"])


@pytest.mark.parametrize(
    ("states", "outputs", "inputs", "expected"),
    [
        (*DECAY, {"a + b"}),
        ({"x": "-a**2*b*x"}, ["x"], [], {"a**2*b"}),
        ({"x": "a*b*x + c*u"}, ["d*x"], ["u"], {"a*b", "c*d"}),
        ({"x": "-k*x + b*(2*a - 1)*u"}, ["x"], ["u"], {"b*(2*a - 1)"}),
        ({"x": "-a*x", "z": "-b*z"}, ["x + z"], [], {"a + b", "a*b"}),
    ],
)
def test_simple_generators(states, outputs, inputs, expected):
    found = analyse(system_from_strings("model", states, outputs, inputs)).combinations
    assert {sp.sympify(f) for f in found} == {sp.sympify(e) for e in expected}


def test_membership_is_that_of_a_field():
    system = system_from_strings("exponentials", {"x": "-a*x", "z": "-b*z"}, ["x + z"])
    assert is_identifiable_function("a**3 + b**3", system) is True
    assert is_identifiable_function("1/a + 1/b", system) is True
    assert is_identifiable_function("(a - b)**2", system) is True
    assert is_identifiable_function("a - b", system) is False
    assert is_identifiable_function("a/b", system) is False


def test_functions_that_move_are_not_members():
    states, outputs, inputs = DECAY
    system = system_from_strings("decay", states, outputs, inputs)
    assert is_identifiable_function("c*(a + b)", system) is True
    assert is_identifiable_function("a*c", system) is False


def test_forms_are_different_and_start_simple():
    symbols = sp.symbols("a b c d")
    found = list(forms(symbols))
    assert found[:4] == list(symbols)
    assert len(set(found)) == len(found)
    assert list(forms(sp.symbols("p0:12"))) == []
