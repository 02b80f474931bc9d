"""Equilibria of a model at given parameters, each with its stability."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dynamics.derivatives import jacobian
from dynamics.model import ModelError
from dynamics.stability import stability_word
from dynamics.symbolic_equilibria import need_autonomous, symbolic_equilibria

if TYPE_CHECKING:
    from dynamics.model import Model


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """An equilibrium at numbers.

    Parameters
    ----------
    state_names : tuple of str
    point : ndarray, shape (states,)
        In the units of the states.
    eigenvalues : ndarray of complex, shape (states,)
        Of the Jacobian, per day, real parts descending; NaN where the model has no derivative there.
    stability : str
        A word of :func:`dynamics.stability.stability_word`, or ``"no derivative"``.
    method : str
        ``"symbolic"`` or ``"root search"``.
    """

    state_names: tuple[str, ...]
    point: np.ndarray
    eigenvalues: np.ndarray
    stability: str
    method: str

    def __getitem__(self, state: str) -> float:
        """Return the coordinate of one state."""
        return float(self.point[self.state_names.index(state)])

    @property
    def stable(self) -> bool:
        """True where every small disturbance dies out exponentially."""
        return self.stability.startswith("stable")


@dataclass(frozen=True)
class _Compiled:
    """Compiled right-hand side, Jacobian, symbolic points, and whether these are all there are."""

    known: tuple[sp.Symbol, ...]
    rhs: Callable
    jacobian: Callable
    points: Callable | None
    complete: bool


@lru_cache(maxsize=32)
def _compiled(model: Model, time_limit_s: float) -> _Compiled:
    """Compile what every set of numbers needs."""
    known = (*model.parameter_symbols, *model.input_symbols, *model.constant_symbols)
    arguments = [list(model.state_symbols), list(known)]
    symbolic = symbolic_equilibria(model, time_limit_s=time_limit_s, eigenvalues=False)
    return _Compiled(
        known=known,
        rhs=sp.lambdify(arguments, model.rhs.flat(), "numpy"),
        jacobian=sp.lambdify(arguments, jacobian(model).tolist(), "numpy"),
        points=sp.lambdify([list(known)], [e.point for e in symbolic], "numpy") if symbolic else None,
        # Only for polynomials does SymPy vouch for having found every root.
        complete=symbolic is not None
        and all(f.is_rational_function(*model.state_symbols) for f in model.rhs.flat()),
    )


def known_values(model: Model, values: Mapping[str, float]) -> dict[str, float]:
    """Return a number for every parameter, input and constant that the equations contain.

    Constants fall back on their declared value.

    Raises
    ------
    ModelError
        A name that the model does not have, or a quantity of the equations that is not given.
    """
    names = [q.name for q in (*model.parameters, *model.inputs, *model.constants)]
    strangers = [name for name in values if name not in names]
    if strangers:
        raise ModelError(f"model {model.name!r} has no {', '.join(strangers)}; it has {', '.join(names)}")
    known = {c.name: c.value for c in model.constants if c.value is not None}
    known |= {name: float(value) for name, value in values.items()}
    needed = {str(s) for s in model.rhs.free_symbols} - set(model.state_names)
    missing = sorted(needed - set(known))
    if missing:
        raise ModelError(f"equilibria of model {model.name!r} need values for {', '.join(missing)}")
    return known


def equilibria(
    model: Model,
    values: Mapping[str, float],
    *,
    nonnegative: bool = True,
    box: Mapping[str, tuple[float, float]] | None = None,
    starts: int = 64,
    time_limit_s: float = 10.0,
) -> tuple[Equilibrium, ...]:
    """Find the equilibria at given parameters and inputs.

    The symbolic solutions are evaluated; where SymPy has none, or cannot vouch that it has them all (an
    equation that is not rational in the states), roots are searched from many starts as well.

    Parameters
    ----------
    model : Model
    values : mapping of str to float
        Parameters, inputs, and those constants of the equations that have no declared value.
    nonnegative : bool
        Leave out equilibria with a negative coordinate, which no population can reach.
    box : mapping of str to (float, float), optional
        Where roots are searched, per state; from 0 to three times the largest quantity of the state's unit
        where not given.
    starts : int
        Starts of the root search per set of present populations.
    time_limit_s : float
        For SymPy, per set of present populations.

    Returns
    -------
    tuple of Equilibrium
        In ascending order of the coordinates.

    Raises
    ------
    ModelError
        Unknown or missing values, or equations that depend on the time.
    """
    need_autonomous(model)
    known = known_values(model, values)
    compiled = _compiled(model, time_limit_s)
    numbers = np.array([known.get(s.name, np.nan) for s in compiled.known])
    found: list[tuple[np.ndarray, str]] = []
    with np.errstate(all="ignore"):
        if compiled.points is not None:
            # Complex arithmetic, so that a root that does not exist here is complex and not an error.
            candidates = np.array(compiled.points(numbers.astype(complex)), dtype=complex)
            found += [
                (np.real(c), "symbolic") for c in candidates if np.all(np.abs(np.imag(c)) <= 1e-9 * np.abs(c))
            ]
        if not compiled.complete:
            from dynamics.root_search import search_roots

            found += [(x, "root search") for x in search_roots(model, known, box or {}, starts)]
        return _classified(model, found, numbers, compiled, nonnegative)


def _classified(
    model: Model,
    found: list[tuple[np.ndarray, str]],
    numbers: np.ndarray,
    compiled: _Compiled,
    nonnegative: bool,
) -> tuple[Equilibrium, ...]:
    """Drop what is not an equilibrium or found twice, classify the rest."""
    scale = max((float(np.max(np.abs(x))) for x, _ in found if np.all(np.isfinite(x))), default=1.0) or 1.0
    kept: list[Equilibrium] = []
    for raw, method in found:
        x = np.where(np.abs(raw) <= 1e-12 * scale, 0.0, raw)
        if not np.all(np.isfinite(x)) or (nonnegative and np.any(x < 0)):
            continue
        if any(np.allclose(x, e.point, rtol=1e-6, atol=1e-9 * scale) for e in kept):
            continue
        # A solution at which a denominator vanishes is none; NaN passes, for x log x at x = 0 is one.
        if np.any(np.abs(np.array(compiled.rhs(x, numbers), dtype=float)) > 1e-6 * scale):
            continue
        matrix = np.array(compiled.jacobian(x, numbers), dtype=float)
        eigenvalues, word = np.full(len(x), complex(np.nan)), "no derivative"
        if np.all(np.isfinite(matrix)):
            eigenvalues = np.linalg.eigvals(matrix).astype(complex)
            eigenvalues = eigenvalues[np.lexsort((-np.imag(eigenvalues), -np.real(eigenvalues)))]
            word = stability_word(eigenvalues)
        kept.append(Equilibrium(model.state_names, x, eigenvalues, word, method))
    return tuple(sorted(kept, key=lambda e: tuple(e.point)))
