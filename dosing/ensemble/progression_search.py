"""The open-loop schedule that delays progression longest over an ensemble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.member_times import MemberTimes, TtpSetting, member_times
from dosing.ensemble.parsimony import simplest_of
from dosing.ensemble.problem import ProblemError
from dosing.ensemble.progression_starts import held_schedule, usual_starts
from dosing.ensemble.reduction import thin_ensemble
from dosing.ensemble.search_stages import search_stages
from dosing.ensemble.smoothed_objective import smoothed_objective
from dosing.ensemble.ttp_objective import TtpObjective, objective_value
from dosing.policies import PlannedSchedule
from dynamics.schedule import DoseSchedule

if TYPE_CHECKING:
    from dosing.ensemble.smoothed_progression import SmoothedProgression
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model

WIDTHS = (0.1, 0.03, 0.01, 0.003)
FINALISTS = 4
# days of the rounded corners of an objective, for each unit of width, and at least
_CORNER, _LEAST_CORNER = 200.0, 5.0


@dataclass(frozen=True)
class ProgressionStart:
    """Where one search began and where it ended.

    Parameters
    ----------
    name : str
    value_at_start, value : float
        Objective in exact days, on the members of the search.
    doses : ndarray, shape (v,)
        The best doses on the way, judged exactly; those of the start where nothing was better.
    gradients : int
    """

    name: str
    value_at_start: float
    value: float
    doses: np.ndarray
    gradients: int


@dataclass(frozen=True)
class ProgressionOptimum:
    """An open-loop schedule for the time to progression of an ensemble.

    Parameters
    ----------
    edges_days : ndarray, shape (v + 1,)
    doses : ndarray, shape (v,)
    objective : TtpObjective
    value : float
        Objective in exact days, on all members.
    times : MemberTimes
        Exact times of all members: the schedule, then the maximum tolerated dose.
    starts : tuple of ProgressionStart
        Every search, best first on the thinned members.
    searched_on : int
        Members of the thinned ensemble.
    provenance : str
        Of the ensemble.
    """

    edges_days: np.ndarray
    doses: np.ndarray
    objective: TtpObjective
    value: float
    times: MemberTimes
    starts: tuple[ProgressionStart, ...]
    searched_on: int
    provenance: str

    @property
    def schedule(self) -> DoseSchedule:
        """The doses as a schedule; neighbours with the same dose become one segment."""
        return held_schedule(self.edges_days, self.doses)

    @property
    def policy(self) -> PlannedSchedule:
        """The schedule as a policy, to be scored beside others."""
        return PlannedSchedule(
            self.schedule, f"planned for {self.objective.name.lower().replace('_', ' ')} TTP"
        )

    @property
    def value_of_mtd(self) -> float:
        """The same objective under the maximum tolerated dose, days."""
        return float(objective_value(self.times.days[1], self.times.weights, self.objective))

    @property
    def sentence(self) -> str:
        """The result in words."""
        share = float(self.times.weights @ self.times.censored[0])
        return (
            f"One schedule, doses held {self.edges_days[1] - self.edges_days[0]:g} days: {self.objective.value} "
            f"{self.value:.4g} days against {self.value_of_mtd:.4g} under the maximum tolerated dose "
            f"({len(self.times.weights)} members, exact times; {100 * share:.3g} % have not progressed at the horizon)."
        )


def maximise_progression(
    model: Model,
    ensemble: Ensemble,
    setting: TtpSetting,
    *,
    hold_days: float = 10.0,
    objective: TtpObjective = TtpObjective.EXPECTED,
    members_in_search: int = 128,
    steps_per_day_in_search: int = 2,
    widths: Sequence[float] = WIDTHS,
    starts: Mapping[str, DoseSchedule] | None = None,
    iterations: int = 40,
    simpler_within_errors: float = 1.0,
    seed: int = 0,
) -> ProgressionOptimum:
    """Maximise the expected, median or worst-decile time to progression by one schedule for all members.

    Times to progression jump with the doses, so the search climbs smoothed times
    (:mod:`~dosing.ensemble.smoothed_progression`) whose level gets narrower stage by stage, by L-BFGS-B with the
    adjoint gradient. It starts from the maximum tolerated dose, the best and the half constant dose, late treatment,
    and the mean doses that adaptive therapies give to the members. After every stage the doses are judged by their
    exact times, and the better half of the searches goes on. The best of all, starts included, are judged exactly on
    all members, and among those that the members cannot tell apart the simplest is returned
    (:func:`dosing.ensemble.parsimony.simplest_of`). A local search: a better schedule may exist.

    Under the rule ``LAST_BELOW`` the best schedule lets the tumour grow and brings it back below the level as late as
    it can: on the grid of Scagliotti 2026 the burden then stands above the level from the third week on. Plan for
    ``ABOVE_TOLERABLE`` where that is not wanted.

    Parameters
    ----------
    model : Model
        With one input, a fraction of the maximum tolerated dose.
    ensemble : Ensemble
    setting : TtpSetting
    hold_days : float
        Days from one visit to the next, on which doses may change; a whole number of steps.
    objective : TtpObjective
    members_in_search : int
        The search runs on a thinned ensemble of at most so many members.
    steps_per_day_in_search : int
        Of the smoothed times, more where the fastest member needs them; the exact times take those of the setting.
    widths : sequence of float
        Stages of the smoothed level, decreasing, as multiples of the first burden.
    starts : mapping of str to DoseSchedule, optional
        Further starts.
    iterations : int
        Of L-BFGS-B in each stage.
    simpler_within_errors : float
        A simpler schedule is taken where it falls behind by so many standard errors at most; 0 takes the best.
    seed : int
        Of the thinning, and of the resampling behind these errors.

    Raises
    ------
    ValueError, ProblemError
        A member that cannot be simulated; visits that do not fit the steps; a model with several inputs.

    Examples
    --------
    >>> from dosing.ensemble.sources.product_grid import paper_grid
    >>> from dynamics import get_model
    >>> found = maximise_progression(get_model("turnover"), paper_grid(), TtpSetting.paper())  # doctest: +SKIP
    >>> found.value > found.value_of_mtd  # doctest: +SKIP
    True
    """
    if len(model.inputs) != 1:
        raise ValueError(f"model {model.name!r} has {len(model.inputs)} inputs; one dose is planned")
    if not widths or any(b >= a for a, b in pairwise(widths)) or min(widths) <= 0:
        raise ValueError(f"widths of the smoothed level must be positive and decrease, got {tuple(widths)}")
    small = thin_ensemble(ensemble, members_in_search, seed=seed).ensemble
    stages = search_stages(model, small, setting, hold_days, widths, steps_per_day_in_search)
    search = _Search(model, small, setting, stages, objective, iterations)
    edges = search.edges_days
    first = usual_starts(model, small, setting, edges, objective)
    first |= {name: schedule.dose_at(edges[:-1]) for name, schedule in (starts or {}).items()}
    searched = search.run(first)
    # the few best on the thinned members, and where they began, compete on all members
    doses = _distinct(
        [d for s in searched[:FINALISTS] for d in (s.doses, np.round(s.doses, 2), first[s.name])]
    )
    finalists = {f"{i}": PlannedSchedule(held_schedule(edges, d)) for i, d in enumerate(doses)}
    judged = member_times(model, ensemble, finalists, setting)
    best = simplest_of(
        doses, judged.days, ensemble.weights, objective, errors=simpler_within_errors, seed=seed
    )
    full = PlannedSchedule(DoseSchedule.constant(1.0))
    times = member_times(model, ensemble, {"planned": finalists[f"{best}"], "MTD": full}, setting)
    return ProgressionOptimum(
        edges,
        doses[best],
        objective,
        float(objective_value(times.days[0], ensemble.weights, objective)),
        times,
        tuple(searched),
        len(small),
        ensemble.provenance,
    )


def _distinct(doses: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Keep the first of equal doses."""
    return list({d.tobytes(): d for d in doses}.values())


