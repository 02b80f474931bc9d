"""Pharmacodynamics: what a concentration does, put in the place of a model's input."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp

from dynamics.model import Constant, Input, Model, ModelError, Parameter, State
from dynamics.substitution import substitute

# What a coefficient of an effect may be: a number, a quantity to be declared, or a symbol the model declares.
type Coefficient = float | Constant | Parameter | sp.Symbol

CONCENTRATION = sp.Symbol("C")


@dataclass(frozen=True)
class Effect:
    """An effect as an expression in the concentration.

    Parameters
    ----------
    name : str
        For messages and assumptions.
    expression : sympy.Expr
        In the concentration ``C`` and the quantities.
    quantities : tuple of Constant or Parameter
        What a model that uses the effect has to declare.
    """

    name: str
    expression: sp.Expr
    quantities: tuple[Constant | Parameter, ...] = ()

    def of(self, concentration: sp.Expr) -> sp.Expr:
        """Return the effect of a concentration."""
        return substitute(self.expression, {CONCENTRATION: concentration})


def linear(slope: Coefficient = 1.0) -> Effect:
    """Return the effect ``slope C``, without a ceiling (log-kill)."""
    (k,), quantities = _read(slope=slope)
    return Effect("linear", k * CONCENTRATION, quantities)


def emax(maximum: Coefficient = 1.0, half: Coefficient = 1.0) -> Effect:
    """Return the effect ``maximum C/(half + C)`` (Michaelis-Menten; Ledzewicz 2018, eq. 14).

    Parameters
    ----------
    maximum : number, Constant, Parameter or Symbol
        Effect of an infinite concentration.
    half : number, Constant, Parameter or Symbol
        Concentration of half that effect (EC50, UC50).
    """
    (top, middle), quantities = _read(maximum=maximum, half=half)
    return Effect("Emax", top * CONCENTRATION / (middle + CONCENTRATION), quantities)


def hill(maximum: Coefficient = 1.0, half: Coefficient = 1.0, coefficient: Coefficient = 2.0) -> Effect:
    """Return the effect ``maximum C^h/(half^h + C^h)``.

    With a coefficient h that is a number the derivative in C exists at C = 0 for h >= 1; with a symbol SymPy writes
    it as ``h C^h/C``, which a computer cannot evaluate there. For h < 1 it is infinite at 0.

    Parameters
    ----------
    maximum, half
        As in :func:`emax`.
    coefficient : number, Constant, Parameter or Symbol
        Steepness h.
    """
    (top, middle, h), quantities = _read(maximum=maximum, half=half, coefficient=coefficient)
    return Effect("Hill", top * CONCENTRATION**h / (middle**h + CONCENTRATION**h), quantities)


def with_pharmacodynamics(model: Model, input_name: str, effect: Effect, dose: Input | None = None) -> Model:
    """Return the model in which an input acts through an effect.

    Parameters
    ----------
    model : Model
    input_name : str
        Input that is read as a concentration from now on.
    effect : Effect
    dose : Input, optional
        Declaration that takes the input's place, with unit and bounds of the concentration; its name may differ.

    Raises
    ------
    ModelError
        No such input, or a name that the model has already.
    """
    given = find_input(model, input_name)
    dose = dose or given
    return replace_input(
        model, given, dose, effect.of(sp.Symbol(dose.name)), effect.quantities,
        f"{model.name}_{effect.name.lower()}_{input_name}",
        f"{effect.name} effect of {input_name}: {effect.of(sp.Symbol(dose.name))}",
    )  # fmt: skip


def find_input(model: Model, name: str) -> Input:
    """Return the declaration of an input.

    Raises
    ------
    ModelError
        There is none of this name.
    """
    for given in model.inputs:
        if given.name == name:
            return given
    raise ModelError(
        f"model {model.name!r} has no input {name!r}; it has {', '.join(i.name for i in model.inputs) or 'none'}"
    )


def replace_input(
    model: Model,
    given: Input,
    dose: Input,
    acting: sp.Expr,
    quantities: Iterable[Constant | Parameter],
    name: str,
    assumption: str,
    added: Iterable[State] = (),
) -> Model:
    """Put an expression in the place of an input, and declare what it needs; ``added`` states hold the new input."""
    quantities = tuple(quantities)
    rule = {sp.Symbol(given.name): acting}
    return dataclasses.replace(
        model,
        name=name,
        states=(*(dataclasses.replace(s, rhs=substitute(s.rhs, rule)) for s in model.states), *added),
        inputs=tuple(dose if i is given else i for i in model.inputs),
        parameters=(*model.parameters, *(q for q in quantities if isinstance(q, Parameter))),
        constants=(*model.constants, *(q for q in quantities if isinstance(q, Constant))),
        assumptions=(*model.assumptions, assumption),
    )


def _read(**coefficients: Coefficient) -> tuple[list[sp.Expr], tuple[Constant | Parameter, ...]]:
    """Turn coefficients into expressions, and collect what is to be declared."""
    expressions: list[sp.Expr] = []
    for name, value in coefficients.items():
        if isinstance(value, Constant | Parameter):
            expressions.append(sp.Symbol(value.name))
        elif isinstance(value, sp.Symbol):
            expressions.append(value)
        elif value > 0:
            expressions.append(sp.Rational(repr(float(value))))
        else:
            raise ModelError(f"{name} of an effect is {value:g}; it must be positive")
    return expressions, tuple(v for v in coefficients.values() if isinstance(v, Constant | Parameter))
