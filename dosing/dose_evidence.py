"""The likelihood of the dose itself: how much worse a fit must be for a dose to lie inside, or outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dosing.quantities import raw_edges, window_quantities
from identifiability.functions.function_profile import nonexistence
from identifiability.functions.function_search import FunctionSearch, FunctionSettings
from identifiability.functions.known_points import known_points
from identifiability.functions.level_functions import LevelFunctions
from identifiability.functions.level_set import LevelMinima, minimise_on_levels

if TYPE_CHECKING:
    from dynamics.model import Model
    from fitting.problem import CohortProblem
    from fitting.result import Fit
    from identifiability.quantity import Quantity
    from identifiability.result import Diagnosis, Profile
    from patients.cohort import Patient

DOSES = np.linspace(0.0, 1.0, 101)
EVIDENCE = FunctionSettings(seeds=2, fresh_every=12, fresh_starts=4)
RTOL = 1e-7  # of the solver, as for the profiles
AT_EDGE = 1e-6  # of the maximum tolerated dose


@dataclass(frozen=True)
class DoseEvidence:
    """Profile likelihood of "this dose is inside the window", for every dose.

    Parameters
    ----------
    doses : ndarray, shape (d,)
        Fractions of the maximum tolerated dose.
    rise_inside : ndarray, shape (d,)
        Least rise of the negative log-likelihood over the parameter sets whose window holds the dose; zero
        where the optimum's does.
    rise_outside : ndarray, shape (d,)
        The same over the sets whose window does not hold it, those without any window included.
    rise_without_window : float
        The same over the sets without any window.
    threshold, level : float
    df : int
    """

    doses: np.ndarray
    rise_inside: np.ndarray
    rise_outside: np.ndarray
    rise_without_window: float
    threshold: float
    level: float
    df: int

    @property
    def supported(self) -> np.ndarray:
        """Doses that lie inside the window of every admitted set, shape (d,)."""
        return self.rise_outside > self.threshold

    @property
    def supported_intervals(self) -> tuple[tuple[float, float], ...]:
        """Stretches of doses that lie inside the window of every admitted set, interpolated between the doses."""
        x, height = self.doses, np.minimum(self.rise_outside, 1e6) - self.threshold
        inside = height > 0
        edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int)))

        def crossing(inner: int, outer: int) -> float:
            share = height[inner] / (height[inner] - height[outer])
            return float(x[inner] + share * (x[outer] - x[inner]))

        found = []
        for a, b in zip(edges[::2], edges[1::2] - 1, strict=True):
            low = float(x[0]) if a == 0 else crossing(int(a), int(a) - 1)
            high = float(x[-1]) if b == len(x) - 1 else crossing(int(b), int(b) + 1)
            found.append((low, high))
        return tuple(found)

    @property
    def excluded(self) -> np.ndarray:
        """Doses that lie outside the window of every admitted set, shape (d,)."""
        return self.rise_inside > self.threshold

    @property
    def best_dose(self) -> float:
        """The dose that is hardest to place outside; NaN where every dose is excluded."""
        if np.all(self.excluded):
            return float("nan")
        return float(self.doses[int(np.where(self.excluded, -1.0, self.rise_outside).argmax())])

    @property
    def sentence(self) -> str:
        """What the data say about the dose, in words."""
        percent = f"{100 * self.level:g} %"
        if np.all(self.excluded):
            return f"The data exclude every dose at {percent}: no admitted parameter set has a window that holds one."
        parts = []
        if np.any(self.supported):
            parts.append(f"doses {_stretches(self.doses, self.supported)} of MTD lie inside the window of every "
                         f"parameter set that the data admit at {percent}")  # fmt: skip
        else:
            parts.append(
                f"no dose lies inside the window of every parameter set that the data admit at {percent}; hardest "
                f"to place outside is {100 * self.best_dose:.0f} % of MTD (rise {self.rise_outside.max():.2g}, "
                f"threshold {self.threshold:.2f})"
            )
        if np.any(self.excluded):
            parts.append(f"doses {_stretches(self.doses, self.excluded)} are excluded")
        if self.rise_without_window <= self.threshold:
            parts.append(f"that no window exists at all is admitted (rise {self.rise_without_window:.2g})")
        text = "; ".join(parts)
        return f"{text[0].upper()}{text[1:]}."


def _stretches(doses: np.ndarray, member: np.ndarray) -> str:
    """Name the stretches of a grid, in percent."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], member, [False]]).astype(int)))
    found = [
        f"{100 * doses[a]:.0f}–{100 * doses[b]:.0f} %" if b > a else f"{100 * doses[a]:.0f} %"
        for a, b in zip(edges[::2], edges[1::2] - 1, strict=True)
    ]
    return " and ".join(found)


