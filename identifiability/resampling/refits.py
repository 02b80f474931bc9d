"""Refits of simulated data sets, many patients and replicates in one batch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fitting.optimizer import minimise
from fitting.problem import OUT_OF_REACH
from fitting.starts import patient_generator
from identifiability.resampling.replicates import limits_of, repeated, with_fresh_data

if TYPE_CHECKING:
    from fitting.problem import CohortProblem

TOLERANCE = 1e-6  # a thousandth of the height that tells two values apart
RACE, RUN, CONTENDER = (
    15,
    60,
    5.0,
)  # iterations of every start, of the best ones; how far behind a start may be
JOBS_AT_ONCE = 4000


def resampled(
    problem: CohortProblem,
    best: np.ndarray,
    names: Sequence[str],
    optima: Sequence[np.ndarray],
    *,
    replicates: int,
    starts: int,
    seed: int,
    progress: Callable[[float], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw and refit replicates of every patient.

    Parameters
    ----------
    problem : CohortProblem
    best : ndarray, shape (w, q)
        Logarithms of the estimates.
    names : sequence of str
        Patients, for their random numbers.
    optima : sequence of ndarray, shape (k, p)
        Logarithms of further optima of each patient.

    Returns
    -------
    q : ndarray, shape (w, b, q)
    nll : ndarray, shape (w, b)
        ``OUT_OF_REACH`` where no start could be solved.
    """
    p, size = problem.n_parameters, problem.size
    q, nll = np.empty((len(best), replicates, size)), np.full((len(best), replicates), OUT_OF_REACH)
    below, above = limits_of(problem)
    at_once = max(1, JOBS_AT_ONCE // (replicates * (starts + 1)))
    for first in range(0, len(best), at_once):
        members = range(first, min(first + at_once, len(best)))
        parts: list[CohortProblem] = []
        places: list[np.ndarray] = []
        for w in members:
            generator = patient_generator(seed, names[w], "bootstrap")
            take = np.full(replicates, w)
            at = np.tile(best[w], (replicates, 1))
            parts.append(
                with_fresh_data(repeated(problem, take), at, generator, limits=(below[take], above[take]))
            )
            tail = np.tile(best[w][p:], (len(optima[w]), 1))
            known = np.vstack([best[w], *np.concatenate([optima[w].reshape(-1, p), tail], axis=1)])
            for _ in range(replicates):
                random = _random_starts(problem, w, starts, generator)
                places.append(np.concatenate([known, random]))
        many = dataclasses.replace(
            repeated(problem, np.repeat(members, replicates)),
            burdens=np.concatenate([part.burdens for part in parts]),
            censoring=np.concatenate([part.censoring for part in parts]),
        )
        found_q, found_nll = refit(many, places)
        q[first : members.stop] = found_q.reshape(len(members), replicates, size)
        nll[first : members.stop] = found_nll.reshape(len(members), replicates)
        if progress:
            progress(members.stop / len(best))
    return q, nll


def _random_starts(problem: CohortProblem, w: int, count: int, generator: np.random.Generator) -> np.ndarray:
    """Random places in a patient's start box, shape (count, q)."""
    low, high = problem.start_lower[w], problem.start_upper[w]
    return low + generator.random((count, problem.size)) * (high - low)


def refit(problem: CohortProblem, starts: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Fit every patient of a problem from its own starts, in one batch.

    Parameters
    ----------
    problem : CohortProblem
        b patients.
    starts : sequence of b ndarray, shape (s_b, q)

    Returns
    -------
    q : ndarray, shape (b, q)
    nll : ndarray, shape (b,)
    """
    who = np.repeat(np.arange(len(starts)), [len(s) for s in starts])
    points = np.concatenate(list(starts))
    low, high = problem.lower[who], problem.upper[who]
    race = minimise(problem.evaluate, points, who, low, high, tolerance=TOLERANCE, max_iterations=RACE)
    lowest = np.full(len(starts), np.inf)
    np.minimum.at(lowest, who, race.value)
    going = np.flatnonzero(~race.converged & (race.value < lowest[who] + CONTENDER))
    q, value = race.q.copy(), race.value.copy()
    if len(going):
        rest = minimise(
            problem.evaluate, q[going], who[going], low[going], high[going],
            tolerance=TOLERANCE, max_iterations=RUN,
        )  # fmt: skip
        q[going], value[going] = rest.q, rest.value
    order = np.lexsort((value, who))
    first = order[np.flatnonzero(np.diff(who[order], prepend=-1))]
    return q[first], value[first]
