"""An optimal schedule: dose steps, burden under it with its band, and the derivative that decides the dose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from workbench.report import style
from workbench.report.labels import days, marker_unit, number
from workbench.report.svg import drawing, inline_svg, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dosing.schedule_result import PatientSchedule

WIDTH = 10.6  # inches over the whole width of the page: text then appears at its nominal size
_BEYOND = 2.0  # the axis ends at this multiple of the burden that counts as progression
_LEFT, _RIGHT = 0.78, 0.12


def schedule_figure(schedule: PatientSchedule, marker: str) -> Markup:
    """Draw one schedule.

    Parameters
    ----------
    schedule : PatientSchedule
        With doses.
    marker : str
        Whose unit the burden has.

    Returns
    -------
    Markup
        An ``<svg>`` element.
    """
    deciding = shows_derivative(schedule)
    heights = [1.0, 2.1, *([0.9] if deciding else [])]
    with drawing():
        figure = new_figure(WIDTH, sum(heights) + 1.05, left=_LEFT, right=_RIGHT, top=0.22)
        panels = figure.subplots(
            len(heights), 1, sharex=True, squeeze=False, height_ratios=heights, gridspec_kw={"hspace": 0.22}
        )[:, 0]
        _dose(panels[0], schedule)
        _burden(panels[1], schedule, marker_unit(marker))
        if deciding:
            _deciding(panels[2], schedule)
        for axes in panels:
            axes.set_xlim(0, schedule.horizon_days)
            axes.yaxis.set_label_coords(-0.55 / (WIDTH - _LEFT - _RIGHT), 0.5)
        panels[-1].set_xlabel("days since the first measurement")
        return Markup(inline_svg(figure, _alt(schedule)))


def shows_derivative(schedule: PatientSchedule) -> bool:
    """Whether ∂H/∂u is worth a panel: where no bound acts on a dose with a quadratic cost, it is zero throughout."""
    bounded = any(a.label.on_bound for a in schedule.arcs)
    return len(schedule.switching) > 0 and (schedule.switching_linear or bounded)


def _dose(axes: Axes, schedule: PatientSchedule) -> None:
    """Draw the steps of the dose over its arcs."""
    from dosing.optimal.plots_structure import draw_arcs

    draw_arcs(axes, schedule.arcs, width=WIDTH - _LEFT - _RIGHT)
    axes.stairs(schedule.doses, schedule.edges_days, baseline=None, color=style.INK, linewidth=1.4, zorder=3)
    axes.set_ylim(-0.04, 1.06)
    axes.set_yticks([0, 0.5, 1], ["0", "0.5", "MTD"])
    axes.set_ylabel("dose\n(fraction of MTD)")


def _burden(axes: Axes, schedule: PatientSchedule, unit: str) -> None:
    """Draw the burden at the point estimate with its band; MTD and AT50 as thin lines; levels that count."""
    courses = schedule.courses
    assert courses is not None
    if schedule.members > 1:
        axes.fill_between(
            courses.days, courses.low, courses.high, color=style.ADMITTED, alpha=0.35, linewidth=0, zorder=1,
            label="90 % of the evidence",
        )  # fmt: skip
    axes.plot(
        courses.days,
        courses.schedule,
        color=style.SENSITIVE,
        linewidth=1.6,
        zorder=4,
        label="schedule, point estimate",
    )
    for name, values, colour, dashes in (
        ("MTD", courses.mtd, style.RESISTANT, (0, (5, 2))), ("AT50", courses.adaptive, style.INK, (0, (1.5, 1.2))),
    ):  # fmt: skip
        if len(values):
            axes.plot(
                courses.days, values, color=colour, linestyle=dashes, linewidth=0.8, zorder=3, label=name
            )
    for level, word, colour in (
        (schedule.k_tol, "tolerable", style.MUTED), (schedule.progressed_at, "progression", style.THRESHOLD),
    ):  # fmt: skip
        axes.axhline(level, color=colour, linewidth=0.8, linestyle=(0, (4, 2)), zorder=2)
        axes.annotate(
            word, (1.0, level), xycoords=("axes fraction", "data"), xytext=(-2, 2), textcoords="offset points",
            ha="right", va="bottom", fontsize=7, color=style.MUTED, zorder=5,
        )  # fmt: skip
    axes.set_ylim(0, _BEYOND * schedule.progressed_at)
    axes.set_ylabel(f"burden\n({unit})", parse_math=False)
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=4,
        columnspacing=1.4,
        borderpad=0.1,
        borderaxespad=0.2,
    )


def _deciding(axes: Axes, schedule: PatientSchedule) -> None:
    """Draw ∂H/∂u: where it is positive a smaller dose would be better, where negative a larger one."""
    from dosing.optimal.plots_structure import draw_arcs

    draw_arcs(axes, schedule.arcs, names=False)
    middle = (schedule.edges_days[1:] + schedule.edges_days[:-1]) / 2
    largest = max(float(np.abs(schedule.switching).max()), 1e-3)
    axes.axhline(0, color=style.INK, linewidth=0.7, zorder=2)
    axes.plot(middle, schedule.switching, color=style.SENSITIVE, linewidth=1.2, zorder=3)
    axes.set_yscale("asinh", linear_width=largest / 30)
    axes.set_yticks([-largest, 0, largest], [number(-largest, 1), "0", number(largest, 1)])
    axes.set_yticks([], minor=True)
    axes.set_ylim(-1.4 * largest, 1.4 * largest)
    axes.set_ylabel("switching\nfunction" if schedule.switching_linear else "∂H/∂dose,\nrelative")


def _alt(schedule: PatientSchedule) -> str:
    """Describe the figure in words."""
    return (
        f"Doses over {days(schedule.horizon_days)} days between {schedule.doses.min():.2f} and "
        f"{schedule.doses.max():.2f} of the maximum tolerated dose, and the burden under them, under the maximum "
        "tolerated dose and under adaptive therapy."
    )