def dose_evidence(
    problem: CohortProblem,
    w: int,
    fit: Fit,
    k_tol: float,
    *,
    doses: np.ndarray = DOSES,
    profiles: Sequence[Profile] = (),
    seeds: np.ndarray | None = None,
    settings: FunctionSettings = EVIDENCE,
) -> DoseEvidence:
    """Ask, for every dose, how much worse the best set with that dose inside (or outside) its window fits.

    A dose is outside where an edge lies beyond it. The best such set has an edge exactly at the dose, or the
    optimum is one itself; so both edges are followed over the grid of doses. Inside, one edge may be in the
    way of the other, and both are then held at the dose together.

    Parameters
    ----------
    problem : CohortProblem
    w : int
        The patient's place in the problem.
    fit : Fit
    k_tol : float
        Tolerable burden, in the marker's unit.
    doses : ndarray, shape (d,)
        Increasing, in [0, 1].
    profiles : sequence of Profile
        Profiles already known.
    seeds : ndarray, shape (k, q), optional
        Further known free vectors.
    settings : FunctionSettings

    Raises
    ------
    WindowUnavailable
        No window can be derived for this model.
    """
    known = known_points(problem, w, fit, profiles)
    if seeds is not None and len(seeds):
        known = np.concatenate([known, np.atleast_2d(seeds)])
    lower, upper = raw_edges(problem.model, fit.constants, k_tol)
    searches = [_follow(problem, w, edge, known, settings, doses) for edge in (lower, upper)]
    inner = FunctionSearch(
        problem, w, window_quantities(problem.model, fit.constants, k_tol)[0], known, settings
    )
    without, _ = nonexistence(inner)
    points = [(s.known, s.known_nll) for s in searches]
    points += [
        (s.line.q[np.isfinite(s.line.value)], s.line.value[np.isfinite(s.line.value)]) for s in searches
    ]
    points += [_both_edges(problem, w, searches)]
    q, nll = (np.concatenate(column) for column in zip(*points, strict=True))
    best = min(s.best_nll for s in searches)
    x = np.exp(q[:, : problem.n_parameters])
    low, high = lower.value(x)[:, None], upper.value(x)[:, None]
    rise = np.maximum(nll - best, 0.0)[:, None]
    # infima: a set whose edge lies at the dose stands for its neighbours on either side
    inside = (low <= doses + AT_EDGE) & (high >= doses - AT_EDGE)
    outside = ~((low < doses - AT_EDGE) & (high > doses + AT_EDGE))
    return DoseEvidence(
        doses=np.asarray(doses, dtype=float),
        rise_inside=np.where(inside, rise, np.inf).min(axis=0),
        rise_outside=np.minimum(np.where(outside, rise, np.inf).min(axis=0), without + inner.best_nll - best),
        rise_without_window=without + inner.best_nll - best,
        threshold=settings.threshold,
        level=settings.level,
        df=settings.df,
    )


def _follow(
    problem: CohortProblem,
    w: int,
    edge: Quantity,
    known: np.ndarray,
    settings: FunctionSettings,
    doses: np.ndarray,
) -> FunctionSearch:
    """Profile one edge at every dose."""
    search = FunctionSearch(problem, w, edge, known, settings)
    search.set_grid(np.asarray(doses, dtype=float))
    search.from_known()
    search.spread()
    search.fresh()
    search.spread()
    search.polish()
    search.spread()
    return search


def _both_edges(
    problem: CohortProblem, w: int, searches: Sequence[FunctionSearch]
) -> tuple[np.ndarray, np.ndarray]:
    """Hold both edges at a dose where one, brought there alone, leaves the other in the way."""
    functions = [LevelFunctions(s.functions.quantity, problem.n_parameters) for s in searches]

    def levels(q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = [f(q) for f in functions]
        return np.concatenate([v for v, _ in found], axis=1), np.concatenate([a for _, a in found], axis=1)

    starts, targets = [], []
    for search, other, sign in ((searches[0], functions[1], 1.0), (searches[1], functions[0], -1.0)):
        cells = np.flatnonzero(np.isfinite(search.line.value) & (search.line.value < search.ceiling))
        if len(cells):
            blocked = sign * (other.levels(search.line.q[cells])[0] - search.grid[cells]) < 0
            starts.append(search.line.q[cells[blocked]])
            targets.append(search.grid[cells[blocked]])
    start, target = (
        np.concatenate([np.zeros((0, problem.size)), *starts]),
        np.concatenate([np.zeros(0), *targets]),
    )
    if not len(start):
        return start, target
    who = np.full(len(start), w)
    found: LevelMinima = minimise_on_levels(
        problem.evaluate, levels, start, who, np.repeat(target[:, None], 2, axis=1),
        np.ones((len(start), 2), dtype=bool), problem.lower[who], problem.upper[who], tolerance=1e-5,
    )  # fmt: skip
    good = np.isfinite(found.value)
    return found.q[good], found.value[good]


def dose_evidence_of(
    patient: Patient, fit: Fit, diagnosis: Diagnosis, model: Model, k_tol_ratio: float = 1.0
) -> DoseEvidence | None:
    """Ask for one diagnosed patient; see :func:`dose_evidence`.

    Parameters
    ----------
    k_tol_ratio : float
        Tolerable burden as a multiple of the first burden.

    Returns
    -------
    DoseEvidence or None
        None where nothing may rest on the fit, or where the model has no dose window.
    """
    from dosing.window import WindowUnavailable
    from fitting.likelihood import get_likelihood
    from fitting.maximum_likelihood import prepare
    from fitting.problem import build_problem

    if fit.too_few_points or not fit.converged:
        return None
    (prepared,), _, _ = prepare([patient], fit.likelihood)
    problem = build_problem([prepared], model, get_likelihood(fit.likelihood), rtol=RTOL)
    settings = replace(EVIDENCE, level=diagnosis.profiles[0].level)
    try:
        return dose_evidence(
            problem,
            0,
            fit,
            k_tol_ratio * patient.first_burden,
            profiles=diagnosis.profiles,
            settings=settings,
        )
    except WindowUnavailable:
        return None


__all__ = ["DOSES", "DoseEvidence", "dose_evidence", "dose_evidence_of"]