class _Search:
    """Climbs on the members of the search."""

    def __init__(
        self,
        model: Model,
        ensemble: Ensemble,
        setting: TtpSetting,
        stages: Sequence[SmoothedProgression],
        objective: TtpObjective,
        iterations: int,
    ) -> None:
        self.model, self.ensemble, self.setting = model, ensemble, setting
        self.stages, self.objective, self.iterations = stages, objective, iterations
        self.edges_days = stages[0].edges_days

    def run(self, starts: Mapping[str, np.ndarray]) -> list[ProgressionStart]:
        """Climb stage by stage; the better half of the starts goes on, two at the least. Best first."""
        values = self.exact(list(starts.values()))
        found = {
            name: ProgressionStart(name, value, value, doses, 0)
            for (name, doses), value in zip(starts.items(), values, strict=True)
        }
        at = dict(starts)
        for stage in self.stages:
            if max(s.value for s in found.values()) >= self.setting.horizon_days:
                break  # no tumour progresses: nothing is left to gain
            climbed = {name: self.climb(stage, doses) for name, doses in at.items()}
            exact = self.exact([doses for doses, _ in climbed.values()])
            for (name, (doses, passes)), value in zip(climbed.items(), exact, strict=True):
                known = found[name]
                better, best = (value, doses) if value > known.value else (known.value, known.doses)
                found[name] = ProgressionStart(
                    name, known.value_at_start, better, best, known.gradients + passes
                )
            kept = sorted(range(len(exact)), key=exact.__getitem__, reverse=True)[
                : max(2, -(-len(exact) // 2))
            ]
            at = {name: climbed[name][0] for i, name in enumerate(climbed) if i in kept}
        return sorted(found.values(), key=lambda s: s.value, reverse=True)

    def climb(self, stage: SmoothedProgression, doses: np.ndarray) -> tuple[np.ndarray, int]:
        """Maximise one stage from these doses; doses and the number of gradients."""
        from scipy.optimize import minimize

        weights, before = self.ensemble.weights, stage.evaluation.gradients
        corner = max(_LEAST_CORNER, _CORNER * stage.width)

        def descend(x: np.ndarray) -> tuple[float, np.ndarray]:
            try:
                if self.objective is TtpObjective.EXPECTED:
                    days, slopes = stage.gradient(x, weights)
                    return -float(weights @ days), -slopes
                value, rates = smoothed_objective(stage.days(x), weights, self.objective, corner)
                return -value, -stage.gradient(x, rates)[1]
            except ProblemError:
                # doses under which a member leaves the numbers: a wall, from which the line search turns back
                return 0.0, np.zeros(len(x))

        solved = minimize(
            descend, doses, jac=True, method="L-BFGS-B", bounds=[(0.0, 1.0)] * len(doses),
            options={"maxiter": self.iterations},
        )  # fmt: skip
        return np.clip(solved.x, 0.0, 1.0), stage.evaluation.gradients - before

    def exact(self, doses: Sequence[np.ndarray]) -> list[float]:
        """Objective in exact days, on the members of the search."""
        plans = {f"{i}": PlannedSchedule(held_schedule(self.edges_days, x)) for i, x in enumerate(doses)}
        days = member_times(self.model, self.ensemble, plans, self.setting).days
        return [float(v) for v in objective_value(days, self.ensemble.weights, self.objective)]
