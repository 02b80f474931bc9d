"""What one further visit is expected to leave open, for every feasible day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitting.likelihood import get_likelihood
from fitting.maximum_likelihood import prepare
from fitting.problem import build_problem
from identifiability.design.next_visits import (
    DOSES,
    RTOL,
    _admitted,
    _limit_rows,
    _limits_ahead,
    spread_sets,
)
from identifiability.design.visit_plan import VisitPlan, dose_until_now, feasible_days, with_visits
from identifiability.design.visit_ranking import rank_visits
from identifiability.profiles.search import free_vector
from identifiability.resampling.held import target_of

if TYPE_CHECKING:
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model
    from fitting.result import Fit
    from identifiability.quantity import Quantity
    from patients.cohort import Patient


@dataclass(frozen=True)
class SingleVisits:
    """Standard error of a target after one further visit, by day and dose until then.

    Parameters
    ----------
    target : str
    days : ndarray, shape (n,)
    doses : tuple of float, length d
    se : ndarray, shape (d, n)
        Geometric mean over sets that the data admit; of the logarithm where ``logarithmic``.
    se_now : float
    logarithmic : bool
    """

    target: str
    days: np.ndarray
    doses: tuple[float, ...]
    se: np.ndarray
    se_now: float
    logarithmic: bool


def single_visits(
    patient: Patient,
    fit: Fit,
    model: Model,
    target: str | Quantity,
    ensemble: Ensemble,
    *,
    days: Sequence[float] | None = None,
    doses: Sequence[float] | None = None,
    members: int = 6,
) -> SingleVisits:
    """Rank single visits on every feasible day under every dose, without simulation.

    Parameters
    ----------
    patient, fit, model, target, ensemble, days, doses, members
        As in :func:`identifiability.design.next_visits.next_visits`.

    Raises
    ------
    ValueError
        As there.
    """
    (patient,), _, _ = prepare([patient], fit.likelihood)
    likelihood = get_likelihood(fit.likelihood)
    when = feasible_days(patient, days)
    levels = sorted({*doses} if doses is not None else {*DOSES, round(dose_until_now(patient), 6)})
    present = build_problem([patient], model, likelihood, rtol=RTOL)
    best, aim = free_vector(fit), target_of(present, target)
    sets = spread_sets(best, _admitted(present, best, ensemble, aim), members)
    courses = [with_visits(patient, VisitPlan(tuple(when), dose)) for dose in levels]
    problem = build_problem(courses, model, likelihood, rtol=RTOL)
    first, count = len(patient), len(when)
    ranked = rank_visits(
        problem, sets, range(first, first + count), aim,
        limits=_limit_rows(_limits_ahead(present), first + count),
    )  # fmt: skip
    se = np.full((len(levels), count), np.nan)
    for r in ranked:
        se[r.course, r.visits[0] - first] = r.after
    return SingleVisits(
        aim.name, when, tuple(float(x) for x in levels), se, float(ranked[0].before), aim.logarithmic
    )
