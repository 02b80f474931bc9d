"""Taylor coefficients of the output in every phase of one experiment.

The state goes on across a switch. Exact arithmetic cannot follow it for a real time, but it can for a formal one:
phase j lasts ``l_j T`` with the true ratios of the ``l_j``, and T is set to the prime p, in whose powers the
p-adic numbers are series. What is independent there is independent for almost all T, thus for almost every
unit of time or, what is the same, for almost all rates.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from identifiability.structural.experiment import (
    ConstantDose,
    Experiment,
    ExperimentError,
    Experiments,
    GenericInput,
    Phases,
    exact_level,
    exact_number,
)
from identifiability.structural.points import Point
from identifiability.structural.program import Program
from identifiability.structural.rings import PadicIntegers, Ring
from identifiability.structural.series import expand
from identifiability.structural.system import StructuralSystem


@dataclass(frozen=True)
class Leg:
    """One experiment as the series see it.

    Parameters
    ----------
    levels : tuple of tuple of Fraction, or None
        For each phase the level of each input; None for a generic input.
    lengths : tuple of Fraction or None
        Lengths of all phases but the last; None where they are in no special relation.
    """

    levels: tuple[tuple[Fraction, ...], ...] | None
    lengths: tuple[Fraction, ...] | None = None

    @property
    def phases(self) -> int:
        """Number of phases."""
        return 1 if self.levels is None else len(self.levels)


def legs_of(experiment: Experiment, system: StructuralSystem) -> tuple[Leg, ...]:
    """Return the experiments one by one.

    Raises
    ------
    ExperimentError
        A level for each of more, or fewer, inputs than the system has.
    """
    if isinstance(experiment, Experiments):
        return tuple(leg for member in experiment.members for leg in legs_of(member, system))
    # Without an input there is nothing to choose, and nothing that switches.
    if isinstance(experiment, GenericInput) or not system.inputs:
        return (Leg(None),)
    levels = [experiment.level] if isinstance(experiment, ConstantDose) else list(experiment.levels)
    exact = tuple(map(exact_level, levels))
    for level in exact:
        if len(level) != len(system.inputs):
            raise ExperimentError(
                f"{system.name!r} has the inputs {', '.join(map(str, system.inputs))}, and a phase has "
                f"{len(level)} levels; give one for each input"
            )
    lengths = None
    if isinstance(experiment, Phases) and experiment.lengths_days is not None:
        lengths = tuple(exact_number(length) for length in experiment.lengths_days[:-1])
    return (Leg(exact, lengths),)


def output_rows(
    system: StructuralSystem,
    program: Program,
    leg: Leg,
    point: Point,
    ring: Ring,
    order: int,
    rng: random.Random,
    max_phases: int,
) -> Iterator[np.ndarray]:
    """Yield the outputs' Taylor coefficients phase by phase, each shape (outputs, order, 1 + unknowns).

    Raises
    ------
    ZeroDivisionError
        A denominator is zero at the start of a phase.
    """
    if leg.levels is None:
        drawn = {u: _series([ring.draw(rng) for _ in range(order)], order, ring) for u in system.inputs}
        yield expand(program, ring, system.states, point.start, point.constants, drawn, order).outputs
        return
    lengths = _formal_lengths(leg, ring, rng)
    start = point.start
    # To p**digits the state after a phase needs that many terms.
    terms = max(order, ring.digits) if isinstance(ring, PadicIntegers) else order
    count = min(leg.phases, max_phases)
    for phase, level in enumerate(leg.levels[:count]):
        given = steady_inputs(system.inputs, level, ring, start.shape[1])
        expansion = expand(program, ring, system.states, start, {**point.constants, **given}, {}, terms)
        yield expansion.outputs[:, :order]
        if phase + 1 < count:
            start = _value_at(expansion.states, lengths[phase], ring)


def _formal_lengths(leg: Leg, ring: Ring, rng: random.Random) -> list[Any]:
    """Return the phases' lengths as multiples of p."""
    if leg.phases == 1:
        return []
    if not isinstance(ring, PadicIntegers):
        raise TypeError("formal phase lengths are p-adic")
    lengths = (
        [Fraction(rng.randrange(1, ring.p)) for _ in range(leg.phases - 1)]
        if leg.lengths is None
        else leg.lengths
    )
    # Days with many decimals could carry p itself in a numerator; a common factor is only a unit of time.
    common = math.lcm(*(length.denominator for length in lengths))
    return [ring.number(length * common) * ring.p % ring.modulus for length in lengths]


def _value_at(series: np.ndarray, time: Any, ring: Ring) -> np.ndarray:
    """Return the sum of Taylor series at a time, shape (states, width)."""
    total = series[:, -1]
    for k in range(series.shape[1] - 2, -1, -1):
        total = ring.reduce(ring.reduce(total * time) + series[:, k])
    return total


def steady_inputs(
    inputs: Sequence[sp.Symbol], level: Sequence[Fraction], ring: Ring, width: int
) -> dict[sp.Symbol, np.ndarray]:
    """Return the inputs as constants without derivatives."""
    duals = {}
    for symbol, value in zip(inputs, level, strict=True):
        duals[symbol] = _series([ring.number(value)], width, ring)
    return duals


def _series(values: Sequence[Any], length: int, ring: Ring) -> np.ndarray:
    """Return numbers padded with zeros."""
    padded = np.full(length, 0, dtype=ring.dtype)
    for i, value in enumerate(values):
        padded[i] = value
    return padded
