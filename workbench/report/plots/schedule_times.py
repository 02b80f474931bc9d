"""Times to progression over the evidence: one curve a strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from dosing.remaining_share import remaining_share
from workbench.report import style
from workbench.report.labels import days
from workbench.report.plots.schedule import WIDTH
from workbench.report.svg import drawing, inline_svg, new_figure

if TYPE_CHECKING:
    from dosing.schedule_result import PatientSchedule

_DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.2)), (0, (5, 1.5, 1, 1.5)), (0, (8, 2)), (0, (3, 1, 1, 1, 1, 1)))


def schedule_times_figure(schedule: PatientSchedule) -> Markup:
    """Draw the share of the tumours that has not progressed under each strategy.

    Parameters
    ----------
    schedule : PatientSchedule
        With times of more than one member.

    Returns
    -------
    Markup
        An ``<svg>`` element.
    """
    times = schedule.times
    assert times is not None
    with drawing():
        figure = new_figure(WIDTH, 2.5, left=0.78, right=0.12, top=0.5)
        axes = figure.subplots()
        colours = (style.SENSITIVE, style.RESISTANT, style.INK, style.THRESHOLD, style.MUTED, style.ADMITTED)
        for i, (name, own, censored) in enumerate(zip(times.names, times.days, times.censored, strict=True)):
            at, share = remaining_share(own, censored, times.weights, schedule.horizon_days)
            axes.step(
                at, share, where="post", color=colours[i % len(colours)], linestyle=_DASHES[i % len(_DASHES)],
                linewidth=1.8 if i == 0 else 1.1, zorder=5 - 0.1 * i, label=name,
            )  # fmt: skip
        axes.set_xlim(0, schedule.horizon_days)
        axes.set_ylim(0, 1.03)
        axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
        axes.set_xlabel("days since the first measurement")
        axes.set_ylabel("not progressed")
        axes.yaxis.set_label_coords(-0.55 / (WIDTH - 0.9), 0.5)
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1.0),
            ncols=6,
            columnspacing=1.4,
            borderpad=0.1,
            borderaxespad=0.2,
        )
        alt = f"Share of the tumours without progression over {days(schedule.horizon_days)} days under "
        return Markup(inline_svg(figure, alt + ", ".join(times.names) + "."))
