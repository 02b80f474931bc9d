"""Rational expressions as a list of additions, products and quotients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import sympy as sp

type Operation = tuple[Literal["+", "*", "/"], int, int]


@dataclass(frozen=True)
class Program:
    """A straight-line program.

    Parameters
    ----------
    symbols : tuple of Symbol
        Nodes 0, 1, …: the leaves.
    numbers : tuple of Fraction
        The nodes after them.
    operations : tuple of (sign, left node, right node)
        The nodes after those, each in earlier nodes.
    results : tuple of int
        The node of each expression.
    """

    symbols: tuple[sp.Symbol, ...]
    numbers: tuple[Fraction, ...]
    operations: tuple[Operation, ...]
    results: tuple[int, ...]


def compile_program(expressions: Sequence[sp.Expr], symbols: Iterable[sp.Symbol]) -> Program:
    """Return the program that computes rational expressions; what occurs twice is computed once.

    Raises
    ------
    ValueError
        A symbol that is not listed, or an expression that is not rational.
    """
    symbols = tuple(symbols)
    numbers = list(dict.fromkeys(Fraction(int(q.p), int(q.q)) for e in expressions for q in _numbers(e)))
    leaf = {symbol: i for i, symbol in enumerate(symbols)}
    number = {value: len(symbols) + i for i, value in enumerate(numbers)}
    first = len(symbols) + len(numbers)
    operations: dict[Operation, int] = {}
    done: dict[sp.Expr, int] = {}

    def node(sign: Literal["+", "*", "/"], left: int, right: int) -> int:
        if sign != "/" and left > right:
            left, right = right, left
        return operations.setdefault((sign, left, right), first + len(operations))

    def power(base: int, exponent: int) -> int:
        if exponent == 1:
            return base
        half = power(base, exponent // 2)
        square = node("*", half, half)
        return node("*", square, base) if exponent % 2 else square

    def convert(e: sp.Expr) -> int:
        if e not in done:
            done[e] = convert_new(e)
        return done[e]

    def convert_new(e: sp.Expr) -> int:
        if e.is_Symbol:
            if e not in leaf:
                raise ValueError(f"{e} is neither a state nor a parameter, an input or a known constant")
            return leaf[e]  # pyright: ignore[reportArgumentType]
        if isinstance(e, sp.Rational):
            return number[Fraction(int(e.p), int(e.q))]
        if isinstance(e, sp.Add):
            nodes = [convert(a) for a in e.args]
            total = nodes[0]
            for other in nodes[1:]:
                total = node("+", total, other)
            return total
        if isinstance(e, sp.Mul):
            top = [convert(a) for a in e.args if not _is_inverse(a)]
            bottom = [convert(1 / a) for a in e.args if _is_inverse(a)]
            total = product(top) if top else number[Fraction(1)]
            return node("/", total, product(bottom)) if bottom else total
        if isinstance(e, sp.Pow) and isinstance(e.exp, sp.Integer):
            exponent = int(e.exp)
            whole = power(convert(e.base), abs(exponent))
            return whole if exponent > 0 else node("/", number[Fraction(1)], whole)
        raise ValueError(f"{e} is not rational")

    def product(nodes: list[int]) -> int:
        total = nodes[0]
        for other in nodes[1:]:
            total = node("*", total, other)
        return total

    results = tuple(convert(e) for e in expressions)
    return Program(symbols, tuple(numbers), tuple(operations), results)


def _is_inverse(e: sp.Expr) -> bool:
    """Whether a factor stands below the fraction bar."""
    return isinstance(e, sp.Pow) and isinstance(e.exp, sp.Integer) and int(e.exp) < 0


def _numbers(e: sp.Expr) -> list[sp.Rational]:
    """Return the rational numbers in an expression, with one."""
    return [sp.S.One, *(n for n in sp.preorder_traversal(e) if isinstance(n, sp.Rational))]
