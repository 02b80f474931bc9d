"""What a model declaration must satisfy; every refusal says what to change."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import sympy as sp

from dynamics.expressions import ModelError, check_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamics.model import Model

ROLES = ("", "sensitive", "resistant")


def check_model(model: Model) -> None:
    """Refuse a model that is not complete and consistent.

    Raises
    ------
    ModelError
        With the model's name, the offending symbol and the remedy.
    """
    prefix = f"model {model.name!r}"
    if not model.states:
        raise ModelError(f"{prefix} has no states; declare at least one")
    if not model.outputs:
        raise ModelError(f"{prefix} has no output; say what a visit measures, as in {{'burden': 'S + R'}}")
    declared = (*model.states, *model.parameters, *model.inputs, *model.constants)
    twice = [name for name, count in Counter(q.name for q in declared).items() if count > 1]
    if twice:
        raise ModelError(f"{prefix}: {', '.join(twice)} declared more than once")
    check_names((quantity.name for quantity in declared), prefix)
    outputs_twice = [name for name, count in Counter(o.name for o in model.outputs).items() if count > 1]
    if outputs_twice:
        raise ModelError(f"{prefix}: output {', '.join(outputs_twice)} declared more than once")

    states = set(model.state_symbols)
    constants = set(model.parameter_symbols) | set(model.constant_symbols)
    known = states | constants | set(model.input_symbols) | {sp.Symbol("t")}
    for state in model.states:
        if state.role not in ROLES:
            raise ModelError(
                f"{prefix}: role {state.role!r} of {state.name}; known are {', '.join(ROLES[1:])}"
            )
        _only(state.rhs, known, f"{prefix}, equation of {state.name}")
        if state.initial is None:
            raise ModelError(f"{prefix}: no initial value for state {state.name}")
        _only(state.initial, constants, f"{prefix}, initial value of {state.name}")
    for output in model.outputs:
        _only(output.expr, states | constants, f"{prefix}, output {output.name}")
        if not output.expr.free_symbols & states:
            raise ModelError(
                f"{prefix}: output {output.name} = {output.expr} contains no state, so no visit informs it"
            )

    scales = {c.name for c in model.constants}
    for parameter in model.parameters:
        if parameter.scale and parameter.scale not in scales:
            raise ModelError(
                f"{prefix}: bounds of {parameter.name} scale with {parameter.scale!r}, not a constant"
            )
        if not 0 < parameter.lower < parameter.upper < float("inf"):
            raise ModelError(
                f"{prefix}: bounds of {parameter.name} are [{parameter.lower}, {parameter.upper}]; need "
                "0 < lower < upper < inf (parameters are estimated on the log scale)"
            )
        low, high = parameter.start_box
        if not parameter.lower <= low < high <= parameter.upper:
            raise ModelError(
                f"{prefix}: start box [{low}, {high}] of {parameter.name} is not inside its bounds "
                f"[{parameter.lower}, {parameter.upper}]"
            )
    for constant in model.constants:
        if (constant.value is None) == (not constant.from_data):
            raise ModelError(f"{prefix}: constant {constant.name} needs either a value or `from_data`")
        if constant.from_data not in ("", "first_burden"):
            raise ModelError(f"{prefix}: constant {constant.name}: from_data can only be 'first_burden'")
        if constant.value is not None and not math.isfinite(constant.value):
            raise ModelError(
                f"{prefix}: constant {constant.name} is {constant.value}; it must be a finite number"
            )
    for dose in model.inputs:
        if not dose.lower < dose.upper:
            raise ModelError(
                f"{prefix}: input {dose.name} is bounded by [{dose.lower}, {dose.upper}]; need lower < upper"
            )


def check_mentions(
    name: str,
    states: Mapping[str, str],
    outputs: Mapping[str, str],
    initial: Mapping[str, str],
    annotations: Mapping[str, Mapping[str, str]],
) -> None:
    """Refuse states without an initial value, and anything said of a state or output that is not there.

    Raises
    ------
    ModelError
        With the model's name, the offending name and the remedy.
    """
    prefix = f"model {name!r}"
    missing = [s for s in states if s not in initial]
    if missing:
        raise ModelError(
            f"{prefix}: no initial value for state {', '.join(missing)}; add it to `initial`, for instance "
            f'initial={{"{missing[0]}": "V0"}}'
        )
    unknown = [s for s in initial if s not in states]
    if unknown:
        raise ModelError(f"{prefix}: initial value for {', '.join(unknown)}, which is not a state")
    for what, named in annotations.items():
        known = [*states] if what == "role" else [*states, *outputs]
        strangers = ", ".join(n for n in named if n not in known)
        if strangers:
            raise ModelError(f"{prefix}: {what} of {strangers}, but there is only {', '.join(known)}")


def _only(expr: sp.Expr, allowed: set[sp.Symbol], where: str) -> None:
    """Refuse what is not an expression in declared symbols."""
    if not isinstance(expr, sp.Expr):
        raise ModelError(f"{where}: {expr!r} is no SymPy expression; use Model.define to write text")
    unknown = sorted(expr.free_symbols - allowed, key=str)
    if not unknown:
        return
    names = ", ".join(map(str, unknown))
    if {str(s) for s in unknown} <= {s.name for s in allowed}:
        raise ModelError(
            f"{where}: {names} carries assumptions; declare it as sympy.Symbol('{unknown[0]}') alone"
        )
    known = ", ".join(sorted(s.name for s in allowed))
    raise ModelError(f"{where}: unknown symbol {names} in {expr}; allowed here are {known}")
