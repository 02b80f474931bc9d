"""Forward-sensitivity equations of a model, derived from its symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import sympy as sp

from dynamics.derivatives import growth_per_head
from dynamics.model import Model


@dataclass(frozen=True)
class Derived:
    """A model in integration coordinates z, with everything a kernel needs, as SymPy matrices.

    The coordinates are ``z = log x`` where every equation has its own state as a factor and the initial
    states are not zero by construction (populations that grow and die per head), else ``z = x``. In log
    coordinates a population that dies at a constant rate is a straight line, which an explicit integrator
    follows with steps of months where the plain equation would need hours.

    Sensitivities are with respect to the *logarithms* of the parameters, the scale on which fits move.

    Parameters
    ----------
    logarithmic : bool
        Whether ``z = log x``.
    log_states : tuple of Symbol
        What stands in the equations below for the logarithm of a state: z itself, in log coordinates. The
        logarithm of exp(z) would be lost where exp(z) is too small for a number (Gompertz growth).
    field : Matrix (n, 1)
        dz/dt in x, log_states, parameters, constants, inputs, t.
    field_z : Matrix (n, n)
        Jacobian of ``field`` in z.
    field_p : Matrix (n, p)
        Jacobian of ``field`` in log parameters.
    initial, initial_p : Matrix (n, 1), (n, p)
        Initial state x (not z) and its derivative in log parameters.
    output, output_z, output_p : Matrix (o, 1), (o, n), (o, p)
        Output and its derivatives in z and in log parameters.
    """

    logarithmic: bool
    log_states: tuple[sp.Symbol, ...]
    field: sp.Matrix
    field_z: sp.Matrix
    field_p: sp.Matrix
    initial: sp.Matrix
    initial_p: sp.Matrix
    output: sp.Matrix
    output_z: sp.Matrix
    output_p: sp.Matrix


def derive(model: Model) -> Derived:
    """Derive the kernel equations of a model."""
    x = sp.Matrix(model.state_symbols)
    p = sp.Matrix(model.parameter_symbols)
    ratios = [ratio for ratio in growth_per_head(model) if ratio is not None]
    logarithmic = len(ratios) == len(model.states) and not any(s.initial.is_zero for s in model.states)
    field = sp.Matrix(ratios) if logarithmic else model.rhs
    # no declared name holds a space
    logs = {s: sp.Symbol(f"log {s.name}") for s in model.state_symbols}

    def in_logs(matrix: sp.Matrix) -> sp.Matrix:
        return matrix.applyfunc(lambda entry: split_logarithms(entry, logs)) if logarithmic else matrix

    def in_z(jacobian: sp.Matrix) -> sp.Matrix:
        return jacobian * sp.diag(*x) if logarithmic else jacobian

    def in_log_p(expressions: sp.Matrix) -> sp.Matrix:
        return expressions.jacobian(p) * sp.diag(*p) if len(p) else sp.zeros(len(expressions), 0)

    return Derived(
        logarithmic=logarithmic,
        log_states=tuple(logs.values()),
        field=in_logs(field),
        field_z=in_logs(in_z(field.jacobian(x))),
        field_p=in_logs(in_log_p(field)),
        initial=model.initial,
        initial_p=in_log_p(model.initial),
        output=model.output,
        output_z=in_z(model.output.jacobian(x)),
        output_p=in_log_p(model.output),
    )


def split_logarithms(expression: sp.Expr, logs: Mapping[sp.Symbol, sp.Symbol]) -> sp.Expr:
    """Write log(K/x) as log(K) less the symbol of log(x); only powers of a positive state are split off."""

    def split(argument: sp.Expr) -> sp.Expr:
        rest, found = sp.S.One, sp.S.Zero
        for factor in sp.Mul.make_args(argument):
            base, exponent = factor.as_base_exp()
            log = logs.get(cast("sp.Symbol", base))
            if log is not None and exponent.is_Number:
                found += exponent * log
            else:
                rest *= factor
        return sp.log(rest) + found

    return cast("sp.Expr", expression.replace(sp.log, split))
