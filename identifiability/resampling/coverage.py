"""Coverage of intervals, measured on simulated patients whose parameters are known."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from fitting.maximum_likelihood import log_covariance
from fitting.problem import OUT_OF_REACH
from fitting.starts import latin_hypercube, patient_generator
from identifiability.resampling.bootstrap import ON_BOUND, summarise
from identifiability.resampling.coverage_result import Coverage, CoverageRow
from identifiability.resampling.held import Target, hold, target_of
from identifiability.resampling.reach import reach
from identifiability.resampling.refits import refit, resampled
from identifiability.resampling.replicates import repeated
from identifiability.thresholds import threshold

if TYPE_CHECKING:
    from fitting.problem import CohortProblem
    from identifiability.quantity import Quantity

Method = Literal["profile", "wald", "bootstrap"]
METHODS: tuple[Method, ...] = ("profile", "wald", "bootstrap")
ROUNDING = 1e-4  # of the height, by which a constrained optimum may miss the threshold


def measure_coverage(
    problem: CohortProblem,
    truth: np.ndarray,
    targets: Sequence[str | Quantity],
    *,
    methods: Sequence[Method] = METHODS,
    level: float = 0.95,
    starts: int = 8,
    replicates: int = 100,
    bootstrap_patients: int | None = None,
    widths: bool = True,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Coverage:
    """Count how often intervals hold the truth.

    A profile interval holds the truth where the likelihood ratio at the truth stays below the threshold; that
    is one constrained fit, no matter how wide the interval. Wald intervals are those of the logarithm for a
    parameter and for a quantity that is positive, else of the quantity itself (delta method). Bootstrap
    intervals are percentiles; see :func:`identifiability.resampling.bootstrap.bootstrap_cohort`.

    Parameters
    ----------
    problem : CohortProblem
        Simulated patients, with their data.
    truth : ndarray, shape (w, p)
        The parameters that made the data, in the model's units.
    targets : sequence of str or Quantity
        Parameters by name, quantities that hold for all patients.
    methods : sequence of str
    level : float
    starts : int
        Random starts of every fit.
    replicates : int
        Of every bootstrap.
    bootstrap_patients : int, optional
        Bootstrap only the first so many patients; it costs far more than the rest.
    widths : bool
        Whether profile intervals are followed to their ends, for their widths and for what is open; only along
        the valley of the optimum, so that the share of open ones is a lower bound.
    seed : int
    progress : callable, optional
        Called with the share of the work done.

    Raises
    ------
    ValueError
        An unknown method or parameter, or a truth of the wrong shape.
    """
    count, p = len(problem.burdens), problem.n_parameters
    truth = np.asarray(truth, dtype=float)
    if truth.shape != (count, p):
        raise ValueError(
            f"the truth has shape {truth.shape}; {count} patients and {p} parameters need {(count, p)}"
        )
    unknown = [m for m in methods if m not in METHODS]
    if unknown:
        raise ValueError(f"unknown method {unknown[0]!r}; known are {', '.join(METHODS)}")
    report = progress or (lambda _: None)
    names = [f"{w}" for w in range(count)]
    places = [
        latin_hypercube(
            problem.start_lower[w],
            problem.start_upper[w],
            starts,
            patient_generator(seed, names[w], "coverage"),
        )
        for w in range(count)
    ]
    best, nll = refit(problem, places)
    good = np.flatnonzero(nll < OUT_OF_REACH)
    report(0.15)
    found = [target_of(problem, asked) for asked in targets]
    true_q = np.concatenate([np.log(truth), best[:, p:]], axis=1)
    rows: list[CoverageRow] = []
    if "profile" in methods:
        rows += [_profile_row(problem, target, best, nll, true_q, good, level, widths) for target in found]
    report(0.4)
    if "wald" in methods:
        information = problem.evaluate(best, np.arange(count))[2]
        covariance = np.array([log_covariance(matrix) for matrix in information])
        rows += [_wald_row(problem, target, best, covariance, true_q, good, level) for target in found]
    if "bootstrap" in methods:
        members = good[: bootstrap_patients or len(good)]
        rows += _bootstrap_rows(problem, targets, found, best, true_q, members, names, replicates, level, seed,
                                lambda share: report(0.4 + 0.6 * share))  # fmt: skip
    report(1.0)
    return Coverage(tuple(rows), level, count, count - len(good))


def _profile_row(
    problem: CohortProblem,
    target: Target,
    best: np.ndarray,
    nll: np.ndarray,
    true_q: np.ndarray,
    good: np.ndarray,
    level: float,
    widths: bool,
) -> CoverageRow:
    """Coverage of the profile-likelihood interval by the likelihood ratio at the truth."""
    p = problem.n_parameters
    value = target.measure(true_q, p)
    with np.errstate(invalid="ignore"):
        scale = np.maximum(np.abs(target.measure(best, p) - value), 1e-3)
    known = good[np.isfinite(value[good])]
    scale = np.where(np.isfinite(scale), scale, 1.0)
    lowest = np.full(len(best), np.inf)
    for starts in (true_q, best):
        held = hold(
            problem, known, starts[known], target, value[known], scale=scale[known], max_iterations=60
        )
        lowest[known] = np.minimum(lowest[known], held.nll)
    optimum = np.minimum(nll, lowest)
    covered = lowest[known] - optimum[known] <= threshold(level) + ROUNDING
    open_share, width = float("nan"), float("nan")
    if widths and len(known):
        members = repeated(problem, known)
        ends = reach(members, best[known], _for(target, known), level=level)
        open_share = float(np.mean(~ends.closed))
        relative = ends.width[ends.closed] / np.abs(np.asarray(target.natural(value[known]))[ends.closed])
        width = float(np.median(relative)) if len(relative) else float("nan")
    return CoverageRow(
        "profile", target.name, int(covered.sum()), len(known), len(good) - len(known), open_share, width
    )


def _for(target: Target, members: np.ndarray) -> Target:
    """Restrict the target to the ranges of some patients only."""
    low, high = (e[members] if isinstance(e, np.ndarray) else e for e in (target.lower, target.upper))
    return dataclasses.replace(target, lower=low, upper=high)


def _wald_row(
    problem: CohortProblem,
    target: Target,
    best: np.ndarray,
    covariance: np.ndarray,
    true_q: np.ndarray,
    good: np.ndarray,
    level: float,
) -> CoverageRow:
    """Coverage of the Wald interval, on the scale on which the target is measured."""
    from scipy.special import ndtri

    p = problem.n_parameters
    value, estimate = target.measure(true_q, p), target.measure(best, p)
    with np.errstate(all="ignore"):
        slope = target.slope(best, p)
        half = ndtri(0.5 + level / 2) * np.sqrt(np.einsum("bi,bij,bj->b", slope, covariance, slope))
        exists = np.isfinite(value) & np.isfinite(estimate) & np.isfinite(half)
    known, asked = good[exists[good]], good[np.isfinite(value[good])]
    covered = np.abs(estimate[known] - value[known]) <= half[known]
    bound = np.any(
        (best[known, :p] <= problem.lower[known, :p] + ON_BOUND)
        | (best[known, :p] >= problem.upper[known, :p] - ON_BOUND),
        axis=1,
    )
    with np.errstate(over="ignore"):
        width = np.asarray(
            target.natural((estimate + half)[known]) - target.natural((estimate - half)[known])
        )
    relative = (width / np.abs(target.natural(value[known])))[~bound]
    return CoverageRow(
        "wald",
        target.name,
        int(covered.sum()),
        len(known),
        len(asked) - len(known),
        float(bound.mean()) if len(known) else float("nan"),
        float(np.median(relative)) if len(relative) else float("nan"),
    )


def _bootstrap_rows(
    problem: CohortProblem,
    targets: Sequence[str | Quantity],
    found: Sequence[Target],
    best: np.ndarray,
    true_q: np.ndarray,
    members: np.ndarray,
    names: list[str],
    replicates: int,
    level: float,
    seed: int,
    progress: Callable[[float], None],
) -> list[CoverageRow]:
    """Coverage of the percentile interval of the parametric bootstrap."""
    p = problem.n_parameters
    some = repeated(problem, members)
    none = [np.empty((0, p))] * len(members)
    q, nll = resampled(
        some, best[members], [names[w] for w in members], none,
        replicates=replicates, starts=1, seed=seed, progress=progress,
    )  # fmt: skip
    quantities = [asked for asked in targets if not isinstance(asked, str)]
    answers = [
        summarise(some, k, names[w], best[w], q[k], nll[k], quantities, level) for k, w in enumerate(members)
    ]
    rows = []
    for target in found:
        value = np.asarray(target.natural(target.measure(true_q[members], p)), dtype=float)
        intervals = [answer.interval(target.name) for answer in answers]
        known = [k for k, i in enumerate(intervals) if np.isfinite(value[k]) and not np.isnan(i.lower)]
        slack = 1e-9 * np.abs(value)
        covered = sum(
            intervals[k].lower - slack[k] <= value[k] <= intervals[k].upper + slack[k] for k in known
        )
        piled = np.array([answers[k].any_on_bound > (1 - level) / 2 for k in known], dtype=bool)
        width = np.array([(intervals[k].upper - intervals[k].lower) / abs(value[k]) for k in known])[~piled]
        rows.append(
            CoverageRow(
                "bootstrap",
                target.name,
                int(covered),
                len(known),
                int(np.sum(np.isfinite(value))) - len(known),
                float(piled.mean()) if known else float("nan"),
                float(np.median(width)) if len(width) else float("nan"),
            )
        )
    return rows
