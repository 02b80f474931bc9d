"""Distribution of the ranks of true parameters, with the band that chance allows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from fitting.posterior_checks.calibration import (
    LEAST_SIMULATIONS,
    CalibrationVerdict,
    counts_below,
    ecdf_band,
    rank_points,
)
from fitting.posterior_checks.plots import palette
from fitting.posterior_checks.plots.axes_text import quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fitting.posterior_checks.calibration import Calibration, ParameterRanks

COLUMNS = 3


def plot_calibration(figure: Figure, calibration: Calibration) -> Figure:
    """Draw one panel a parameter: distribution function of its ranks minus that of even ranks (Säilynoja 2022).

    The bands hold all curves, at all points, with the level of the calibration where nothing is wrong. A curve
    above zero: draws too high; below: too low; up on the left and down on the right: posteriors too narrow; the
    reverse: too wide.

    Parameters
    ----------
    figure : Figure
        Empty, about 3 inches a column and 2.4 a row.
    calibration : Calibration
    """
    count = len(calibration.parameters)
    columns = min(count, COLUMNS)
    rows = math.ceil(count / columns)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes, parameter in zip(panels.flat, calibration.parameters, strict=False):
        _panel(axes, parameter, calibration)
    spare = list(panels.flat)[count:]
    for axes in spare:
        axes.set_axis_off()
    for axes in list(panels.flat)[max(count - columns, 0) : count]:
        axes.set_xlabel("rank of the truth / draws", fontsize=palette.SMALL + 1)
        axes.tick_params(labelbottom=True)
    for axes in panels[:, 0]:
        axes.set_ylabel("share of ranks below − even share", fontsize=palette.SMALL + 1)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    if spare:
        spare[0].legend(handles, labels, loc="center", frameon=False, fontsize=palette.SMALL + 1)
    else:
        figure.legend(
            handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=palette.SMALL + 1
        )
    return figure


def _panel(axes: Axes, parameter: ParameterRanks, calibration: Calibration) -> None:
    """Draw one parameter."""
    n, draws = calibration.simulations, calibration.draws
    even = np.concatenate([[0.0], rank_points(draws) / (draws + 1), [1.0]])
    if n >= LEAST_SIMULATIONS:
        _, lower, upper = ecdf_band(n, draws, calibration.band_level)
        axes.fill_between(
            even, np.concatenate([[0.0], lower, [1.0]]) - even, np.concatenate([[0.0], upper, [1.0]]) - even,
            color=palette.GRID, linewidth=0, label=f"{100 * calibration.level:g} % band, all panels together",
        )  # fmt: skip
    good = parameter.verdict is CalibrationVerdict.GOOD
    shares = np.concatenate([[0.0], counts_below(parameter.ranks, draws) / n, [1.0]])
    axes.axhline(0, color=palette.MUTED, linewidth=0.9, linestyle=(0, (4, 2)))
    axes.plot(
        even, shares - even, color=palette.POSTERIOR if good else palette.ALARM, linewidth=1.3,
        label=f"{n} simulated patients",
    )  # fmt: skip
    axes.set_title(
        f"{parameter.name}  (p = {parameter.p_band:.2g})", fontsize=palette.SMALL + 1.5, loc="left",
        color=palette.INK if good else palette.ALARM, parse_math=False,
    )  # fmt: skip
    axes.set_xlim(0, 1)
    quiet(axes)
