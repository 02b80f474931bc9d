"""Fig. 1 of Devia and Giordano for a study: eight panels, A to H."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dosing.plots.switching import (
    plot_cells,
    plot_cost_over_time,
    plot_cost_parts,
    plot_drug_choice,
    plot_durations_along,
    plot_horizon_cost,
)
from dynamics.plots import palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from dosing.switching.case_studies.study import SwitchingStudy

__all__ = ["PANELS", "plot_panel", "plot_switching_study"]

PANELS = {
    "A": "drugs by Algorithm 1",
    "B": "days given, and the best for each end",
    "C": "cost, had it ended on a day",
    "D": "cells",
    "E": "least cost over the length",
    "F": "cost over the best length",
    "G": "full cost (f > 0)",
    "H": "its parts, without weights",
}


def plot_panel(axes: Axes, study: SwitchingStudy, panel: str) -> Axes:
    """Draw one panel of the figure.

    Parameters
    ----------
    axes : Axes
    study : SwitchingStudy
    panel : str
        A to H.

    Raises
    ------
    KeyError
        Another letter.
    """
    model, best = study.model, study.best_course
    if panel == "A":
        assert study.plan.schedule is not None  # checked when the study was made
        plot_drug_choice(axes, study.plan.schedule, model.drugs)
    elif panel == "B":
        plot_durations_along(axes, *study.durations_along(), model.drugs)
    elif panel == "C":
        plot_cost_over_time(axes, {"Algorithm 1": study.course, "best mixtures": study.mixture_course})
    elif panel == "D":
        plot_cells(axes, model, study.course)
    elif panel == "E":
        length = study.best.schedule.horizon_days if study.best.schedule is not None else None
        plot_horizon_cost(axes, study.curve, best_days=length)
    elif panel == "F":
        if best is None:
            axes.set_axis_off()
            axes.text(0.0, 0.5, "no best length", color=palette.MUTED, transform=axes.transAxes)
        else:
            plot_cost_over_time(axes, {"Algorithm 1": best})
    elif panel == "G":
        courses = {
            "one drug at a time": study.full_course(),
            "best mixtures": study.full_course(mixtures=True),
        }
        plot_cost_over_time(axes, courses)
    elif panel == "H":
        plot_cost_parts(axes, study.full_course(weighted=False))
    else:
        raise KeyError(f"panel {panel!r}; there are {', '.join(PANELS)}")
    axes.set_title(f"{panel}  {PANELS[panel]}", fontsize=palette.SMALL + 1.5, loc="left", pad=_pad(axes))
    return axes


def plot_switching_study(figure: Figure, study: SwitchingStudy, panels: str = "ABCDEFGH") -> Figure:
    """Draw panels two in a row.

    Parameters
    ----------
    figure : Figure
        Empty; about 2.3 inches high for each row.
    study : SwitchingStudy
    panels : str
        Letters.
    """
    grid = figure.subplots(-(-len(panels) // 2), 2, squeeze=False).ravel()
    for axes, panel in zip(grid, panels, strict=False):
        plot_panel(axes, study, panel)
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    return figure


def _pad(axes: Axes) -> float:
    """Room between axes and title, for the rows of the legend."""
    legend = axes.get_legend()
    if legend is None:
        return 4.0
    columns = getattr(legend, "_ncols", 1)
    return 4.0 + 11.0 * -(-len(legend.get_texts()) // columns)
