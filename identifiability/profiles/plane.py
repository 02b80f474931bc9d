"""Profile likelihood of two parameters together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitting.optimizer import WORST
from identifiability.functions.known_points import known_points
from identifiability.functions.level_step import metric
from identifiability.thresholds import threshold

if TYPE_CHECKING:
    from fitting.problem import CohortProblem
    from fitting.result import Fit
    from identifiability.result import Profile

IMPROVEMENT = 1e-3  # smaller gains are not passed on
CLIFF = 3.0  # a cell this far above a neighbour is tried again
ITERATIONS, MENDS = 40, 3
MARGIN = 2.0  # how far above the two-dimensional threshold valleys are followed


@dataclass(frozen=True)
class Plane:
    """Two-dimensional profile likelihood of one patient.

    Parameters
    ----------
    names : tuple of str
        The two parameters.
    values_a, values_b : ndarray, shape (na,), (nb,)
        Grids in the model's units, increasing, logarithmic; the optimum's values are among them.
    rise : ndarray, shape (na, nb)
        Rise of the negative log-likelihood, minimised over all other parameters; infinite where the model
        could not be solved. Far above the thresholds an upper bound.
    sets : ndarray, shape (na, nb, p)
        The minimising parameter sets.
    estimate : tuple of float
        Both parameters at the optimum.
    nll_min : float
    level : float
    """

    names: tuple[str, str]
    values_a: np.ndarray
    values_b: np.ndarray
    rise: np.ndarray
    sets: np.ndarray
    estimate: tuple[float, float]
    nll_min: float
    level: float

    @property
    def threshold_each(self) -> float:
        """Threshold with one degree of freedom: its shadow on an axis is the pointwise interval."""
        return threshold(self.level, 1)

    @property
    def threshold_both(self) -> float:
        """Threshold with two degrees of freedom: the joint confidence set of both parameters."""
        return threshold(self.level, 2)

    @property
    def threshold_all(self) -> float:
        """Threshold with as many degrees of freedom as parameters: simultaneous with all others."""
        return threshold(self.level, self.sets.shape[2])

    def profile_of(self, name: str) -> np.ndarray:
        """One-dimensional profile on this grid: the least rise along the other axis.

        Raises
        ------
        KeyError
            Neither of the two names.
        """
        if name not in self.names:
            raise KeyError(f"no axis {name!r}; this plane has {self.names[0]!r} and {self.names[1]!r}")
        return self.rise.min(axis=1 if name == self.names[0] else 0)


def profile_plane(
    problem: CohortProblem,
    w: int,
    fit: Fit,
    names: tuple[str, str],
    shape: tuple[int, int] = (31, 31),
    *,
    ranges: tuple[tuple[float, float] | None, tuple[float, float] | None] = (None, None),
    profiles: Sequence[Profile] = (),
    seeds: np.ndarray | None = None,
    level: float = 0.95,
    rounds: int = 200,
) -> Plane:
    """Profile two parameters of one patient together.

    Every known point starts the cell nearest to it; then solutions spread from cell to cell along tangents,
    all cells that improved at once, until nothing improves.

    Parameters
    ----------
    problem : CohortProblem
    w : int
        The patient's place in the problem.
    fit : Fit
    names : tuple of str
        Two different parameters.
    shape : tuple of int
        Grid points along each; the optimum's values come on top.
    ranges : tuple of (float, float) or None
        In the model's units. By default what the profiles admit, 20 % wider in the logarithm, or else the
        declared range.
    profiles : sequence of Profile
        Profiles already known.
    seeds : ndarray, shape (k, q), optional
        Further known free vectors.
    level : float
    rounds : int
        Most rounds of spreading.

    Raises
    ------
    ValueError
        Names that are no two parameters of the model, a range that is not increasing and positive.
    """
    model_names = problem.model.parameter_names
    if len(set(names)) != 2 or not set(names) <= set(model_names):
        raise ValueError(f"a plane needs two different parameters of {model_names}, got {names}")
    known = known_points(problem, w, fit, profiles, margin=MARGIN + 1.0)
    if seeds is not None and len(seeds):
        known = np.concatenate([known, np.atleast_2d(seeds)])
    search = _PlaneSearch(problem, w, known, (model_names.index(names[0]), model_names.index(names[1])))
    grids = [
        _grid(problem, w, index, known[search.best, index], count, given, _profile(profiles, name))
        for index, name, count, given in zip(search.index, names, shape, ranges, strict=True)
    ]
    search.lay_out(grids[0], grids[1])
    search.start(known)
    height = threshold(level, max(2, problem.n_parameters)) + MARGIN
    search.spread(height, rounds)
    for _ in range(MENDS):
        search.mend(height)
        search.spread(height, rounds)
    p = problem.n_parameters
    best = known[search.best]
    return Plane(
        names=(names[0], names[1]),
        values_a=np.exp(grids[0]),
        values_b=np.exp(grids[1]),
        rise=search.nll - search.best_nll,
        sets=np.exp(search.q[..., :p]),
        estimate=(float(np.exp(best[search.index[0]])), float(np.exp(best[search.index[1]]))),
        nll_min=search.best_nll,
        level=level,
    )


def _profile(profiles: Sequence[Profile], name: str) -> Profile | None:
    return next((p for p in profiles if p.parameter == name), None)


def _grid(
    problem: CohortProblem,
    w: int,
    index: int,
    centre: float,
    count: int,
    given: tuple[float, float] | None,
    profile: Profile | None,
) -> np.ndarray:
    """Logarithms of one axis, the optimum among them."""
    low, high = problem.lower[w, index], problem.upper[w, index]
    if given is not None:
        if not 0 < given[0] < given[1]:
            raise ValueError(f"a range must be positive and increasing, got {given}")
        low, high = max(low, np.log(given[0])), min(high, np.log(given[1]))
    elif profile is not None and profile.intervals:
        a, b = np.log(profile.ci)
        low, high = max(low, a - 0.2 * (b - a)), min(high, b + 0.2 * (b - a))
    grid = np.linspace(low, high, count)
    grid = np.append(grid, centre) if low < centre < high else grid
    grid = np.unique(grid)
    return grid[np.concatenate([[True], np.diff(grid) > 1e-9])]


class _PlaneSearch:
    """Best known solutions on a grid of two parameters."""

    def __init__(self, problem: CohortProblem, w: int, known: np.ndarray, index: tuple[int, int]) -> None:
        self.problem, self.w, self.index = problem, w, index
        value, _, self.known_information = problem.evaluate(known, np.full(len(known), w))
        self.best = int(value.argmin())
        self.best_nll = float(value[self.best])

    def lay_out(self, a: np.ndarray, b: np.ndarray) -> None:
        """Start with every cell unknown."""
        n = self.problem.size
        self.a, self.b = a, b
        self.nll = np.full((len(a), len(b)), np.inf)
        self.q = np.full((len(a), len(b), n), np.nan)
        self.information = np.zeros((len(a), len(b), n, n))
        self.changed = np.zeros(self.nll.shape, dtype=bool)

    def start(self, known: np.ndarray) -> None:
        """Move every known point to its nearest cell."""
        i = np.abs(known[:, self.index[0], None] - self.a).argmin(axis=1)
        j = np.abs(known[:, self.index[1], None] - self.b).argmin(axis=1)
        self._attempt(i, j, known, self.known_information)

    def spread(self, height: float, rounds: int) -> None:
        """Pass solutions on to the eight neighbours of every cell that improved."""
        for _ in range(rounds):
            moved, self.changed = self.changed, np.zeros_like(self.changed)
            sources = np.argwhere(moved & (self.nll < self.best_nll + height))
            jobs = []
            for di in (-1, 0, 1):
                for dj in (-1, 0, 1):
                    to = sources + np.array([di, dj])
                    ok = np.all((to >= 0) & (to < self.nll.shape), axis=1) & ((di, dj) != (0, 0))
                    jobs.append(np.hstack([sources[ok], to[ok]]))
            job = np.concatenate(jobs)
            lower = self.nll[job[:, 0], job[:, 1]] < self.nll[job[:, 2], job[:, 3]] - IMPROVEMENT
            job = job[lower]
            if not len(job):
                return
            # of several neighbours, the two lowest
            order = np.lexsort([self.nll[job[:, 0], job[:, 1]], job[:, 3], job[:, 2]])
            job = job[order]
            cell = job[:, 2] * self.nll.shape[1] + job[:, 3]
            first = np.searchsorted(cell, cell)
            job = job[np.arange(len(job)) - first < 2]
            i, j = job[:, 0], job[:, 1]
            self._attempt(job[:, 2], job[:, 3], self.q[i, j], self.information[i, j])

    def mend(self, height: float) -> None:
        """Try cells that stand far above a neighbour again, from every neighbour, with the others left as they are."""
        jobs = []
        for di in (-1, 0, 1):
            for dj in (-1, 0, 1):
                here = np.argwhere(np.ones(self.nll.shape, dtype=bool))
                source = here + np.array([di, dj])
                ok = np.all((source >= 0) & (source < self.nll.shape), axis=1) & ((di, dj) != (0, 0))
                here, source = here[ok], source[ok]
                low = self.nll[source[:, 0], source[:, 1]]
                far = (self.nll[here[:, 0], here[:, 1]] > low + CLIFF) & (low < self.best_nll + height)
                jobs.append(np.hstack([source[far], here[far]]))
        job = np.concatenate(jobs)
        if len(job):
            i, j = job[:, 0], job[:, 1]
            self._attempt(job[:, 2], job[:, 3], self.q[i, j], self.information[i, j], along=False)

    def _attempt(
        self, i: np.ndarray, j: np.ndarray, q: np.ndarray, information: np.ndarray, *, along: bool = True
    ) -> None:
        """Minimise over the other parameters from points moved to cells, along the tangent or not; keep the better."""
        low, high = self.problem.lower[self.w], self.problem.upper[self.w]
        pair = list(self.index)
        fixed = np.zeros(q.shape, dtype=bool)
        fixed[:, pair] = True
        shift = np.stack([self.a[i], self.b[j]], axis=1) - q[:, pair]
        matrix = metric(information, 1e-9)
        inner = (
            np.where(fixed[:, :, None] | fixed[:, None, :], 0.0, matrix) + np.eye(q.shape[1]) * fixed[:, None]
        )
        force = np.where(fixed, 0.0, np.einsum("bij,bj->bi", matrix[:, :, pair], shift))
        others = -np.linalg.solve(inner, force[..., None])[..., 0]
        start = q + np.clip(others, -1.5, 1.5) * along
        start[:, pair] = q[:, pair] + shift
        who = np.full(len(q), self.w)
        found = self.problem.minimise(
            np.clip(start, low, high), who, fixed=fixed, tolerance=1e-5, max_iterations=ITERATIONS
        )
        for k in np.argsort(found.value):
            cell = int(i[k]), int(j[k])
            if found.value[k] < min(self.nll[cell] - 1e-9, WORST):
                self.changed[cell] |= found.value[k] < self.nll[cell] - IMPROVEMENT
                self.nll[cell], self.q[cell] = found.value[k], found.q[k]
                self.information[cell] = found.information[k]
