"""Profile likelihood of any quantity that follows from the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from identifiability.functions.function_search import APART, FunctionSearch, FunctionSettings
from identifiability.functions.known_points import known_points
from identifiability.functions.level_functions import LevelFunctions
from identifiability.functions.level_step import multipliers_at
from identifiability.profiles.sides import LEVER
from identifiability.result import Profile, SideStatus

if TYPE_CHECKING:
    from fitting.problem import CohortProblem
    from fitting.result import Fit
    from identifiability.quantity import Quantity


@dataclass(frozen=True)
class FunctionProfile(Profile):
    """Profile likelihood of a quantity; ``parameter`` is its name, ``estimate`` NaN where the optimum has none.

    Parameters
    ----------
    unit : str
    rise_without : float
        Least rise of the negative log-likelihood at which the quantity does not exist (no window at all);
        infinite where no set without it was found.
    set_without : ndarray, shape (p,) or (0,)
        A parameter set that attains it.
    beyond : str
        What it means that the set is open upwards; see :class:`identifiability.quantity.Quantity`.
    """

    unit: str
    rise_without: float
    set_without: np.ndarray
    beyond: str = ""

    @property
    def without_admitted(self) -> bool:
        """Whether the data admit that the quantity does not exist."""
        return self.rise_without <= self.threshold

    @property
    def sentence(self) -> str:
        """What the profile says, in words."""
        percent = f"{100 * self.level:g} %"
        if not self.intervals:
            return f"No value of {self.parameter} is admitted at {percent}: {self._without}."
        pieces = " or ".join(f"{low:.4g} to {high:.4g}" for low, high in self.intervals)
        text = f"{percent} confidence set of {self.parameter} ({self.unit}): {pieces}"
        if self.beyond and self.upper_status is SideStatus.OPEN:
            text += f"; open upwards: {self.beyond} is admitted"
        if self.without_admitted or np.isfinite(self.rise_without):
            text += f"; {self._without}"
        return f"{text}."

    @property
    def _without(self) -> str:
        if not np.isfinite(self.rise_without):
            return "no parameter set without it was found"
        verb = "admit" if self.without_admitted else "exclude"
        return (
            f"the data {verb} that it does not exist at all (rise of the negative log-likelihood "
            f"{self.rise_without:.3g}, threshold {self.threshold:.3g})"
        )


def profile_quantities(
    problem: CohortProblem,
    w: int,
    fit: Fit,
    quantities: Sequence[Quantity],
    settings: FunctionSettings | None = None,
    *,
    profiles: Sequence[Profile] = (),
    seeds: np.ndarray | None = None,
) -> tuple[FunctionProfile, ...]:
    """Profile quantities of one patient: minimise the negative log-likelihood on their level sets.

    Parameters
    ----------
    problem : CohortProblem
    w : int
        The patient's place in the problem.
    fit : Fit
    quantities : sequence of Quantity
    settings : FunctionSettings, optional
    profiles : sequence of Profile
        Profiles already known, such as ``Diagnosis.profiles``: every point of theirs is an upper bound of the
        profile asked for, and a start.
    seeds : ndarray, shape (k, q), optional
        Further known free vectors.

    Returns
    -------
    tuple of FunctionProfile
        In the order of ``quantities``.
    """
    settings = settings or FunctionSettings()
    known = known_points(problem, w, fit, profiles)
    if seeds is not None and len(seeds):
        known = np.concatenate([known, np.atleast_2d(seeds)])
    return tuple(_profile_one(problem, w, quantity, known, settings) for quantity in quantities)


def _profile_one(
    problem: CohortProblem, w: int, quantity: Quantity, known: np.ndarray, settings: FunctionSettings
) -> FunctionProfile:
    """Search one quantity's levels, then read them."""
    search = FunctionSearch(problem, w, quantity, known, settings)
    search.lay_out()
    search.from_known()
    search.add_extremes()
    search.spread()
    search.fresh()
    search.spread()
    search.polish()
    search.spread()
    if len(search.grid):
        search.widen()
        if search.adopt_better_optimum():
            search.spread()
        search.look_into_dips()
        search.locate_ends()
    rise, where = nonexistence(search)
    return read(search, rise, where)


def nonexistence(search: FunctionSearch) -> tuple[float, np.ndarray]:
    """Find the least rise at which the quantity does not exist.

    Returns
    -------
    rise : float
    set_without : ndarray, shape (p,) or (0,)
    """
    p, parts = search.problem.n_parameters, search.functions.parts
    missing = np.flatnonzero(np.isnan(search.known_level))
    best, where = np.inf, np.zeros(0)
    if len(missing):
        i = missing[search.known_nll[missing].argmin()]
        best, where = float(search.known_nll[i]), search.known[i, :p]
    starts: list[int] = []
    for i in np.argsort(search.known_nll):
        if all(np.max(np.abs(search.known[i] - search.known[j])) > APART for j in starts):
            starts.append(int(i))
        if len(starts) == 8:
            break
    # the known sets that come nearest to losing the quantity
    for c in range(parts.pieces, parts.pieces + parts.conditions):
        low = search.known_nll <= search.best_nll + search.settings.threshold + 1.0
        margin = np.where(low & np.isfinite(search.known_values[:, c]), search.known_values[:, c], np.inf)
        chosen = search.known[[*starts, int(np.abs(margin).argmin())]]
        equal = np.zeros((len(chosen), parts.pieces + parts.conditions), dtype=bool)
        equal[:, c] = True
        found = search.run(chosen, np.zeros(equal.shape), equal, 60, accurate=True)
        i = int(found.value.argmin())
        if found.value[i] < best:
            best, where = float(found.value[i]), found.q[i, :p]
    return best - search.best_nll, np.exp(where)


