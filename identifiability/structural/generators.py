"""The functions that lifting gives a symbol of their own, in a common form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import sympy as sp

from dynamics.substitution import substitute


class GeneratorError(ValueError):
    """A function that has no value; the message names it."""


@dataclass(frozen=True)
class Generator:
    """``subject**(exponent/q)``, ``exp(subject/q)``, ``log(subject)``, ``tan(subject/(2q))`` or a number.

    Parameters
    ----------
    kind : str
    subject : Expr
    exponent : Expr
        For powers; a product of symbols, or one.
    """

    kind: Literal["power", "exp", "log", "tan", "number"]
    subject: sp.Expr
    exponent: sp.Expr = sp.S.One

    def expression(self, q: int) -> sp.Expr:
        """Return what it stands for, with the order of the root in use."""
        match self.kind:
            case "power":
                return self.subject ** (self.exponent / q)
            case "exp":
                return sp.exp(self.subject / q)
            case "log":
                return sp.log(self.subject)
            case "tan":
                return sp.tan(self.subject / (2 * q))
        return self.subject

    def at(self, start: Mapping[sp.Symbol, sp.Expr]) -> Generator:
        """Return its value at the initial state.

        Raises
        ------
        GeneratorError
            A logarithm or a power of zero.
        """
        subject = substitute(self.subject, start)
        if self.kind in ("log", "power") and sp.simplify(subject) == 0:
            raise GeneratorError(
                f"{self.expression(1)} has no derivative at the known initial state, where {self.subject} is "
                "zero; make that initial state unknown"
            )
        return replace(self, subject=subject, exponent=substitute(self.exponent, start))

    def rewritten(self, rational: Callable[[sp.Expr], sp.Expr]) -> Generator:
        """Return it with its parts rewritten."""
        if self.kind == "number":
            return self
        return replace(self, subject=rational(self.subject), exponent=rational(self.exponent))


def factors(base: sp.Expr) -> list[tuple[sp.Expr, sp.Expr]]:
    """Return factors and exponents of a base; a number falls apart into its primes.

    Raises
    ------
    GeneratorError
        Zero, or a negative number.
    """
    found: list[tuple[sp.Expr, sp.Expr]] = []
    number: sp.Expr = sp.S.One
    for arg in sp.Mul.make_args(cast("sp.Expr", sp.factor(sp.together(base)))):
        if arg.is_Rational:
            number *= arg
            continue
        b, k = arg.as_base_exp()
        if b.is_Pow:
            inner, exponent = b.as_base_exp()
            b, k = inner, exponent * k
        if b.is_Rational and b > 0:
            found += [(prime, e * k) for prime, e in _primes(b)]
        else:
            found.append((b, k))
    if number < 0:
        odd = [i for i, (b, k) in enumerate(found) if k.is_Integer and k % 2 and b.is_Add]
        if not odd:
            raise GeneratorError(f"a power or logarithm of {base}, which is negative")
        b, k = found[odd[0]]
        found[odd[0]] = (sp.expand(-b), k)
        number = -number
    if number == 0:
        raise GeneratorError(f"a power or logarithm of {base}, which is zero")
    return [*_primes(number), *found]


def terms(e: sp.Expr) -> list[tuple[sp.Rational, sp.Expr]]:
    """Return the terms of a sum as rational factors and the rest."""
    found: dict[sp.Expr, sp.Expr] = {}
    for term in sp.Add.make_args(sp.expand(e)):
        c, m = term.as_coeff_Mul()
        if not c.is_Rational:
            c, m = sp.S.One, term
        if c != 0:
            found[m] = found.get(m, sp.S.Zero) + c
    return [(c, m) for m, c in found.items() if c != 0]  # pyright: ignore[reportReturnType]


def exponential(exponent: sp.Expr) -> tuple[sp.Expr | None, sp.Expr]:
    """Return base and rest of an exponent with one logarithm: ``a*log(b)`` gives b, a."""
    logs = [a for a in sp.Mul.make_args(exponent) if isinstance(a, sp.log)]
    if len(logs) != 1:
        return None, exponent
    return logs[0].args[0], exponent / logs[0]  # pyright: ignore[reportReturnType]


def _primes(number: sp.Expr) -> list[tuple[sp.Expr, sp.Expr]]:
    """Return the primes of a positive rational number with their exponents."""
    exponents: Any = sp.factorrat(number)
    return [(sp.Integer(prime), sp.Integer(e)) for prime, e in exponents.items()]
