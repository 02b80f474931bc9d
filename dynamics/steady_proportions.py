"""Steady proportions of populations that grow linearly: the Perron vector of their matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dynamics.derivatives import jacobian
from dynamics.expressions import ModelError
from dynamics.substitution import substitute

if TYPE_CHECKING:
    from dynamics.model import Model

# Two growth rates closer than this share of the matrix's largest entry count as one.
_SAME_RATE = 1e-9


@dataclass(frozen=True)
class SteadyProportions:
    """Proportions that every positive start tends to, and the growth rate reached with them.

    Parameters
    ----------
    state_names : tuple of str
    shares : ndarray, shape (states,)
        Not negative, with sum 1.
    growth_per_day : float
        Perron root of the matrix.
    """

    state_names: tuple[str, ...]
    shares: np.ndarray
    growth_per_day: float

    def __getitem__(self, state: str) -> float:
        """Return the share of one state."""
        return float(self.shares[self.state_names.index(state)])

    def state(self, total: float) -> dict[str, float]:
        """Return the state with these proportions and this total, as initial states are given by name."""
        return {name: float(total * share) for name, share in zip(self.state_names, self.shares, strict=True)}


def steady_proportions(model: Model, values: Mapping[str, float] | None = None) -> SteadyProportions:
    """Find the proportions to which a linear model tends under inputs that are held.

    Proportions of a linear model obey Riccati equations with one equilibrium that attracts the open simplex
    (Ledzewicz 2018, Section 3; Schaettler and Ledzewicz 2015, Appendix B): the eigenvector of the eigenvalue
    with the largest real part.

    Parameters
    ----------
    model : Model
        Linear in its states, as :func:`dynamics.catalogue.bilinear.bilinear_model` makes them.
    values : mapping of str to float, optional
        Parameters, constants without a value of their own, and inputs; inputs are 0 where not given.

    Raises
    ------
    ModelError
        A missing or unknown number, equations that are not linear, cells that vanish into negative numbers, or
        no one vector that all starts tend to.
    """
    return perron(uncontrolled_matrix(model, values), model.state_names, where=f"model {model.name!r}")


def uncontrolled_matrix(model: Model, values: Mapping[str, float] | None = None) -> np.ndarray:
    """Return the matrix of a linear model at numbers, shape (states, states), per day; see above.

    Raises
    ------
    ModelError
        A missing or unknown number, or equations that are not linear.
    """
    where = f"model {model.name!r}"
    known = {i.name: 0.0 for i in model.inputs}
    known |= {c.name: c.value for c in model.constants if c.value is not None}
    names = {q.name for q in (*model.parameters, *model.inputs, *model.constants)}
    strangers = sorted(set(values or {}) - names)
    if strangers:
        raise ModelError(f"{where} has no {', '.join(strangers)}; it has {', '.join(sorted(names))}")
    known |= {name: float(value) for name, value in (values or {}).items()}
    rule = {sp.Symbol(name): sp.Float(value) for name, value in known.items()}
    matrix = jacobian(model).applyfunc(lambda entry: substitute(entry, rule))
    left = {str(s) for s in matrix.free_symbols}
    offset = sp.Matrix(model.rhs).xreplace(dict.fromkeys(model.state_symbols, sp.S.Zero))
    if left & {*model.state_names, "t"} or any(sp.expand(entry) != 0 for entry in offset):
        raise ModelError(
            f"{where} is not linear in its states, so it has no steady proportions; they exist for the "
            "compartment models dN/dt = (A + sum of u_j B_j) N"
        )
    if left:
        raise ModelError(f"{where}: no value for {', '.join(sorted(left))}")
    return np.array(matrix.tolist(), dtype=float)


def perron(matrix: np.ndarray, names: tuple[str, ...], *, where: str = "matrix") -> SteadyProportions:
    """Find the Perron vector of a matrix whose entries off the diagonal are not negative.

    Parameters
    ----------
    matrix : ndarray, shape (n, n)
        Rates per day; entry (i, j) is the flow from j into i.
    names : tuple of str, length n

    Raises
    ------
    ModelError
        A negative entry off the diagonal, or a largest eigenvalue that is not simple.
    """
    matrix = np.asarray(matrix, dtype=float)
    flows = matrix - np.diag(np.diag(matrix))
    if np.any(flows < 0):
        i, j = np.unravel_index(np.argmin(flows), flows.shape)
        raise ModelError(
            f"{where}: the flow from {names[j]} into {names[i]} is {flows[i, j]:g} per day; a negative flow "
            "empties a compartment below zero: check the signs, and that inputs are within their bounds"
        )
    rates, vectors = (np.real(found) for found in np.linalg.eig(matrix))
    order = np.argsort(-rates)
    largest = float(rates[order[0]])
    size = float(np.max(np.abs(matrix))) or 1.0
    if len(order) > 1 and largest - rates[order[1]] <= _SAME_RATE * size:
        raise ModelError(
            f"{where}: two groups of populations grow at the same rate, {largest:g} per day, so the "
            "proportions keep the memory of their start; let cells pass from one group to the other"
        )
    vector = vectors[:, order[0]]
    vector = np.abs(vector / vector.sum())
    return SteadyProportions(tuple(names), vector / vector.sum(), float(largest))
