"""Pictures of a switching treatment: drugs over time, cells by compartment, what it costs, how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dynamics.plots import palette
from dynamics.plots.text import legend_above, quiet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from dosing.switching.case_studies.cost_course import CostCourse
    from dosing.switching.case_studies.robustness import Robustness
    from dosing.switching.free_horizon import HorizonCurve
    from dosing.switching.model import SwitchingModel
    from dosing.switching.schedule import SwitchingSchedule

__all__ = [
    "plot_cells",
    "plot_cells_band",
    "plot_cost_over_time",
    "plot_cost_parts",
    "plot_drug_choice",
    "plot_durations_along",
    "plot_horizon_cost",
    "safe",
]

DASHES: tuple[palette.Dashes, ...] = ("-", palette.DASHED, palette.DASH_DOTTED, palette.DOTTED)
_LEAST_CELLS = 1e-3  # below this nothing is drawn: no cell is left
_LONGEST = 26


def safe(name: str) -> str:
    """Return a name that Matplotlib takes as it is: no mathematics, one line, not too long."""
    text = " ".join(name.split()).replace("$", r"\$")
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    # a label that begins with an underscore is left out of legends
    return f"\u200b{text}" if text.startswith("_") else text


def colour(index: int) -> str:
    """Return the colour of a drug."""
    return palette.CYCLE[index % len(palette.CYCLE)]


def plot_drug_choice(axes: Axes, schedule: SwitchingSchedule, drugs: Sequence[str]) -> Axes:
    """Draw which drug is given when, a row a drug; of a mixture each share is as high as it is large.

    Parameters
    ----------
    axes : Axes
    schedule : SwitchingSchedule
    drugs : sequence of str
    """
    starts = np.concatenate([[0.0], np.cumsum(schedule.days)[:-1]]) if len(schedule.days) else np.zeros(0)
    for s in range(len(drugs)):
        share = schedule.mixtures[:, s]
        on = share > 1e-6
        axes.bar(
            starts[on], 0.8 * share[on], schedule.days[on], bottom=-s - 0.4, align="edge", color=colour(s), linewidth=0
        )  # fmt: skip
    axes.set_yticks(-np.arange(len(drugs)), [safe(d) for d in drugs])
    axes.set_ylim(-len(drugs) + 0.4, 0.6)
    axes.set_xlim(0, max(schedule.horizon_days, 1e-9))
    axes.set_xlabel("days")
    quiet(axes)
    axes.tick_params(axis="y", length=0)
    return axes


def plot_durations_along(
    axes: Axes, days: np.ndarray, given: np.ndarray, best: np.ndarray, drugs: Sequence[str]
) -> Axes:
    """Draw the days given until each day, and what would be best for a course that ends on it (dashed).

    Parameters
    ----------
    axes : Axes
    days : ndarray, shape (m,)
    given, best : ndarray, shape (m, d)
    drugs : sequence of str
    """
    for s, name in enumerate(drugs):
        if max(given[:, s].max(), best[:, s].max()) < 1e-6:
            continue
        axes.plot(days, given[:, s], color=colour(s), linewidth=1.4, label=safe(name))
        axes.plot(days, best[:, s], color=colour(s), linewidth=1.2, linestyle=palette.DASHED)
    axes.plot(
        [], [], color=palette.INK, linewidth=1.2, linestyle=palette.DASHED, label="best for an end that day"
    )
    axes.set_xlabel("end of the treatment (days)")
    axes.set_ylabel("days under the drug")
    axes.set_xlim(0, days[-1])
    axes.set_ylim(bottom=0)
    quiet(axes)
    legend_above(axes, 3)
    return axes


def plot_cost_over_time(axes: Axes, courses: Mapping[str, CostCourse]) -> Axes:
    """Draw what each course would have cost, had it ended on each day.

    Parameters
    ----------
    axes : Axes
    courses : mapping of str to CostCourse
    """
    for k, (name, course) in enumerate(courses.items()):
        axes.plot(
            course.times_days, course.total, color=palette.CYCLE[k], linewidth=1.4, linestyle=DASHES[k % len(DASHES)],
            label=name,
        )  # fmt: skip
    _cost_axes(axes, max(course.times_days[-1] for course in courses.values()))
    if len(courses) > 1:
        legend_above(axes, 2)
    return axes


def plot_cost_parts(axes: Axes, course: CostCourse) -> Axes:
    """Draw the terms of the cost of a course, had it ended on each day.

    Parameters
    ----------
    axes : Axes
    course : CostCourse
    """
    parts = (
        ("cells at the end", course.final),
        ("drugs", course.toxicity),
        ("cells on the way", course.transient),
    )
    for k, (name, values) in enumerate(parts):
        if np.any(values > 0):
            shown = np.where(values > 0, values, np.nan)
            axes.plot(
                course.times_days, shown, color=palette.CYCLE[k], linewidth=1.4, linestyle=DASHES[k], label=name
            )  # fmt: skip
    _cost_axes(axes, course.times_days[-1])
    legend_above(axes, 3)
    return axes


def plot_cells(axes: Axes, model: SwitchingModel, course: CostCourse) -> Axes:
    """Draw all cells of each compartment, and the total.

    Parameters
    ----------
    axes : Axes
    model : SwitchingModel
    course : CostCourse
    """
    total = course.cells.sum(axis=1)
    places = list(dict.fromkeys(model.compartments))
    axes.plot(course.times_days, _positive(total), color=palette.INK, linewidth=1.6, label="all")
    if len(places) > 1:
        for k, place in enumerate(places):
            own = course.cells[:, [c == place for c in model.compartments]].sum(axis=1)
            axes.plot(
                course.times_days, _positive(own), color=palette.CYCLE[k % 5], linewidth=1.3,
                linestyle=DASHES[1 + k % 3], label=safe(place),
            )  # fmt: skip
        legend_above(axes, 4)
    axes.set_yscale("log")
    axes.set_xlim(0, course.times_days[-1])
    axes.set_xlabel("days")
    axes.set_ylabel("cells")
    quiet(axes)
    return axes


def plot_horizon_cost(axes: Axes, curve: HorizonCurve, *, best_days: float | None = None) -> Axes:
    """Draw the least cost over the length of the treatment; the best length is marked.

    Parameters
    ----------
    axes : Axes
    curve : HorizonCurve
    best_days : float, optional
    """
    days, costs = curve.horizons_days, curve.costs
    axes.plot(days, costs, color=palette.FIRST, linewidth=1.4)
    axes.set_yscale("log")
    axes.set_xlim(0, days[-1])
    if best_days is not None:
        least = float(np.interp(best_days, days, costs))
        axes.plot([best_days], [least], marker="o", markersize=4.5, color=palette.SECOND, linestyle="")
        right = best_days > 0.6 * days[-1]
        axes.annotate(
            f"{best_days:.1f} days", (best_days, least), xytext=(-6 if right else 6, 9), textcoords="offset points",
            fontsize=palette.SMALL, color=palette.SECOND, ha="right" if right else "left",
        )  # fmt: skip
    axes.set_xlabel("length of the treatment (days)")
    axes.set_ylabel("least cost")
    quiet(axes)
    return axes


def plot_cells_band(axes: Axes, found: Robustness) -> Axes:
    """Draw all cells over an ensemble: the middle 90 %, the worst member, and the course that was planned.

    Parameters
    ----------
    axes : Axes
    found : Robustness
    """
    low, high = np.quantile(found.cells, [0.05, 0.95], axis=0)
    days = found.times_days
    axes.fill_between(
        days, _positive(low), _positive(high), color=palette.FLOW, linewidth=0, alpha=0.8, label="90 % of the draws"
    )  # fmt: skip
    worst = int(np.argmax(found.costs))
    axes.plot(
        days, _positive(found.cells[worst]), color=palette.SECOND, linewidth=1.2, linestyle=palette.DASHED,
        label="worst draw",
    )  # fmt: skip
    axes.plot(days, _positive(found.planned_cells), color=palette.INK, linewidth=1.5, label="as planned")
    axes.set_yscale("log")
    axes.set_xlim(0, days[-1])
    axes.set_xlabel("days")
    axes.set_ylabel("cells")
    quiet(axes)
    legend_above(axes, 3)
    return axes


def _cost_axes(axes: Axes, last_day: float) -> None:
    axes.set_yscale("log")
    axes.set_xlim(0, last_day)
    axes.set_xlabel("end of the treatment (days)")
    axes.set_ylabel("cost (cells)")
    quiet(axes)
    # less than a decade leaves labels to the minor ticks
    axes.tick_params(axis="y", which="minor", labelsize=palette.SMALL)


def _positive(values: np.ndarray) -> np.ndarray:
    """Leave out what a logarithmic axis cannot show."""
    return np.where(values > _LEAST_CELLS, values, np.nan)
