"""Brackets against commutators and the identities that define them."""

import random

import sympy as sp

from dosing.optimal.lie_brackets import lie_bracket, lift, poisson_bracket

X = sp.symbols("x1:4")
P = sp.symbols("p1:4")


def matrix(seed):
    draw = random.Random(seed)
    return sp.Matrix(3, 3, lambda i, j: sp.Rational(draw.randint(-9, 9), draw.randint(1, 5)))


def test_linear_fields_give_the_commutator():
    A, B, N = matrix(1), matrix(2), sp.Matrix(X)
    assert (lie_bracket(A * N, B * N, X) - (B * A - A * B) * N).expand() == sp.zeros(3, 1)


def test_jacobi_identity_of_fields_that_are_not_linear():
    x, y, z = X
    F, G, H = sp.Matrix([y * z, x**2, sp.exp(y)]), sp.Matrix([x, y * x, z]), sp.Matrix([z**2, 1, x * y])
    cyclic = [lie_bracket(a, lie_bracket(b, c, X), X) for a, b, c in ((F, G, H), (G, H, F), (H, F, G))]
    assert sp.simplify(cyclic[0] + cyclic[1] + cyclic[2]) == sp.zeros(3, 1)


def test_poisson_bracket_of_lifts_is_the_lift_of_the_bracket():
    x, y, z = X
    F, G = sp.Matrix([y * z, x**2, sp.sin(y)]), sp.Matrix([x, y * x, z**3])
    left = poisson_bracket(lift(F, P), lift(G, P), X, P)
    assert sp.expand(left - lift(lie_bracket(F, G, X), P)) == 0


def test_poisson_bracket_is_the_derivative_along_the_flow():
    # H = p²/2 + x²/2: dx/dt = p, dp/dt = -x
    x, p = X[0], P[0]
    H = p**2 / 2 + x**2 / 2
    assert poisson_bracket(H, x, [x], [p]) == p
    assert poisson_bracket(H, p, [x], [p]) == -x
