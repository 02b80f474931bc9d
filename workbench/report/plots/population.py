"""The pictures of a population, as they stand in the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from workbench.report import style
from workbench.report.svg import drawing, inline_svg, new_figure

if TYPE_CHECKING:
    from fitting.population.result import Population
    from patients.cohort import Patient

_PANELS = 16  # individual fits in one picture; more would be too small to read
_COLUMNS = 4
_ROWS = 60  # patients of one panel of random effects; beyond that its rows come closer instead


def population_figures(
    population: Population, patients: Sequence[Patient], unit: str
) -> list[tuple[str, Markup]]:
    """Draw individual fits, observed against predicted, the predictive check, random effects, prediction errors.

    Parameters
    ----------
    population : Population
    patients : sequence of Patient
        Those that it was fitted to, in their order.
    unit : str
        Of the burden.

    Returns
    -------
    list of (str, Markup)
        Caption and picture.
    """
    from fitting.population import plots, predict_visits
    from fitting.population.residuals import prediction_errors

    predictions = predict_visits(population, patients)
    figures = []
    with drawing():
        count = len(patients)
        rows = math.ceil(min(count, _PANELS) / min(count, _COLUMNS))
        figure = new_figure(style.WIDTH, 1.55 * rows + 0.5, left=0.55, bottom=0.45, top=0.35)
        figure.subplots_adjust(hspace=0.5, wspace=0.35)
        plots.plot_individual_fits(figure, predictions.of_first(_PANELS), columns=_COLUMNS, unit=unit)
        more = f" The first {_PANELS} of {count}." if count > _PANELS else ""
        figures.append(("Individual fits: measurements, the patient's own curve with its 90 % band, and the typical "
                        f"curve under the same doses.{more}", inline_svg(figure, "Individual fits")))  # fmt: skip
        figure = new_figure(style.WIDTH, 3.1, left=0.65, bottom=0.5, top=0.3)
        figure.subplots_adjust(wspace=0.3)
        for axes, level in zip(figure.subplots(1, 2), ("individual", "population"), strict=True):
            plots.plot_observed_predicted(axes, predictions, level, unit)
        figures.append(("Observed against predicted burdens: at each patient's own parameters, and at the typical "
                        "values.", inline_svg(figure, "Observed against predicted")))  # fmt: skip
        figure = new_figure(style.WIDTH, 3.0, left=0.65, bottom=0.5, top=0.5)
        plots.plot_visual_predictive_check(figure.subplots(), predictions, unit=unit)
        figures.append(("Visual predictive check, prediction-corrected: 10 %, 50 % and 90 % quantiles of the "
                        "measurements over 90 % bands of the same in simulated cohorts.",
                        inline_svg(figure, "Visual predictive check")))  # fmt: skip
        shown = min(count, _ROWS)
        figure = new_figure(style.WIDTH, 0.13 * shown + 1.0, left=0.55, bottom=0.5, top=0.3)
        figure.subplots_adjust(wspace=0.5)
        plots.plot_random_effects(figure, population)
        figures.append(("Random effects: each patient's departure from the typical value, on the log scale.",
                        inline_svg(figure, "Random effects")))  # fmt: skip
        figure = new_figure(style.WIDTH, 2.5, left=0.5, bottom=0.5, top=0.3)
        figure.subplots_adjust(wspace=0.35)
        plots.plot_prediction_errors(figure, predictions, prediction_errors(predictions), unit)
        figures.append(("Normalised prediction errors: standard normal where the population describes its patients.",
                        inline_svg(figure, "Normalised prediction errors")))  # fmt: skip
    return [(caption, Markup(svg)) for caption, svg in figures]
