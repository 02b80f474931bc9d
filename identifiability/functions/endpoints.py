"""The ends of a confidence set without the profile between them.

At the largest value that a confidence set admits, the profile equals the threshold. Newton's method on the
profile finds that level: the multiplier of the level set is the profile's slope, the information seen along
the level's normal its curvature (the step of Venzon & Moolgavkar 1988 for one parameter, here for any function,
inside bounds, from several admitted sets at once).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from identifiability.functions.function_profile import end_shift
from identifiability.functions.function_search import APART, FunctionSearch, FunctionSettings
from identifiability.functions.known_points import known_points
from identifiability.functions.level_step import constrained_step, metric, multipliers_at
from identifiability.profiles.sides import LEVER
from identifiability.result import SideStatus

if TYPE_CHECKING:
    from fitting.problem import CohortProblem
    from fitting.result import Fit
    from identifiability.functions.level_set import LevelMinima
    from identifiability.quantity import Quantity
    from identifiability.result import Profile

STRETCHES = 3  # between optimum and outermost known set; from the lowest of each the end is sought too
HEIGHT = 2e-4  # of the negative log-likelihood: closer to the threshold is at it
CLOSE = 1e-3  # of the set's width: a crossing bracketed this closely is found, however steep


@dataclass(frozen=True)
class EndPoints:
    """Outermost ends of the confidence set of one quantity.

    Parameters
    ----------
    quantity : str
    lower, upper : float
        In the quantity's unit.
    lower_status, upper_status : SideStatus
    sets : ndarray, shape (2, q)
        Free vectors (logarithms) at the ends.
    rises : ndarray, shape (2,)
        Rise of the negative log-likelihood there.
    shifts : ndarray, shape (2, q)
        Change of each end (of its logarithm, where the grid is logarithmic) per unit of the logarithm of the
        bound that each component sits on; zero where it sits on none.
    threshold : float
    """

    quantity: str
    lower: float
    upper: float
    lower_status: SideStatus
    upper_status: SideStatus
    sets: np.ndarray
    rises: np.ndarray
    shifts: np.ndarray
    threshold: float

    @property
    def ci(self) -> tuple[float, float]:
        """Both ends."""
        return self.lower, self.upper


def find_end_points(
    problem: CohortProblem,
    w: int,
    fit: Fit,
    quantities: Sequence[Quantity],
    settings: FunctionSettings | None = None,
    *,
    profiles: Sequence[Profile] = (),
    seeds: np.ndarray | None = None,
) -> tuple[EndPoints, ...]:
    """Find the largest and smallest value of quantities over the sets that the data admit.

    Parameters
    ----------
    problem, w, fit, quantities, settings, profiles, seeds
        As in :func:`identifiability.functions.function_profile.profile_quantities`.

    Returns
    -------
    tuple of EndPoints
        NaN ends, status failed, where no admitted set has the quantity.
    """
    settings = settings or FunctionSettings()
    known = known_points(problem, w, fit, profiles)
    if seeds is not None and len(seeds):
        known = np.concatenate([known, np.atleast_2d(seeds)])
    return tuple(_ends(FunctionSearch(problem, w, q, known, settings)) for q in quantities)


def _ends(search: FunctionSearch) -> EndPoints:
    """Both ends of one quantity, all starts of both sides in one batch."""
    functions, quantity = search.functions, search.functions.quantity
    limits = functions.to_level(np.array([quantity.lower, quantity.upper]))
    limit = search.best_nll + search.settings.threshold
    there = np.isfinite(search.known_level)
    if quantity.closed_range:
        there |= np.isfinite(search.known_level.clip(*limits))
    admitted = np.flatnonzero((search.known_nll <= limit + HEIGHT) & there)
    n = search.problem.size
    if not len(admitted):
        nothing = np.full((2, n), np.nan)
        return EndPoints(
            quantity.name, np.nan, np.nan, SideStatus.FAILED, SideStatus.FAILED, nothing, np.full(2, np.nan),
            np.zeros((2, n)), search.settings.threshold,
        )  # fmt: skip
    starts, sides = _starts(search, admitted)
    level = np.clip(search.known_level[starts], *limits)
    walk = _Walk(search, search.known[starts], level, np.array(sides), limits, limit)
    walk.go()
    ends, sets, rises, shifts, statuses = [], [], [], [], []
    for side in (-1, 1):
        mine = np.flatnonzero((walk.side == side) & (walk.state.value <= limit + 2 * HEIGHT))
        pick = int(mine[(side * walk.level[mine]).argmax()])
        ends.append(walk.level[pick])
        sets.append(walk.state.q[pick])
        rises.append(walk.state.value[pick] - search.best_nll)
        row = slice(pick, pick + 1)
        s = walk.state
        shift = end_shift(
            s.q[row], s.gradient[row], s.information[row], s.slopes[row], s.equal[row], functions, search.low,
            search.high,
        )[0]  # fmt: skip
        shifts.append(shift)
        statuses.append(walk.status(pick, shift))
    width = ends[1] - ends[0]
    scale = 1.0 if quantity.positive else max(width, 1e-9)
    statuses = [
        SideStatus.AT_BOUND if s is SideStatus.CLOSED and np.any(np.abs(shift) > LEVER * scale) else s
        for s, shift in zip(statuses, shifts, strict=True)
    ]
    low, high = (float(v) for v in functions.from_level(np.array(ends)))
    return EndPoints(
        quantity.name, low, high, statuses[0], statuses[1], np.array(sets), np.array(rises), np.array(shifts),
        search.settings.threshold,
    )  # fmt: skip


def _starts(search: FunctionSearch, admitted: np.ndarray) -> tuple[list[int], list[int]]:
    """Optimum and outermost admitted points, for each side."""
    starts, sides = [], []
    quantity = search.functions.quantity
    limits = search.functions.to_level(np.array([quantity.lower, quantity.upper]))
    level, nll = search.known_level[admitted].clip(*limits), search.known_nll[admitted]
    middle = level[nll.argmin()]
    for side in (-1, 1):
        chosen = [int(admitted[nll.argmin()]), int(admitted[(side * level).argmax()])]
        # between optimum and outermost set, the lowest of each stretch: there the valleys' floors are
        far = side * (level - middle)
        for k in range(STRETCHES):
            inside = np.flatnonzero(
                (far > k / STRETCHES * far.max()) & (far <= (k + 1) / STRETCHES * far.max())
            )
            if len(inside):
                i = int(admitted[inside[nll[inside].argmin()]])
                if all(np.max(np.abs(search.known[i] - search.known[j])) > APART for j in chosen):
                    chosen.append(i)
        starts += chosen
        sides += [side] * len(chosen)
    return starts, sides


class _Walk:
    """Jobs on their way outwards along the profile, or back to the threshold.

    Parameters
    ----------
    q, level, side : ndarray, shape (b, q), (b,), (b,)
        Starts, all admitted; their levels; -1 or +1.
    limits : ndarray, shape (2,)
        Range of interest.
    limit : float
        Value of the negative log-likelihood at the threshold.
    """

    def __init__(
        self,
        search: FunctionSearch,
        q: np.ndarray,
        level: np.ndarray,
        side: np.ndarray,
        limits: np.ndarray,
        limit: float,
    ) -> None:
        self.search, self.side, self.limits, self.limit = search, side, limits, limit
        self.level = level
        _, self.piece, _ = search.functions.levels(q)
        self.state: LevelMinima = search.solve(level, q, self.piece, 30, accurate=True)
        value, slopes = search.functions(q)
        # a start that cannot be followed on its level is admitted all the same
        stays = ~(self.state.value <= limit + HEIGHT)
        nll, gradient, information = search.problem.evaluate(q, np.full(len(q), search.w))
        for name, given in (
            ("q", q), ("value", nll), ("gradient", gradient), ("information", information),
            ("levels", value), ("slopes", slopes),
        ):  # fmt: skip
            getattr(self.state, name)[stays] = given[stays]
        first = search.expected_half_width()
        self.span = max(float(np.ptp(level)), first)
        self.stride = np.full(len(q), 0.5 * first)
        self.blocked = np.zeros(len(q), dtype=bool)
        self.outer = self.side * np.full(len(q), np.inf)

    def go(self, rounds: int = 25) -> None:
        """Walk until every job stands at the threshold, at the end of its range, or against a wall."""
        search, functions = self.search, self.search.functions
        active = np.arange(len(self.level))
        for _ in range(rounds):
            move = self._move(active)
            done = np.abs(move) < 1e-6 * self.span
            done |= np.abs(self.state.value[active] - self.limit) < HEIGHT
            # where one has reached the end of the range there is nothing more to find on that side
            for side, edge in zip((-1, 1), self.limits, strict=True):
                mine = self.side == side
                there = mine & (self.level == edge) & (self.state.value <= self.limit)
                done |= mine[active] & np.any(there)
            active, move = active[~done], move[~done]
            if not len(active):
                return
            level = np.clip(self.level[active] + move, *self.limits)
            _, piece, _ = functions.levels(self.state.q[active])
            found = search.solve(level, self.state.q[active], piece, 20, accurate=True)
            # only admitted sets are kept: beyond the threshold a valley may be lost with no way back
            good = found.value <= self.limit + HEIGHT
            took = active[good]
            self.state.put(took, found, np.flatnonzero(good))
            self.level[took] = level[good]
            easy = np.where(found.converged[good], 2.0, 0.7)
            self.stride[took] = np.minimum(easy * self.stride[took], self.span)
            lost = active[~good]
            room = np.maximum(self.limit - self.state.value[lost], HEIGHT)
            with np.errstate(invalid="ignore"):
                share = room / (found.value[~good] - self.state.value[lost])
            self.stride[lost] = np.abs(move[~good]) * np.clip(np.nan_to_num(share), 0.2, 0.9)
            self.blocked[active] = ~np.isfinite(found.value)
            crossed = np.isfinite(found.value[~good])
            self.outer[lost[crossed]] = level[~good][crossed]
            active = active[self.stride[active] > 1e-6 * self.span]

    def _move(self, a: np.ndarray) -> np.ndarray:
        """Newton step of the level towards the threshold, shape (b,)."""
        s, search = self.state, self.search
        low, high = (np.broadcast_to(b, s.q[a].shape) for b in (search.low, search.high))
        held, _, multipliers, _ = multipliers_at(
            s.q[a], s.gradient[a], s.information[a], s.slopes[a], s.equal[a], low, high
        )
        k = search.functions.parts.pieces
        slope = multipliers[:, :k].sum(axis=1) * self.side[a]
        excess = np.zeros(s.equal[a].shape)
        excess[:, :k] = -1.0
        _, bend = constrained_step(
            metric(s.information[a], 1e-9), np.zeros_like(s.q[a]), s.slopes[a], excess, s.equal[a], held,
            np.zeros_like(s.q[a]),
        )  # fmt: skip
        curvature = np.maximum(bend[:, :k].sum(axis=1), 1e-12)
        missing = np.maximum(self.limit - s.value[a], 0.0)
        root = np.sqrt(slope**2 + 2 * curvature * missing)
        with np.errstate(divide="ignore", invalid="ignore"):
            ahead = np.where(slope > 0, 2 * missing / (slope + root), (root - slope) / curvature)
        level = self.level[a] + self.side[a] * np.minimum(ahead, self.stride[a])
        return np.clip(level, *self.limits) - self.level[a]

    def status(self, i: int, shift: np.ndarray) -> SideStatus:
        """Say how the walk of job i ended; bounds of other parameters are judged by the caller."""
        edge = self.limits[0] if self.side[i] < 0 else self.limits[1]
        if np.isfinite(edge) and abs(self.level[i] - edge) <= 1e-9 * max(1.0, abs(edge)):
            return SideStatus.OPEN
        met = abs(self.state.value[i] - self.limit) < 20 * HEIGHT
        if met or abs(self.outer[i] - self.level[i]) < CLOSE * self.span:
            return SideStatus.CLOSED
        return SideStatus.OPEN if self.blocked[i] and np.all(np.isfinite(shift)) else SideStatus.FAILED
