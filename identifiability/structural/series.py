"""Power series of a system's solution with the first-order sensitivities to every unknown.

Every number is a *dual*: a vector of its value, then its derivatives in the unknowns, shape (1 + unknowns,).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from identifiability.structural.program import Program, compile_program
from identifiability.structural.rings import Ring

type Duals = Mapping[sp.Symbol, np.ndarray]


@dataclass(frozen=True)
class Expansion:
    """Taylor coefficients.

    Parameters
    ----------
    states : ndarray, shape (states, order, 1 + unknowns)
    outputs : ndarray, shape (outputs, order, 1 + unknowns)
    """

    states: np.ndarray
    outputs: np.ndarray


def constant_duals(expressions: Sequence[sp.Expr], ring: Ring, constants: Duals, width: int) -> np.ndarray:
    """Return the values of rational expressions in constants, shape (expressions, width).

    Raises
    ------
    ZeroDivisionError
        A denominator is zero there.
    """
    program = compile_program(expressions, constants)
    rows = [constants[symbol] for symbol in program.symbols]
    rows += [_number(ring, value, width) for value in program.numbers]
    for sign, left, right in program.operations:
        rows.append(_constant_operation(ring, sign, rows[left], rows[right]))
    return np.array([rows[i] for i in program.results], dtype=ring.dtype).reshape(len(expressions), width)


def expand(
    program: Program,
    ring: Ring,
    states: Sequence[sp.Symbol],
    start: np.ndarray,
    constants: Duals,
    inputs: Mapping[sp.Symbol, np.ndarray],
    order: int,
) -> Expansion:
    """Return the Taylor coefficients of states and outputs, by the recurrence of the equations themselves.

    Parameters
    ----------
    program : Program
        Right-hand sides, then outputs, in states, constants and inputs.
    ring : Ring
    states : sequence of Symbol
    start : ndarray, shape (states, 1 + unknowns)
    constants : mapping of Symbol to ndarray, shape (1 + unknowns,)
    inputs : mapping of Symbol to ndarray, shape (order,)
        Taylor coefficients of the known inputs.
    order : int
        Number of coefficients.

    Raises
    ------
    ZeroDivisionError
        A denominator is zero at the start.
    """
    width = start.shape[1]
    first = len(program.symbols) + len(program.numbers)
    count = first + len(program.operations)
    table = np.full((count, order, width), 0, dtype=ring.dtype)
    steady = np.zeros(count, dtype=bool)
    moving: dict[int, int] = {}
    for i, symbol in enumerate(program.symbols):
        if symbol in constants:
            table[i, 0], steady[i] = constants[symbol], True
        elif symbol in inputs:
            table[i, :, 0] = inputs[symbol]
        else:
            moving[states.index(symbol)] = i
            table[i, 0] = start[states.index(symbol)]
    for i, value in enumerate(program.numbers, len(program.symbols)):
        table[i, 0], steady[i] = _number(ring, value, width), True

    running: list[tuple[int, str, int, int]] = []
    for i, (sign, left, right) in enumerate(program.operations, first):
        if steady[left] and steady[right]:
            table[i, 0], steady[i] = _constant_operation(ring, sign, table[left, 0], table[right, 0]), True
        else:
            running.append((i, sign, left, right))
    below = {
        right: ring.inverse(table[right, 0, 0])
        for _, sign, _, right in running
        if sign == "/" and steady[right]
    }

    solution = np.full((len(states), order, width), 0, dtype=ring.dtype)
    solution[:, 0] = start
    for k in range(order):
        for i, sign, left, right in running:
            a, b, c = table[left], table[right], table[i]
            if sign == "+":
                c[k] = ring.reduce(a[k] + b[k])
            elif sign == "/":
                if k == 0 and not steady[right]:
                    below[right] = ring.inverse(b[0, 0])
                c[k] = _quotient(ring, a, b, c, k, below[right], bool(steady[right]))
            elif steady[left]:
                c[k] = _scaled(ring, b[k], a[0])
            elif steady[right]:
                c[k] = _scaled(ring, a[k], b[0])
            else:
                c[k] = _convolved(ring, a, b, k)
        if k + 1 < order:
            share = ring.inverse(k + 1)
            for j in range(len(states)):
                i = program.results[j]
                # A constant right-hand side has its only coefficient first.
                solution[j, k + 1] = ring.reduce(table[i, k] * share)
                if j in moving:
                    table[moving[j], k + 1] = solution[j, k + 1]
    return Expansion(solution, table[list(program.results[len(states) :])])


def _number(ring: Ring, value: Any, width: int) -> np.ndarray:
    """Return a rational number as a dual."""
    dual = np.full(width, 0, dtype=ring.dtype)
    dual[0] = ring.number(value)
    return dual


def _scaled(ring: Ring, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the product of two duals."""
    product = ring.reduce(a * b[0])
    product[1:] = ring.reduce(product[1:] + ring.reduce(a[0] * b[1:]))
    return product


def _constant_operation(ring: Ring, sign: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the sum, product or quotient of two duals."""
    if sign == "+":
        return ring.reduce(a + b)
    if sign == "*":
        return _scaled(ring, a, b)
    inverse = ring.inverse(b[0])
    value = ring.reduce(a[0] * inverse)
    quotient = np.array(a)
    quotient[0] = value
    quotient[1:] = ring.reduce(ring.reduce(a[1:] - ring.reduce(value * b[1:])) * inverse)
    return quotient


def _convolved(ring: Ring, a: np.ndarray, b: np.ndarray, k: int) -> np.ndarray:
    """Return coefficient k of the product of two series."""
    product = ring.dot(a[: k + 1, 0], b[k::-1])
    product[1:] = ring.reduce(product[1:] + ring.dot(b[k::-1, 0], a[: k + 1, 1:]))
    return product


def _quotient(
    ring: Ring, a: np.ndarray, b: np.ndarray, c: np.ndarray, k: int, inverse: Any, steady: bool
) -> np.ndarray:
    """Return coefficient k of the quotient a / b, whose earlier coefficients stand in c."""
    rest = np.array(a[k])
    if k and not steady:
        rest = ring.reduce(rest - ring.dot(c[:k, 0], b[k:0:-1]))
        rest[1:] = ring.reduce(rest[1:] - ring.dot(b[k:0:-1, 0], c[:k, 1:]))
    value = ring.reduce(rest[0] * inverse)
    quotient = ring.reduce(ring.reduce(rest - ring.reduce(value * b[0])) * inverse)
    quotient[0] = value
    return quotient
