"""The dose window against the tolerable burden: Masud 2023, Fig. 9."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dosing.window import dose_window, window_against_tolerable
from dynamics.plots import palette
from dynamics.plots.text import quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dynamics.model import Model

RATIOS = np.linspace(0.4, 2.0, 321)


def plot_window_against_tolerable(
    axes: Axes, model: Model, values: Mapping[str, float], first_burden: float, *, ratios: np.ndarray = RATIOS
) -> Axes:
    """Shade the doses inside the window for every tolerable burden, and mark the smallest burden that has one.

    Parameters
    ----------
    axes : Axes
    model : Model
        With roles.
    values : mapping of str to float
        Parameters and constants from data.
    first_burden : float
        In the marker's unit.
    ratios : ndarray, shape (g,)
        Tolerable burdens in multiples of the first one.
    """
    parameters = np.array([values[name] for name in model.parameter_names])
    constants = {c.name: values[c.name] for c in model.constants if c.name in values}
    edges = window_against_tolerable(model, parameters, constants, ratios * first_burden)
    low, high = np.clip(edges.lower, 0, 1), np.clip(edges.upper, 0, 1)
    axes.fill_between(ratios, low, high, where=low < high, color=palette.FIRST, alpha=0.2, linewidth=0)
    there = low < high
    axes.plot(ratios[there], low[there], color=palette.FIRST, linewidth=1.4)
    axes.plot(ratios[there], high[there], color=palette.FIRST, linewidth=1.4)
    smallest = (
        dose_window(model, parameters, constants, first_burden).smallest_tolerable_burden / first_burden
    )
    if ratios[0] < smallest < ratios[-1]:
        axes.axvline(smallest, color=palette.MUTED, linewidth=0.9, linestyle=":")
        axes.annotate(
            f"none below {smallest:.3g}", (smallest, 0.02), (-3, 0), textcoords="offset points", rotation=90,
            ha="right", va="bottom", fontsize=palette.SMALL, color=palette.MUTED,
        )  # fmt: skip
    axes.set_xlim(ratios[0], ratios[-1])
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("tolerable burden (of first burden)")
    axes.set_ylabel("dose (fraction of MTD)")
    quiet(axes)
    return axes
