"""What the loops of an ensemble need of a model with a cost, derived from the symbols."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import sympy as sp

from dosing.ensemble.kernels.hoisting import hoist
from dosing.optimal.pontryagin import Pontryagin, costate_symbols
from dynamics.model import Model

__all__ = ["WEIGHT", "EnsembleEquations", "Scheme", "ensemble_equations"]

Scheme = Literal["euler", "rk4"]
# weight of a member's cost in what is differentiated; no declared name holds a space
WEIGHT = sp.Symbol("member weight")


@dataclass(frozen=True)
class EnsembleEquations:
    """Expressions of one member, with what is fixed for a member taken out of them.

    Parameters
    ----------
    model : Model
    numbers : tuple of Symbol
        Further numbers that the costs name, behind the model's constants.
    fixed : tuple of (Symbol, Expr)
        Parts in parameters, constants and numbers alone.
    field : tuple of Expr
        dx/dt.
    running, terminal, watched : Expr
        Cost per day, cost of the final state, and what is read at chosen times.
    field_back : tuple of Expr
        ∂(g·f + w ℓ)/∂x for every state: minus the right-hand side of eq. 2.17 of Scagliotti 2026.
    dose_back : tuple of Expr
        ∂(g·f + w ℓ)/∂u for every input: the integrand of eq. 2.16.
    terminal_back, watched_back : tuple of Expr
        Derivatives in the states.
    """

    model: Model
    numbers: tuple[sp.Symbol, ...]
    fixed: tuple[tuple[sp.Symbol, sp.Expr], ...]
    field: tuple[sp.Expr, ...]
    running: sp.Expr
    terminal: sp.Expr
    watched: sp.Expr
    field_back: tuple[sp.Expr, ...]
    dose_back: tuple[sp.Expr, ...]
    terminal_back: tuple[sp.Expr, ...]
    watched_back: tuple[sp.Expr, ...]

    @property
    def costates(self) -> tuple[sp.Symbol, ...]:
        """Symbols of the adjoint g."""
        return costate_symbols(self.model)

    @property
    def member_symbols(self) -> tuple[sp.Symbol, ...]:
        """Parameters, constants, numbers: the columns of a member's row."""
        return (*self.model.parameter_symbols, *self.model.constant_symbols, *self.numbers)


@lru_cache(maxsize=64)
def ensemble_equations(
    model: Model,
    running: sp.Expr,
    terminal: sp.Expr,
    watched: sp.Expr,
    numbers: tuple[sp.Symbol, ...] = (),
) -> EnsembleEquations:
    """Derive the adjoint of a model with a cost; nothing is typed twice."""
    states = model.state_symbols
    hamiltonian = Pontryagin(model, WEIGHT * running, terminal).hamiltonian
    n, m = len(states), len(model.inputs)
    rows = [
        *model.rhs.flat(), running, terminal, watched,
        *(hamiltonian.diff(x) for x in states),
        *(hamiltonian.diff(u) for u in model.input_symbols),
        *(terminal.diff(x) for x in states),
        *(watched.diff(x) for x in states),
    ]  # fmt: skip
    members = (*model.parameter_symbols, *model.constant_symbols, *numbers)
    fixed, short = hoist(rows, members)
    place = iter(short)

    def take(count: int) -> tuple[sp.Expr, ...]:
        return tuple(next(place) for _ in range(count))

    field = take(n)
    own, end, seen = take(3)
    return EnsembleEquations(
        model, numbers, tuple(fixed), field, own, end, seen, take(n), take(m), take(n), take(n)
    )
