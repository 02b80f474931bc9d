"""Local structural identifiability by an exact rank.

The outputs' Taylor coefficients at a random point, with their derivatives in all unknowns, form a Jacobian; an unknown
is locally identifiable exactly if its unit vector lies in the row space (Pohjanpalo 1978; Sedoglavic 2002 for
the arithmetic in a prime field).
"""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from dynamics.substitution import substitute
from identifiability.structural.dose_levels import lifted_for
from identifiability.structural.experiment import Experiment, Experiments, GenericInput
from identifiability.structural.phases import Leg, legs_of, output_rows
from identifiability.structural.points import Columns, draw_points
from identifiability.structural.program import Program, compile_program
from identifiability.structural.ranks import RowSpace, echelon, row_space
from identifiability.structural.rings import PadicIntegers
from identifiability.structural.system import StructuralSystem

# The largest below 2**31 with remainder 3 modulo 4 and no small odd factor in p - 1, so that roots are powers.
# There are several because not every prime field has the square root of two.
PRIMES = (2147483579, 2147483543, 2147483399, 2147483123, 2147482859, 2147482763, 2147482739, 2147482367)
DIGITS = 8
MAX_PHASES = 12
# A square root exists at every second point only.
_TRIES = 64


class SingularPointError(ValueError):
    """The equations have no value at the known initial state, wherever the unknowns are."""


@dataclass(frozen=True)
class LocalAnswer:
    """Which unknowns ideal data pin down, up to isolated other values.

    Parameters
    ----------
    unknowns : tuple of str
        Parameters, then unknown initial states as ``S(0)`` (``S(0) in experiment 2`` where each has its own).
    identifiable : tuple of bool
    rank, rank_defect : int
        Directions of the unknowns that the output sees, and that it does not.
        Parameters that drop out of the equations under this experiment count in neither.
    null_directions : tuple of tuple of str
        For each unseen direction, the unknowns that move along it together.
    seconds : float
    remarks : tuple of str
    absent : tuple of str
        Parameters that drop out of the equations under this experiment (the effect of a drug that is never given):
        not identifiable, and no direction of the system's.
    """

    unknowns: tuple[str, ...]
    identifiable: tuple[bool, ...]
    rank: int
    rank_defect: int
    null_directions: tuple[tuple[str, ...], ...] = ()
    seconds: float = 0.0
    remarks: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def of(self, unknown: str) -> bool:
        """Return whether one unknown is locally identifiable.

        Raises
        ------
        KeyError
            No such unknown.
        """
        if unknown not in self.unknowns:
            raise KeyError(f"no unknown {unknown!r}; there are {', '.join(self.unknowns)}")
        return self.identifiable[self.unknowns.index(unknown)]


def local_analysis(
    system: StructuralSystem,
    experiment: Experiment | None = None,
    *,
    seed: int = 0,
    max_phases: int = MAX_PHASES,
) -> LocalAnswer:
    """Return which unknowns are locally identifiable.

    Full rank at one point is a proof. A defect is looked at again with more Taylor coefficients until the rank
    stands still, with another prime and another point, and with twice the p-adic digits where doses switch.

    Parameters
    ----------
    system : StructuralSystem
        Lifted here, if need be.
    experiment : Experiment, optional
        A generic input if omitted.
    seed : int
    max_phases : int
        Phases that are followed at most; the answer says so if there are more.

    Raises
    ------
    LiftingError
        A function that no rational system can carry.
    ExperimentError
        An experiment that does not fit the system.
    SingularPointError
        A denominator that is zero at the known initial state.
    """
    began = time.perf_counter()
    experiment = GenericInput() if experiment is None else experiment
    lifted, experiment = lifted_for(system, experiment)
    legs = legs_of(experiment, lifted)
    own = not isinstance(experiment, Experiments) or experiment.initial == "own"
    columns = Columns.of(lifted, len(legs), own)
    task = _Task(lifted, legs, columns, random.Random(seed), max_phases)
    digits = 1 if all(leg.phases == 1 for leg in legs) else DIGITS

    space = task.space(PRIMES[::2], digits)
    if space.rank < len(columns.names):
        space = _better(space, task.space(PRIMES[1::2], 2 * digits if digits > 1 else 1))
    longest = max(leg.phases for leg in legs)
    remarks = []
    if space.rank < len(columns.names) and longest > max_phases:
        remarks.append(
            f"Only the first {max_phases} of {longest} phases were followed; later ones could only add to what "
            "is identifiable."
        )
    names = columns.names
    absent = _absent(lifted, legs)
    if absent:
        remarks.append(
            f"{', '.join(absent)} {'drop' if len(absent) > 1 else 'drops'} out of the equations under this "
            "experiment, so nothing can be learnt of it."
        )
    return LocalAnswer(
        unknowns=names,
        identifiable=space.determined,
        rank=space.rank,
        rank_defect=len(names) - len(absent) - space.rank,
        null_directions=tuple(tuple(names[i] for i in d) for d in space.null_directions),
        seconds=time.perf_counter() - began,
        remarks=tuple(remarks),
        absent=absent,
    )


