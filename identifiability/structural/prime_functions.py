"""Rational functions of the unknowns over a prime field, with their values at a random point."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from flint import nmod_poly

from identifiability.structural.polynomials import PRIME, Poly, Ring, divide
from identifiability.structural.system import StructuralSystem

_TRIES = 200


@dataclass(frozen=True)
class Function:
    """A function of the unknowns, over the prime field, with its value at the random point."""

    num: Poly
    den: Poly
    value: int

    def equation(self) -> Poly:
        """Return the polynomial that vanishes where the function has its value."""
        return self.num - self.den * self.value

    def gradient(self, point: Sequence[int]) -> list[int]:
        """Return the derivatives in the unknowns at the random point."""
        den = int(self.den(*point))
        return [
            divide(
                int(self.num.derivative(i)(*point)) - self.value * int(self.den.derivative(i)(*point)), den
            )
            for i in range(len(point))
        ]


def substituted(poly: Poly, images: Sequence[tuple[Poly, Poly]], target: Poly) -> tuple[Poly, Poly]:
    """Put fractions into a polynomial; return numerator and denominator."""
    one = target.constant(1)
    if all(den == one for _, den in images):
        return poly.compose(*(num for num, _ in images), ctx=target), one
    degrees = [int(e) for e in poly.degrees()]
    total, bottom = target.constant(0), one
    for (_, den), degree in zip(images, degrees, strict=True):
        bottom = bottom * den**degree
    for monomial, coefficient in poly.to_dict().items():
        term = target.constant(int(coefficient))
        for (num, den), e, degree in zip(images, map(int, monomial), degrees, strict=True):
            if degree:
                term = term * num**e * den ** (degree - e)
        total = total + term
    return total, bottom


def random_values(
    system: StructuralSystem, symbols: Sequence[sp.Symbol], rng: random.Random
) -> dict[sp.Symbol, int]:
    """Return a random value of every constant; a root fits what stands under it.

    Raises
    ------
    ArithmeticError
        No point was found at which all roots exist in the prime field.
    """
    for _ in range(_TRIES):
        values = {s: rng.randrange(1, PRIME) for s in symbols}
        values |= {s: divide(int(q.p), int(q.q)) for s, q in system.values.items() if s in values}
        for symbol in system.transcendental:
            root = root_of(system.definitions.get(symbol))
            if root is None:
                continue
            ring = Ring(tuple(values))
            found = prime_root(ring.ratio(root[0]).at(list(values.values()), ring.prime), root[1])
            if found is None:
                break
            values[symbol] = found
        else:
            return values
    raise ArithmeticError(f"system {system.name!r}: no random point at which all its roots exist")


def root_of(definition: Any) -> tuple[sp.Expr, int] | None:
    """Return what stands under a root, to which power the root has to be raised to give it; None for others."""
    if definition is not None and definition.is_Pow and definition.exp.is_Rational:
        return definition.base**definition.exp.p, int(definition.exp.q)
    return None


def prime_root(value: int, order: int) -> int | None:
    """Return a root in the prime field; None where there is none."""
    factors = nmod_poly([-value % PRIME, *[0] * (order - 1), 1], PRIME).factor()[1]
    linear = [f for f, _ in factors if f.degree() == 1]
    return -int(linear[0][0]) % PRIME if linear else None
