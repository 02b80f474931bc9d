"""An experiment, taken apart into stretches in which the outputs are analytic."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from identifiability.structural.experiment import (
    ConstantDose,
    Experiment,
    Experiments,
    GenericInput,
    Phases,
    exact_level,
)
from identifiability.structural.system import StructuralSystem
from identifiability.structural.unknowns import initial_symbol, unknown_initial_states


@dataclass(frozen=True)
class Piece:
    """Outputs around one moment, under one input.

    Parameters
    ----------
    system : StructuralSystem
        With a constant dose put in; a generic input is left.
    start : mapping of Symbol to Expr
        State at the moment, in parameters, known constants, unknown initial states and auxiliary unknowns.
    """

    system: StructuralSystem
    start: Mapping[sp.Symbol, sp.Expr]


@dataclass(frozen=True)
class Pieces:
    """What an experiment shows, as pieces that share their parameters.

    Parameters
    ----------
    pieces : tuple of Piece
    initial : tuple of Symbol
        Unknown initial states, of every experiment.
    auxiliary : tuple of Symbol
        States at switches, that nobody asks for.
    known : tuple of Symbol
        Known constants, those of the system among them.
    complete : bool
        Whether parameters that agree with every piece agree with the experiment. The pieces of an experiment
        with several switches forget how the state gets from one switch to the next.
    """

    pieces: tuple[Piece, ...]
    initial: tuple[sp.Symbol, ...]
    auxiliary: tuple[sp.Symbol, ...]
    known: tuple[sp.Symbol, ...]
    complete: bool


def pieces_of(system: StructuralSystem, experiment: Experiment) -> Pieces:
    """Return the pieces of an experiment with a rational system."""
    if isinstance(experiment, Experiments):
        own = experiment.initial == "own"
        parts = [_pieces(system, m, i + 1, own) for i, m in enumerate(experiment.members)]
    else:
        parts = [_pieces(system, experiment, 1, False)]
    return Pieces(
        pieces=tuple(p for part in parts for p in part.pieces),
        initial=tuple(dict.fromkeys(s for part in parts for s in part.initial)),
        auxiliary=tuple(s for part in parts for s in part.auxiliary),
        known=tuple(dict.fromkeys(s for part in parts for s in part.known)),
        complete=all(part.complete for part in parts),
    )


def _pieces(
    system: StructuralSystem, experiment: GenericInput | ConstantDose | Phases, number: int, own: bool
) -> Pieces:
    """Return the pieces of a single experiment."""
    names = {s: initial_symbol(s) for s in unknown_initial_states(system)}
    if own and number > 1:
        names = {s: sp.Symbol(f"{name} in experiment {number}") for s, name in names.items()}
    start: dict[sp.Symbol, sp.Expr] = {
        s: names[s] if s in names else system.initial[s] for s in system.states
    }
    initial = tuple(names.values())
    if isinstance(experiment, GenericInput) or not system.inputs:
        return Pieces((Piece(system, start),), initial, (), system.known, True)
    levels = (experiment.levels,) if isinstance(experiment, ConstantDose) else tuple(experiment.levels)
    dosed = [_with_dose(system, exact_level(level)) for level in levels]
    pieces = [Piece(dosed[0], start)]
    auxiliary: list[sp.Symbol] = []
    known = list(system.known)
    done: set[frozenset] = set()
    for i, (before, after) in enumerate(itertools.pairwise(dosed), 1):
        pair = frozenset((exact_level(levels[i - 1]), exact_level(levels[i])))
        if pair in done:  # another switch between the same levels, forgetting the first, tells the same
            continue
        done.add(pair)
        there: dict[sp.Symbol, sp.Expr] = {}
        for state, rhs in zip(system.states, system.rhs, strict=True):
            if rhs == 0:
                there[state] = start[state]
                continue
            symbol = sp.Dummy(f"{state}_{number}_{i}")
            there[state] = symbol
            clock = not (rhs.free_symbols | start[state].free_symbols) - set(system.known)
            (known if clock else auxiliary).append(symbol)
        pieces += [Piece(before, there), Piece(after, there)]
    free = len(initial) == len([s for s, f in zip(system.states, system.rhs, strict=True) if f != 0])
    complete = len(levels) == 1 or (len(levels) == 2 and free and not system.initial)
    return Pieces(tuple(pieces), initial, tuple(auxiliary), tuple(known), complete)


def _with_dose(system: StructuralSystem, level: Sequence) -> StructuralSystem:
    """Return the system under a constant level of its inputs.

    Raises
    ------
    ExperimentError
        A number of levels that is not that of the inputs.
    """
    if len(level) != len(system.inputs):
        from identifiability.structural.experiment import ExperimentError

        raise ExperimentError(
            f"system {system.name!r} has {len(system.inputs)} inputs, and a dose level has {len(level)} numbers"
        )
    put = {u: sp.Rational(v.numerator, v.denominator) for u, v in zip(system.inputs, level, strict=True)}
    return dataclasses.replace(
        system,
        rhs=tuple(sp.sympify(f).xreplace(put) for f in system.rhs),
        outputs=tuple(sp.sympify(h).xreplace(put) for h in system.outputs),
        inputs=(),
    )
