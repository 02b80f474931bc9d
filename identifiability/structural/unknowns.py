"""The unknowns of a system, in order."""

from __future__ import annotations

import sympy as sp

from identifiability.structural.system import StructuralSystem


def initial_symbol(state: sp.Symbol) -> sp.Symbol:
    """Return the symbol of a state's initial value, ``S(0)`` for ``S``; it is a name, not a function."""
    return sp.Symbol(f"{state.name}(0)")


def unknown_initial_states(system: StructuralSystem) -> tuple[sp.Symbol, ...]:
    """Return the states whose initial value is unknown, in the order of the states."""
    return tuple(state for state in system.states if state not in system.initial)


def unknowns_of(system: StructuralSystem) -> tuple[sp.Symbol, ...]:
    """Return the parameters, then the symbols of unknown initial values."""
    return (*system.parameters, *map(initial_symbol, unknown_initial_states(system)))
