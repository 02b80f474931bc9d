"""The rank at the true switch times, in real numbers of many digits.

The exact test treats the unit of time as formal, so its answer holds for almost all units. This is the independent
witness: Taylor series carry state and sensitivities over every phase, and singular values show the rank by a gap.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from identifiability.structural.experiment import ConstantDose, ExperimentError, Phases, exact_number
from identifiability.structural.lifting import lift
from identifiability.structural.phases import legs_of, steady_inputs
from identifiability.structural.points import Columns, Point, draw_points
from identifiability.structural.program import Program, compile_program
from identifiability.structural.rings import RealNumbers
from identifiability.structural.series import Expansion, expand
from identifiability.structural.system import StructuralSystem

_MOST_STEPS = 400
# With rates of order one, the whole experiment in the time in which a population grows a few times.
_SPAN = 3.0


class WitnessError(ValueError):
    """A solution that cannot be followed to the last phase; the message says where it ends."""


@dataclass(frozen=True)
class Witness:
    """Singular values of the outputs' sensitivities.

    Parameters
    ----------
    unknowns : tuple of str
    singular_values : tuple of float
        Relative to the largest, in falling order.
    rank : int
        How many stand before the widest gap, if that gap is clear; all of them otherwise.
    gap : float
        Smallest of the singular values that count over the largest of the others; infinite at full rank.
    """

    unknowns: tuple[str, ...]
    singular_values: tuple[float, ...]
    rank: int
    gap: float

    @property
    def rank_defect(self) -> int:
        """Unseen directions."""
        return len(self.unknowns) - self.rank


def rank_at_switch_times(
    system: StructuralSystem,
    experiment: ConstantDose | Phases,
    values: Mapping[str, float] | None = None,
    *,
    digits: int = 50,
    seed: int = 0,
) -> Witness:
    """Return the rank at the true switch times.

    Parameters
    ----------
    system : StructuralSystem
    experiment : ConstantDose or Phases
        Phases with lengths.
    values : mapping of str to float, optional
        Parameters, known constants and unknown initial values by name (``"r"``, ``"V0"``, ``"S(0)"``), in days. If
        omitted, random ones of order one, with the whole experiment in three units of time.
    digits : int
        Decimal digits to which the series are summed.
    seed : int

    Raises
    ------
    ExperimentError
        Phases without lengths, or an experiment of another kind.
    LiftingError
        As in :func:`~identifiability.structural.lifting.lift`.
    WitnessError
        A solution that grows without bound before the last phase.
    """
    import flint

    lengths = _lengths(experiment, in_days=values is not None)
    lifted = lift(system)
    leg = legs_of(experiment, lifted)[0]
    columns = Columns.of(lifted, 1, own_initial=True)
    constants = (*lifted.parameters, *lifted.known, *lifted.transcendental)
    program = compile_program([*lifted.rhs, *lifted.outputs], [*lifted.states, *constants, *lifted.inputs])
    given = {name: exact_number(float(value)) for name, value in (values or {}).items()}
    # Guard digits: a step's rounding is carried through all later ones.
    with flint.ctx.workdps(digits + 30):
        ring = RealNumbers(digits + 30)
        point = draw_points(lifted, columns, ring, random.Random(seed), given)[0]
        rows = []
        start = point.start
        for phase, level in enumerate(leg.levels or ((),)):
            inputs = steady_inputs(lifted.inputs, level, ring, start.shape[1])
            follow = _Follower(lifted, program, ring, point, inputs, digits)
            last = phase == leg.phases - 1
            first, start = follow.across(start, None if last else lengths[phase])
            count = len(columns.names) + len(lifted.states) + 2
            step = follow.step(first)
            scale = np.array([step**k for k in range(count)], dtype=object)
            rows += [output[:count, 1:] * scale[:, None] for output in first.outputs]
        jacobian = np.concatenate(rows) * _column_sizes(columns, point)
        text = [
            [entry.str(digits + 20, radius=False) if hasattr(entry, "str") else str(entry) for entry in row]
            for row in jacobian
        ]
    return _counted(columns.names, text, digits)


class _Follower:
    """Taylor steps through one phase."""

    def __init__(
        self,
        system: StructuralSystem,
        program: Program,
        ring: RealNumbers,
        point: Point,
        inputs: Mapping[sp.Symbol, np.ndarray],
        digits: int,
    ) -> None:
        self.system = system
        self.program = program
        self.ring = ring
        self.constants = {**point.constants, **inputs}
        self.digits = digits
        self.order = max(40, digits)

    def series(self, start: np.ndarray) -> Expansion:
        """Return the expansion at one time."""
        return expand(self.program, self.ring, self.system.states, start, self.constants, {}, self.order)

    def step(self, expansion: Expansion) -> Any:
        """Return a step after which the last terms are below the digits."""
        from flint import arb

        sizes = [
            float(max(abs(_number(v)) for v in expansion.states[:, k].ravel()))
            for k in (0, self.order - 2, self.order - 1)
        ]
        reach = [
            (10.0**-self.digits * max(sizes[0], 1e-3) / size) ** (1 / k) if size > 0 else 1.0
            for size, k in zip(sizes[1:], (self.order - 2, self.order - 1), strict=True)
        ]
        return arb(min(*reach, 1.0))

    def across(self, start: np.ndarray, length: Any) -> tuple[Expansion, np.ndarray]:
        """Return the expansion at the start of the phase and the state at its end."""
        first = current = self.series(start)
        if length is None:
            return first, start
        left = self.ring.number(length)
        for _ in range(_MOST_STEPS):
            step = self.step(current)
            done = bool(step >= left)
            at = left if done else step
            start = current.states[:, -1]
            for k in range(self.order - 2, -1, -1):
                start = start * at + current.states[:, k]
            if done:
                return first, start
            left = left - step
            current = self.series(start)
        raise WitnessError(
            f"{self.system.name!r}: the solution could not be followed through a phase of {float(length):g} "
            f"in {_MOST_STEPS} steps; it may grow without bound, or the values be far from the rates"
        )


def _lengths(experiment: ConstantDose | Phases, *, in_days: bool) -> list[Fraction]:
    """Return the lengths of all phases but the last."""
    if isinstance(experiment, ConstantDose):
        return []
    if not isinstance(experiment, Phases):
        raise ExperimentError("the true switch times are those of one experiment in phases")
    if len(experiment.levels) == 1:
        return []
    if experiment.lengths_days is None:
        raise ExperimentError("these phases have no lengths, so there are no true switch times")
    lengths = [exact_number(length) for length in experiment.lengths_days[:-1]]
    if in_days:
        return lengths
    return [length * exact_number(_SPAN) / sum(lengths) for length in lengths]


def _column_sizes(columns: Columns, point: Point) -> np.ndarray:
    """Return the size of every unknown, so that sensitivities are relative."""
    sizes = np.full(len(columns.names), 1, dtype=object)
    for symbol, column in columns.places[0].items():
        if symbol in point.constants and bool(abs(_number(point.constants[symbol][0])) > 0):
            sizes[column] = point.constants[symbol][0]
    return sizes


def _number(value: Any) -> Any:
    """Return an integer or a ball as a ball."""
    from flint import arb

    return arb(value)


def _counted(names: tuple[str, ...], text: list[list[str]], digits: int) -> Witness:
    """Return singular values and rank."""
    import mpmath

    with mpmath.workdps(digits + 20):
        matrix = mpmath.matrix([[mpmath.mpf(entry) for entry in row] for row in text])
        # The triangle of a QR step has the singular values of the whole at the number of unknowns squared.
        values = list(mpmath.svd_r(mpmath.qr(matrix, mode="skinny")[1], compute_uv=False))
        largest = max(values)
        if largest == 0:
            return Witness(names, (0.0,) * len(names), 0, float("inf"))
        relative = sorted((v / largest for v in values), reverse=True)
        # Half of the digits: far above rounding, far below any singular value of rates of order one.
        rank = sum(v > mpmath.mpf(10) ** (-digits / 2) for v in relative)
        gap = (
            float("inf")
            if rank == len(relative)
            else float(relative[rank - 1] / max(relative[rank], mpmath.mpf(10) ** (-3 * digits)))
        )
        return Witness(names, tuple(float(v) for v in relative), rank, gap)
