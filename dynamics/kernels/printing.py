"""Printing a model's derived equations as scalar Python that numba compiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp
from sympy.printing.pycode import PythonCodePrinter

from dynamics.kernels.derive import Derived, derive
from dynamics.model import TIME, Model


class ScalarPrinter(PythonCodePrinter):
    """SymPy's Python printer, with powers that numba turns into multiplications."""

    def _print_Pow(self, expr, rational=False) -> str:
        base, exponent = expr.as_base_exp()
        if exponent.is_Integer and 2 <= abs(int(exponent)) <= 4:
            text = "*".join([f"({self._print(base)})"] * abs(int(exponent)))
            return f"({text})" if exponent > 0 else f"(1.0/({text}))"
        if exponent == -1:
            return f"(1.0/({self._print(base)}))"
        return super()._print_Pow(expr, rational=rational)

    def _print_Rational(self, expr: sp.Rational) -> str:
        return repr(float(expr))


_PRINTER = ScalarPrinter({"fully_qualified_modules": True})


def print_function(
    name: str,
    arguments: str,
    known: Mapping[sp.Symbol, str],
    targets: Sequence[tuple[str, sp.Expr]],
    printer: PythonCodePrinter = _PRINTER,
) -> str:
    """Print one function that assigns ``targets``, common subexpressions computed once.

    ``known`` says where each symbol is read from. Symbols are printed as ``v_<name>``, so that a parameter may
    be called ``lambda``, ``p`` or ``math``.
    """
    used = {s for _, e in targets for s in e.free_symbols if isinstance(s, sp.Symbol)}
    # only the logarithm of a state holds a space
    local = {s: sp.Symbol(s.name.replace(" ", "_") if " " in s.name else f"v_{s.name}") for s in used}
    expressions = [e.xreplace(local) for _, e in targets]
    replacements, reduced = sp.cse(expressions, symbols=sp.numbered_symbols("_c"))
    lines = ["@njit(cache=True, error_model='numpy')", f"def {name}({arguments}):"]
    lines += [f"    {local[s]} = {place}" for s, place in known.items() if s in used]
    lines += [f"    {symbol} = {printer.doprint(expr)}" for symbol, expr in replacements]
    lines += [
        f"    {target} = {printer.doprint(expr)}" for (target, _), expr in zip(targets, reduced, strict=True)
    ]
    if len(lines) == 2:
        lines.append("    pass")
    return "\n".join(lines)


def _entries(matrix: sp.Matrix) -> list[sp.Expr]:
    """Entries of a column, as the expressions they are."""
    return list(matrix.flat())  # type: ignore[arg-type]


def field_source(model: Model) -> str:
    """Print the functions that the kernel templates import, as Python text.

    The augmented coordinates are ``z[: n]`` (states) and ``z[n + i * p + k]`` (sensitivity of state i to the
    logarithm of parameter k).
    """
    d: Derived = derive(model)
    n, p = len(model.states), len(model.parameters)
    states = model.state_symbols
    sens = [[sp.Symbol(f"sens_{i}_{k}") for k in range(p)] for i in range(n)]
    fixed = {s: f"p[{i}]" for i, s in enumerate(model.parameter_symbols)}
    fixed |= {s: f"k[{i}]" for i, s in enumerate(model.constant_symbols)}
    dosed = fixed | {s: f"u[{i}]" for i, s in enumerate(model.input_symbols)} | {TIME: "t"}
    in_x = {s: f"x[{i}]" for i, s in enumerate(states)}
    in_z = {s: f"math.exp(z[{i}])" if d.logarithmic else f"z[{i}]" for i, s in enumerate(states)}
    if d.logarithmic:
        in_z |= {s: f"z[{i}]" for i, s in enumerate(d.log_states)}
    in_sens = {sens[i][k]: f"z[{n + i * p + k}]" for i in range(n) for k in range(p)}
    s_matrix = sp.Matrix(n, p, lambda i, k: sens[i][k])
    moving = d.field_z * s_matrix + d.field_p
    observed = d.output_z * s_matrix + d.output_p

    def to_z(expr: sp.Expr) -> sp.Expr:
        # exp(-690) stands for an empty population: the smallest number whose logarithm is still a number
        return sp.log(sp.Max(expr, sp.Float("1e-300"))) if d.logarithmic else expr

    def sens_0(i: int, k: int) -> sp.Expr:
        derivative = d.initial_p.tolist()[i][k]
        scaled = derivative / _entries(d.initial)[i] if d.logarithmic and derivative != 0 else derivative
        return sp.sympify(scaled)

    parts = [
        f'"""Kernels of the model {model.name!r}, printed from its symbols; do not edit."""',
        "import math",
        "import numpy as np",
        "from numba import njit",
        f"N_STATES, N_PARAMETERS, N_OUTPUTS = {n}, {p}, {len(model.outputs)}",
        f"LOGARITHMIC = {d.logarithmic}",
        print_function(
            "initial",
            "p, k, z",
            fixed,
            [(f"z[{i}]", to_z(e)) for i, e in enumerate(_entries(d.initial))],
        ),
        print_function(
            "initial_sensitivity",
            "p, k, z",
            fixed,
            [(f"z[{n + i * p + k}]", sens_0(i, k)) for i in range(n) for k in range(p)],
        ),
        print_function(
            "field",
            "t, z, p, k, u, dz",
            in_z | dosed,
            [(f"dz[{i}]", e) for i, e in enumerate(_entries(d.field))],
        ),
        print_function(
            "sensitivity_field",
            "t, z, p, k, u, dz",
            in_z | dosed | in_sens,
            [(f"dz[{i}]", e) for i, e in enumerate(_entries(d.field))]
            + [(f"dz[{n + i * p + k}]", moving[i, k]) for i in range(n) for k in range(p)],
        ),
        print_function(
            "observe",
            "z, p, k, x, y",
            in_z | fixed,
            [(f"x[{i}]", s) for i, s in enumerate(states)]
            + [(f"y[{i}]", e) for i, e in enumerate(_entries(d.output))],
        ),
        print_function(
            "observe_sensitivity",
            "z, p, k, dy",
            in_z | fixed | in_sens,
            [(f"dy[{o}, {k}]", observed[o, k]) for o in range(len(model.outputs)) for k in range(p)],
        ),
        print_function(
            "plain_field",
            "t, x, p, k, u, dx",
            in_x | dosed,
            [(f"dx[{i}]", e) for i, e in enumerate(_entries(model.rhs))],
        ),
        print_function(
            "plain_initial",
            "p, k, x",
            fixed,
            [(f"x[{i}]", e) for i, e in enumerate(_entries(model.initial))],
        ),
        print_function(
            "plain_output",
            "x, p, k, y",
            in_x | fixed,
            [(f"y[{i}]", e) for i, e in enumerate(_entries(model.output))],
        ),
    ]
    return "\n\n\n".join(parts) + "\n"
