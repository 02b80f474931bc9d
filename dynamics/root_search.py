"""Equilibria by root search from many starts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import sympy as sp

from dynamics.derivatives import growth_per_head
from dynamics.model import Model, ModelError
from dynamics.substitution import substitute
from dynamics.symbolic_equilibria import faces


def search_roots(
    model: Model, known: Mapping[str, float], box: Mapping[str, tuple[float, float]], starts: int
) -> list[np.ndarray]:
    """Search the equilibria of every set of present populations.

    Populations are searched on the log scale, where they stay positive and small ones are found as well as
    large ones. Half of the starts are drawn evenly in the box, half in its logarithm, always the same ones.

    Parameters
    ----------
    model : Model
    known : mapping of str to float
        Everything but the states.
    box : mapping of str to (float, float)
        Per state; see :func:`dynamics.equilibria.equilibria`.
    starts : int
        Per set of present populations.

    Returns
    -------
    list of ndarray, shape (states,)
        Roots, possibly repeated.
    """
    low, high = _boxes(model, known, box)
    numbers = {sp.Symbol(name): value for name, value in known.items()}
    population = np.array([ratio is not None for ratio in growth_per_head(model)])
    rng = np.random.default_rng(20230417)
    roots: list[np.ndarray] = []
    for present, equations in faces(model):
        if not present:
            roots.append(np.zeros(len(model.states)))
            continue
        index = list(present)
        unknowns = [model.state_symbols[i] for i in index]
        system = sp.Matrix([substitute(e, numbers) for e in equations])
        function = sp.lambdify([unknowns], system.flat(), "numpy")
        slope = sp.lambdify([unknowns], system.jacobian(sp.Matrix(unknowns)).tolist(), "numpy")
        a, b = low[index], high[index]
        first = a + (b - a) * rng.uniform(size=(starts, len(index)))
        floor = np.maximum(a, 1e-6 * b)
        if np.all(floor > 0):
            first[1::2] = floor * (b / floor) ** rng.uniform(size=first[1::2].shape)
        for x in _converged(function, slope, first, population[index]):
            if np.all(x <= 10 * b):
                full = np.zeros(len(model.states))
                full[index] = x
                roots.append(full)
    return roots


def _converged(function, slope, first: np.ndarray, logarithmic: np.ndarray) -> list[np.ndarray]:
    """Run Powell's hybrid method from every start, and keep what converged; some states on the log scale."""
    from scipy.optimize import root

    def natural(z: np.ndarray) -> np.ndarray:
        return np.where(logarithmic, np.exp(np.where(logarithmic, z, 0.0)), z)

    def f(z: np.ndarray) -> np.ndarray:
        return np.array(function(natural(z)), dtype=float)

    def df(z: np.ndarray) -> np.ndarray:
        x = natural(z)
        return np.array(slope(x), dtype=float) * np.where(logarithmic, x, 1.0)

    z0 = np.where(logarithmic, np.log(np.where(logarithmic, first, 1.0)), first)
    sizes = np.array([np.max(np.abs(f(z))) for z in z0])
    # What a residual is measured against: the typical size of the equations in the box.
    scale = np.nanmedian(sizes[np.isfinite(sizes)]) if np.any(np.isfinite(sizes)) else 1.0
    kept = []
    for z in z0[np.isfinite(sizes)]:
        try:
            answer = root(f, z, jac=df, method="hybr", options={"xtol": 1e-13})
        except (ValueError, ArithmeticError):  # a start that runs out of the range of numbers
            continue
        x = natural(answer.x)
        if np.all(np.isfinite(x)) and np.max(np.abs(f(answer.x))) <= 1e-10 * scale:
            kept.append(x)
    return kept


def _boxes(
    model: Model, known: Mapping[str, float], box: Mapping[str, tuple[float, float]]
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends of the search box, in the order of the states."""
    strangers = [name for name in box if name not in model.state_names]
    if strangers:
        raise ModelError(
            f"search box for {', '.join(strangers)}; the states are {', '.join(model.state_names)}"
        )
    low, high = np.zeros(len(model.states)), np.ones(len(model.states))
    for i, state in enumerate(model.states):
        like = [q.name for q in (*model.parameters, *model.constants) if q.unit == state.unit]
        sizes = [abs(known[name]) for name in like if name in known]
        start = substitute(state.initial, {sp.Symbol(name): value for name, value in known.items()})
        sizes += [abs(float(start))] if start.is_number else []
        high[i] = 3.0 * max([s for s in sizes if s > 0 and np.isfinite(s)], default=1.0)
        if state.name in box:
            low[i], high[i] = box[state.name]
            if not (np.isfinite(low[i]) and np.isfinite(high[i]) and low[i] < high[i]):
                raise ModelError(
                    f"search box of {state.name} is [{low[i]:g}, {high[i]:g}]; need low < high, finite"
                )
    return low, high
