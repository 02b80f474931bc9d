"""The tumours that progress first under a shared schedule: Scagliotti 2026, Fig. 6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.member_times import TtpSetting, member_times, run_members
from dosing.ensemble.studies.controls import AVERAGED, ControlsStudy
from dosing.ensemble.studies.setting import Cost, tumour_words
from dosing.ensemble.studies.tumour_course import TumourCourse, tumour_course
from dosing.policies import PlannedSchedule

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["WorstTumour", "WorstTumoursStudy", "worst_tumours_figure", "worst_tumours_study"]

# r_R / r_S and f_0 of the tumours in Fig. 6, by n_0
PUBLISHED = {0.25: (0.72, 0.02), 0.50: (0.84, 0.04)}


@dataclass(frozen=True)
class WorstTumour:
    """The member whose burden was at or below the level for the shortest time.

    Parameters
    ----------
    initial_burden, division_ratio, resistant_share : float
        n_0, r_R / r_S and f_0.
    course : TumourCourse
    as_early : float
        Weight of the members with the same time in whole days.
    comes_down_to : float
        Smallest burden after the first peak, a multiple of the level.
    """

    initial_burden: float
    division_ratio: float
    resistant_share: float
    course: TumourCourse
    as_early: float
    comes_down_to: float

    @property
    def sentence(self) -> str:
        """Describe it in words."""
        return (
            f"n_0 = {self.initial_burden:g}: worst is {tumour_words(self.division_ratio, self.resistant_share)}, above "
            f"the level from day {self.course.last_below.days} on, with {100 * self.as_early:.3g} % of the members; "
            f"its burden comes down to {self.comes_down_to:.3g} times the level"
        )


@dataclass(frozen=True)
class WorstTumoursStudy:
    """The worst tumour for each initial burden.

    Parameters
    ----------
    tumours : tuple of WorstTumour
    """

    tumours: tuple[WorstTumour, ...]

    @property
    def statement(self) -> str:
        """Describe all in words."""
        return "; ".join(t.sentence for t in self.tumours) + "."


def worst_tumours_study(
    controls: ControlsStudy, initial_burdens: Sequence[float] = (0.25, 0.50), cost: Cost = "hyperbolic"
) -> WorstTumoursStudy:
    """Find the member with the shortest time to progression (eq. 3.9) under the averaged problem's schedule.

    Many members can share the day on which they pass the level for good. Drawn is the one of the paper's figure where
    it is among them, otherwise the one that comes nearest to coming back.

    Parameters
    ----------
    controls : ControlsStudy
        With the averaged problems.
    initial_burdens : sequence of float
    cost : {"linear", "hyperbolic"}

    Raises
    ------
    KeyError
        A problem that was not solved.
    """
    found = []
    for burden in initial_burdens:
        solution = controls.solution(cost, AVERAGED, burden)
        model, ensemble, setting = solution.problem.model, solution.problem.ensemble, TtpSetting.paper(burden)
        plan = PlannedSchedule(solution.schedule())
        days = np.floor(member_times(model, ensemble, {"planned": plan}, setting).days[0])
        early = np.flatnonzero(days == days.min())
        course = run_members(model, ensemble.take(early), [plan], setting, every=setting.steps_per_day).course
        lowest = [
            _after_peak(row) for row in course.burdens / (setting.level * course.first_burdens[:, None])
        ]
        ratios, shares = ensemble.column("r_R") / ensemble.column("r_S"), ensemble.constant("f_R")
        ratio, share = PUBLISHED.get(burden, (np.nan, np.nan))
        drawn = np.flatnonzero(np.isclose(ratios[early], ratio) & np.isclose(shares[early], share))
        worst = int(drawn[0]) if len(drawn) else int(np.argmin(lowest))
        member = early[worst]
        found.append(
            WorstTumour(
                burden,
                float(ratios[member]),
                float(shares[member]),
                tumour_course(
                    model,
                    ensemble.take(early[[worst]]),
                    plan,
                    setting,
                    treatment=f"J{1 + (cost == 'hyperbolic')}",
                ),
                float(ensemble.weights[early].sum()),
                lowest[worst],
            )
        )
    return WorstTumoursStudy(tuple(found))


def _after_peak(burdens: np.ndarray) -> float:
    """Smallest of the burdens from their first peak on."""
    falls = np.flatnonzero(np.diff(burdens) < 0)
    # a burden that never falls stays above all that it has passed
    return float(burdens[falls[0] :].min() if len(falls) else burdens[-1])


def worst_tumours_figure(study: WorstTumoursStudy, *, width: float = 6.4) -> Figure:
    """Draw the worst tumours side by side, like Fig. 6.

    Parameters
    ----------
    study : WorstTumoursStudy
    width : float
        Inches.
    """
    from matplotlib.figure import Figure

    from dosing.ensemble.studies.panels import draw_courses

    figure = Figure(figsize=(width, 0.35 + 2.45 * -(-len(study.tumours) // 2)), layout="constrained")
    titles = [
        f"$n_0$ = {t.initial_burden:g}: $r_R$ = {t.division_ratio:.3g} $r_S$, $f_0$ = {t.resistant_share:.3g}"
        for t in study.tumours
    ]
    return draw_courses(figure, [t.course for t in study.tumours], titles)
