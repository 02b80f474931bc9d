"""Putting the dose levels of an experiment into a system.

A Hill term ``u**h/(E**h + u**h)`` has no rational form for a generic dose u, but it is a constant at each level.
With one switch input for each level, ``f = sum_j i_j f(level j)``, the system is lifted like any other.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import cast

import sympy as sp

from dynamics.substitution import substitute
from identifiability.structural.experiment import (
    ConstantDose,
    Experiment,
    Experiments,
    GenericInput,
    Phases,
    exact_level,
)
from identifiability.structural.lifting import InputFunctionError, lift
from identifiability.structural.system import StructuralSystem

type Levels = tuple[Fraction, ...]


def lifted_for(system: StructuralSystem, experiment: Experiment) -> tuple[StructuralSystem, Experiment]:
    """Lift a system for an experiment; where it is a function of the dose, at the experiment's levels.

    Raises
    ------
    LiftingError
        A function that no rational system can carry.
    InputFunctionError
        A function of a generic input.
    """
    try:
        return lift(system), experiment
    except InputFunctionError:
        put_in = with_levels_put_in(system, experiment)
        if put_in is None:
            raise
        return lift(put_in[0]), put_in[1]


def with_levels_put_in(
    system: StructuralSystem, experiment: Experiment
) -> tuple[StructuralSystem, Experiment] | None:
    """Return system and experiment in switch inputs; None where an experiment has a generic input."""
    members = experiment.members if isinstance(experiment, Experiments) else (experiment,)
    levels: dict[Levels, None] = {}
    for member in members:
        if isinstance(member, GenericInput | Experiments):
            return None
        for level in [member.level] if isinstance(member, ConstantDose) else member.levels:
            levels[exact_level(level)] = None
    if any(len(level) != len(system.inputs) for level in levels):
        return None
    taken = {s.name for s in (*system.states, *system.parameters, *system.known)}
    switches = [sp.Symbol(_free(f"level_{i}", taken)) for i in range(1, len(levels) + 1)]

    def put_in(e: sp.Expr) -> sp.Expr:
        if not e.free_symbols & set(system.inputs):
            return e
        return sp.Add(*(i * _at(e, system.inputs, level) for i, level in zip(switches, levels, strict=True)))

    unit = {level: [int(i == j) for j in range(len(levels))] for i, level in enumerate(levels)}

    def member_of(member: ConstantDose | Phases) -> ConstantDose | Phases:
        if isinstance(member, ConstantDose):
            return ConstantDose(unit[exact_level(member.level)])
        return Phases([unit[exact_level(level)] for level in member.levels], member.lengths_days)

    changed = replace(
        system,
        rhs=tuple(map(put_in, system.rhs)),
        outputs=tuple(map(put_in, system.outputs)),
        inputs=tuple(switches),
    )
    if isinstance(experiment, Experiments):
        return changed, Experiments([member_of(m) for m in members], experiment.initial)  # pyright: ignore[reportArgumentType]
    return changed, member_of(experiment)  # pyright: ignore[reportArgumentType]


def _at(e: sp.Expr, inputs: tuple[sp.Symbol, ...], level: Levels) -> sp.Expr:
    """Return an expression at one level; a power of no dose is zero."""
    numbers = {u: sp.Integer(v.numerator) / v.denominator for u, v in zip(inputs, level, strict=True)}
    at = substitute(e, numbers)
    powers = [p for p in at.atoms(sp.Pow) if p.base.is_zero and not p.exp.is_number]
    return cast("sp.Expr", at.xreplace(dict.fromkeys(powers, sp.S.Zero)))


def _free(name: str, taken: set[str]) -> str:
    """Return a name that is not taken."""
    while name in taken:
        name += "_"
    return name
