"""The search for the lowest negative log-likelihood along every profile of a cohort."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fitting.problem import CohortProblem
from fitting.result import Fit
from fitting.starts import latin_hypercube, patient_generator
from identifiability.profiles.follow import tangent_in_parameters
from identifiability.profiles.line import Line
from identifiability.profiles.profile_settings import ProfileSettings
from identifiability.profiles.walk import Walker, walk

OFFER = 0.02  # a solution of another line must promise at least this much
SAME_END = 1e-3  # ends of confidence sets closer than this, in the logarithm, agree
CLIFF = 1.0  # a profile that rises by more than this between two grid points is looked at again
MARGIN = 1.0  # how far above the threshold a valley is still followed
MULTIPLES = (0.02, 0.1, 0.3, 0.5, 2.0, 4.0, 10.0)  # of the estimate: where a reader of the table will look
ENDS_ROUNDS = 5
NEAR = 0.2  # Masud 2023, eq. 11: the paper looks 20 % to both sides of the estimate


class ProfileSearch:
    """The profiles of a cohort in the making."""

    def __init__(self, problem: CohortProblem, fits: Sequence[Fit], settings: ProfileSettings) -> None:
        self.problem, self.fits, self.settings = problem, fits, settings
        self.best = np.array([free_vector(fit) for fit in fits])
        self.best_nll, _, self.best_information = problem.evaluate(self.best, np.arange(len(fits)))
        self.lines: list[Line] = []
        for w in range(len(fits)):
            self.lines += self._lines_around(w)

    def _lines_around(self, w: int) -> list[Line]:
        """Fresh lines around a patient's optimum, with the optimum on them."""
        lines = []
        for index in range(self.problem.n_parameters):
            sparse = self.settings.sparse and self.fits[w].too_few_points
            points = self.settings.points // 2 + 1 if sparse else self.settings.points
            grid = _grid(self.problem, w, index, self.best[w, index], points, self.settings.near_points)
            line = Line.unknown(w, index, grid, self.problem.size)
            centre = int(np.abs(grid - self.best[w, index]).argmin())
            line.keep(centre, self.best[w], float(self.best_nll[w]), True, self.best_information[w])
            lines.append(line)
        return lines

    @property
    def _ceiling(self) -> np.ndarray:
        """Value above which a patient's valleys are not followed, shape (w,)."""
        return self.best_nll + self.settings.threshold + MARGIN

    def exchange(self) -> None:
        """Walk from every point that improved, then from line to line, until nothing improves."""
        for _ in range(self.settings.rounds):
            walkers = self._along_lines() or self._between_lines()
            if not walkers:
                return
            walk(self.problem, walkers, self.best_nll, self._ceiling + MARGIN)

    def _along_lines(self) -> list[Walker]:
        """Walkers in both directions from every point that improved, where the next point lies higher."""
        walkers = []
        for line in self.lines:
            moved, line.changed = line.changed, np.zeros(len(line.grid), dtype=bool)
            for g in np.flatnonzero(moved & (line.nll < self._ceiling[line.w])):
                for direction in (-1, 1):
                    neighbour = int(g) + direction
                    if (
                        0 <= neighbour < len(line.grid)
                        and line.nll[neighbour] > line.nll[g] + line.improvement
                    ):
                        walkers.append(_walker(line, direction, neighbour, int(g)))
        return walkers

    def _between_lines(self) -> list[Walker]:
        """Walkers from each patient's solutions on the other lines, where they lie below what is known.

        A valley that was found while r was held leads to the profile of K at that solution's K.
        """
        walkers = []
        for line in self.lines:
            others = [other for other in self.lines if other.w == line.w and other.index != line.index]
            if not others:
                continue
            known = [np.isfinite(other.nll) for other in others]
            q = np.concatenate([other.q[k] for other, k in zip(others, known, strict=True)])
            nll = np.concatenate([other.nll[k] for other, k in zip(others, known, strict=True)])
            information = np.concatenate(
                [other.information[k] for other, k in zip(others, known, strict=True)]
            )
            cell = np.abs(q[:, line.index][:, None] - line.grid[None, :]).argmin(axis=1)
            for g in np.unique(cell):
                members = np.flatnonzero(cell == g)
                best = members[nll[members].argmin()]
                # the solution's own value is off the grid, so it may rise a little on the way to it
                offer = (float(line.grid[g]), float(nll[best]))
                if nll[best] < min(line.nll[g] - OFFER, self._ceiling[line.w]) and offer not in line.offers:
                    line.offers.add(offer)
                    walkers.append(Walker(line, 0, int(g), q[best], float(nll[best]), information[best]))
        return walkers

    def look_for_valleys(self) -> None:
        """Start the other parameters anew at some grid points, from random places and from the fit's other optima."""
        problem, settings = self.problem, self.settings
        places: list[tuple[Line, int]] = []
        starts: list[np.ndarray] = []
        for line in self.lines:
            w, fit = line.w, self.fits[line.w]
            count = settings.fresh_starts
            generator = patient_generator(settings.seed, f"{fit.patient_id}\0{line.index}", "profile")
            tail = self.best[w][problem.n_parameters :]
            known = [np.append(np.log(optimum), tail) for optimum in fit.optima[1:4]]
            last = len(line.grid) - 1
            # the ends decide whether a side is open, and a valley may come to light only there
            for g in (0, *range(settings.fresh_every // 2, last, settings.fresh_every), last):
                number = 4 * count if g in (0, last) else count
                usual = latin_hypercube(problem.start_lower[w], problem.start_upper[w], number, generator)
                # half from the whole declared range: valleys lie beyond the box of usual values
                usual[::2] = latin_hypercube(problem.lower[w], problem.upper[w], len(usual[::2]), generator)
                points = np.vstack([*known, usual])
                points[:, line.index] = line.grid[g]
                places += [(line, g)] * len(points)
                starts.append(points)
        if places:
            self._optimise(places, np.concatenate(starts), max_iterations=60)

    def look_beyond_cliffs(self) -> None:
        """Where a profile leaves the confidence set with a leap, make sure that no walker lost its way there."""
        places: list[tuple[Line, int]] = []
        starts: list[np.ndarray] = []
        for line in self.lines:
            w = line.w
            height = line.nll - self.best_nll[w] - self.settings.threshold
            generator = patient_generator(
                self.settings.seed, f"{self.fits[w].patient_id}\0{line.index}", "cliffs"
            )
            for g in np.flatnonzero((height[:-1] <= 0) != (height[1:] <= 0)):
                inner, outer = (int(g), int(g) + 1) if height[g] <= 0 else (int(g) + 1, int(g))
                if height[outer] - height[inner] < CLIFF:
                    continue
                low, high = self.problem.lower[w], self.problem.upper[w]
                ahead = np.empty(self.problem.size)
                tangent_in_parameters(
                    line.q[inner],
                    line.information[inner],
                    line.index,
                    float(line.grid[outer] - line.grid[inner]),
                    low,
                    high,
                    ahead,
                )
                points = np.vstack([line.q[inner], ahead, latin_hypercube(low, high, 6, generator)])
                points[:, line.index] = line.grid[outer]
                places += [(line, outer)] * len(points)
                starts.append(points)
        if places:
            self._optimise(places, np.concatenate(starts), max_iterations=120)

    def _optimise(self, places: Sequence[tuple[Line, int]], starts: np.ndarray, max_iterations: int) -> None:
        """Optimise the other parameters at (line, grid point) places; keep what is better."""
        who = np.array([line.w for line, _ in places])
        fixed = np.zeros(starts.shape, dtype=bool)
        fixed[np.arange(len(places)), [line.index for line, _ in places]] = True
        minima = self.problem.minimise(
            starts, who, fixed=fixed, tolerance=1e-6, max_iterations=max_iterations
        )
        for i, (line, g) in enumerate(places):
            line.keep(
                g, minima.q[i], float(minima.value[i]), bool(minima.converged[i]), minima.information[i]
            )

    def adopt_better_optimum(self) -> bool:
        """Refit from any profile point below the optimum; restart that patient's lines around it."""
        found = False
        for w in range(len(self.best)):
            mine = [line for line in self.lines if line.w == w]
            lowest = min(mine, key=lambda line: line.nll.min())
            if lowest.nll.min() > self.best_nll[w] - lowest.improvement:
                continue
            found = True
            start, who = lowest.q[[int(np.argmin(lowest.nll))]], np.array([w])
            minima = self.problem.minimise(start, who, tolerance=1e-10)
            self.best[w], self.best_nll[w] = minima.q[0], minima.value[0]
            self.best_information[w] = minima.information[0]
            fresh = self._lines_around(w)
            for new, old in zip(fresh, mine, strict=True):
                for g, value in enumerate(new.grid):
                    same = np.flatnonzero(np.abs(old.grid - value) < 1e-9)
                    if same.size:
                        s = same[0]
                        new.keep(g, old.q[s], float(old.nll[s]), bool(old.converged[s]), old.information[s])
            self.lines = [line for line in self.lines if line.w != w] + fresh
        return found

    def settle_ends(self) -> None:
        """Let the lines tell each other where the confidence set ends, and look closer, until no end moves."""
        before: list[tuple[float, float]] = []
        for _ in range(ENDS_ROUNDS):
            self.share_ends()
            self.exchange()
            self.locate_ends()
            ends = [self._ends(line) for line in self.lines]
            if before and np.allclose(before, ends, rtol=0, atol=SAME_END, equal_nan=True):
                break
            before = ends
        self.share_ends()

    def _ends(self, line: Line) -> tuple[float, float]:
        """Outermost admitted grid points of a line."""
        inside = line.grid[line.nll <= self.best_nll[line.w] + self.settings.threshold]
        return (float(inside.min()), float(inside.max())) if len(inside) else (np.nan, np.nan)

    def share_ends(self) -> None:
        """Let no admitted set of one line lie outside the confidence set of another.

        A solution found while r was held is an upper bound of the profile of delta at its own delta. Where a
        walker along delta lost the valley before that, the solution becomes a point of delta's line.
        """
        for line in self.lines:
            limit = self.best_nll[line.w] + self.settings.threshold
            others = [other for other in self.lines if other.w == line.w and other.index != line.index]
            admitted = [(other, g) for other in others for g in np.flatnonzero(other.nll <= limit)]
            inside = line.grid[line.nll <= limit]
            if not admitted or not len(inside):
                continue
            values = np.array([other.q[g, line.index] for other, g in admitted])
            for pick, outside in (
                (int(values.argmin()), values.min() < inside.min() - SAME_END),
                (int(values.argmax()), values.max() > inside.max() + SAME_END),
            ):
                if outside:
                    other, g = admitted[pick]
                    line.beyond.append(
                        (other.q[g], float(other.nll[g]), bool(other.converged[g]), other.information[g])
                    )
            line.absorb()

    def locate_ends(self) -> None:
        """Add grid points where profiles cross the threshold, by bracketing in the logarithm with warm starts."""
        for _ in range(6):
            walkers = []
            for line in self.lines:
                height = line.nll - self.best_nll[line.w] - self.settings.threshold
                for g in np.flatnonzero((height[:-1] <= 0) != (height[1:] <= 0))[::-1]:
                    width = line.grid[g + 1] - line.grid[g]
                    if width < 2e-3:
                        continue
                    a, b = height[g], height[g + 1]
                    # regula falsi where the profile is smooth, kept away from the ends so that it also halves
                    share = np.clip(a / (a - b), 0.1, 0.9) if np.isfinite(a) and np.isfinite(b) else 0.5
                    line.insert(int(g), float(line.grid[g] + share * width))
                limit = self._ceiling[line.w] + MARGIN
                walkers += [
                    _walker(line, 0, int(position), int(neighbour))
                    for position in np.flatnonzero(np.isinf(line.nll))
                    for neighbour in (position - 1, position + 1)
                    if 0 <= neighbour < len(line.grid) and line.nll[neighbour] < limit
                ]
            if not walkers:
                return
            walk(self.problem, walkers, self.best_nll, self._ceiling + MARGIN)


def _walker(line: Line, direction: int, point: int, origin: int) -> Walker:
    """Send a walker from the solution at one point of a line to another point."""
    return Walker(line, direction, point, line.q[origin], float(line.nll[origin]), line.information[origin])


def free_vector(fit: Fit) -> np.ndarray:
    """Logarithms of a fit's parameters and dispersion, shape (q,)."""
    q = np.log(fit.estimates)
    return np.append(q, np.log(fit.dispersion)) if fit.dispersion is not None else q


def _grid(problem: CohortProblem, w: int, i: int, centre: float, points: int, near_points: int) -> np.ndarray:
    """Logarithms of the grid: the whole declared range, denser within 20 % of the estimate."""
    low, high = problem.lower[w, i], problem.upper[w, i]
    wide = np.linspace(low, high, points)
    near = centre + np.log1p(np.linspace(-NEAR, NEAR, 2 * near_points + 1))
    near = np.concatenate([near, centre + np.log(MULTIPLES)])
    grid = np.unique(np.concatenate([wide, near[(near > low) & (near < high)], [np.clip(centre, low, high)]]))
    return grid[np.concatenate([[True], np.diff(grid) > 1e-9])]
