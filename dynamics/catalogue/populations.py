"""Any number of populations with spontaneous and drug-induced transitions: Scagliotti 2026, eq. 1.3."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy as sp

from dynamics.expressions import ModelError
from dynamics.model import Constant, Model, Output, State

# A column of transition rates that is given with its diagonal has to sum to zero (eqs 2.3) within this share of it.
_CLOSES = 1e-9


def population_model(
    n: int = 3,
    *,
    name: str = "",
    growth: Sequence[float] | None = None,
    sensitivity: Sequence[float] | None = None,
    turnover: Sequence[float] | None = None,
    spontaneous: Sequence[Sequence[float]] | np.ndarray | None = None,
    induced: Sequence[Sequence[float]] | np.ndarray | None = None,
    fractions: Sequence[float] | None = None,
    capacity: float = 1.0,
    initial_burden: float = 0.5,
    assumptions: Sequence[str] = (),
) -> Model:
    """Write eq. 1.3 for n populations, ordered from the most sensitive to the least.

    Every rate is a constant of the model with the value given here; in an ensemble it may have another value for
    each member, and :meth:`dynamics.model.Model.free` turns it into a parameter to be estimated. With u the dose as a
    fraction of the maximum tolerated dose, N the sum of all populations and i = 1 ... n::

        dX_i/dt = r_i (1 - N/K) (1 - 2 dI_i u) X_i - dT_i X_i + sum over j of (A_ij + AI_ij u) X_j
        X_i(0) = f_i N0

    The diagonals A_ii and AI_ii are written as minus what leaves population i, so that transitions never change the
    number of cells (eqs 2.3), whatever values the rates take; f_1 is what the other fractions leave.

    Parameters
    ----------
    n : int
        Number of populations, at least 1.
    name : str
        ``"populations_"`` with n where not given.
    growth : sequence of n floats
        r_i, per day, positive.
    sensitivity : sequence of n floats
        dI_i, not negative: under the full dose 2 dI_i cells are killed per division.
    turnover : sequence of n floats
        dT_i, per day, not negative; none where not given.
    spontaneous, induced : matrix, shape (n, n)
        A and AI, per day: entry (i, j) is the rate at which cells of population j become cells of population i. The
        diagonal may be left at zero, or given as eqs 2.3 ask. Transitions at the rate zero do not enter the equations.
    fractions : sequence of n floats
        f_i, not negative, with the sum 1.
    capacity, initial_burden : float
        K and N0, in one unit; N0 at most K.
    assumptions : sequence of str
        What a reader must know of the values.

    Raises
    ------
    ModelError
        Numbers that do not fit n, rates of the wrong sign, transitions that create or lose cells, fractions that
        do not sum to one, more cells at the start than the capacity.

    Examples
    --------
    >>> model = population_model(2, growth=(0.027, 0.02), sensitivity=(0.75, 0), fractions=(0.99, 0.01))
    >>> model.state_names
    ('X1', 'X2')
    """
    name = name or f"populations_{n}"
    where = f"model {name!r}"
    if n < 1:
        raise ModelError(f"{where}: {n} populations; need at least 1")
    r = _column(where, "growth", growth, np.geomspace(0.027, 0.02, n) if n > 1 else [0.027], positive=True)
    kill = _column(where, "sensitivity", sensitivity, np.linspace(0.75, 0.0, n) if n > 1 else [0.75])
    death = _column(where, "turnover", turnover, np.zeros(n))
    start = _column(where, "fractions", fractions, [1.0 - 0.01 * (n - 1), *[0.01] * (n - 1)])
    for what, found in (("growth", r), ("sensitivity", kill), ("turnover", death), ("fractions", start)):
        if len(found) != n:
            raise ModelError(f"{where}: {len(found)} numbers for {what}, but {n} populations")
    if abs(start.sum() - 1.0) > _CLOSES:
        raise ModelError(f"{where}: the fractions at the start sum to {start.sum():g}; they must sum to 1")
    if not 0 < initial_burden <= capacity:
        raise ModelError(
            f"{where}: {initial_burden:g} cells at the start and a capacity of {capacity:g}; need 0 < N0 <= K, or "
            "the drug would make cells grow"
        )
    A = _transitions(where, "spontaneous", spontaneous, n)
    AI = _transitions(where, "induced", induced, n)
    return _written(n, name, r, kill, death, start, A, AI, capacity, initial_burden, assumptions)


def _written(
    n: int,
    name: str,
    r: np.ndarray,
    kill: np.ndarray,
    death: np.ndarray,
    start: np.ndarray,
    A: np.ndarray,
    AI: np.ndarray,
    capacity: float,
    initial_burden: float,
    assumptions: Sequence[str],
) -> Model:
    """Write the equations and declare the checked numbers."""
    constants: list[Constant] = []

    def declared(label: str, unit: str, meaning: str, value: float) -> sp.Symbol:
        constants.append(Constant(label, unit, meaning, float(value)))
        return sp.Symbol(label)

    x, u = sp.symbols(f"X1:{n + 1}"), sp.Symbol("u")
    total = sp.Add(*x)
    numbers = range(1, n + 1)
    rates = [
        declared(f"r_{i}", "per day", f"division rate of population {i}", v)
        for i, v in zip(numbers, r, strict=True)
    ]
    kills = [
        declared(f"dI_{i}", "1", f"drug sensitivity of population {i}: 2 dI cells die per division at MTD", v)
        for i, v in zip(numbers, kill, strict=True)
    ]
    deaths = [
        declared(f"dT_{i}", "per day", f"turnover of population {i}", v)
        for i, v in zip(numbers, death, strict=True)
    ]
    moved = [sp.S.Zero] * n
    for label, matrix, factor, kind in (("A", A, sp.S.One, "spontaneous"), ("AI", AI, u, "drug-induced")):
        for i, j in np.argwhere(matrix > 0):
            rate = declared(
                f"{label}_{i + 1}_{j + 1}",
                "per day",
                f"{kind} transition rate from population {j + 1} to {i + 1}",
                float(matrix[i, j]),
            )
            # what one population gains the other loses: eqs 2.3 by construction
            moved[i] += rate * factor * x[j]
            moved[j] -= rate * factor * x[j]
    K = declared("K", "burden", "carrying capacity", capacity)
    N0 = declared("N0", "burden", "burden at the start", initial_burden)
    fractions = [
        declared(f"f_{i}", "1", f"share of population {i} at the start", v)
        for i, v in zip(numbers, start, strict=True)
        if i > 1
    ]
    shares = [1 - sp.Add(*fractions), *fractions]
    return Model(
        name=name,
        title=f"{n} populations with transitions, spontaneous and induced by the drug",
        states=tuple(
            State(
                x[i].name,
                rates[i] * (1 - total / K) * (1 - 2 * kills[i] * u) * x[i] - deaths[i] * x[i] + moved[i],
                shares[i] * N0,
                "burden",
                f"cells of population {i + 1}",
                _role(i, n, kill),
            )
            for i in range(n)
        ),
        parameters=(),
        outputs=(Output("burden", total, "burden", "all cells"),),
        constants=tuple(constants),
        source="Scagliotti et al. (2026), eq. 1.3",
        assumptions=(
            "transitions do not change the number of cells (eqs 2.3)",
            "the drug acts on dividing cells, in proportion to its dose",
            *assumptions,
        ),
    )


def _role(i: int, n: int, kill: np.ndarray) -> str:
    """Call the first population sensitive; the last resistant where no drug reaches it."""
    if i == 0 and kill[0] > 0:
        return "sensitive"
    return "resistant" if i == n - 1 and n > 1 and kill[i] == 0 else ""


def _column(
    where: str,
    what: str,
    given: Sequence[float] | None,
    default: Sequence[float] | np.ndarray,
    *,
    positive: bool = False,
) -> np.ndarray:
    """Numbers of one kind, with the right sign."""
    found = np.asarray(default if given is None else given, dtype=float)
    bad = ~(np.isfinite(found) & (found > 0 if positive else found >= 0))
    if np.any(bad):
        i = int(np.flatnonzero(bad)[0])
        raise ModelError(
            f"{where}: {what} of population {i + 1} is {found[i]:g}; it must be "
            f"{'positive' if positive else 'zero or positive'} and finite"
        )
    return found


def _transitions(
    where: str, what: str, given: Sequence[Sequence[float]] | np.ndarray | None, n: int
) -> np.ndarray:
    """Off-diagonal transition rates; a diagonal that is given must fulfil eqs 2.3."""
    if given is None:
        return np.zeros((n, n))
    matrix = np.array(given, dtype=float)
    if matrix.shape != (n, n) or not np.all(np.isfinite(matrix)):
        raise ModelError(
            f"{where}: {what} transitions have shape {matrix.shape} and must be {n} by {n} finite rates; entry (i, j) "
            "leads from population j to population i"
        )
    diagonal = np.diag(matrix).copy()
    np.fill_diagonal(matrix, 0.0)
    if np.any(matrix < 0):
        i, j = np.argwhere(matrix < 0)[0]
        raise ModelError(
            f"{where}: the {what} transition from population {j + 1} to {i + 1} has the rate {matrix[i, j]:g}; rates "
            "of transition are zero or positive"
        )
    leaving = matrix.sum(axis=0)
    if np.any(diagonal != 0) and np.any(np.abs(diagonal + leaving) > _CLOSES * np.maximum(leaving, 1e-12)):
        i = int(np.argmax(np.abs(diagonal + leaving)))
        raise ModelError(
            f"{where}: {what} transitions leave population {i + 1} at {leaving[i]:g} per day in all, but its diagonal "
            f"is {diagonal[i]:g}: cells would be {'lost' if diagonal[i] < -leaving[i] else 'created'} (eqs 2.3). Set "
            f"it to {-leaving[i]:g}, or the whole diagonal to zero"
        )
    return matrix


MODEL = population_model(
    3,
    name="populations",
    growth=(0.027, 0.02, 0.018),
    sensitivity=(0.75, 0.3, 0.0),
    spontaneous=((0, 1e-4, 0), (1e-4, 0, 1e-5), (0, 1e-5, 0)),
    induced=((0, 0, 0), (1e-3, 0, 0), (0, 5e-4, 0)),
    fractions=(0.97, 0.02, 0.01),
    assumptions=(
        "r_1 = 0.027 per day and 2 dI_1 = 1.5 are those of the paper; it gives no numbers for more than two "
        "populations, so all other values are chosen: a tolerant and a resistant population that divide more slowly, "
        "rare spontaneous transitions, and steps towards resistance that the drug makes ten to fifty times as frequent",
    ),
)
