"""What can be told of parameters that cannot be told one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, product
from operator import mul

import sympy as sp
from flint import nmod_mat

from identifiability.structural.elimination import rank
from identifiability.structural.fibre import Fibre
from identifiability.structural.polynomials import PRIME
from identifiability.structural.prime_functions import Function
from identifiability.structural.summary_functions import Summary

# Forms are tried on this many parameters at most; beyond, only the equations' own coefficients.
MOST_PARAMETERS = 9

type Readable = Callable[[], sp.Expr]


@dataclass(frozen=True)
class Candidates:
    """Functions that are tried, the simplest first, and a quick test that most of them fail."""

    summary: Summary
    fibre: Fibre

    def kernel(self) -> list[list[int]]:
        """Return the directions in which the unknowns move while everything that is determined stays."""
        rows = self.fibre.rows
        n = len(self.summary.unknowns)
        if not rows:
            return [[int(i == j) for j in range(n)] for i in range(n)]
        matrix = nmod_mat(len(rows), n, [c for row in rows for c in row], PRIME)
        basis, dimension = matrix.nullspace()
        return [[int(basis[i, k]) for i in range(n)] for k in range(dimension)]

    def determined(self, expressions: Iterable[sp.Expr]) -> Iterator[tuple[sp.Expr, Function]]:
        """Return the expressions that are rational functions of what is determined."""
        kernel = self.kernel()
        for expr in expressions:
            function = self.summary.function(expr)
            gradient = function.gradient(self.summary.point)[:-1]
            still = any(gradient) and all(sum(map(mul, gradient, k)) % PRIME == 0 for k in kernel)
            if still and self.fibre.determines(function.num, function.den, self.summary.nonzero):
                yield expr, function


def identifiable_combinations(summary: Summary, fibre: Fibre, global_: Sequence[int]) -> list[sp.Expr]:
    """Return functions of the parameters that, with the global ones, generate all that is identifiable.

    Simple products, quotients and sums are tried first, then the coefficients of the equations. Whether they
    generate the field is tested the other way round: every coefficient has to be constant on their own fibre.

    Parameters
    ----------
    summary : Summary
    fibre : Fibre
        Solved.
    global_ : sequence of int
        Positions of unknowns that are globally identifiable.
    """
    parameters = list(summary.system.parameters)
    known = [s for i, s in enumerate(parameters) if i in global_]
    moving = [s for i, s in enumerate(parameters) if i not in global_]
    wanted = _degree(fibre, len(parameters)) - len(known)
    if not moving or wanted < 1:
        return []
    candidates = Candidates(summary, fibre)
    coefficients = _coefficients(summary)
    chosen: list[Function] = []
    expressions: list[sp.Expr] = []
    base = [summary.function(s) for s in known]

    def try_all(found: Iterable[tuple[sp.Expr | Readable, Function]]) -> None:
        for expr, function in found:
            if len(chosen) == wanted:
                return
            if _rank([*base, *chosen, function], summary) > len(base) + len(chosen):
                chosen.append(function)
                expressions.append(expr if isinstance(expr, sp.Expr) else expr())

    try_all(candidates.determined(forms(moving)))
    try_all(coefficients)
    own = _fibre_of([*base, *chosen], summary)
    for readable, function in coefficients:
        if not own.determines(function.num, function.den, summary.nonzero):
            chosen.append(function)
            expressions.append(readable())
            own = _fibre_of([*base, *chosen], summary)
    return [_without_factors(e, set(known)) for e in expressions]


def _without_factors(expr: sp.Expr, known: set[sp.Symbol]) -> sp.Expr:
    """Return an expression without factors that are known anyway, signs among them."""
    kept = [f for f in sp.Mul.make_args(sp.factor_terms(expr)) if f.free_symbols - known]
    return sp.Mul(*kept)


def forms(symbols: Sequence[sp.Symbol]) -> Iterator[sp.Expr]:
    """Return products, quotients, sums and products of sums of a few symbols, the simplest first."""
    if len(symbols) <= MOST_PARAMETERS:
        yield from dict.fromkeys(_forms(symbols))


def _forms(symbols: Sequence[sp.Symbol]) -> Iterator[sp.Expr]:
    """Return the forms, some of them twice."""
    yield from symbols
    for a, b in combinations(symbols, 2):
        yield from (a * b, a / b, a + b, a - b)
    if len(symbols) <= 6:
        for triple in combinations(symbols, 3):
            for signs in product((1, -1), repeat=2):
                yield sp.Add(triple[0], *(e * s for e, s in zip(signs, triple[1:], strict=True)))
            for signs in product((1, -1), repeat=2):
                yield sp.Mul(triple[0], *(s**e for e, s in zip(signs, triple[1:], strict=True)))
            for i, a in enumerate(triple):
                b, c = (s for j, s in enumerate(triple) if j != i)
                yield from (a * (b + c), a * (b - c), a / (b + c), a / (b - c), (b - c) / a, a / (b * c))
    for a, b in combinations(symbols, 2):
        yield from (a**2 * b, a * b**2, a**2 / b, b**2 / a, a**2 + b**2)
    if len(symbols) <= 5:
        for quad in combinations(symbols, 4):
            yield sp.Add(*quad)
            yield sp.Mul(*quad)
            a, b, c, d = quad
            for (p, q), (r, s) in (((a, b), (c, d)), ((a, c), (b, d)), ((a, d), (b, c))):
                yield from (
                    p * q + r * s,
                    p * q - r * s,
                    p * q / (r * s),
                    (p + q) * (r + s),
                    (p - q) * (r - s),
                )


def _coefficients(summary: Summary) -> list[tuple[Readable, Function]]:
    """Return the coefficients of the monic equations that hold nothing but parameters, the simplest first."""
    allowed = {*summary.system.parameters, *summary.system.known, *summary.system.transcendental}
    found: list[tuple[int, Readable, Function]] = []
    for function, ring, ratio in summary.monic:
        used = {
            s
            for s, a, b in zip(ring.symbols, ratio.num.degrees(), ratio.den.degrees(), strict=True)
            if a or b
        }
        if used <= allowed:
            found.append((len(ratio.num) + len(ratio.den), partial(ring.quotient, ratio), function))
    found.sort(key=lambda entry: entry[0])
    return [(readable, function) for _, readable, function in found]


def _degree(fibre: Fibre, parameters: int) -> int:
    """Return how many independent functions of the parameters alone are determined."""
    others = [row[parameters:] for row in fibre.rows]
    return rank(fibre.rows) - rank(others)


def _rank(functions: Sequence[Function], summary: Summary) -> int:
    """Return how many of the functions are independent."""
    return rank([f.gradient(summary.point)[:-1] for f in functions])


def _fibre_of(functions: Sequence[Function], summary: Summary) -> Fibre:
    """Return the fibre of some functions, solved."""
    fibre = Fibre(summary.ring.prime, summary.point)
    fibre.add(functions)
    fibre.solve()
    return fibre
