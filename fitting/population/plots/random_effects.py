"""How each patient departs from the typical one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fitting.posterior_checks.plots import palette
from fitting.posterior_checks.plots.axes_text import quiet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fitting.population.result import Population


def plot_random_effects(figure: Figure, population: Population) -> Figure:
    """Draw each patient's departure from the typical value on the log scale, one panel a parameter.

    Points are posterior means with 90 % intervals, ordered within the panel; grey is the population, 1.64 omega to
    either side. Points crowded at zero with wide intervals show shrinkage, not likeness.

    Parameters
    ----------
    figure : Figure
    population : Population
    """
    names = population.coordinate_names
    eta = population.draws("log_parameters") - population.draws("mu")[:, None]
    omega = np.median(population.draws("omega"), axis=0)
    panels = figure.subplots(1, len(names), squeeze=False)[0]
    for i, (axes, name) in enumerate(zip(panels, names, strict=True)):
        mean = eta[:, :, i].mean(axis=0)
        low, high = np.quantile(eta[:, :, i], [0.05, 0.95], axis=0)
        order = np.argsort(mean)
        rows = np.arange(len(mean))
        axes.axvspan(-1.645 * omega[i], 1.645 * omega[i], color=palette.GRID, linewidth=0)
        axes.axvline(0, color=palette.MUTED, linewidth=0.8)
        axes.hlines(rows, low[order], high[order], color=palette.POSTERIOR, linewidth=1.1)
        axes.plot(mean[order], rows, "o", color=palette.POSTERIOR, markersize=3.5)
        axes.set_yticks(rows, [population.patient_ids[k] for k in order], parse_math=False)
        axes.tick_params(axis="y", length=0)
        axes.set_title(name, fontsize=palette.SMALL + 2, loc="left", parse_math=False)
        axes.set_xlabel("log departure", fontsize=palette.SMALL + 1)
        quiet(axes, left=False)
        axes.tick_params(axis="y", labelsize=6)
    return figure
