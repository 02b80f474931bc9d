"""Best known solutions along the levels of a quantity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fitting.optimizer import WORST
from identifiability.functions.level_functions import MET, LevelFunctions
from identifiability.functions.level_set import COSTLY, EXACT, LevelMinima, minimise_on_levels
from identifiability.functions.level_step import metric

if TYPE_CHECKING:
    from fitting.problem import CohortProblem
    from identifiability.functions.function_settings import FunctionSettings
    from identifiability.quantity import Quantity

IMPROVEMENT = 1e-3  # smaller gains are not worth another look


class LevelLine:
    """Best known solutions at levels of one quantity of one patient.

    Parameters
    ----------
    problem : CohortProblem
    w : int
        The patient's place in the problem.
    quantity : Quantity
    known : ndarray, shape (k, q)
        Free vectors, the optimum among them.
    settings : FunctionSettings
    """

    def __init__(
        self,
        problem: CohortProblem,
        w: int,
        quantity: Quantity,
        known: np.ndarray,
        settings: FunctionSettings,
    ) -> None:
        self.problem, self.w, self.settings = problem, w, settings
        self.functions = LevelFunctions(quantity, problem.n_parameters)
        self.low, self.high = problem.lower[w], problem.upper[w]
        value, _, information = problem.evaluate(known, np.full(len(known), w))
        good = value < WORST
        self.known, self.known_nll, self.known_information = known[good], value[good], information[good]
        best = int(self.known_nll.argmin())
        self.best, self.best_nll = self.known[best], float(self.known_nll[best])
        self.known_level, self.known_piece, self.known_values = self.functions.levels(self.known)
        self.grid = np.zeros(0)
        self.line = self._unknown(0)
        self.changed = np.zeros(0, dtype=bool)

    def set_grid(self, grid: np.ndarray) -> None:
        """Take these levels, increasing, all unknown."""
        self.grid, self.line = grid, self._unknown(len(grid))
        self.changed = np.zeros(len(grid), dtype=bool)

    def _unknown(self, count: int) -> LevelMinima:
        n, m = self.problem.size, self.functions.parts.pieces + self.functions.parts.conditions
        return LevelMinima(
            np.full((count, n), np.nan), np.full(count, np.inf), np.zeros((count, n)),
            np.zeros((count, n, n)), np.full((count, m), np.nan), np.zeros((count, m, n)),
            np.zeros((count, m), dtype=bool), np.zeros(count, dtype=bool),
        )  # fmt: skip

    def insert(self, levels: np.ndarray) -> np.ndarray:
        """Add unknown levels; return where all of the new ones ended up."""
        levels = np.setdiff1d(levels, self.grid)
        if not len(levels):
            return np.zeros(0, dtype=int)
        old, fresh = self.line, self._unknown(len(levels))
        order = np.argsort(np.concatenate([self.grid, levels]), kind="stable")
        for name in old.__dataclass_fields__:
            both = np.concatenate([getattr(old, name), getattr(fresh, name)])
            setattr(old, name, both[order])
        self.changed = np.concatenate([self.changed, np.zeros(len(levels), dtype=bool)])[order]
        self.grid = np.concatenate([self.grid, levels])[order]
        return np.searchsorted(self.grid, levels)

    # ---- solving -----------------------------------------------------------------------------------------
    def attempt(
        self, cells: np.ndarray, starts: np.ndarray, iterations: int = 40, accurate: bool = False
    ) -> None:
        """Minimise at grid levels from starting points; keep what is better.

        Parameters
        ----------
        cells : ndarray of int, shape (b,)
        starts : ndarray, shape (b, q)
        """
        if not len(cells):
            return
        # the piece that counts at the start; from the first start at each level every other one too
        k = self.functions.parts.pieces
        _, piece, _ = self.functions.levels(starts)
        first = np.unique(cells, return_index=True)[1]
        rows = np.concatenate([np.arange(len(cells)), np.tile(first, k - 1)])
        piece = np.concatenate([piece, *((piece[first] + shift) % k for shift in range(1, k))])
        cells, starts = cells[rows], starts[rows]
        found = self.solve(self.grid[cells], starts, piece, iterations, accurate)
        for i in np.argsort(found.value):
            self.keep(int(cells[i]), found, int(i))

    def keep(self, cell: int, found: LevelMinima, i: int) -> None:
        """Adopt a solution where it is better than the known one."""
        if found.value[i] < self.line.value[cell] - 1e-9:
            self.changed[cell] |= found.value[i] < self.line.value[cell] - IMPROVEMENT
            self.line.put(np.array([cell]), found, np.array([i]))

    def solve(
        self,
        level: np.ndarray,
        starts: np.ndarray,
        piece: np.ndarray,
        iterations: int,
        accurate: bool = False,
    ) -> LevelMinima:
        """Minimise on levels of the given pieces; a broken inequality becomes an equality (active set)."""
        functions, rows = self.functions, np.arange(len(starts))
        k, m = functions.parts.pieces, functions.parts.pieces + functions.parts.conditions
        targets = np.zeros((len(starts), m))
        targets[:, :k] = level[:, None]
        equal = np.zeros(targets.shape, dtype=bool)
        equal[rows, piece] = True
        return self.enforce(starts, targets, equal, level, iterations, accurate)

    def enforce(
        self,
        starts: np.ndarray,
        targets: np.ndarray,
        equal: np.ndarray,
        level: np.ndarray,
        iterations: int,
        accurate: bool = False,
    ) -> LevelMinima:
        """Run the optimiser, holding inequalities that turn out broken; value infinite where that fails."""
        found = self.run(starts, targets, equal, iterations, accurate)
        for _ in range(min(2, equal.shape[1] - 1)):
            slack = self.functions.slack(found.levels, level, found.equal)
            broken = np.flatnonzero((slack.min(axis=1) < -MET) & np.isfinite(found.value))
            if not len(broken):
                break
            held = found.equal[broken]
            held[np.arange(len(broken)), slack[broken].argmin(axis=1)] = True
            again = self.run(found.q[broken], targets[broken], held, iterations, accurate)
            found.put(broken, again, np.arange(len(broken)))
        slack = self.functions.slack(found.levels, level, found.equal)
        found.value = np.where(slack.min(axis=1) < -MET, np.inf, found.value)
        # another passage of the same level is not the one asked for
        found.value = np.where(self.functions.confirmed(found.q, level), found.value, np.inf)
        return found

    def run(
        self, starts: np.ndarray, targets: np.ndarray, equal: np.ndarray, iterations: int, accurate: bool
    ) -> LevelMinima:
        """Minimise on targets, with the tolerances of this search."""
        who = np.full(len(starts), self.w)
        return minimise_on_levels(
            self.problem.evaluate, self.functions, starts, who, targets, equal,
            self.problem.lower[who], self.problem.upper[who],
            tolerance=1e-6 if accurate else 1e-5, max_iterations=iterations,
            bends=self.functions.bends if self.functions.cheap else None,
            give_up_above=np.full(len(starts), self.ceiling + 8.0),
            effort=EXACT if self.functions.quantity.approach is None else COSTLY,
        )  # fmt: skip

    @property
    def ceiling(self) -> float:
        """Value above which valleys are not followed."""
        return self.best_nll + self.settings.threshold + self.settings.margin

    def expected_half_width(self) -> float:
        """Half width of the set that the information at the optimum promises (delta method)."""
        value, slopes = self.functions(self.best[None, :])
        piece = int(self.known_piece[int(self.known_nll.argmin())])
        a, information = slopes[0, piece], self.known_information[int(self.known_nll.argmin())]
        variance = float(a @ np.linalg.solve(metric(information[None], 1e-9)[0], a))
        if not np.isfinite(value[0, piece]):
            return 1.0
        size = max(1.0, abs(float(value[0, piece])))
        return float(
            np.clip(np.sqrt(2 * self.settings.threshold * max(variance, 0.0)), 1e-3 * size, 2.0 * size)
        )

    def add_known(self, q: np.ndarray) -> None:
        """Add points to those that are known."""
        value, _, information = self.problem.evaluate(q, np.full(len(q), self.w))
        level, piece, values = self.functions.levels(q)
        for name, new in (
            ("known", q), ("known_nll", value), ("known_information", information), ("known_level", level),
            ("known_piece", piece), ("known_values", values),
        ):  # fmt: skip
            setattr(self, name, np.concatenate([getattr(self, name), new]))
