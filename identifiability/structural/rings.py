"""The numbers that series are computed with: a prime field, p-adic integers, or real numbers of many digits."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
import sympy as sp


class Ring(Protocol):
    """What the series need of their numbers. Arrays hold ring elements; vectors are one-dimensional."""

    @property
    def dtype(self) -> Any:
        """NumPy type of an array of numbers."""
        ...

    def reduce(self, values: Any) -> Any:
        """Return a sum or a single product in standard form."""
        ...

    def dot(self, weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return ``weights @ rows``, shapes (k,), (k, m) to (m,)."""
        ...

    def inverse(self, value: Any) -> Any:
        """Return the inverse; ZeroDivisionError where there is none."""
        ...

    def number(self, value: Fraction) -> Any:
        """Return a rational number."""
        ...

    def draw(self, rng: random.Random) -> Any:
        """Return a random invertible number."""
        ...

    def root(self, value: Any, q: int) -> Any:
        """Return a q-th root; ZeroDivisionError where there is none."""
        ...


class PadicIntegers:
    """Integers modulo ``p**digits``; for one digit the prime field.

    Parameters
    ----------
    p : int
        A prime below 2**31 with remainder 3 modulo 4, so that a square root is a power.
    digits : int
    """

    def __init__(self, p: int, digits: int = 1) -> None:
        self.p = p
        self.digits = digits
        self.modulus = p**digits
        # Products of two 31-bit numbers fit into 64 bits; longer ones are Python integers.
        self.dtype = np.int64 if digits == 1 else object

    def reduce(self, values: Any) -> Any:
        """Return a sum or a single product modulo the modulus."""
        return values % self.modulus

    def dot(self, weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return ``weights @ rows``."""
        if self.digits > 1:
            return (weights @ rows) % self.modulus
        # In halves of 16 bits a sum of 2**16 products fits into 64 bits, so that one remainder is enough.
        high = (weights >> 16) @ rows % self.p
        return ((high << 16) + (weights & 0xFFFF) @ rows) % self.p

    def inverse(self, value: Any) -> int:
        """Return the inverse of a unit."""
        if int(value) % self.p == 0:
            raise ZeroDivisionError
        return pow(int(value), -1, self.modulus)

    def number(self, value: Fraction) -> int:
        """Return a rational number whose denominator is a unit."""
        return value.numerator * self.inverse(value.denominator) % self.modulus

    def draw(self, rng: random.Random) -> int:
        """Return a random unit."""
        while True:
            value = rng.randrange(1, self.modulus)
            if value % self.p:
                return value

    def root(self, value: Any, q: int) -> int:
        """Return a q-th root of a unit, by powers modulo p and Hensel's lemma from there."""
        value = int(value)
        if value % self.p == 0:
            raise ZeroDivisionError
        odd, root = q, value % self.p
        while odd % 2 == 0:
            # Of the two roots, the one that is a square itself, so that a fourth root exists with a second.
            root = pow(root, (self.p + 1) // 4, self.p)
            odd //= 2
        try:
            root = pow(root, pow(odd, -1, self.p - 1), self.p)
        except ValueError:
            raise ZeroDivisionError from None
        if pow(root, q, self.p) != value % self.p:
            raise ZeroDivisionError
        for _ in range(self.digits.bit_length()):
            slope = q * pow(root, q - 1, self.modulus)
            root = (root - (pow(root, q, self.modulus) - value) * self.inverse(slope)) % self.modulus
        return root


class RealNumbers:
    """Real numbers with many digits; use inside ``flint.ctx.workdps(digits)``.

    Parameters
    ----------
    digits : int
        Decimal digits.
    """

    dtype = object

    def __init__(self, digits: int) -> None:
        self.digits = digits

    def reduce(self, values: Any) -> Any:
        """Return the values as they are."""
        return values

    def dot(self, weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return ``weights @ rows``."""
        return weights @ rows

    def inverse(self, value: Any) -> Any:
        """Return the inverse; ZeroDivisionError for zero."""
        from flint import arb

        inverse = 1 / arb(value)
        if not inverse.is_finite():
            raise ZeroDivisionError
        return inverse

    def number(self, value: Fraction) -> Any:
        """Return a rational number."""
        from flint import arb

        return arb(value.numerator) / value.denominator

    def draw(self, rng: random.Random) -> Any:
        """Return a positive number below one."""
        return self.number(Fraction(rng.randrange(300_000, 900_000), 1_000_000))

    def root(self, value: Any, q: int) -> Any:
        """Return the positive q-th root."""
        return value.root(q)

    def evaluate(self, expression: sp.Expr, values: Mapping[sp.Symbol, Any]) -> Any:
        """Return the value of an expression with logarithms, powers or exponentials; ZeroDivisionError if none."""
        from flint import arb

        exact: Any = {
            symbol: sp.Float(value.str(self.digits, radius=False)) for symbol, value in values.items()
        }
        value = expression.evalf(self.digits, subs=exact)
        if not (value.is_Float or value.is_Rational):
            raise ZeroDivisionError
        return arb(str(value))
