"""How size and composition move on average in a large tumour, derived from the process (Fischer 2015, 43 to 45)."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from dynamics.birth_death import BirthDeathProcess
from dynamics.expressions import ModelError

__all__ = ["ScaledDrift", "scaled_drift"]

_K = sp.Symbol("K")


@dataclass(frozen=True)
class ScaledDrift:
    """Drift of x = N / K and of the share y of the first type, per K generations, to leading order in 1 / K.

    Parameters
    ----------
    x, y : sympy.Symbol
    size, share : sympy.Expr
        Drifts of x and of y, in x, y, the inputs and the constants other than K.
    """

    x: sp.Symbol
    y: sp.Symbol
    size: sp.Expr
    share: sp.Expr


def scaled_drift(process: BirthDeathProcess) -> ScaledDrift:
    """Derive the drift from the mean and the variance of one generation, by expansion in 1 / K.

    Parameters
    ----------
    process : BirthDeathProcess
        Of two types, with a constant K; cell numbers are scaled by K, time by K generations.

    Raises
    ------
    ModelError
        Not two types, no constant K, or rates that do not scale: a drift that grows without limit with K.
    """
    names = {c.name for c in process.constants}
    if len(process.types) != 2 or "K" not in names:
        raise ModelError(
            f"process {process.name!r} has {len(process.types)} types and the constants {', '.join(sorted(names))}; "
            "size and composition are those of two types, scaled by a constant K"
        )
    taken = {str(s) for s in (*process.type_symbols, *process.constant_symbols, *process.input_symbols)}
    x, y = (sp.Symbol(n if n not in taken else f"{n}_scaled") for n in ("x", "y"))
    first, second = process.type_symbols
    total = first + second
    size = sp.Add(*process.drift)
    composition = first / total
    share = sp.Add(*(
        sp.diff(composition, n) * mean + sp.diff(composition, n, 2) * (birth + death) / 2
        for n, mean, birth, death in zip(
            process.type_symbols, process.drift, process.births, process.deaths, strict=True
        )
    ))  # fmt: skip
    place = {first: _K * x * y, second: _K * x * (1 - y)}
    return ScaledDrift(
        x=x,
        y=y,
        size=_leading(size.xreplace(place), process.name),
        share=_leading(_K * share.xreplace(place), process.name),
    )


def _leading(expression: sp.Basic, name: str) -> sp.Expr:
    """Return the limit for a large K, of a rational function of K by its leading coefficients."""
    upper, lower = sp.fraction(sp.cancel(sp.together(expression)))
    if not (upper.is_polynomial(_K) and lower.is_polynomial(_K)):
        limit = sp.limit(sp.sympify(expression), _K, sp.oo)
    else:
        top, bottom = sp.Poly(upper, _K), sp.Poly(lower, _K)
        if top.degree() < bottom.degree():
            return sp.Integer(0)
        limit = sp.factor(top.LC() / bottom.LC()) if top.degree() == bottom.degree() else sp.oo
    if not limit.is_finite and limit.has(sp.oo, sp.zoo, sp.nan):
        raise ModelError(
            f"process {name!r}: its drift grows without limit with K; write growth, mutation and drug effects as "
            "constants over K, so that a small tumour stands for a large one"
        )
    return limit