def read(search: FunctionSearch, rise_without: float, set_without: np.ndarray) -> FunctionProfile:
    """Turn a finished search into a profile."""
    functions, settings, line = search.functions, search.settings, search.line
    quantity, p = functions.quantity, search.problem.n_parameters
    reached = np.isfinite(line.value)
    at = float(search.known_level[int(search.known_nll.argmin())])
    limit = search.best_nll + settings.threshold
    inside = line.value <= limit
    sides = _sides(search, inside)
    intervals = _intervals(search.grid, line.value - limit, inside)
    estimate = float(functions.from_level(at))
    if quantity.closed_range:
        estimate = float(np.clip(estimate, quantity.lower, quantity.upper))
    return FunctionProfile(
        parameter=quantity.name,
        values=functions.from_level(search.grid[reached]),
        nll=line.value[reached],
        sets=np.exp(line.q[reached][:, :p]),
        estimate=estimate,
        nll_min=search.best_nll,
        threshold=settings.threshold,
        level=settings.level,
        df=settings.df,
        intervals=tuple(
            (float(functions.from_level(a)), float(functions.from_level(b))) for a, b in intervals
        ),
        lower_status=sides[0],
        upper_status=sides[1],
        unit=quantity.unit,
        rise_without=rise_without,
        set_without=set_without,
        beyond=quantity.beyond,
    )


def _intervals(grid: np.ndarray, height: np.ndarray, inside: np.ndarray) -> list[tuple[float, float]]:
    """Pieces of {level: height <= 0}, ends interpolated between neighbouring levels."""

    def crossing(inner: int, outer: int) -> float:
        if not np.isfinite(height[outer]):
            return float(grid[inner])  # nothing reaches the outer level
        share = np.clip(height[inner] / (height[inner] - height[outer]), 0.0, 1.0)
        return float(grid[inner] + share * (grid[outer] - grid[inner]))

    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int)))
    last, pieces = len(grid) - 1, []
    for a, b in zip(edges[::2], edges[1::2] - 1, strict=True):
        low = float(grid[0]) if a == 0 else crossing(int(a), int(a) - 1)
        high = float(grid[last]) if b == last else crossing(int(b), int(b) + 1)
        pieces.append((low, high))
    return pieces


def _sides(search: FunctionSearch, inside: np.ndarray) -> tuple[SideStatus, SideStatus]:
    """Say how the two sides end."""
    members = np.flatnonzero(inside)
    if not len(members):
        return SideStatus.FAILED, SideStatus.FAILED
    line, last = search.line, len(inside) - 1
    quantity = search.functions.quantity
    limits = search.functions.to_level(np.array([quantity.lower, quantity.upper]))
    held = bounds_held(search, np.ptp(search.grid[members]))

    def side(outermost: int, step: int, limit: float) -> SideStatus:
        beyond = outermost + step
        if not 0 <= beyond <= last:
            reaches = abs(search.grid[outermost] - limit) < 1e-9 * max(1.0, abs(limit))
            # short of a range without an end: as far as the search was asked to go
            return SideStatus.OPEN if reaches or not np.isfinite(limit) else SideStatus.FAILED
        if not np.isfinite(line.value[beyond]):
            return SideStatus.OPEN  # the largest or smallest value over the declared box
        if not (line.converged[outermost] or line.converged[beyond]):
            return SideStatus.FAILED
        return SideStatus.AT_BOUND if np.any(held[[outermost, beyond]]) else SideStatus.CLOSED

    return side(int(members[0]), -1, float(limits[0])), side(int(members[-1]), 1, float(limits[1]))


def bounds_held(search: FunctionSearch, width: float) -> np.ndarray:
    """Say which components' bounds hold a profile where it is, shape (g, q).

    A bound counts if moving it by one unit of its
    logarithm moves the crossing by more than a tenth, here of the confidence set's width (of one unit of the
    logarithm where the quantity's grid is logarithmic).
    """
    line, functions = search.line, search.functions
    held = np.zeros(line.q.shape, dtype=bool)
    known = np.flatnonzero(np.isfinite(line.value) & np.any(line.equal, axis=1))
    if len(known):
        moved = end_shift(line.q[known], line.gradient[known], line.information[known], line.slopes[known],
                          line.equal[known], functions, search.low, search.high)  # fmt: skip
        scale = 1.0 if functions.quantity.positive else max(width, 1e-9)
        held[known] = np.abs(moved) > LEVER * scale
    return held


def end_shift(
    q: np.ndarray,
    gradient: np.ndarray,
    information: np.ndarray,
    slopes: np.ndarray,
    equal: np.ndarray,
    functions: LevelFunctions,
    low: np.ndarray,
    high: np.ndarray,
) -> np.ndarray:
    """Change of a crossing's level per unit of each bound's logarithm, shape (b, q).

    By the envelope theorem -force / multiplier: see :func:`identifiability.functions.level_step.multipliers_at`.
    """
    lower, upper = np.broadcast_to(low, q.shape), np.broadcast_to(high, q.shape)
    near_low, near_high = q <= lower + 1e-6, q >= upper - 1e-6
    q = np.where(near_low, lower, np.where(near_high, upper, q))
    _, force, multipliers, _ = multipliers_at(q, gradient, information, slopes, equal, lower, upper)
    slope = multipliers[:, : functions.parts.pieces].sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(force == 0.0, 0.0, -force / slope)
