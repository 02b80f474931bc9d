"""Forward-sensitivity equations of a model, derived from its symbols."""

from __future__ import annotations

from dataclasses import dataclass

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
    field : Matrix (n, 1)
        dz/dt in x, parameters, constants, inputs, t.
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

    def in_z(jacobian: sp.Matrix) -> sp.Matrix:
        return jacobian * sp.diag(*x) if logarithmic else jacobian

    def in_log_p(expressions: sp.Matrix) -> sp.Matrix:
        return expressions.jacobian(p) * sp.diag(*p) if len(p) else sp.zeros(len(expressions), 0)

    return Derived(
        logarithmic=logarithmic,
        field=field,
        field_z=in_z(field.jacobian(x)),
        field_p=in_log_p(field),
        initial=model.initial,
        initial_p=in_log_p(model.initial),
        output=model.output,
        output_z=in_z(model.output.jacobian(x)),
        output_p=in_log_p(model.output),
    )
