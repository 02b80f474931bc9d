from fractions import Fraction
from functools import cache

import flint
import numpy as np
import pytest
import sympy as sp

from identifiability.structural.program import compile_program
from identifiability.structural.rings import PadicIntegers, RealNumbers
from identifiability.structural.series import constant_duals, expand

P = 2147483579
X, Y, A, B, U = sp.symbols("x y a b u")
# Values of a, b, x(0), y(0), which are the four unknowns.
POINT = [Fraction(3, 2), Fraction(1, 3), Fraction(2), Fraction(5, 7)]
ORDER = 5


@cache
def expansion_by_sympy(f, g, h):
    """Return Taylor coefficients of h and their derivatives in the unknowns, by repeated differentiation."""
    t = sp.Symbol("t")
    names = [A, B, X, Y]
    lie, rows = h, []
    for k in range(ORDER):
        e = lie / sp.factorial(k)
        point = {**dict(zip(names, map(sp.Rational, POINT), strict=True)), t: 0}
        rows.append([e.subs(point), *(sp.diff(e, q).subs(point) for q in names)])
        lie = sp.diff(lie, X) * f + sp.diff(lie, Y) * g + sp.diff(lie, t)
    return rows


@pytest.mark.parametrize(
    "ring", [PadicIntegers(P), PadicIntegers(P, 3), RealNumbers(40)], ids=["prime", "p-adic", "real"]
)
@pytest.mark.parametrize(
    ("f", "g", "h"),
    [
        (A * X * Y, -B * Y, X + Y),
        (A * X / (B + Y), X - Y**2, X * Y),
        (A + B * U, X * U, Y / (1 + X)),
        (A / X**2, 1 - A / (B * Y), X**3),
        (sp.Integer(1), X / 3, Y - A * X),
    ],
    ids=str,
)
def test_agrees_with_repeated_differentiation(ring, f, g, h):
    t = sp.Symbol("t")
    u = 1 + 2 * t - t**3
    exact = expansion_by_sympy(*(e.subs(U, u) for e in (f, g, h)))
    with flint.ctx.workdps(40):
        duals = np.full((4, 5), 0, dtype=ring.dtype)
        for i, value in enumerate(POINT):
            duals[i, 0], duals[i, i + 1] = ring.number(value), ring.number(Fraction(1))
        series = np.full(ORDER, 0, dtype=ring.dtype)
        for k, c in enumerate([1, 2, 0, -1]):
            series[k] = ring.number(Fraction(c))
        program = compile_program([f, g, h], [X, Y, A, B, U])
        found = expand(
            program, ring, [X, Y], duals[2:], {A: duals[0], B: duals[1]}, {U: series}, ORDER
        ).outputs[0]
        for row, numbers in zip(found, exact, strict=True):
            for value, number in zip(row, numbers, strict=True):
                expected = ring.number(Fraction(int(number.p), int(number.q)))
                if isinstance(ring, RealNumbers):
                    assert abs(float(value - expected)) < 1e-30
                else:
                    assert value == expected


def test_constants_with_their_derivatives():
    ring = PadicIntegers(P)
    a, b = np.array([3, 1, 0]), np.array([5, 0, 1])
    (value,) = constant_duals([A**3 / B - 2], ring, {A: a, B: b}, 3)
    fifth = ring.inverse(5)
    assert value.tolist() == [(27 * fifth - 2) % P, 27 * fifth % P, -27 * fifth * fifth % P]


def test_zero_denominator():
    ring = PadicIntegers(P)
    with pytest.raises(ZeroDivisionError):
        constant_duals([1 / (A - 3)], ring, {A: np.array([3, 1])}, 2)


def test_common_parts_are_computed_once():
    program = compile_program([(A + B) ** 4, 1 / (A + B) ** 4], [A, B])
    assert len(program.operations) == 4


@pytest.mark.parametrize("e", [sp.log(A), A**B, sp.sqrt(A)])
def test_what_is_not_rational_is_refused(e):
    with pytest.raises(ValueError, match="is not rational"):
        compile_program([e], [A, B])


def test_symbol_that_is_not_declared():
    with pytest.raises(ValueError, match="neither a state nor a parameter"):
        compile_program([A + X], [A])
