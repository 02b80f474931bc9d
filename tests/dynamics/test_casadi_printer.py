"""SymPy to CasADi."""

import math

import numpy as np
import pytest
import sympy as sp

from dynamics.casadi_printer import casadi_function
from dynamics.catalogue import get_model
from dynamics.expressions import ModelError, parse_expression

NAMES = ("x", "y", "p")


@pytest.mark.parametrize(
    "text",
    [
        "x + y*p - 3", "x**2 - y**3/p", "x**(-2)", "(x + y)**0.7", "sqrt(x*y)", "exp(-x)*log(y)",
        "tanh(x) + sin(y)*cos(p)", "Abs(x - 5)", "Min(x, y, p)", "Max(x, 2)", "p**x", "x*y/(p + x*y) + log(p/y)", "7/3",
    ],
)  # fmt: skip
def test_expressions_have_the_same_value(text):
    expression = parse_expression(text, NAMES)
    x, y, p = symbols = sp.symbols("x y p")
    function = casadi_function("f", [[x, y], [p]], [[expression], []])
    first, second = function([1.3, 0.6], 2.2)
    assert float(first) == pytest.approx(
        float(sp.lambdify(symbols, expression, "math")(1.3, 0.6, 2.2)), rel=1e-14
    )
    assert second.shape == (0, 1)


@pytest.mark.parametrize("name", ["competition", "gompertz", "turnover"])
def test_models_have_the_same_slope(name):
    model = get_model(name)
    known = [*model.state_symbols, *model.input_symbols, *model.parameter_symbols, *model.constant_symbols]
    values = np.linspace(0.4, 1.7, len(known))
    function = casadi_function("f", [known, [sp.Symbol("t")]], [list(model.rhs.flat())])
    expected = sp.lambdify(known, list(model.rhs.flat()), "math")(*values)
    assert np.array(function(values, 0.0)).ravel() == pytest.approx(expected, rel=1e-13)


def test_derivatives_stay_finite_at_zero():
    import casadi as ca

    x = sp.Symbol("x")
    function = casadi_function("f", [[x]], [[x**2 + x**1]])
    at = ca.MX.sym("at")
    slope = ca.Function("slope", [at], [ca.gradient(function(at), at)])
    assert math.isfinite(float(slope(0.0)))


def test_unknown_symbol_is_named():
    with pytest.raises(ModelError, match="q has no value"):
        casadi_function("f", [[sp.Symbol("x")]], [[sp.Symbol("q")]])


def test_unknown_function_is_named():
    x = sp.Symbol("x")
    with pytest.raises(ModelError, match="gamma"):
        casadi_function("f", [[x]], [[sp.gamma(x)]])
