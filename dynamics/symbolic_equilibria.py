"""Equilibria of a model as expressions in its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

import sympy as sp

from dynamics.derivatives import growth_per_head, jacobian
from dynamics.model import TIME, ModelError
from dynamics.solving import solve_system
from dynamics.substitution import substitute

if TYPE_CHECKING:
    from dynamics.model import Model


@dataclass(frozen=True)
class SymbolicEquilibrium:
    """An equilibrium as expressions in parameters, inputs and constants.

    Parameters
    ----------
    state_names : tuple of str
    point : tuple of sympy.Expr
        Coordinates, in the model's order of the states.
    eigenvalues : tuple of sympy.Expr
        Of the Jacobian at the point, per day; empty where they need more than square roots.
    """

    state_names: tuple[str, ...]
    point: tuple[sp.Expr, ...]
    eigenvalues: tuple[sp.Expr, ...]

    def __getitem__(self, state: str) -> sp.Expr:
        """Return the coordinate of one state."""
        return self.point[self.state_names.index(state)]


def need_autonomous(model: Model) -> None:
    """Refuse a model whose equations depend on the time.

    Raises
    ------
    ModelError
        With the remedy.
    """
    if model.rhs.has(TIME):
        raise ModelError(
            f"model {model.name!r} depends on the time t, so it has no equilibria; freeze t in a constant"
        )


@lru_cache(maxsize=64)
def faces(model: Model) -> tuple[tuple[tuple[int, ...], tuple[sp.Expr, ...]], ...]:
    """Split ``f = 0`` into one smaller system for every set of populations that is present.

    A population whose equation has it as a factor is either absent or grows at rate zero; a state with
    influx is always present.

    Returns
    -------
    tuple of (present, equations)
        Indices of the states that are not zero, and the equations that they satisfy.
    """
    states, right_sides, ratios = model.state_symbols, model.rhs.flat(), growth_per_head(model)
    populations = [i for i, ratio in enumerate(ratios) if ratio is not None]
    systems = []
    for size in range(len(populations), -1, -1):
        for gone in combinations(populations, size):
            absent = {states[i]: sp.S.Zero for i in gone}
            present = tuple(i for i in range(len(states)) if i not in gone)
            equations = [right_sides[i] if (ratio := ratios[i]) is None else ratio for i in present]
            systems.append((present, tuple(substitute(e, absent) for e in equations)))
    return tuple(systems)


def signed_symbols(model: Model) -> dict[sp.Symbol, sp.Symbol]:
    """Map parameters, constants and inputs to symbols with the signs that the declaration guarantees."""
    real = (*model.constant_symbols, *model.input_symbols)
    return {p: sp.Symbol(p.name, positive=True) for p in model.parameter_symbols} | {
        s: sp.Symbol(s.name, real=True) for s in real
    }


@lru_cache(maxsize=32)
def symbolic_equilibria(
    model: Model, *, time_limit_s: float = 10.0, eigenvalues: bool = True
) -> tuple[SymbolicEquilibrium, ...] | None:
    """Find the equilibria as expressions, or return None where SymPy finds no method or no answer in time.

    Coordinates may be negative or complex at some parameter values. Lines of equilibria are left out: every
    point listed is isolated for generic parameters.

    Parameters
    ----------
    model : Model
    time_limit_s : float
        For each set of present populations.
    eigenvalues : bool
        Also derive the eigenvalues.

    Raises
    ------
    ModelError
        The right-hand sides depend on the time.
    """
    need_autonomous(model)
    signed = signed_symbols(model)
    # A population that is present is positive, which spares SymPy the branches that no tumour is on.
    states = {
        x: sp.Symbol(x.name, real=True) if ratio is None else sp.Symbol(x.name, positive=True)
        for x, ratio in zip(model.state_symbols, growth_per_head(model), strict=True)
    }
    forth, back = signed | states, {new: old for old, new in signed.items()}
    found = []
    for present, equations in faces(model):
        unknowns = [states[model.state_symbols[i]] for i in present]
        points = solve_system([substitute(e, forth) for e in equations], unknowns, time_limit_s=time_limit_s)
        if points is None:
            return None
        for solution in points:
            point: list[sp.Expr] = [sp.S.Zero] * len(model.states)
            for i, unknown in zip(present, unknowns, strict=True):
                point[i] = substitute(solution[unknown], back)
            values = _eigenvalues(model, point) if eigenvalues else ()
            found.append(SymbolicEquilibrium(model.state_names, tuple(point), values))
    return tuple(found)


def _eigenvalues(model: Model, point: list[sp.Expr]) -> tuple[sp.Expr, ...]:
    """Eigenvalues of the Jacobian, where no factor of its characteristic polynomial is beyond quadratic."""
    rule = dict(zip(model.state_symbols, point, strict=True))
    at = sp.Matrix(jacobian(model)).applyfunc(lambda entry: substitute(entry, rule))
    if at.has(sp.zoo, sp.nan, sp.oo):
        return ()
    polynomial = at.applyfunc(sp.factor).charpoly()
    numerator = sp.fraction(sp.together(polynomial.as_expr()))[0]
    values: list[sp.Expr] = []
    for factor, count in sp.factor_list(numerator)[1]:
        if not factor.has(polynomial.gen):
            continue
        part = sp.Poly(factor, polynomial.gen)
        if part.degree() > 2:
            return ()
        for value, multiplicity in sp.roots(part).items():
            values.extend([sp.simplify(value)] * (count * multiplicity))
    return tuple(values)
