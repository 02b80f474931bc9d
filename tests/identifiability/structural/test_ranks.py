import numpy as np
import pytest
import sympy as sp

from identifiability.structural.local import PRIMES
from identifiability.structural.ranks import row_space
from identifiability.structural.rings import PadicIntegers

P = PRIMES[0]


def determined(matrix: sp.Matrix) -> tuple[bool, ...]:
    """Return by SymPy whether each column's deletion lowers the rank."""
    found = []
    for i in range(matrix.cols):
        reduced = matrix.copy()
        reduced.col_del(i)
        found.append(reduced.rank() < matrix.rank())
    return tuple(found)


@pytest.mark.parametrize("digits", [1, 6])
@pytest.mark.parametrize("seed", range(12))
def test_agrees_with_rational_arithmetic(digits, seed):
    rng = np.random.default_rng(seed)
    rank = int(rng.integers(1, 5))
    left, right = rng.integers(-4, 5, (7, rank)), rng.integers(-2, 3, (rank, 6))
    matrix = (left @ right).astype(object)
    ring = PadicIntegers(P, digits)
    space = row_space(np.array(matrix % ring.modulus, dtype=ring.dtype), ring)
    exact = sp.Matrix(matrix.tolist())
    assert (space.rank, space.determined) == (exact.rank(), determined(exact))
    assert len(space.null_directions) == 6 - space.rank


def test_rows_that_differ_in_late_digits_only():
    """Rank one in the prime field, rank three in p-adic numbers; the second null vector needs digits, too."""
    matrix = np.array(
        [[1, 2, 3, 4], [1, 2 + P, 3, 4 + P], [1, 2, 3 + P**3, 4], [2, 4 + P, 6 + P**3, 8 + P]], dtype=object
    )
    assert row_space((matrix % P).astype(np.int64), PadicIntegers(P, 1)).rank == 1
    space = row_space(matrix, PadicIntegers(P, 6))
    assert space.rank == 3
    assert space.determined == determined(sp.Matrix(matrix.tolist())) == (False, False, True, False)
    assert row_space(matrix, PadicIntegers(P, 3)).rank == 2


def test_nothing_seen():
    space = row_space(np.zeros((3, 2), dtype=np.int64), PadicIntegers(P))
    assert (space.rank, space.null_directions) == (0, ((0,), (1,)))


@pytest.mark.parametrize("digits", [1, 5])
@pytest.mark.parametrize("q", [2, 3, 4, 6, 7])
def test_roots(digits, q):
    ring = PadicIntegers(P, digits)
    value = pow(123456789, q, ring.modulus)
    assert pow(ring.root(value, q), q, ring.modulus) == value


def test_no_root_and_no_inverse():
    ring = PadicIntegers(P, 2)
    with pytest.raises(ZeroDivisionError):
        ring.root(P - 1, 2)  # -1 is no square where p leaves 3 modulo 4
    with pytest.raises(ZeroDivisionError):
        ring.inverse(P)


def test_primes_have_the_roots_that_are_asked_of_them():
    for p in PRIMES:
        assert sp.isprime(p)
        assert p < 2**31
        assert p % 4 == 3
        assert all((p - 1) % q for q in (3, 5, 7))
    assert {p % 8 for p in PRIMES[::2]} == {p % 8 for p in PRIMES[1::2]} == {3, 7}
