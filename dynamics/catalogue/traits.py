"""A tumour of many traits with mutations, crowding and a saturating drug: Ledzewicz 2018, eqs 12 to 18."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import sympy as sp

from dynamics.expressions import ModelError, parse_expression
from dynamics.model import Constant, Input, Model, Output, State
from dynamics.pharmacodynamics import emax
from dynamics.substitution import substitute

# Beyond this size the n² terms of the mutations are written as a few moments of the population, if that is shorter.
_TERM_BY_TERM = 50
# Eigenvalues of the mutation kernel below this share of the largest change no digit of a float.
_ROUNDING = 1e-15


def trait_levels(n: int) -> np.ndarray:
    """Return the traits x_i = (i - 1)/(n - 1), shape (n,), from 0 (most sensitive) to 1."""
    return np.linspace(0.0, 1.0, n)


def mutation_kernel(n: int, variance: float = 3.0, *, to_itself: bool = False) -> np.ndarray:
    """Return p(x_i | x_j), shape (n, n): where a mutating cell of trait j goes (eq. 18).

    The paper can be read in two ways. The matrix R of eq. 15 has only ``r_i (1 - theta)`` on its diagonal, so a
    mutation leads to another trait; each column is then normalised without the diagonal, or R would lose cells. The
    integral of eq. 12 runs over all traits, so a mutation may also lead back (``to_itself``).
    """
    gaussian = _gaussian(n, variance)
    if not to_itself:
        np.fill_diagonal(gaussian, 0.0)
    return gaussian / gaussian.sum(axis=0)


def trait_model(
    n: int = 21,
    theta: float = 0.1,
    *,
    name: str = "",
    growth: str = "2/(1.1 + 2*x**5)",
    kill: str = "2/(1 + x**2)",
    death: str = "0.5",
    variance: float = 3.0,
    half_effect: float = 1.0,
    density: str = "1 + N/N_G",
    density_constants: Iterable[Constant] = (
        Constant("N_G", "cells", "number of cells that doubles the death rate", 200.0),
    ),
    initial_total: float = 200.0,
    to_itself: bool = False,
) -> Model:
    """Write eq. 15: the traits at n levels, each with its growth, death and kill.

    Parameters
    ----------
    n : int
        Number of traits, at least 2.
    theta : float
        Share of divisions that end in another trait, in [0, 1]; a constant of the model of that name.
    name : str
        ``"traits"`` with n where not given.
    growth, kill, death : str
        Replication rate r, largest kill rate phi and death rate mu, per day, in the trait ``x``.
    variance : float
        Of the mutation kernel, in squared trait.
    half_effect : float
        UC50 of eq. 14, in the unit of the input.
    density : str
        G of eq. 12 in the number of cells ``N`` and the ``density_constants``; it multiplies the death rates.
    initial_total : float
        Cells at the start, spread evenly over the traits.
    to_itself : bool
        Whether a mutation may lead back to its own trait (eq. 12) or not (the matrix R of eq. 15).

    Returns
    -------
    Model
        States ``N1 ... Nn``. Growth, kill, death and kernel are numbers in its equations; ``theta``, ``UC50`` and
        the constants of G keep their names.

    Raises
    ------
    ModelError
        Fewer than two traits, a share outside [0, 1], rates that are negative or no expressions.
    """
    name = name or f"traits_{n}"
    if n < 2 or not 0.0 <= theta <= 1.0 or not variance > 0:
        raise ModelError(
            f"model {name!r}: {n} traits, theta = {theta:g}, variance {variance:g}; need at least 2 traits, a "
            "share theta of mutating cells in [0, 1] and a positive variance"
        )
    r, phi, mu = (
        _rates(text, n, f"model {name!r}, {what} rate")
        for text, what in ((growth, "growth"), (kill, "kill"), (death, "death"))
    )
    states = sp.symbols(f"N1:{n + 1}")
    mutating, total = sp.Symbol("theta"), sp.Add(*states)
    constants = tuple(density_constants)
    crowding = parse_expression(
        density, ["N", *(c.name for c in constants)], where=f"model {name!r}, density"
    )
    # one object in all equations, so that compiled code adds the cells up once
    crowding = crowding.xreplace({sp.Symbol("N"): total})
    effect = emax(1.0, sp.Symbol("UC50")).of(sp.Symbol("u"))
    inflow = _inflow(n, variance, r, states, mutating, to_itself)
    levels = trait_levels(n)
    return Model(
        name=name,
        title=f"{n} traits from sensitive to slow and tolerant, with mutations and crowding, under one drug",
        states=tuple(
            State(
                state.name,
                sp.Add(
                    sp.Float(r[i]) * (1 - mutating) * state,
                    inflow[i],
                    -sp.Float(phi[i]) * effect * state,
                    -sp.Float(mu[i]) * crowding * state,
                ),
                sp.Float(initial_total / n),
                "cells",
                f"cells of trait {levels[i]:.4g}",
            )
            for i, state in enumerate(states)
        ),
        parameters=(),
        outputs=(Output("burden", total, "cells", "all cells"),),
        inputs=(Input("u", "drug concentration as a multiple of UC50", "UC50", 0.0, 3.0),),
        constants=(
            Constant("theta", "1", "share of divisions that end in another trait", float(theta)),
            Constant("UC50", "UC50", "concentration of half the largest effect", float(half_effect)),
            *constants,
        ),
        source="Ledzewicz, Schaettler, Wang (2018), eqs 12 to 18 and Fig. 3",
        assumptions=(
            f"r(x) = {growth}, phi(x) = {kill}, mu = {death}, kernel variance {variance:g} "
            "(published for Fig. 3: 2/(1.1 + 2*x**5), 2/(1 + x**2), 0.5, 3)",
            f"the paper does not say which density effect G Fig. 3 uses; here G(N) = {density}",
            f"the paper does not print the mutation rates of Fig. 3; theta = {theta:g} is chosen",
            "a mutation may lead back to its own trait, as the integral of eq. 12 has it; the matrix R of eq. 15 has "
            "no such entries and would lose cells"
            if to_itself
            else "a mutation leads to another trait: the kernel is normalised without its diagonal, so that mutations "
            "leave the number of cells unchanged (eq. 13), which the matrix R as printed does only so",
            "the time of eq. 12 is rescaled by the paper; one unit of it is called a day here",
        ),
    )


def _rates(text: str, n: int, where: str) -> np.ndarray:
    """Evaluate an expression in the trait at every level."""
    x = sp.Symbol("x")
    expression = parse_expression(text, ["x"], where=where)
    found = np.array([float(substitute(expression, {x: level})) for level in trait_levels(n).tolist()])
    if not np.all(np.isfinite(found)) or np.any(found < 0):
        raise ModelError(
            f"{where}: {text!r} is {found.min():g} at some trait; rates must be finite and not negative"
        )
    return found


def _gaussian(n: int, variance: float) -> np.ndarray:
    """Unnormalised kernel, symmetric, 1 on the diagonal."""
    levels = trait_levels(n)
    return np.exp(-0.5 * (levels[:, None] - levels[None, :]) ** 2 / variance)


def _inflow(
    n: int,
    variance: float,
    r: np.ndarray,
    states: tuple[sp.Symbol, ...],
    mutating: sp.Symbol,
    to_itself: bool,
) -> list[sp.Expr]:
    """Cells per day that mutate into each trait.

    Many traits make a smooth kernel of low rank, ``K = V diag(w) V'`` with few ``w`` that are not zero. Then every
    inflow is a combination of the same few moments ``w_k sum_j V_jk r_j N_j / (column sum)_j`` less the trait's own
    share, and the equations stay short.
    """
    if n > _TERM_BY_TERM:
        gaussian = _gaussian(n, variance)
        sizes, vectors = np.linalg.eigh(gaussian)
        kept = np.flatnonzero(sizes > _ROUNDING * sizes[-1])
        if 2 * len(kept) < n:
            sent = r / (gaussian.sum(axis=0) - (0.0 if to_itself else 1.0))
            moments = [_combination(sizes[k] * vectors[:, k] * sent, states) for k in kept]
            return [
                mutating * sp.Add(
                    *(sp.Mul(sp.Float(vectors[i, k]), m, evaluate=False) for k, m in zip(kept, moments, strict=True)),
                    sp.S.Zero if to_itself else -sp.Float(sent[i]) * states[i],
                )
                for i in range(n)
            ]  # fmt: skip
    flows = mutation_kernel(n, variance, to_itself=to_itself) * r
    return [mutating * _combination(row, states) for row in flows]


def _combination(weights: np.ndarray, states: tuple[sp.Symbol, ...]) -> sp.Expr:
    """Weighted sum of the states."""
    return sp.Add(*(sp.Float(w) * s for w, s in zip(weights, states, strict=True) if w))


MODEL = trait_model(name="traits")
