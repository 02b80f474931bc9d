"""Measurements with the fitted curve, the dose under them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from workbench.report import style
from workbench.report.labels import marker_label
from workbench.report.svg import drawing, inline_svg, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dynamics.model import Model
    from fitting.result import Fit
    from patients.cohort import Patient

_POINTS = 240
_LOG_BEYOND = 40.0  # burdens that span more than this factor are drawn on a logarithmic axis


def course_figure(patient: Patient, fit: Fit | None, model: Model) -> Markup:
    """Draw burdens, excluded burdens, the fitted course with its populations, the dose given.

    Returns
    -------
    Markup
        An ``<svg>`` element, 5.4 x 3.1 inches.
    """
    with drawing():
        figure = new_figure(style.WIDTH, 3.1, left=0.72)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[6.5, 1], gridspec_kw={"hspace": 0.1})
        low, high = _extent(patient)
        if fit is not None:
            _fitted_course(above, patient, fit, model, low, high)
        _measurements(above, patient)
        _burden_axis(above, patient)
        _dose_bar(below, patient, low, high)
        handles = above.get_legend_handles_labels()[1]
        above.legend(
            loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(handles), columnspacing=1.4, borderpad=0
        )
        return Markup(inline_svg(figure, _alt(patient, fit)))


def _extent(patient: Patient) -> tuple[float, float]:
    """Days from the first to the last measurement, excluded ones included, with a margin."""
    times = [*patient.times, *(e.time_days for e in patient.excluded if np.isfinite(e.time_days))]
    low, high = min(times), max(times)
    margin = 0.03 * max(high - low, 1.0)
    return low - margin, high + margin


def _fitted_course(axes: Axes, patient: Patient, fit: Fit, model: Model, low: float, high: float) -> None:
    """Draw the model's output and, where states have roles, the two populations."""
    from dynamics.simulate import simulate

    start = float(patient.times[0])
    grid = np.union1d(np.linspace(start, max(high, start + 1.0), _POINTS), patient.times)
    course = simulate(model, fit.estimates, patient.schedule, grid, fit.constants)
    axes.plot(grid, course.outputs[:, 0], color=style.TOTAL, label="model", zorder=3)
    for role, colour, dashes in (
        ("sensitive", style.SENSITIVE, (0, (5, 2))),
        ("resistant", style.RESISTANT, (0, (1.5, 1.5))),
    ):
        state = model.state_with_role(role)
        if state is not None:
            values = course.states[:, model.state_names.index(state.name)]
            axes.plot(grid, values, color=colour, linestyle=dashes, linewidth=1.1, label=f"{role} cells")
    axes.set_xlim(low, high)


def _measurements(axes: Axes, patient: Patient) -> None:
    """Draw burdens; censored ones as arrows, excluded ones as numbered crosses."""
    marks = {0: ("o", "measured"), -1: ("v", "at or below"), 1: ("^", "at or above")}
    for kind, (marker, label) in marks.items():
        chosen = patient.censoring == kind
        if np.any(chosen):
            face = style.TOTAL if kind == 0 else "white"
            axes.plot(
                patient.times[chosen], patient.burdens[chosen], marker, markersize=4.5, color=style.TOTAL,
                markerfacecolor=face, label=label, zorder=5, clip_on=False,
            )  # fmt: skip
    drawable = [(i, e) for i, e in enumerate(patient.excluded, start=1) if _drawable(e.time_days, e.burden)]
    if drawable:
        axes.plot(
            [e.time_days for _, e in drawable], [e.burden for _, e in drawable], "x", markersize=5,
            markeredgewidth=1.3, color=style.EXCLUDED, label="not used", zorder=5, clip_on=False,
        )  # fmt: skip
        for i, e in drawable:
            axes.annotate(
                str(i),
                (e.time_days, e.burden),
                xytext=(4, 3),
                textcoords="offset points",
                fontsize=7,
                color=style.MUTED,
            )


def _drawable(time: float, burden: float) -> bool:
    return bool(np.isfinite(time) and np.isfinite(burden))


def _burden_axis(axes: Axes, patient: Patient) -> None:
    """Choose the scale of the burden axis from the data, not from what a model makes of them."""
    values = np.array(
        [*patient.burdens, *(e.burden for e in patient.excluded if _drawable(e.time_days, e.burden))]
    )
    positive = values[values > 0]
    if positive.size and positive.max() > _LOG_BEYOND * positive.min() and np.all(values > 0):
        axes.set_yscale("log")
        axes.set_ylim(positive.min() / 3, positive.max() * 3)
    else:
        axes.set_ylim(0, 1.15 * (values.max() if values.size and values.max() > 0 else 1.0))
    axes.set_ylabel(textwrap.fill(marker_label(patient.marker), 26), parse_math=False)
    axes.yaxis.set_label_coords(-0.55 / 4.58, 0.5)


def _dose_bar(axes: Axes, patient: Patient, low: float, high: float) -> None:
    """Draw the dose as a filled staircase from 0 to the maximum tolerated dose."""
    edges = np.clip(np.asarray(patient.schedule.edges), low, high)
    axes.stairs(patient.schedule.doses, edges, fill=True, color=style.DOSE, linewidth=0)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 1], ["0", "MTD"])
    axes.set_ylabel("dose", rotation=0, ha="right", va="center")
    axes.set_xlabel("days")
    axes.set_xlim(low, high)


def _alt(patient: Patient, fit: Fit | None) -> str:
    """Describe the figure in words."""
    text = (
        f"{len(patient)} measured burdens from day {patient.times[0]:g} to day {patient.times[-1]:g}, between "
        f"{patient.burdens.min():g} and {patient.burdens.max():g}"
    )
    if patient.excluded:
        text += f", {len(patient.excluded)} not used"
    return text + (
        " with the fitted model curve above the dose given." if fit is not None else " above the dose given."
    )
