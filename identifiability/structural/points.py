"""Random values for the constants of a system, consistent where they depend on each other."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import numpy as np
import sympy as sp

from identifiability.structural.rings import RealNumbers, Ring
from identifiability.structural.series import constant_duals
from identifiability.structural.system import StructuralSystem
from identifiability.structural.unknowns import initial_symbol, unknown_initial_states


@dataclass(frozen=True)
class Columns:
    """The unknowns of all experiments together, one column each.

    Parameters
    ----------
    names : tuple of str
    places : tuple of mapping of Symbol to int
        For each experiment, the column of each of its unknowns.
    """

    names: tuple[str, ...]
    places: tuple[Mapping[sp.Symbol, int], ...]

    @classmethod
    def of(cls, system: StructuralSystem, experiments: int, own_initial: bool) -> Columns:
        """Return the columns; each experiment has its own initial states, or all share them."""
        shared = {symbol: i for i, symbol in enumerate(system.parameters)}
        names = [symbol.name for symbol in system.parameters]
        starts = [initial_symbol(state) for state in unknown_initial_states(system)]
        places: list[Mapping[sp.Symbol, int]] = []
        for e in range(experiments):
            if e > 0 and not own_initial:
                places.append(places[0])
                continue
            places.append({**shared, **{symbol: len(names) + i for i, symbol in enumerate(starts)}})
            names += [f"{symbol.name} in experiment {e + 1}" if e else symbol.name for symbol in starts]
        return cls(tuple(names), tuple(places))


@dataclass(frozen=True)
class Point:
    """One random point, as one experiment sees it.

    Parameters
    ----------
    constants : mapping of Symbol to ndarray, shape (1 + unknowns,)
        Duals of parameters, known constants and transcendental values.
    start : ndarray, shape (states, 1 + unknowns)
    """

    constants: Mapping[sp.Symbol, np.ndarray]
    start: np.ndarray


def draw_points(
    system: StructuralSystem,
    columns: Columns,
    ring: Ring,
    rng: random.Random,
    given: Mapping[str, Fraction] | None = None,
) -> tuple[Point, ...]:
    """Return a random point for each experiment; what they share has the same value in all.

    Parameters
    ----------
    system : StructuralSystem
        Lifted.
    columns : Columns
    ring : Ring
    rng : random.Random
    given : mapping of str to Fraction, optional
        Values that are not to be drawn, by name (``"r"``, ``"S(0)"``).

    Raises
    ------
    ZeroDivisionError
        The point does not exist in this ring (a root without value, a zero denominator); draw another.
    """
    width = 1 + len(columns.names)
    values: dict[int, Any] = {}

    def dual(value: Any, column: int | None = None) -> np.ndarray:
        vector = np.full(width, 0, dtype=ring.dtype)
        vector[0] = value
        if column is not None:
            vector[1 + column] = ring.number(Fraction(1))
        return vector

    def drawn(name: str) -> Any:
        return ring.number(given[name]) if given and name in given else ring.draw(rng)

    base: dict[sp.Symbol, np.ndarray] = {}
    for symbol in system.known:
        exact = system.values.get(symbol)
        base[symbol] = dual(
            drawn(symbol.name) if exact is None else ring.number(Fraction(int(exact.p), int(exact.q)))
        )
    varying = _varying(system)
    points = []
    for place in columns.places:
        constants = dict(base)
        for symbol, column in place.items():
            if column not in values:
                values[column] = drawn(symbol.name)
            constants[symbol] = dual(values[column], column)
        for symbol in system.transcendental:
            if symbol in base:
                constants[symbol] = base[symbol]
                continue
            constants[symbol] = _transcendental(system, symbol, ring, constants, rng, width)
            if symbol not in varying:
                base[symbol] = constants[symbol]
        points.append(Point(constants, _start(system, ring, constants, width)))
    return tuple(points)


def _start(
    system: StructuralSystem, ring: Ring, constants: Mapping[sp.Symbol, np.ndarray], width: int
) -> np.ndarray:
    """Return the duals of the initial state."""
    expressions = [system.initial.get(state, initial_symbol(state)) for state in system.states]
    return constant_duals(expressions, ring, constants, width)


def _transcendental(
    system: StructuralSystem,
    symbol: sp.Symbol,
    ring: Ring,
    constants: dict[sp.Symbol, np.ndarray],
    rng: random.Random,
    width: int,
) -> np.ndarray:
    """Return value and differential of a transcendental value; the value is free unless it is a root."""
    dual = np.full(width, 0, dtype=ring.dtype)
    definition = system.definitions.get(symbol)
    dual[0] = _value(definition, ring, constants, rng, width)
    partials = system.transcendental[symbol]
    slopes = constant_duals(list(partials.values()), ring, {**constants, symbol: dual}, width)[:, 0]
    for unknown, slope in zip(partials, slopes, strict=True):
        dual[1:] = ring.reduce(dual[1:] + ring.reduce(constants[unknown][1:] * slope))
    return dual


def _value(
    definition: sp.Expr | None,
    ring: Ring,
    constants: Mapping[sp.Symbol, np.ndarray],
    rng: random.Random,
    width: int,
) -> Any:
    """Return a value for what the definition stands for."""
    if definition is not None and isinstance(ring, RealNumbers):
        return ring.evaluate(definition, {s: constants[s][0] for s in _symbols(definition)})
    if isinstance(definition, sp.Pow) and isinstance(definition.exp, sp.Rational):
        # A root is no free value: its power has to give back what stands under it.
        under = constant_duals([definition.base], ring, constants, width)[0, 0]
        return ring.root(under, int(definition.exp.q))
    return ring.draw(rng)


def _varying(system: StructuralSystem) -> set[sp.Symbol]:
    """Return the transcendental values that depend on an unknown initial state."""
    starts = {initial_symbol(state) for state in unknown_initial_states(system)}
    varying: set[sp.Symbol] = set()
    for symbol, partials in system.transcendental.items():
        definition = system.definitions.get(symbol, sp.S.Zero)
        if starts & set(partials) or (definition.free_symbols & (starts | varying)):
            varying.add(symbol)
    return varying


def _symbols(e: sp.Expr) -> set[sp.Symbol]:
    """Return the symbols in an expression."""
    return cast("set[sp.Symbol]", e.free_symbols)
