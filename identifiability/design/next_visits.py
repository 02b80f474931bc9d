"""What to measure next for a patient: visits ranked by information, confirmed by simulation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fitting.likelihood import get_likelihood
from fitting.maximum_likelihood import prepare
from fitting.problem import CohortProblem, build_problem
from fitting.starts import patient_generator
from identifiability.design.design_result import Candidate, DesignAnswer
from identifiability.design.plan_simulation import interval_width, simulate_plan
from identifiability.design.visit_plan import VisitPlan, dose_until_now, feasible_days, with_visits
from identifiability.design.visit_ranking import RankedVisits, rank_visits
from identifiability.profiles.parameter_sets import admitted_sets
from identifiability.profiles.profile import profile_cohort
from identifiability.profiles.profile_settings import ProfileSettings
from identifiability.profiles.search import free_vector
from identifiability.resampling.held import Target, target_of
from identifiability.resampling.reach import reach, widened

if TYPE_CHECKING:
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model
    from dynamics.simulate import Engine
    from fitting.result import Fit
    from identifiability.quantity import Quantity
    from patients.cohort import Patient

DOSES = (0.0, 0.3, 0.6, 1.0)
MOST_DAYS = {1: 400, 2: 60, 3: 20}  # candidate days, thinned where combinations would be too many
ALIKE = 0.15  # plans of one dose whose days differ by less than this share of the range are one proposal
MOST_SETS = 80  # admitted sets that a simulated interval is checked against
RTOL = 1e-7


def next_visits(
    patient: Patient,
    fit: Fit,
    model: Model,
    target: str | Quantity,
    *,
    days: Sequence[float] | None = None,
    doses: Sequence[float] | None = None,
    ensemble: Ensemble | None = None,
    members: int = 6,
    most_visits: int = 2,
    proposals: int = 3,
    simulations: int = 40,
    level: float = 0.95,
    seed: int = 0,
    engine: Engine = "kernel",
    progress: Callable[[float], None] | None = None,
) -> DesignAnswer:
    """Say which further visits shrink the interval of a target most.

    All combinations of feasible days are ranked under every dose by the expected information, averaged over
    sets that the data admit (:mod:`identifiability.design.visit_ranking`). The best distinct proposals are then
    confirmed: data of the new visits are simulated from those sets, the model is refitted to old and new data
    together, and the ends of the target's profile-likelihood interval are located anew. A set that the
    ensemble holds, and that old and new data admit, is never left outside.

    Parameters
    ----------
    patient : Patient
    fit : Fit
        Of this patient.
    model : Model
    target : str or Quantity
        A parameter, or a number that follows from the parameters, such as an edge of the dose window.
    days : sequence of float, optional
        Feasible days after the last visit; every week of the coming year unless given.
    doses : sequence of float, optional
        Levels, as fractions of the maximum tolerated dose, that may be held from the last visit on; 0, 30, 60,
        100 % and the present one unless given.
    ensemble : Ensemble, optional
        Sets that the data admit: those of the patient's diagnosis, or from profiles computed here.
    members : int
        How many of them are averaged over, the estimate included.
    most_visits : int
        1 to 3.
    proposals : int
        Plans of each number of visits that are simulated.
    simulations : int
        Data sets a plan, half of them from the estimate, half from the other members.
    level : float
    seed : int
    progress : callable, optional
        Called with the share of the work done.

    Raises
    ------
    ValueError
        Days or doses that cannot be, an unknown parameter, a target that exists nowhere, or a number of visits
        out of range.
    """
    if most_visits not in MOST_DAYS:
        raise ValueError(f"most_visits is {most_visits}; plans of 1 to {max(MOST_DAYS)} visits are searched")
    report = progress or (lambda _: None)
    (patient,), _, _ = prepare([patient], fit.likelihood)
    likelihood = get_likelihood(fit.likelihood)
    chosen_days = feasible_days(patient, days)
    levels = sorted({*doses} if doses is not None else {*DOSES, round(dose_until_now(patient), 6)})
    present = build_problem([patient], model, likelihood, engine=engine, rtol=RTOL)
    best = free_vector(fit)
    aim = target_of(present, target)
    if ensemble is None:
        (profiled,) = profile_cohort(present, [fit], ProfileSettings(level=level, seed=seed))
        ensemble = admitted_sets(fit, profiled.profiles)
        best = profiled.best if profiled.nll < fit.nll - 1e-4 else best
    admitted = _admitted(present, best, ensemble, aim)
    sets = spread_sets(best, admitted, members)
    limits = _limits_ahead(present)
    now = widened(present, reach(present, best[None, :], aim, level=level), aim, admitted, level)
    answers: list[Candidate] = []
    total = max(most_visits * proposals * max(simulations, 1), 1)
    done = 0
    for number in range(1, most_visits + 1):
        some = _thinned(chosen_days, MOST_DAYS[number])
        courses = [with_visits(patient, VisitPlan(tuple(some), dose)) for dose in levels]
        problem = build_problem(courses, model, likelihood, engine=engine, rtol=RTOL)
        first = len(patient)
        ranked = rank_visits(
            problem, sets, range(first, first + len(some)), aim, number=number,
            limits=_limit_rows(limits, len(patient) + len(some)),
        )  # fmt: skip
        plans = [_candidate(r, some, first, levels) for r in distinct(ranked, some, first, proposals)]
        for candidate in plans:
            if simulations > 0:
                extended = with_visits(patient, candidate.plan)
                problem = build_problem([extended], model, likelihood, engine=engine, rtol=RTOL)
                generator = patient_generator(seed, f"{patient.patient_id}\0{candidate.plan.words}", "design")
                candidate = simulate_plan(
                    problem, candidate, aim, best, sets, admitted, limits, simulations, level, generator
                )
            answers.append(candidate)
            done += simulations
            report(done / total)
    report(1.0)
    return DesignAnswer(
        patient_id=patient.patient_id,
        target=aim.name,
        lower=float(now.lower[0]),
        upper=float(now.upper[0]),
        lower_closed=bool(now.lower_closed[0]),
        upper_closed=bool(now.upper_closed[0]),
        width=float(interval_width(now, aim)[0]),
        logarithmic=aim.logarithmic,
        candidates=tuple(
            sorted(
                answers, key=lambda c: (len(c.plan.days), -c.promise if c.simulations else 0.0, c.se_after)
            )
        ),
        last_day=float(chosen_days[-1]),
        assumptions=_assumptions(fit, levels, chosen_days, len(sets), simulations),
    )


def spread_sets(best: np.ndarray, admitted: np.ndarray, members: int) -> np.ndarray:
    """Choose the estimate and admitted sets far from it and from one another, shape (m, q).

    Farthest-point sampling in the logarithms: the few sets that stand for many should differ.
    """
    chosen = [best]
    distance = np.linalg.norm(admitted - best, axis=1)
    while len(chosen) < members and len(admitted) and distance.max() > 1e-3:
        farthest = int(distance.argmax())
        chosen.append(admitted[farthest])
        distance = np.minimum(distance, np.linalg.norm(admitted - admitted[farthest], axis=1))
    return np.array(chosen)


def distinct(
    ranked: Sequence[RankedVisits], days: np.ndarray, first: int, count: int
) -> tuple[RankedVisits, ...]:
    """Best plans that differ in dose or, by some weeks, in their days."""
    near = ALIKE * float(np.ptp(days)) if len(days) > 1 else 0.0
    kept: list[RankedVisits] = []
    most_of_one = count if len({r.course for r in ranked}) == 1 else (count + 1) // 2
    for r in ranked:
        when = days[np.array(r.visits) - first]
        # another dose deserves a trial before a third variant of the best
        if sum(r.course == k.course for k in kept) >= most_of_one:
            continue
        if not any(
            r.course == k.course and np.max(np.abs(when - days[np.array(k.visits) - first])) <= near
            for k in kept
        ):
            kept.append(r)
        if len(kept) == count:
            break
    return tuple(kept)


def _candidate(r: RankedVisits, days: np.ndarray, first: int, levels: Sequence[float]) -> Candidate:
    """Turn a ranked combination of columns into a plan."""
    plan = VisitPlan(tuple(float(days[v - first]) for v in r.visits), float(levels[r.course]))
    return Candidate(plan, r.before, r.after, r.worst)


def _admitted(problem: CohortProblem, best: np.ndarray, ensemble: Ensemble, target: Target) -> np.ndarray:
    """Free vectors that the data admit, the estimate first, shape (k, q)."""
    p = problem.n_parameters
    values = ensemble.values
    if len(values) > MOST_SETS:
        # the extremes of every parameter and of the target, then an even choice of the others
        measured = target.measure(
            np.concatenate([np.log(values), np.tile(best[p:], (len(values), 1))], axis=1), p
        )
        columns = [*values.T]
        if np.any(np.isfinite(measured)):
            columns.append(
                np.where(np.isfinite(measured), measured, np.median(measured[np.isfinite(measured)]))
            )
        extremes = [int(pick) for column in columns for pick in (column.argmin(), column.argmax())]
        even = np.linspace(0, len(values) - 1, MOST_SETS - len(extremes)).round().astype(int)
        values = values[np.unique([*extremes, *even])]
    tail = np.tile(best[p:], (len(values), 1))
    q = np.clip(np.concatenate([np.log(values), tail], axis=1), problem.lower[0], problem.upper[0])
    return np.concatenate([best[None, :], q])


def _limits_ahead(problem: CohortProblem) -> tuple[float, float]:
    """Limits of the assay at visits to come: the patient's usual ones, NaN where none is known."""
    censoring, burdens = problem.censoring[0], problem.burdens[0]
    seen = problem.measured[0]
    lows, highs = burdens[seen & (censoring < 0)], burdens[seen & (censoring > 0)]
    return (
        float(np.median(lows)) if len(lows) else float("nan"),
        float(np.median(highs)) if len(highs) else float("nan"),
    )


def _limit_rows(limits: tuple[float, float], n: int) -> tuple[np.ndarray, np.ndarray]:
    """One limit for every visit, shape (n,) each."""
    return np.full(n, limits[0]), np.full(n, limits[1])


def _thinned(days: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the days, evenly."""
    if len(days) <= most:
        return days
    return days[np.unique(np.linspace(0, len(days) - 1, most).round().astype(int))]


def _assumptions(
    fit: Fit, levels: Sequence[float], days: np.ndarray, members: int, simulations: int
) -> tuple[str, ...]:
    """Say what the answer rests on."""
    return (
        f"the model {fit.model_name} with {fit.likelihood.replace('_', '-')} noise goes on to hold",
        f"visits on {len(days)} feasible days up to day {days[-1]:g}; doses "
        + ", ".join(f"{100 * level:.0f} %" for level in levels)
        + " of the maximum tolerated dose, held from the last visit on",
        "the order of the plans rests on the expected information with the declared bounds as a weak prior, averaged "
        f"over {members} parameter sets that the profiles found admitted",
        f"what closes rests on {simulations} simulated data sets a plan, half from the estimate, half from "
        "other sets that the data admit: shares, not probabilities",
    )
