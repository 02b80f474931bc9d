"""The search for the lowest negative log-likelihood along the levels of a quantity."""

from __future__ import annotations

import numpy as np

from fitting.optimizer import minimise
from fitting.starts import latin_hypercube, patient_generator
from identifiability.functions.function_settings import FunctionSettings
from identifiability.functions.level_line import IMPROVEMENT, LevelLine
from identifiability.functions.level_set import LevelMinima

QUICK = 16  # iterations of a first look
APART = 0.1  # two seeds closer than this, in the logarithm, are one


class FunctionSearch(LevelLine):
    """The phases of the search; see :class:`LevelLine` for the arguments."""

    def lay_out(self) -> None:
        """Choose levels: the whole range of interest where it is finite, else where the known points lie."""
        quantity, count = self.functions.quantity, self.settings.points
        low, high = self.functions.to_level(quantity.lower), self.functions.to_level(quantity.upper)
        levels = self.known_level
        if not (np.isfinite(low) and np.isfinite(high)):
            near = self.known_nll <= self.best_nll + self.settings.threshold + 1.0
            if quantity.closed_range:
                levels = self.known_level.clip(low, high)
            inside = levels[near & np.isfinite(levels)]
            levels = levels[np.isfinite(levels)]
            if not len(inside):
                inside = levels
            if not len(inside):
                self.set_grid(np.zeros(0))
                return
            centre, half = 0.5 * (inside.min() + inside.max()), 0.5 * np.ptp(inside)
            half = max(1.1 * half, self.expected_half_width())
            low, high = max(centre - half, low), min(centre + half, high)
        grid = np.linspace(low, high, count)
        at = self.known_level[int(self.known_nll.argmin())]
        if np.isfinite(at):
            grid = np.append(grid, np.clip(at, low, high))
            local = np.array([-2.0, -1.0, -0.5, -0.2, 0.2, 0.5, 1.0, 2.0]) * 0.5 * self.expected_half_width()
            near = at + local[np.abs(local) < 0.2 * (high - low)]
            grid = np.append(grid, near[(near > low) & (near < high)])
        grid = np.unique(grid)
        keep = np.concatenate([[True], np.diff(grid) > 1e-9 * max(1.0, np.ptp(grid))])
        self.set_grid(grid[keep])

    def from_known(self) -> None:
        """Try the most promising known points at every level."""
        exists = np.isfinite(self.known_level)
        known, level, nll = self.known[exists], self.known_level[exists], self.known_nll[exists]
        if not len(known) or not len(self.grid):
            return
        spacing = max(np.ptp(self.grid) / max(len(self.grid) - 1, 1), 1e-12)
        cells, starts = [], []
        for g, v in enumerate(self.grid):
            chosen: list[int] = []
            for i in np.argsort(nll + np.abs(level - v) / spacing):
                if all(np.max(np.abs(known[i] - known[j])) > APART for j in chosen):
                    chosen.append(int(i))
                if len(chosen) == self.settings.seeds:
                    break
            cells += [g] * len(chosen)
            starts += chosen
        self.attempt(np.array(cells), known[starts], QUICK)
        self._take_ends()

    def _take_ends(self) -> None:
        """Let the ends of a closed range stand for everything beyond them."""
        quantity = self.functions.quantity
        if not quantity.closed_range or not len(self.grid):
            return
        for cell, limit, beyond in (
            (0, quantity.lower, self.known_level <= self.grid[0]),
            (len(self.grid) - 1, quantity.upper, self.known_level >= self.grid[-1]),
        ):
            # a grid that ends inside the range has nothing to stand for
            at_limit = np.isclose(self.grid[cell], self.functions.to_level(limit), rtol=1e-9, atol=1e-9)
            members = np.flatnonzero(beyond & at_limit)
            if len(members):
                i = members[self.known_nll[members].argmin()]
                values, slopes = self.functions(self.known[[i]])
                point = LevelMinima(
                    self.known[[i]], self.known_nll[[i]], np.zeros((1, self.problem.size)),
                    self.known_information[[i]], values, slopes, np.zeros(values.shape, dtype=bool),
                    np.ones(1, dtype=bool),
                )  # fmt: skip
                self.keep(cell, point, 0)

    def spread(self) -> None:
        """Pass solutions on to both neighbours, in rounds, until nothing improves."""
        for _ in range(self.settings.rounds):
            moved, self.changed = self.changed, np.zeros(len(self.grid), dtype=bool)
            cells, sources = [], []
            for g in np.flatnonzero(moved & (self.line.value < self.ceiling)):
                for other in (g - 1, g + 1):
                    if 0 <= other < len(self.grid) and (
                        self.line.value[other] > self.line.value[g] + IMPROVEMENT
                    ):
                        cells.append(int(other))
                        sources.append(int(g))
            if not cells:
                return
            self.attempt(np.array(cells), self.line.q[sources])

    def fresh(self) -> None:
        """Start anew from random places at some levels, the ends among them."""
        settings, last = self.settings, len(self.grid) - 1
        if last < 0 or settings.fresh_starts == 0:
            return
        generator = patient_generator(settings.seed, f"{self.w}\0{self.functions.quantity.name}", "levels")
        picked = sorted({0, *range(settings.fresh_every // 2, last, settings.fresh_every), last})
        count = settings.fresh_starts
        starts = []
        for _ in picked:
            usual = latin_hypercube(
                self.problem.start_lower[self.w], self.problem.start_upper[self.w], count, generator
            )
            usual[::2] = latin_hypercube(self.low, self.high, len(usual[::2]), generator)
            starts.append(usual)
        self.attempt(np.repeat(picked, count), np.concatenate(starts), QUICK)

    def polish(self) -> None:
        """Go on at levels of interest where the first look ended early."""
        cells = np.flatnonzero(~self.line.converged & (self.line.value < self.ceiling))
        self.attempt(cells, self.line.q[cells], 40)

    def widen(self) -> None:
        """Add levels beyond an end that is still inside, up to the range of interest or as far as sets go."""
        quantity = self.functions.quantity
        low, high = self.functions.to_level(quantity.lower), self.functions.to_level(quantity.upper)
        step = np.ptp(self.grid) / max(len(self.grid) - 1, 1)
        going = {-1: True, 1: True}
        for _ in range(12):
            new = []
            for side, end, limit in ((-1, 0, low), (1, -1, high)):
                at = self.grid[end]
                inside = self.line.value[end] <= self.best_nll + self.settings.threshold + 1.0
                if going[side] and inside and at != limit:
                    new += [np.clip(at + side * k * step, low, high) for k in (1, 2, 3)]
                else:
                    going[side] = False
            if not new:
                return
            before = (self.grid[0], self.grid[-1])
            self.insert(np.array(new))
            self.changed[np.flatnonzero((self.grid == before[0]) | (self.grid == before[1]))] = True
            self._take_ends()
            self.spread()
            step *= 1.6

    def adopt_better_optimum(self) -> bool:
        """Refit from a point below the optimum, where there is one."""
        if not len(self.grid) or self.line.value.min() > self.best_nll - IMPROVEMENT:
            return False
        start = self.line.q[[int(self.line.value.argmin())]]
        who = np.array([self.w])
        found = minimise(
            self.problem.evaluate,
            start,
            who,
            self.problem.lower[who],
            self.problem.upper[who],
            tolerance=1e-10,
        )
        self.add_known(found.q)
        self.best, self.best_nll = found.q[0], float(found.value[0])
        at = self.known_level[-1]
        if np.isfinite(at) and self.grid[0] < at < self.grid[-1]:
            cells = self.insert(np.array([at]))
            self.attempt(cells, np.repeat(found.q, len(cells), axis=0))
        self._take_ends()
        return True

    def add_extremes(self) -> None:
        """Make levels of the outermost admitted points, which may lie between two levels.

        A solution found while another quantity was profiled is an upper bound of this profile at its level.
        """
        if not len(self.grid):
            return
        inside = (self.known_nll <= self.best_nll + self.settings.threshold) & np.isfinite(self.known_level)
        inside &= (self.known_level > self.grid[0]) & (self.known_level < self.grid[-1])
        members = np.flatnonzero(inside)
        if not len(members):
            return
        ends = members[[self.known_level[members].argmin(), self.known_level[members].argmax()]]
        self.insert(self.known_level[ends])
        cells = np.searchsorted(self.grid, self.known_level[ends])
        self.attempt(cells, self.known[ends])

    def look_into_dips(self) -> None:
        """Go down freely from every level that lies below both neighbours: a valley may lie between two levels."""
        value = np.concatenate([[np.inf], self.line.value, [np.inf]])
        dips = np.flatnonzero(
            (value[1:-1] < value[:-2]) & (value[1:-1] < value[2:]) & np.isfinite(value[1:-1])
        )
        best = int(self.line.value.argmin()) if len(self.grid) else -1
        dips = dips[dips != best]
        if not len(dips):
            return
        who = np.full(len(dips), self.w)
        found = minimise(
            self.problem.evaluate,
            self.line.q[dips],
            who,
            self.problem.lower[who],
            self.problem.upper[who],
            tolerance=1e-6,
            max_iterations=60,
        )
        self.add_known(found.q)
        level = self.known_level[-len(dips) :]
        inside = (found.value <= self.best_nll + self.settings.threshold) & np.isfinite(level)
        inside &= (level > self.grid[0]) & (level < self.grid[-1])
        if np.any(inside):
            self.insert(level[inside])
            self.attempt(np.searchsorted(self.grid, level[inside]), found.q[inside])
            self.spread()

    def locate_ends(self) -> None:
        """Add levels where the profile crosses the threshold, until the crossings are known closely."""
        span = max(np.ptp(self.grid), 1e-12) if len(self.grid) else 1.0
        for _ in range(5):
            height = self.line.value - self.best_nll - self.settings.threshold
            new: list[float] = []
            cells: list[float] = []
            starts: list[np.ndarray] = []
            for g in np.flatnonzero((height[:-1] <= 0) != (height[1:] <= 0)):
                a, b, width = height[g], height[g + 1], self.grid[g + 1] - self.grid[g]
                if width < 1e-4 * span or min(abs(a), abs(b)) < 2e-4:
                    continue
                shares = [0.2, 0.4, 0.6, 0.8]
                if np.isfinite(a) and np.isfinite(b):
                    shares.append(float(np.clip(a / (a - b), 0.02, 0.98)))
                levels = self.grid[g] + np.array(sorted(shares)) * width
                new += list(levels)
                for v in levels:
                    for source in (g, g + 1):
                        if np.isfinite(self.line.value[source]):
                            cells.append(v)
                            starts.append(self.line.q[source])
            if not new:
                return
            self.insert(np.array(new))
            self.attempt(np.searchsorted(self.grid, cells), np.array(starts), 40, accurate=True)
            self.spread()


__all__ = ["APART", "FunctionSearch", "FunctionSettings"]
