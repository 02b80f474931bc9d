"""Panels that the figures of several studies share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dosing.plots.ensemble_switching import plot_held_doses
from dynamics.plots import palette
from dynamics.plots.text import math, quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from dosing.ensemble.studies.tumour_course import TumourCourse

_STYLES = (
    (palette.FIRST, palette.DASHED),
    (palette.SECOND, palette.DASH_DOTTED),
    (palette.THIRD, palette.DOTTED),
)
_MOST_COLUMNS = 2
_HEADROOM = 1.25  # above the highest burden, for the days


def draw_courses(figure: Figure, courses: Sequence[TumourCourse], titles: Sequence[str]) -> Figure:
    """Draw tumours side by side, two in a row, each over its doses.

    Parameters
    ----------
    figure : Figure
        Empty.
    courses : sequence of TumourCourse
    titles : sequence of str
    """
    columns = min(len(courses), _MOST_COLUMNS)
    blocks = -(-len(courses) // columns)
    panels = figure.subplots(
        2 * blocks, columns, squeeze=False, sharex="col", sharey="row", height_ratios=[3, 1] * blocks
    )
    top = max(max(c.burden.max(), c.level) for c in courses)
    for k in range(blocks * columns):
        burden, dose = (panels[2 * (k // columns) + i, k % columns] for i in range(2))
        if k >= len(courses):
            burden.set_visible(False)
            dose.set_visible(False)
            continue
        draw_burden(burden, courses[k])
        burden.set_ylim(0, _HEADROOM * top)
        burden.set_title(titles[k], fontsize=palette.SMALL + 0.5, loc="left", pad=4)
        plot_held_doses(dose, courses[k].times_days, courses[k].doses, "")
        if k % columns == 0:
            burden.set_ylabel("burden (share of\nthe capacity)", fontsize=palette.SMALL + 0.5)
            dose.set_ylabel("dose\n(of MTD)", fontsize=palette.SMALL + 0.5)
        last = k + columns >= len(courses)
        dose.tick_params(labelbottom=last)
        if last:
            dose.set_xlabel("days", fontsize=palette.SMALL + 0.5)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper left", ncols=len(labels), frameon=False, fontsize=palette.SMALL,
        handlelength=2.4, columnspacing=1.4,
    )  # fmt: skip
    figure.align_ylabels(panels[:, 0])
    return figure


def draw_burden(axes: Axes, course: TumourCourse) -> Axes:
    """Draw burden and populations, the level of progression, and when it is passed.

    The day of eq. 3.9 stands beside a dotted line; that of eq. 3.8 too, where it is another one.

    Parameters
    ----------
    axes : Axes
    course : TumourCourse
    """
    axes.plot(course.times_days, course.burden, color=palette.INK, linewidth=1.6, label="burden")
    for (name, values), (colour, dashes) in zip(course.populations.items(), _STYLES, strict=False):
        axes.plot(course.times_days, values, color=colour, linestyle=dashes, linewidth=1.3, label=math(name))
    axes.axhline(
        course.level,
        color=palette.MALIGNANT,
        linestyle=palette.DASHED,
        linewidth=0.9,
        label="level of progression",
    )
    marks = [(course.last_below, "TTP")]
    if course.stands_above:
        marks = [(course.first_crossing, "first above"), (course.last_below, "TTP′")]
    for found, word in marks:
        if found.censored:
            continue
        axes.axvline(found.exact_days, color=palette.MUTED, linestyle=palette.DOTTED, linewidth=1.1)
        near_end = found.exact_days > 0.75 * course.times_days[-1]
        axes.annotate(
            f"{word}: day {found.days}", (found.exact_days, 1.0), (-3 if near_end else 3, 0),
            xycoords=axes.get_xaxis_transform(), textcoords="offset points", ha="right" if near_end else "left",
            va="top", fontsize=palette.SMALL, color=palette.INK,
        )  # fmt: skip
    axes.set_xlim(0, float(np.ceil(course.times_days[-1])))
    quiet(axes)
    return axes
