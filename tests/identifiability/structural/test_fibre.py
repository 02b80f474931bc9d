import itertools

import pytest
import sympy as sp

from identifiability.structural.fibre import Fibre
from identifiability.structural.groebner import GroebnerBasis
from identifiability.structural.polynomials import PRIME, prime_context
from identifiability.structural.prime_functions import Function
from identifiability.structural.quotient import SolutionSet
from identifiability.structural.result import Structural


def _cyclic(n):
    ring = prime_context([f"x{i}" for i in range(n)])
    x = ring.gens()
    equations = []
    for k in range(1, n):
        total = ring.constant(0)
        for i in range(n):
            product = ring.constant(1)
            for j in range(k):
                product = product * x[(i + j) % n]
            total = total + product
        equations.append(total)
    product = ring.constant(1)
    for v in x:
        product = product * v
    return ring, [*equations, product - 1]


def test_number_of_solutions_of_cyclic_five():
    """70 isolated solutions (Björck and Fröberg 1991)."""
    ring, equations = _cyclic(5)
    basis = GroebnerBasis(ring)
    basis.add_together(equations)
    assert len(basis.standard_monomials()) == 70
    assert SolutionSet(basis, []).number_of_values(ring.gen(0)) == 15


def test_basis_agrees_with_sympy():
    ring = prime_context(["a", "b", "c"])
    a, b, c = ring.gens()
    ours = GroebnerBasis(ring)
    ours.add([a * b - c + 3, b * c - a + 1, a * a + b * b + c * c - 7])
    x, y, z = sp.symbols("a b c")
    theirs = sp.groebner(
        [x * y - z + 3, y * z - x + 1, x**2 + y**2 + z**2 - 7], x, y, z, order="grevlex", modulus=2147483647
    )
    assert sorted(ours.leads) == sorted(sp.Poly(p, x, y, z).monoms(order="grevlex")[0] for p in theirs.exprs)


def test_every_s_polynomial_reduces_to_zero():
    ring, equations = _cyclic(4)
    basis = GroebnerBasis(ring)
    basis.add(equations)
    for f, g in itertools.combinations(basis.polys, 2):
        left, right = f.monomial(0), g.monomial(0)
        common = tuple(map(max, left, right))
        parts = [
            ring.term(coeff=1, exp_vec=tuple(int(c) - int(e) for c, e in zip(common, m, strict=True))) * p
            for m, p in ((left, f), (right, g))
        ]
        assert basis.normal_form(parts[0] - parts[1]).is_zero()


def test_infinitely_many_solutions_are_refused():
    ring = prime_context(["a", "b"])
    basis = GroebnerBasis(ring)
    basis.add([ring.gen(0) * ring.gen(1) - 1])
    with pytest.raises(ValueError, match="infinitely many"):
        SolutionSet(basis, [])


def _fibre(n, *expressions):
    """A fibre of polynomials in n unknowns, each a function of the generators."""
    ring = prime_context([*(f"p{i}" for i in range(n)), "spare"])
    point = [1234577 + 7919 * i * i for i in range(n)] + [0]
    one = ring.constant(1)
    functions = [Function(f, one, int(f(*point)) % PRIME) for f in (e(*ring.gens()[:n]) for e in expressions)]
    fibre = Fibre(ring, point)
    fibre.add(functions)
    fibre.solve()
    return ring, fibre


def test_sum_and_product_let_two_change_places():
    _, fibre = _fibre(3, lambda a, b, c: a + b, lambda a, b, c: a * b, lambda a, b, c: c * (a + b))
    found = fibre.verdicts([], complete=True)
    assert found == {0: Structural.LOCAL, 1: Structural.LOCAL, 2: Structural.GLOBAL}
    assert fibre.verdicts([], complete=False) == {2: Structural.GLOBAL}


def test_what_moves_is_not_taken_for_settled():
    ring, fibre = _fibre(3, lambda a, b, c: a * b, lambda a, b, c: b * c)
    a, b, c, _ = ring.gens()
    assert fibre.verdicts([], complete=True) == {}
    assert fibre.determines(a, c, [])
    assert fibre.determines(a * b, b * c, [])
    assert not fibre.determines(a + c, ring.constant(1), [])


def test_solutions_at_which_a_denominator_vanishes_do_not_count():
    """a (a - 1) leaves two values with the sum one; forbidding the other leaves one."""
    ring, fibre = _fibre(1, lambda a: a * (a - 1))
    assert fibre.verdicts([], complete=True) == {0: Structural.LOCAL}
    other = ring.gen(0) - (1 - 1234577)
    _, fresh = _fibre(1, lambda a: a * (a - 1))
    assert fresh.verdicts([other], complete=True) == {0: Structural.GLOBAL}


def test_inadmissible_curve_needs_the_spare_unknown():
    """a² b and a³ b determine a and b, but for the line a = 0, on which both vanish if their values do."""
    ring, fibre = _fibre(2, lambda a, b: a * a * b, lambda a, b: a * a * a * b)
    assert fibre.verdicts([ring.gen(0)], complete=True) == {0: Structural.GLOBAL, 1: Structural.GLOBAL}
