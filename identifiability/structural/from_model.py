"""Building the structural system of a model."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import sympy as sp

from dynamics.expressions import FUNCTIONS, ModelError, check_names, parse_expression
from dynamics.substitution import substitute
from identifiability.structural.system import StructuralSystem

if TYPE_CHECKING:
    from dynamics.model import Model

TIME = sp.Symbol("t")


def system_of(
    model: Model,
    unknown_initial: Iterable[str] = (),
    parameters: Iterable[str] | None = None,
    outputs: Iterable[str] | None = None,
) -> StructuralSystem:
    """Return a model as structural analysis sees it.

    The model's initial states are known expressions in parameters and constants, but for those that
    ``unknown_initial`` names. A constant's value counts as generic; only a value that changes the form of an
    equation is put in: zero, and a number in an exponent.

    Parameters
    ----------
    model : Model
    unknown_initial : iterable of str
        States whose initial value is an unknown of its own.
    parameters : iterable of str, optional
        The unknown parameters; the others count as known. All, if omitted.
    outputs : iterable of str, optional
        The outputs that are seen. All, if omitted.

    Raises
    ------
    ModelError
        A name that the model does not have.
    """
    unknown = list(unknown_initial)
    _check(unknown, model.state_names, "state", model.name)
    wanted = list(model.parameter_names if parameters is None else parameters)
    _check(wanted, model.parameter_names, "parameter", model.name)
    seen = list([o.name for o in model.outputs] if outputs is None else outputs)
    _check(seen, [o.name for o in model.outputs], "output", model.name)

    expressions = [*(s.rhs for s in model.states), *(s.initial for s in model.states)]
    expressions += [o.expr for o in model.outputs if o.name in seen]
    in_exponents = {
        symbol for e in expressions for power in e.atoms(sp.Pow) for symbol in power.exp.free_symbols
    }
    put_in = {
        sp.Symbol(c.name): sp.nsimplify(str(c.value), rational=True)
        for c in model.constants
        if c.value is not None and (c.value == 0 or sp.Symbol(c.name) in in_exponents)
    }
    exact = [sp.nsimplify(substitute(e, put_in), rational=True) for e in expressions]
    n = len(model.states)
    initial = dict(zip(model.state_symbols, exact[n : 2 * n], strict=True))
    fixed = [p for p in model.parameter_symbols if p.name not in wanted]
    return _assembled(
        name=model.name,
        states=dict(zip(model.state_symbols, exact[:n], strict=True)),
        outputs=exact[2 * n :],
        parameters=[p for p in model.parameter_symbols if p.name in wanted],
        inputs=model.input_symbols,
        known=[*(c for c in model.constant_symbols if c not in put_in), *fixed],
        initial={s: e for s, e in initial.items() if s.name not in unknown},
    )


def system_from_strings(
    name: str,
    states: Mapping[str, str],
    outputs: Iterable[str],
    inputs: Iterable[str] = (),
    known: Iterable[str] = (),
    initial: Mapping[str, str] | None = None,
    parameters: Iterable[str] | None = None,
) -> StructuralSystem:
    """Return a system written as text.

    Parameters
    ----------
    name : str
    states : mapping of str to str
        Right-hand side of every state; ``t`` is the time.
    outputs : iterable of str
    inputs, known : iterable of str
        Known functions of time, and known constants.
    initial : mapping of str to str, optional
        Known initial values; those of the other states are unknown.
    parameters : iterable of str, optional
        If omitted, every other name, in the order of its first appearance.

    Raises
    ------
    ModelError
        Text that is no expression, or a name that is not declared.
    """
    outputs, inputs, known, initial = list(outputs), list(inputs), list(known), dict(initial or {})
    texts = [*states.values(), *outputs, *initial.values()]
    others = dict.fromkeys(n for text in texts for n in _names(text, name))
    declared = {*states, *inputs, *known, "t"}
    free = [n for n in others if n not in declared] if parameters is None else list(parameters)
    everything = [*states, *inputs, *known, *free]
    check_names(everything, f"system {name!r}")
    twice = sorted({n for n in everything if everything.count(n) > 1})
    if twice:
        raise ModelError(f"system {name!r}: declared twice: {', '.join(twice)}")
    if not states or not outputs:
        raise ModelError(f"system {name!r} has no {'output' if states else 'state'}")
    _check(initial, list(states), "state", name)
    names = {*declared, *free}

    def parse(text: str, where: str) -> sp.Expr:
        return parse_expression(text, names, where=f"system {name!r}, {where}")

    return _assembled(
        name=name,
        states={sp.Symbol(s): parse(text, f"equation of {s}") for s, text in states.items()},
        outputs=[parse(text, f"output {i}") for i, text in enumerate(outputs, 1)],
        parameters=[sp.Symbol(p) for p in free],
        inputs=[sp.Symbol(i) for i in inputs],
        known=[sp.Symbol(k) for k in known],
        initial={sp.Symbol(s): parse(text, f"initial value of {s}") for s, text in initial.items()},
    )


def _assembled(
    *,
    name: str,
    states: Mapping[sp.Symbol, sp.Expr],
    outputs: Iterable[sp.Expr],
    parameters: Iterable[sp.Symbol],
    inputs: Iterable[sp.Symbol],
    known: Iterable[sp.Symbol],
    initial: Mapping[sp.Symbol, sp.Expr],
) -> StructuralSystem:
    """Put a system together; the time, where it appears, becomes a state that starts at zero."""
    outputs = tuple(outputs)
    initial = {state: sp.sympify(value) for state, value in initial.items()}
    for state, value in initial.items():
        odd = value.free_symbols - {*parameters, *known}
        if odd:
            raise ModelError(
                f"system {name!r}: the initial value of {state}, {value}, depends on "
                f"{', '.join(sorted(map(str, odd)))}; it may depend on parameters and known constants only"
            )
    if any(TIME in e.free_symbols for e in (*states.values(), *outputs)):
        states = {**states, TIME: sp.Integer(1)}
        initial = {**initial, TIME: sp.Integer(0)}
    return StructuralSystem(
        name=name,
        states=tuple(states),
        rhs=tuple(states.values()),
        outputs=outputs,
        parameters=tuple(parameters),
        inputs=tuple(inputs),
        known=tuple(known),
        initial=initial,
    )


def _names(text: str, where: str) -> list[str]:
    """Return the names in an expression, in the order in which they appear."""
    try:
        tree = ast.parse(" ".join(str(text).split()).replace("^", "**"), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ModelError(f"system {where!r}: {text!r} is not an expression") from None
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id not in FUNCTIONS]
    return [node.id for node in sorted(found, key=lambda node: node.col_offset)]


def _check(names: Iterable[str], have: Iterable[str], what: str, where: str) -> None:
    """Refuse a name that is not there."""
    have = list(have)
    for name in names:
        if name not in have:
            raise ModelError(f"{where!r} has no {what} {name!r}; it has {', '.join(have)}")
