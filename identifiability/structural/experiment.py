"""What is given to the system while its output is watched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from dynamics.schedule import DoseSchedule

type Number = int | float | Fraction
# One number for the only input, or one number for each input in the system's order.
type Level = Number | Sequence[Number]


class ExperimentError(ValueError):
    """An experiment that cannot be done with this system; the message says why."""


@dataclass(frozen=True)
class GenericInput:
    """Every input is a known function of time that excites whatever it can."""

    @property
    def words(self) -> str:
        """The experiment in words."""
        return "generic input"


@dataclass(frozen=True)
class ConstantDose:
    """One known level of every input, from the initial state on.

    Parameters
    ----------
    level : number or sequence of numbers
        Exact: 0 is no dose at all. Stored as a tuple of fractions, one for each input.
    """

    level: Level

    def __post_init__(self) -> None:
        """Store exact numbers."""
        object.__setattr__(self, "level", exact_level(self.level))

    @property
    def levels(self) -> tuple[Fraction, ...]:
        """The level of each input."""
        return exact_level(self.level)

    @property
    def words(self) -> str:
        """The experiment in words."""
        return "no dose throughout" if not any(self.levels) else f"dose {level_words(self.levels)} throughout"


@dataclass(frozen=True)
class Phases:
    """Levels that follow each other, while the state goes on across every switch.

    Neighbouring phases with the same level are merged: nothing happens between them.

    Parameters
    ----------
    levels : sequence of levels
        As in :class:`ConstantDose`, one for each phase.
    lengths_days : sequence of numbers or None
        Positive; the last may be infinite. None where the lengths are known, but in no special relation.

    Raises
    ------
    ExperimentError
        No phase, a length that is not positive, a number of lengths that does not fit.
    """

    levels: Sequence[Level]
    lengths_days: Sequence[Number] | None = None

    def __post_init__(self) -> None:
        """Validate, store exact numbers, merge equal neighbours."""
        levels = [exact_level(level) for level in self.levels]
        if not levels:
            raise ExperimentError("an experiment in phases needs at least one dose level")
        lengths = None if self.lengths_days is None else list(self.lengths_days)
        if lengths is not None:
            if len(lengths) != len(levels):
                raise ExperimentError(f"{len(levels)} dose levels need as many lengths, got {len(lengths)}")
            for i, length in enumerate(lengths):
                if not length > 0 or (length == float("inf") and i < len(lengths) - 1):
                    raise ExperimentError(
                        f"phase {i + 1} lasts {length} days; every phase needs a positive length, and only "
                        "the last may be without end"
                    )
        runs = [list(group) for _, group in groupby(range(len(levels)), key=lambda i: levels[i])]
        object.__setattr__(self, "levels", tuple(levels[run[0]] for run in runs))
        if lengths is not None:
            merged = tuple(sum((lengths[i] for i in run[1:]), lengths[run[0]]) for run in runs)
            object.__setattr__(self, "lengths_days", merged)

    @property
    def words(self) -> str:
        """The experiment in words."""
        if len(self.levels) == 1:
            return ConstantDose(self.levels[0]).words
        shown = ", ".join(level_words(exact_level(level)) for level in self.levels[:8])
        more = ", …" if len(self.levels) > 8 else ""
        return f"{len(self.levels)} phases: {shown}{more} of MTD"


@dataclass(frozen=True)
class Experiments:
    """Several experiments with the same parameters.

    Parameters
    ----------
    members : sequence of GenericInput, ConstantDose or Phases
    initial : {"own", "shared"}
        Whether each experiment has its own unknown initial states, or all start from the same.

    Raises
    ------
    ExperimentError
        No member.
    """

    members: Sequence[GenericInput | ConstantDose | Phases]
    initial: Literal["own", "shared"] = "own"

    def __post_init__(self) -> None:
        """Validate."""
        object.__setattr__(self, "members", tuple(self.members))
        if not self.members:
            raise ExperimentError("several experiments need at least one experiment")
        if self.initial not in ("own", "shared"):
            raise ExperimentError(f"initial states are 'own' or 'shared', not {self.initial!r}")

    @property
    def words(self) -> str:
        """The experiments in words."""
        kind = "the same initial state" if self.initial == "shared" else "an initial state of its own each"
        return f"{len(self.members)} experiments with {kind}: " + "; ".join(m.words for m in self.members)


type Experiment = GenericInput | ConstantDose | Phases | Experiments


def experiment_of(schedule: DoseSchedule, last_day: float, first_day: float = 0.0) -> ConstantDose | Phases:
    """Return the experiment that a dose schedule amounts to between the first visit and the last.

    Parameters
    ----------
    schedule : DoseSchedule
    last_day, first_day : float
        Days of the last and the first visit.

    Raises
    ------
    ExperimentError
        Visits that do not span any time.
    """
    if not last_day > first_day:
        raise ExperimentError(
            f"the last visit is on day {last_day:g} and the first on day {first_day:g}; nothing is seen "
            "between them"
        )
    edges = [first_day, *map(float, schedule.switches_within(first_day, last_day)), last_day]
    levels = [float(schedule.dose_at(day)) for day in edges[:-1]]
    if len(levels) == 1:
        return ConstantDose(levels[0])
    return Phases(levels, [b - a for a, b in pairwise(edges)])


def exact_number(value: Number) -> Fraction:
    """Return the number as it is written: 0.1 is one tenth.

    Raises
    ------
    ExperimentError
        A number that is not finite.
    """
    try:
        return Fraction(repr(float(value))) if isinstance(value, float) else Fraction(value)
    except ValueError:
        raise ExperimentError(f"a dose level must be a finite number, not {value}") from None


def exact_level(level: Level) -> tuple[Fraction, ...]:
    """Return a level as exact numbers, one for each input."""
    return tuple(map(exact_number, level)) if isinstance(level, Iterable) else (exact_number(level),)


def level_words(level: Sequence[Fraction]) -> str:
    """Return a level as people write it."""
    numbers = [f"{float(value):g}" for value in level]
    return numbers[0] if len(numbers) == 1 else f"({', '.join(numbers)})"
