"""One schedule for an ensemble, over the burdens that it gives the members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dosing.plots.ensemble_switching import plot_held_doses
from dynamics.plots import palette
from dynamics.plots.text import quiet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from dosing.ensemble.member_times import TtpSetting
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model
    from dynamics.schedule import DoseSchedule

_HIGHEST = 3.0  # multiples of the level of progression that are shown


def plot_ensemble_schedule(
    figure: Figure, model: Model, ensemble: Ensemble, schedule: DoseSchedule, setting: TtpSetting
) -> Figure:
    """Draw the doses, and above them the median and the middle 50 % and 90 % of the burdens.

    Burdens beyond three times the level of progression are cut off.

    Parameters
    ----------
    figure : Figure
        Empty.
    model : Model
    ensemble : Ensemble
    schedule : DoseSchedule
    setting : TtpSetting
    """
    from dosing.ensemble.member_times import run_members
    from dosing.ensemble.ttp_objective import weighted_quantile
    from dosing.policies import PlannedSchedule

    course = run_members(
        model, ensemble, [PlannedSchedule(schedule)], setting, every=setting.steps_per_day
    ).course
    relative = 100 * (course.burdens / course.first_burdens[:, None]).T
    levels = [weighted_quantile(relative, ensemble.weights, q) for q in (0.05, 0.25, 0.5, 0.75, 0.95)]
    burden, dose = figure.subplots(2, 1, sharex=True, height_ratios=(2.4, 1))
    t = course.times
    burden.fill_between(
        t, levels[0], levels[4], color=palette.FIRST, alpha=0.15, linewidth=0, label="90 % of the members"
    )
    burden.fill_between(t, levels[1], levels[3], color=palette.FIRST, alpha=0.3, linewidth=0, label="50 %")
    burden.plot(t, levels[2], color=palette.FIRST, linewidth=1.6, label="median")
    burden.axhline(
        100 * setting.level,
        color=palette.SECOND,
        linestyle=palette.DASHED,
        linewidth=1.2,
        label="progression",
    )
    level = 100 * setting.level
    # a few members that relapse to a large capacity would press all others onto the axis
    burden.set_ylim(0, 1.08 * min(max(float(np.max(levels[4])), level), _HIGHEST * level))
    burden.set_ylabel("burden (% of the first)")
    burden.legend(
        frameon=False,
        fontsize=palette.SMALL,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=4,
        borderaxespad=0.2,
    )
    plot_held_doses(dose, t, 100 * course.doses[0, :-1], "dose (% of MTD)", bounds=(0.0, 100.0))
    dose.set_xlabel("days since the first burden")
    quiet(burden)
    quiet(dose)
    figure.align_ylabels((burden, dose))
    return figure
