"""The equations of a model as LaTeX."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import sympy as sp
from sympy.printing.latex import LatexPrinter, translate

from dynamics.model import TIME

if TYPE_CHECKING:
    from dynamics.model import Model

# Matplotlib's mathtext renders the report's equations, so nothing beyond what it knows is used.


def latex_symbol(name: str) -> str:
    r"""Return the LaTeX of a symbol: ``delta`` as ``\delta``, ``K_tol`` as ``K_{\mathrm{tol}}``."""
    head, *rest = name.split("_")
    digits = re.fullmatch(r"([A-Za-z]+?)(\d+)", head)
    if digits:
        head, rest = digits[1], [digits[2], *rest]
    head = _letters(head) if head else ""
    below = ",".join(_letters(part) for part in rest if part)
    return f"{head}_{{{below}}}" if below else head


def _letters(text: str) -> str:
    """Greek names as letters, words upright, single letters and numbers as they are."""
    letter = translate(text)
    if letter != text or len(text) == 1 or text.isdigit():
        return letter
    return rf"\mathrm{{{text}}}"


class _Printer(LatexPrinter):
    """LaTeX with positive terms first, so that growth stands before death."""

    def _as_ordered_terms(self, expr: sp.Add, order: str | None = None) -> list:
        """Order the terms of a sum: the printer's order, positive ones first."""
        terms = list(super()._as_ordered_terms(expr, order=order))
        return sorted(terms, key=lambda term: cast("sp.Expr", term).could_extract_minus_sign())


def _latex(model: Model, expression: sp.Expr) -> str:
    """Print one expression with the model's symbols in the order parameters, constants, inputs, states."""
    ordered = [
        *model.parameter_symbols, *model.constant_symbols, *model.input_symbols, *model.state_symbols, TIME
    ]  # fmt: skip
    # SymPy sorts factors by name; names that count up make it keep the declared order.
    stand_ins = {symbol: sp.Symbol(f"q{i:04d}") for i, symbol in enumerate(ordered)}
    names = {stand_in: latex_symbol(symbol.name) for symbol, stand_in in stand_ins.items()}
    return _Printer({"symbol_names": names}).doprint(expression.xreplace(stand_ins))


def latex_equations(model: Model) -> tuple[str, ...]:
    r"""Return one equation a state, as ``\frac{dS}{dt} = ...``, without dollar signs."""
    return tuple(rf"\frac{{d{latex_symbol(s.name)}}}{{dt}} = {_latex(model, s.rhs)}" for s in model.states)


def latex_initial(model: Model) -> tuple[str, ...]:
    """Return the initial values, as ``S(0) = ...``."""
    return tuple(f"{latex_symbol(s.name)}(0) = {_latex(model, s.initial)}" for s in model.states)


def latex_outputs(model: Model) -> tuple[str, ...]:
    r"""Return the outputs, as ``\mathrm{burden} = S + R``."""
    return tuple(f"{latex_symbol(o.name)} = {_latex(model, o.expr)}" for o in model.outputs)
