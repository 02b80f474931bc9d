"""The equations of a model at numbers, as functions of the state alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dynamics.derivatives import growth_per_head, jacobian
from dynamics.equilibria import known_values
from dynamics.model import ModelError
from dynamics.symbolic_equilibria import need_autonomous

if TYPE_CHECKING:
    from dynamics.model import Model


@dataclass(frozen=True)
class NumericField:
    """Right-hand side and Jacobian of a model at given parameters and constant inputs.

    Parameters
    ----------
    state_names : tuple of str
    numbers : ndarray
        Parameters, inputs and constants, in the model's order; NaN where the equations need none.
    """

    state_names: tuple[str, ...]
    numbers: np.ndarray
    _rhs: Callable
    _jacobian: Callable
    _populations: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return dx/dt, per day; ``x`` has shape (states, ...), and so has the answer."""
        x = np.asarray(x, dtype=float)
        with np.errstate(all="ignore"):
            rates = np.array([np.broadcast_to(f, x.shape[1:]) for f in self._rhs(x, self.numbers)], float)
        # x log x has no value at x = 0 as written, but its limit: an absent population stays absent.
        absent = self._populations.reshape(-1, *[1] * (x.ndim - 1)) & (x == 0)
        return np.where(absent, 0.0, rates)

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """Return df/dx at one state, shape (states, states), per day; NaN where there is none."""
        with np.errstate(all="ignore"):
            return np.array(self._jacobian(np.asarray(x, dtype=float), self.numbers), dtype=float)


def numeric_field(model: Model, values: Mapping[str, float]) -> NumericField:
    """Put numbers into the equations of a model.

    Parameters
    ----------
    model : Model
    values : mapping of str to float
        Parameters, inputs, and those constants of the equations that have no declared value.

    Raises
    ------
    ModelError
        Unknown or missing values, or equations that depend on the time.
    """
    need_autonomous(model)
    known = known_values(model, values)
    rhs, slope, symbols = _functions(model)
    return NumericField(
        model.state_names,
        np.array([known.get(s.name, np.nan) for s in symbols]),
        rhs,
        slope,
        np.array([ratio is not None for ratio in growth_per_head(model)]),
    )


@lru_cache(maxsize=32)
def _functions(model: Model) -> tuple[Callable, Callable, tuple[sp.Symbol, ...]]:
    """Compile right-hand side and Jacobian of (state, numbers)."""
    known = (*model.parameter_symbols, *model.input_symbols, *model.constant_symbols)
    arguments = [list(model.state_symbols), list(known)]
    return (
        sp.lambdify(arguments, model.rhs.flat(), "numpy"),
        sp.lambdify(arguments, jacobian(model).tolist(), "numpy"),
        known,
    )


def need_plane(model: Model, what: str) -> None:
    """Refuse what only a model with two states has.

    Raises
    ------
    ModelError
        With the number of states and what to use instead.
    """
    if len(model.states) != 2:
        raise ModelError(
            f"{what} need a model with 2 states, but {model.name!r} has {len(model.states)} "
            f"({', '.join(model.state_names)}); equilibria, eigenvalues and bifurcation diagrams exist for any "
            "number of states"
        )
