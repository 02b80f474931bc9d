"""Shared subexpressions: the same values, each shared expression written once."""

import sympy as sp

from dynamics.shared_terms import shared_terms

a, b, x0, shared0 = sp.symbols("a b x0 shared0")


def test_a_recurring_expression_is_named_once():
    total = a + b
    named, reduced = shared_terms([a * sp.exp(total), b * sp.exp(total), total])
    assert [expression for _, expression in named] == [a + b, sp.exp(named[0][0])]
    back = [e.subs(named[1][0], named[1][1]).subs(named[0][0], named[0][1]) for e in reduced]
    assert back == [a * sp.exp(total), b * sp.exp(total), total]


def test_lambdify_takes_it_for_lists_and_single_expressions():
    square = (a + b) ** 2
    arguments = [a, b, shared0]
    # a symbol of the equations is never taken as the name of a shared term
    many = sp.lambdify(arguments, [square + shared0, square * shared0, 3], cse=shared_terms, modules="math")
    assert many(1.0, 2.0, 5.0) == [14.0, 45.0, 3]
    one = sp.lambdify(arguments, square + sp.exp(square - 9) * shared0, cse=shared_terms, modules="math")
    assert one(1.0, 2.0, 5.0) == 14.0
    nested = sp.lambdify(arguments, [[square, 1], [square + 1, a]], cse=shared_terms, modules="math")
    assert nested(1.0, 2.0, 0.0) == [[9.0, 1], [10.0, 1.0]]
