"""Input-output equations as text, monic, as SymPy reads them or in LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from identifiability.structural.elimination import InputOutputEquation
from identifiability.structural.polynomials import reduced
from identifiability.structural.system import StructuralSystem


def equation_texts(equation: InputOutputEquation, system: StructuralSystem) -> tuple[str, str]:
    """Return the monic equation, whose right-hand side is zero, for SymPy; then in LaTeX.

    Derivatives are written ``y_1``, ``y_2``; several outputs are called ``y1``, ``y2``, with derivatives
    ``y1_1``. The monomials come in falling rank, the first with coefficient one.
    """
    names = _names(equation, system)
    symbols = equation.ring.symbols
    coefficients = equation.coefficients()
    first = next(iter(coefficients.values()))
    plain, latex = [], []
    for monomial, poly in coefficients.items():
        coefficient = plain_expression(equation.ring.quotient(reduced(poly, first)), system)
        coefficient = sp.sympify(coefficient.xreplace({s: sp.Symbol(n[0]) for s, n in names.items()}))
        powers = [(names[s], int(e)) for s, e in zip(symbols, monomial, strict=True) if e]
        plain.append(_term(coefficient, [n if e == 1 else f"{n}**{e}" for (n, _), e in powers], "*", str))
        shown = [n if e == 1 else _power(n, e) for (_, n), e in powers]
        latex.append(_term(coefficient, shown, " ", _latex))
    return _sum(plain), _sum(latex)


def plain_expression(expr: Any, system: StructuralSystem) -> Any:
    """Return an expression with what lifting introduced written out again."""
    for symbol, definition in reversed(list(system.definitions.items())):
        expr = sp.sympify(expr.xreplace({symbol: definition}))
    return expr


def _names(equation: InputOutputEquation, system: StructuralSystem) -> dict[sp.Symbol, tuple[str, str]]:
    """Return the names of what is seen, plain and in LaTeX."""
    taken = {s.name for s in (*system.parameters, *system.known, *system.inputs)}
    letter = next(
        c for c in ("y", "Y", "output") if not any(re.fullmatch(rf"{c}\d*(_.*)?", n) for n in taken)
    )
    several = len(system.outputs) > 1
    found = {}
    for symbol, (which, order) in equation.jets.items():
        if which >= 0:
            plain = f"{letter}{which + 1}" if several else letter
            latex = f"{letter}_{{{which + 1}}}" if several else letter
        else:
            plain = system.inputs[-1 - which].name
            latex = sp.latex(sp.Symbol(plain))
        found[symbol] = (f"{plain}_{order}" if order else plain, _derivative(latex, order))
    return found


def _derivative(latex: str, order: int) -> str:
    """Return a time derivative in LaTeX."""
    dots = {0: "", 1: r"\dot", 2: r"\ddot"}
    return latex if not order else f"{dots[order]}{{{latex}}}" if order in dots else f"{latex}^{{({order})}}"


def _power(latex: str, exponent: int) -> str:
    """Return a power in LaTeX."""
    return rf"\left({latex}\right)^{{{exponent}}}" if "^" in latex else f"{latex}^{{{exponent}}}"


def _term(coefficient: Any, factors: Sequence[str], times: str, show: Callable[[sp.Expr], str]) -> str:
    """Return one term with its sign in front."""
    negative = coefficient.could_extract_minus_sign()
    size = -coefficient if negative else coefficient
    text = show(size)
    if isinstance(size, sp.Add):
        text = f"({text})" if show is str else rf"\left({text}\right)"
    parts = [*([text] if size != 1 or not factors else []), *factors]
    return ("- " if negative else "+ ") + times.join(parts)


def _latex(expr: sp.Expr) -> str:
    """Return LaTeX."""
    return sp.latex(expr)


def _sum(terms: Sequence[str]) -> str:
    """Join terms."""
    return " ".join(terms).removeprefix("+ ")
