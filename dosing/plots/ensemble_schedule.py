"""One schedule for an ensemble, over the burdens that it gives the members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.member_times import TtpSetting, run_members
from dosing.ensemble.ttp_objective import weighted_quantile
from dosing.policies import PlannedSchedule
from dynamics.plots import palette
from dynamics.plots.text import quiet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from dynamics.ensemble import Ensemble
    from dynamics.model import Model
    from dynamics.schedule import DoseSchedule


def plot_ensemble_schedule(
    figure: Figure, model: Model, ensemble: Ensemble, schedule: DoseSchedule, setting: TtpSetting
) -> Figure:
    """Draw the doses, and above them the median and the middle 50 % and 90 % of the burdens.

    Parameters
    ----------
    figure : Figure
        Empty.
    model : Model
    ensemble : Ensemble
    schedule : DoseSchedule
    setting : TtpSetting
    """
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
    burden.set_ylim(0, 1.08 * max(float(np.max(levels[4])), 100 * setting.level))
    burden.set_ylabel("burden (% of the first)")
    burden.legend(
        frameon=False,
        fontsize=palette.SMALL,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=4,
        borderaxespad=0.2,
    )
    dose.fill_between(t, 100 * course.doses[0], step="post", color=palette.MUTED, alpha=0.6, linewidth=0)
    dose.set_ylim(0, 104)
    dose.set_xlim(0, float(t[-1]))
    dose.set_ylabel("dose (% of MTD)")
    dose.set_xlabel("days since the first burden")
    for axes in (burden, dose):
        quiet(axes)
    figure.align_ylabels((burden, dose))
    return figure
