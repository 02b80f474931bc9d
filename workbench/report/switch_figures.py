"""The figures of the page of ``evodose switch``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from workbench.report.svg import drawing, inline_svg, new_figure

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from dosing.switching.case_studies.robustness import Robustness
    from workbench.switch_pipeline import SwitchOutcome

_WIDE, _NARROW, _HEIGHT = 10.6, 5.2, 2.7  # inches: text then appears at its nominal size
_ROW, _BASE = 0.27, 0.62


def schedule_bar(outcome: SwitchOutcome) -> Markup:
    """Draw which drug is given when, over the whole width of the page."""
    from dosing.plots.switching import plot_drug_choice, safe

    drugs = outcome.model.drugs
    left = 0.35 + 0.065 * max(len(safe(d)) for d in drugs)
    with drawing():
        figure = new_figure(_WIDE, _BASE + _ROW * len(drugs), left=left, right=0.15, top=0.08)
        schedule = outcome.schedule
        assert schedule is not None  # a refusal has no figures
        plot_drug_choice(figure.subplots(), schedule, drugs)
        return Markup(inline_svg(figure, f"Drugs over time. {outcome.lead}"))


def course_figures(outcome: SwitchOutcome) -> list[dict[str, str]]:
    """Draw cells, cost parts and least cost over the length, each with its caption."""
    from dosing.plots.switching import plot_cells, plot_cost_parts, plot_horizon_cost

    course, curve, schedule = outcome.course, outcome.curve, outcome.schedule
    assert course is not None  # a refusal has no figures
    assert curve is not None
    assert schedule is not None
    return [
        _figure(
            lambda axes: plot_cells(axes, outcome.model, course), "Cells under the schedule, by compartment."
        ),
        _figure(
            lambda axes: plot_cost_parts(axes, course),
            "Cost in its parts, had the schedule ended on each day.",
        ),
        _figure(
            lambda axes: plot_horizon_cost(axes, curve, best_days=schedule.horizon_days),
            "Least cost over the length of the treatment"
            + (", cells on the way left out" if outcome.cost.counts_transient else "")
            + "; marked: the planned length.",
        ),
    ]


def band_figure(found: Robustness) -> dict[str, str]:
    """Draw all cells over the draws."""
    from dosing.plots.switching import plot_cells_band

    return _figure(lambda axes: plot_cells_band(axes, found), f"All cells under the schedule. {found.name}.")


def _figure(draw: Callable[[Axes], object], caption: str) -> dict[str, str]:
    """One picture of half the page's width, with what it shows."""
    with drawing():
        figure = new_figure(_NARROW, _HEIGHT, left=0.72, right=0.15, bottom=0.45, top=0.34)
        draw(figure.subplots())
        return {"svg": Markup(inline_svg(figure, caption)), "caption": caption}
