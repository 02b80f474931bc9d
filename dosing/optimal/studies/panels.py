"""Panels that the figures of several studies share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dosing.optimal.plots_structure import draw_arcs, draw_control
from dynamics.plots import palette
from dynamics.plots.text import quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dosing.optimal.studies.study import Study

__all__ = ["draw_courses", "draw_schedule", "label_x"]

_DASHES = ("-", palette.DASHED, palette.DASH_DOTTED, palette.DOTTED)


def draw_schedule(axes: Axes, study: Study, name: str, label: str, *, width: float) -> None:
    """Draw one control with its arcs.

    Parameters
    ----------
    axes : Axes
    study : Study
    name : str
        Of the control.
    label : str
        Of the vertical axis.
    width : float
        Of the axes in inches, to see which arcs' names fit.
    """
    draw_control(axes, study.solution, name)
    draw_arcs(axes, study.arcs[name], width=width)
    axes.set_ylabel(label)
    axes.set_xlim(0, study.solution.final_time_days)
    quiet(axes)


def draw_courses(axes: Axes, times_days: np.ndarray, courses: Mapping[str, np.ndarray], label: str) -> None:
    """Draw courses over time, told apart by colour and dashes, with a legend beside the axes."""
    for k, (name, course) in enumerate(courses.items()):
        axes.plot(
            times_days, course, color=palette.CYCLE[k % len(palette.CYCLE)], linestyle=_DASHES[k % len(_DASHES)],
            linewidth=1.4, label=name,
        )  # fmt: skip
    axes.set_ylabel(label)
    axes.legend(
        loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=palette.SMALL, handlelength=2.4
    )
    quiet(axes)


def label_x(axes: Axes, text: str) -> None:
    """Label the horizontal axis in the size of the others."""
    axes.set_xlabel(text, fontsize=palette.SMALL + 0.5)
