"""A quantity written as a formula in the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import cast

import numpy as np
import sympy as sp

from identifiability.quantity import Function, Quantity

STEP = 1e-5  # of central differences in the logarithms, where a quantity brings no gradient


@lru_cache(maxsize=512)
def _compiled(expression: sp.Expr, names: tuple[str, ...]) -> tuple[Function, Function]:
    """Value and derivatives in the logarithms of the parameters, vectorised."""
    symbols = [sp.Symbol(name) for name in names]
    value = sp.lambdify([symbols], expression, "numpy", cse=True)
    slopes = sp.lambdify([symbols], [s * sp.diff(expression, s) for s in symbols], "numpy", cse=True)

    def values(parameters: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(value(list(parameters.T)), dtype=float), len(parameters))

    def gradients(parameters: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            columns = slopes(list(parameters.T))
        return np.stack(
            [np.broadcast_to(np.asarray(c, dtype=float), len(parameters)) for c in columns], axis=1
        )

    return values, gradients


def formula_quantity(
    expression: str | sp.Expr,
    parameter_names: Sequence[str],
    *,
    name: str = "",
    unit: str = "",
    meaning: str = "",
    lower: float = -np.inf,
    upper: float = np.inf,
    positive: bool = False,
) -> Quantity:
    """Make a quantity of a formula; its gradient comes from SymPy.

    Parameters
    ----------
    expression : str or sympy.Expr
        In the names of the parameters, such as ``"r*(1 - 1/c)"``.
    parameter_names : sequence of str
        In the model's order.
    name : str
        The formula itself unless given.
    unit, meaning, lower, upper, positive
        See :class:`identifiability.quantity.Quantity`.

    Raises
    ------
    ValueError
        A formula that cannot be read, or in which something else than a parameter stands.
    """
    formula = read_formula(expression, parameter_names)
    value, gradient = _compiled(formula, tuple(parameter_names))
    return Quantity(
        name or str(formula),
        unit,
        meaning or f"the value of {formula}",
        value,
        gradient,
        lower,
        upper,
        positive,
    )


def read_formula(expression: str | sp.Expr, parameter_names: Sequence[str]) -> sp.Expr:
    """Read a formula in the names of the parameters.

    Raises
    ------
    ValueError
        See :func:`formula_quantity`.
    """
    names = list(parameter_names)
    if isinstance(expression, str):
        from dynamics.expressions import ModelError, parse_expression

        try:
            formula = parse_expression(expression, names, where="formula")
        except ModelError as error:
            raise ValueError(f"the formula {expression!r} cannot be read: {error}") from None
    else:
        formula = expression
    # symbols of a structural analysis may carry assumptions; only their names count here
    formula = cast("sp.Expr", formula.xreplace({s: sp.Symbol(str(s)) for s in formula.free_symbols}))
    unknown = sorted(str(s) for s in formula.free_symbols if str(s) not in names)
    if unknown:
        raise ValueError(
            f"the formula {expression} holds {', '.join(unknown)}, which is no parameter of the model; it has "
            f"{', '.join(names)}. Put numbers in place of constants"
        )
    return formula


def log_gradient(quantity: Quantity, parameters: np.ndarray) -> np.ndarray:
    """Compute derivatives of a quantity in the logarithms of the parameters, by differences where it brings none.

    Parameters
    ----------
    quantity : Quantity
    parameters : ndarray, shape (b, p)
        In the model's units.

    Returns
    -------
    ndarray, shape (b, p)
    """
    if quantity.gradient is not None:
        return np.asarray(quantity.gradient(parameters), dtype=float)
    columns = []
    for i in range(parameters.shape[1]):
        up, down = parameters.copy(), parameters.copy()
        up[:, i] *= np.exp(STEP)
        down[:, i] *= np.exp(-STEP)
        with np.errstate(invalid="ignore"):
            columns.append((quantity.value(up) - quantity.value(down)) / (2 * STEP))
    return np.stack(columns, axis=1)
