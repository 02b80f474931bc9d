"""Fractions of polynomials over the integers, as python-flint computes with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import lcm
from typing import Any

import sympy as sp
from flint import Ordering, fmpz_mpoly_ctx, nmod_mpoly_ctx

# A Mersenne prime: random points are unlucky with a chance of about (degree / 2e18).
PRIME = 2**61 - 1

# python-flint has no type stubs that tell its polynomial types apart.
Poly = Any


@dataclass(frozen=True)
class Ratio:
    """A quotient of two polynomials of one ring without a common factor."""

    num: Poly
    den: Poly

    def derivative(self, index: int) -> Ratio:
        """Return the derivative in one generator."""
        top = self.num.derivative(index) * self.den - self.num * self.den.derivative(index)
        return reduced(top, self.den * self.den)

    def at(self, point: Sequence[int], prime_ring: Poly) -> int:
        """Return the value at a point, modulo the prime."""
        return divide(evaluated(self.num, point, prime_ring), evaluated(self.den, point, prime_ring))

    @property
    def is_constant(self) -> bool:
        """Whether no generator appears."""
        return self.num.is_constant() and self.den.is_constant()


def reduced(num: Poly, den: Poly) -> Ratio:
    """Return the quotient in lowest terms, with a denominator whose leading coefficient is positive."""
    common = num.gcd(den)
    if not common.is_one():
        num, den = num // common, den // common
    if den.leading_coefficient() < 0:
        num, den = -num, -den
    return Ratio(num, den)


def divide(a: int, b: int) -> int:
    """Return a/b modulo the prime."""
    return a * pow(b, -1, PRIME) % PRIME


def evaluated(poly: Poly, point: Sequence[int], prime_ring: Poly) -> int:
    """Return the value of an integer polynomial at a point, modulo the prime."""
    return int(modulo(poly, prime_ring)(*point))


def modulo(poly: Poly, prime_ring: Poly) -> Poly:
    """Return the polynomial with its coefficients modulo the prime; the rings have the same generators."""
    return prime_ring.from_dict({m: int(c) % PRIME for m, c in poly.to_dict().items() if int(c) % PRIME})


def prime_context(names: Sequence[str]) -> Poly:
    """Return a ring over the prime field, ordered by degree, then reverse lexicographically."""
    return nmod_mpoly_ctx.get(tuple(names), modulus=PRIME, ordering=Ordering.degrevlex)


@dataclass(frozen=True)
class Ring:
    """Polynomials with integer coefficients in some symbols, and the way from SymPy and back."""

    symbols: tuple[sp.Symbol, ...]

    @cached_property
    def context(self) -> Poly:
        """The ring over the integers."""
        return fmpz_mpoly_ctx.get(tuple(f"v{i}" for i in range(len(self.symbols))), Ordering.degrevlex)

    @cached_property
    def prime(self) -> Poly:
        """The same over the prime field."""
        return prime_context([f"v{i}" for i in range(len(self.symbols))])

    @cached_property
    def index(self) -> Mapping[sp.Symbol, int]:
        """Position of each symbol."""
        return {symbol: i for i, symbol in enumerate(self.symbols)}

    def generator(self, symbol: sp.Symbol) -> Poly:
        """Return a symbol as a polynomial."""
        return self.context.gen(self.index[symbol])

    @property
    def one(self) -> Poly:
        """The constant one."""
        return self.context.constant(1)

    def ratio(self, expr: sp.Expr) -> Ratio:
        """Return a rational expression as a quotient of polynomials.

        Raises
        ------
        ValueError
            An expression that is not rational in the ring's symbols.
        """
        num, den = sp.fraction(sp.together(sp.nsimplify(expr, rational=True)))
        top, top_factor = self._polynomial(num, expr)
        bottom, bottom_factor = self._polynomial(den, expr)
        return reduced(top * bottom_factor, bottom * top_factor)

    def _polynomial(self, expr: sp.Expr, whole: sp.Expr) -> tuple[Poly, int]:
        """Return a polynomial, and the factor by which it was multiplied to have integer coefficients."""
        try:
            terms = sp.Poly(expr, *self.symbols, domain="QQ").terms()
        except (sp.PolynomialError, sp.CoercionFailed):
            raise ValueError(f"{whole} is not a rational expression in {self.symbols}") from None
        factor = lcm(*(int(c.q) for _, c in terms))
        return self.context.from_dict({m: int(c * factor) for m, c in terms if c}), factor

    def expression(self, poly: Poly) -> sp.Expr:
        """Return a polynomial as a SymPy expression."""
        return sp.Add(
            *(
                sp.Integer(int(c)) * sp.Mul(*(s ** int(e) for s, e in zip(self.symbols, m, strict=True) if e))
                for m, c in poly.to_dict().items()
            )
        )

    def quotient(self, ratio: Ratio) -> sp.Expr:
        """Return a quotient as a SymPy expression, both parts factored."""
        return self.factored(ratio.num) / self.factored(ratio.den)

    def factored(self, poly: Poly) -> sp.Expr:
        """Return a polynomial as a product of its factors."""
        content, factors = poly.factor()
        parts = [self.expression(f) ** int(k) for f, k in factors]
        return sp.Mul(sp.Integer(int(content)), *parts)