def _absent(system: StructuralSystem, legs: tuple[Leg, ...]) -> tuple[str, ...]:
    """Return the parameters on which nothing depends in any phase."""
    present: set[Any] = {symbol for e in system.initial.values() for symbol in e.free_symbols}
    for leg in legs:
        for level in leg.levels or (None,):
            exact = [] if level is None else [sp.Integer(v.numerator) / v.denominator for v in level]
            numbers = dict(zip(system.inputs, exact, strict=False))
            for e in (*system.rhs, *system.outputs):
                present |= substitute(e, numbers).free_symbols
    # Later transcendental values may stand in the slopes of earlier ones, and the other way round.
    waiting = [symbol for symbol in present if symbol in system.transcendental]
    while waiting:
        symbol = waiting.pop()
        partials = system.transcendental[symbol]
        found = set(partials).union(*(e.free_symbols for e in partials.values())) - present
        present |= found
        waiting += [s for s in found if s in system.transcendental]
    return tuple(p.name for p in system.parameters if p not in present)


def _better(a: RowSpace, b: RowSpace) -> RowSpace:
    """Return the space of higher rank; of equal ranks the one that claims less."""
    if a.rank != b.rank:
        return a if a.rank > b.rank else b
    return min(a, b, key=lambda space: sum(space.determined))


class _Task:
    """One question, to be put at several points."""

    def __init__(
        self,
        system: StructuralSystem,
        legs: tuple[Leg, ...],
        columns: Columns,
        rng: random.Random,
        max_phases: int,
    ) -> None:
        self.system = system
        self.legs = legs
        self.columns = columns
        self.rng = rng
        self.max_phases = max_phases
        constants = (*system.parameters, *system.known, *system.transcendental)
        self.program: Program = compile_program(
            [*system.rhs, *system.outputs], [*system.states, *constants, *system.inputs]
        )

    def space(self, primes: tuple[int, ...], digits: int) -> RowSpace:
        """Return the row space at a random point; raises SingularPointError."""
        for prime in primes:
            for _ in range(_TRIES):
                try:
                    return self._space(PadicIntegers(prime, digits))
                except ZeroDivisionError:
                    continue
        raise SingularPointError(
            f"{self.system.name!r}: a denominator is zero at the known initial state, whatever the unknowns are; "
            "make that initial state unknown, or rewrite the equation without the quotient"
        )

    def _space(self, ring: PadicIntegers) -> RowSpace:
        """Raise the order until the rank is full or has stood still long enough."""
        unknowns, states = len(self.columns.names), len(self.system.states)
        if unknowns == 0:
            return RowSpace(0, 0, ())
        seen = len(self.system.outputs) * sum(min(leg.phases, self.max_phases) for leg in self.legs)
        # From a generic state, a derivative of all outputs that adds nothing is the last that could; the margin is
        # for inputs. From a known state (all zero, say) derivatives that vanish may come first.
        margin = states + 2
        least = (
            0
            if len(self.columns.places[0]) - len(self.system.parameters) == states
            else unknowns + 2 * margin
        )
        order = math.ceil(unknowns / seen) + margin
        state = self.rng.getstate()
        while True:
            self.rng.setstate(state)
            space, earlier = self._space_at(ring, order, margin)
            if space.rank == unknowns or (order >= least and space.rank == earlier):
                return space
            order = max(least, order + margin)

    def _space_at(self, ring: PadicIntegers, order: int, margin: int) -> tuple[RowSpace, int]:
        """Return the row space of so many Taylor coefficients, with the rank without the last ones."""
        width = len(self.columns.names)
        points = draw_points(self.system, self.columns, ring, self.rng)
        basis = earlier = np.zeros((0, width), dtype=ring.dtype)
        for leg, point in zip(self.legs, points, strict=True):
            for outputs in output_rows(
                self.system, self.program, leg, point, ring, order, self.rng, self.max_phases
            ):
                first = outputs[:, : order - margin, 1:].reshape(-1, width)
                last = outputs[:, order - margin :, 1:].reshape(-1, width)
                earlier, _ = echelon(np.concatenate([earlier, first]), ring)
                basis, pivots = echelon(np.concatenate([basis, first, last]), ring)
                if len(pivots) == width:
                    return RowSpace(width, width, ()), width
        return row_space(basis, ring), len(earlier)
