"""A model as structural analysis sees it: rational equations, unknowns, known numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp


@dataclass(frozen=True)
class StructuralSystem:
    """A system ``dx/dt = f(x, u, θ)``, ``y = h(x, u, θ)`` with what is known and what is not.

    Parameters
    ----------
    name : str
    states : tuple of Symbol
    rhs, outputs : tuple of Expr
        May be non-rational before lifting (:mod:`identifiability.structural.lifting`), rational after.
    parameters : tuple of Symbol
        Unknown constants.
    inputs : tuple of Symbol
        Known functions of time: generic, or fixed by the experiment.
    known : tuple of Symbol
        Known constants; their values are taken as generic unless ``values`` gives one.
    initial : mapping of Symbol to Expr
        Known initial states, as expressions in parameters and known constants; a state that is missing here
        has an unknown initial value.
    values : mapping of Symbol to Rational
        Numbers for known constants where the value matters.
    transcendental : mapping of Symbol to mapping of Symbol to Expr
        After lifting: symbols that stand for values such as ``N0**gamma`` or ``log(N0)``, with their partial
        derivatives in the true unknowns (parameters and initial values), rational in all symbols. They are no
        unknowns of their own: this is how lifting keeps the degrees of freedom.
    definitions : mapping of Symbol to Expr
        What each transcendental symbol stands for, in unknowns, known constants and earlier ones of them. A root
        (``N0**(1/2)``) is algebraic: its value has to fit the value of what stands under it.
    """

    name: str
    states: tuple[sp.Symbol, ...]
    rhs: tuple[sp.Expr, ...]
    outputs: tuple[sp.Expr, ...]
    parameters: tuple[sp.Symbol, ...]
    inputs: tuple[sp.Symbol, ...] = ()
    known: tuple[sp.Symbol, ...] = ()
    initial: Mapping[sp.Symbol, sp.Expr] = field(default_factory=dict)
    values: Mapping[sp.Symbol, sp.Rational] = field(default_factory=dict)
    transcendental: Mapping[sp.Symbol, Mapping[sp.Symbol, sp.Expr]] = field(default_factory=dict)
    definitions: Mapping[sp.Symbol, sp.Expr] = field(default_factory=dict)
