"""Figure of a solution's structure: the control with its arcs, and the switching function below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dosing.optimal.arcs import ArcLabel, label_arcs
from dosing.optimal.pontryagin import pontryagin
from dosing.optimal.switching_function import switching_course

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from dosing.optimal.arcs import Arc
    from dosing.optimal.solution import OptimalSolution
    from dosing.optimal.switching_times import PolishedSchedule

__all__ = ["draw_arcs", "draw_control", "draw_switching", "structure_figure"]

_INK, _MUTED = "#222222", "#6b6b6b"
# tints of Okabe and Ito's palette, apart from one another in grey too; every arc also carries its name
_TINTS = {
    ArcLabel.ZERO: "#f4f4f4",
    ArcLabel.LOWER: "#f4f4f4",
    ArcLabel.FULL: "#f3c6a5",
    ArcLabel.SINGULAR: "#bfe0d5",
    ArcLabel.INTERIOR: "#cfe3f1",
}
_CHARACTER = 0.062  # inches of a letter of the arcs' names


def structure_figure(
    solution: OptimalSolution, *, polished: PolishedSchedule | None = None, width: float = 6.4
) -> Figure:
    """Draw every control with its arcs, and its switching function with the zero line below it.

    Parameters
    ----------
    solution : OptimalSolution
    polished : PolishedSchedule, optional
        Drawn over the control; its arcs are then the ones that are shaded.
    width : float
        Inches.
    """
    from matplotlib.figure import Figure

    names = solution.problem.control_names
    figure = Figure(figsize=(width, 0.5 + 3.2 * len(names)), layout="constrained")
    panels = figure.subplots(
        2 * len(names), 1, sharex=True, squeeze=False, height_ratios=[1.2, 1] * len(names)
    )[:, 0]
    arcs = dict(polished.arcs) if polished is not None else label_arcs(solution)
    for j, name in enumerate(names):
        draw_control(panels[2 * j], solution, name, polished=polished)
        draw_switching(panels[2 * j + 1], solution, name)
        for axes in panels[2 * j : 2 * j + 2]:
            draw_arcs(axes, arcs[name], names=axes is panels[2 * j], width=width - 0.9)
    panels[-1].set_xlabel("days")
    panels[-1].set_xlim(0, solution.final_time_days)
    return figure


def draw_arcs(axes: Axes, arcs: tuple[Arc, ...], *, names: bool = True, width: float = 5.5) -> None:
    """Shade the arcs of one control; name above the axes those whose name finds room.

    Parameters
    ----------
    axes : Axes
    arcs : tuple of Arc
    names : bool
    width : float
        Of the axes in inches, to see which names fit.
    """
    if not arcs:
        return
    scale = width / (arcs[-1].end_days - arcs[0].start_days)
    taken = -0.4  # inches from the left end of the axes
    for arc in arcs:
        axes.axvspan(arc.start_days, arc.end_days, color=_TINTS[arc.label], linewidth=0, zorder=0)
        if arc.start_days > arcs[0].start_days:
            axes.axvline(arc.start_days, color=_MUTED, linewidth=0.6, linestyle=(0, (1, 2)), zorder=1)
        middle, half = (arc.start_days + arc.end_days) / 2, len(arc.label) * _CHARACTER / 2
        place = (middle - arcs[0].start_days) * scale
        if names and place - half > taken:
            taken = place + half + _CHARACTER
            axes.annotate(
                str(arc.label), (middle, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
                textcoords="offset points", ha="center", va="bottom", fontsize=8, color=_INK,
            )  # fmt: skip


def draw_control(
    axes: Axes, solution: OptimalSolution, name: str, *, polished: PolishedSchedule | None = None
) -> None:
    """Draw one control as the steps in which it is held, and its bounds.

    Parameters
    ----------
    axes : Axes
    solution : OptimalSolution
    name : str
    polished : PolishedSchedule, optional
        Drawn as a broken line over it.
    """
    j = solution.problem.control_names.index(name)
    held = solution.controls[:, j]
    axes.stairs(held, solution.edges_days, baseline=None, color=_INK, linewidth=1.3, label="held", zorder=3)
    if polished is not None:
        axes.plot(
            polished.times_days, polished.controls[:, j], color="#d55e00", linewidth=1.2, linestyle=(0, (4, 1.5)),
            label="switching times polished", zorder=4,
        )  # fmt: skip
        axes.legend(fontsize=8, frameon=False, loc="best")
    low, high = solution.problem.bounds_of_controls()[j]
    if np.isfinite(high - low):
        axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    unit = solution.problem.model.inputs[j].unit
    axes.set_ylabel(f"{name} ({unit})" if unit not in ("", "1") else name)
    _plain(axes)


def draw_switching(axes: Axes, solution: OptimalSolution, name: str) -> None:
    """Draw ∂H/∂u of one control with the zero line, relative to the size of its terms.

    Parameters
    ----------
    axes : Axes
    solution : OptimalSolution
    name : str
    """
    j = solution.problem.control_names.index(name)
    course = switching_course(solution)
    axes.axhline(0, color=_INK, linewidth=0.8, zorder=2)
    middle = (solution.edges_days[1:] + solution.edges_days[:-1]) / 2
    phi = course.relative[:, j]
    axes.plot(middle, phi, color="#0072b2", linewidth=1.3, zorder=3)
    # linear near zero, where it decides, and logarithmic beyond, where it may be a hundred times larger
    largest = max(float(np.abs(phi).max()), 1e-12)
    axes.set_yscale("asinh", linear_width=largest / 30)
    decade = 10.0 ** np.floor(np.log10(largest))
    top = max(m * decade for m in (1, 2, 5) if m * decade <= 1.0001 * largest)
    low, high = min(float(phi.min()), -0.02 * largest), max(float(phi.max()), 0.02 * largest)
    ticks = [t for t in (-top, -top / 5, 0.0, top / 5, top) if 1.01 * low <= t <= 1.01 * high]
    axes.set_yticks(ticks, [f"{t:g}".replace("-", "−") for t in ticks], minor=False)
    axes.set_yticks([], minor=True)
    axes.set_ylim(1.3 * low, 1.3 * high)
    linear = pontryagin(solution.problem).affine[j]
    axes.set_ylabel(f"switching function\n∂H/∂{name}, relative" if linear else f"∂H/∂{name}, relative")
    _plain(axes)


def _plain(axes: Axes) -> None:
    """Take off what carries nothing."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8, color=_MUTED)
    axes.yaxis.label.set_fontsize(8.5)
    axes.xaxis.label.set_fontsize(8.5)
