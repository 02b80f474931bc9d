"""Pharmacokinetics: from a dose rate to a concentration, put before an input of any model."""

from __future__ import annotations

from typing import Literal

import sympy as sp

from dynamics.model import Constant, Input, Model, ModelError, Parameter, State
from dynamics.pharmacodynamics import Effect, find_input, linear, replace_input


def with_pharmacokinetics(
    model: Model,
    input_name: str,
    *,
    k_el: float | Parameter,
    compartments: Literal[1, 2] = 1,
    k12: float | Parameter | None = None,
    k21: float | Parameter | None = None,
    volume: float | Parameter | None = None,
    dose: Input | None = None,
    effect: Effect | None = None,
    unit: str = "",
) -> Model:
    """Return the model in which an input is a dose rate, and its concentration acts.

    With the dose rate u (infusion, and boluses as impulses), C in the central and P in the peripheral compartment
    (amount there per central volume)::

        dC/dt = g u - (k_el + k12) C + k21 P        g = 1/volume, or k_el where no volume is given
        dP/dt = k12 C - k21 P                       two compartments

    and ``effect(C)`` stands in the model where u stood. Without a volume C is measured by the dose rate that keeps it
    up: a constant u ends at C = u, so that the bounds of u keep their meaning.

    Parameters
    ----------
    model : Model
    input_name : str
        Input to be replaced; the new states are ``C_`` and ``P_`` with this name, the rates ``k_el_``, ``k12_``,
        ``k21_`` and ``volume_``. Several inputs are wrapped one after the other.
    k_el, k12, k21 : float or Parameter
        Elimination, distribution and return, per day: a number becomes a constant of the model, a parameter is
        declared under its own name.
    compartments : {1, 2}
    volume : float or Parameter, optional
        Central volume, in the unit of dose per unit of concentration; needs ``dose``.
    dose : Input, optional
        Declaration of the dose rate: name, unit, bounds. The model's own input where not given.
    effect : Effect, optional
        Of the concentration; :func:`dynamics.pharmacodynamics.linear` with slope 1 where not given.
    unit : str
        Of the concentration; the input's unit where not given.

    Raises
    ------
    ModelError
        No such input, rates that are not positive or do not belong to the number of compartments, a volume without
        the unit of its dose, a name that the model has already.

    Examples
    --------
    >>> from dynamics import get_model
    >>> print(with_pharmacokinetics(get_model("logistic"), "u", k_el=0.5).rhs[1])
    -C_u*k_el_u + k_el_u*u
    """
    where = f"pharmacokinetics of {input_name} in model {model.name!r}"
    given = find_input(model, input_name)
    _check(where, compartments, k12, k21, volume, dose)
    declared: list[Constant | Parameter] = []

    def rate(name: str, value: float | Parameter, meaning: str, unit: str = "per day") -> sp.Symbol:
        if isinstance(value, Parameter):
            declared.append(value)
        elif value > 0:
            declared.append(
                Constant(f"{name}_{input_name}", unit, f"{meaning} of {input_name}", float(value))
            )
        else:
            raise ModelError(f"{where}: {name} is {value:g}; it must be positive")
        return sp.Symbol(declared[-1].name)

    dose = dose or given
    concentration, u = sp.Symbol(f"C_{input_name}"), sp.Symbol(dose.name)
    elimination = rate("k_el", k_el, "elimination rate")
    gain = (
        elimination
        if volume is None
        else 1 / rate("volume", volume, "central volume", "dose per concentration")
    )
    unit = unit or given.unit
    inside = gain * u - elimination * concentration
    added = []
    if k12 is not None and k21 is not None:
        peripheral = sp.Symbol(f"P_{input_name}")
        out = rate("k12", k12, "rate into the tissue") * concentration
        back = rate("k21", k21, "rate back from the tissue") * peripheral
        inside += back - out
        added = [
            State(
                peripheral.name,
                out - back,
                sp.S.Zero,
                unit,
                f"amount of {input_name} in tissue per central volume",
            )
        ]
    added.insert(0, State(concentration.name, inside, sp.S.Zero, unit, f"concentration of {input_name}"))
    effect = effect or linear()
    return replace_input(
        model, given, dose, effect.of(concentration), (*declared, *effect.quantities), f"{model.name}_pk_{input_name}",
        f"{input_name} is a dose rate; its concentration follows {compartments}-compartment kinetics, starts at 0 and "
        f"acts by the {effect.name} effect {effect.of(concentration)}",
        added,
    )  # fmt: skip


def _check(
    where: str,
    compartments: int,
    k12: float | Parameter | None,
    k21: float | Parameter | None,
    volume: float | Parameter | None,
    dose: Input | None,
) -> None:
    """Refuse what does not belong together."""
    if compartments not in (1, 2):
        raise ModelError(f"{where}: {compartments} compartments; there are 1 and 2")
    rates = [name for name, value in (("k12", k12), ("k21", k21)) if value is not None]
    if compartments == 1 and rates:
        raise ModelError(
            f"{where}: {', '.join(rates)} given, but one compartment; set compartments=2, or leave out"
        )
    if compartments == 2 and len(rates) < 2:
        raise ModelError(f"{where}: two compartments need k12 and k21, the rates to and from the tissue")
    if volume is not None and dose is None:
        raise ModelError(
            f"{where}: a volume turns doses into concentrations, so say what a dose is: "
            f'dose=Input("{where.split()[2]}", "infusion", "mg per day", 0, 500)'
        )
