"""Figure of an ensemble's schedule: doses above, the switching function below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.pontryagin_check import ensemble_switching

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from dosing.ensemble.pontryagin_check import EnsembleSwitching
    from dosing.ensemble.result import EnsembleSolution

__all__ = ["draw_doses", "draw_switching", "schedule_figure"]

_INK, _MUTED, _BLUE, _ORANGE = "#222222", "#6b6b6b", "#0072b2", "#d55e00"


def schedule_figure(
    solution: EnsembleSolution, switching: EnsembleSwitching | None = None, *, width: float = 6.4
) -> Figure:
    """Draw every input with ψ below it.

    Parameters
    ----------
    solution : EnsembleSolution
    switching : EnsembleSwitching, optional
        Computed where None.
    width : float
        Inches.
    """
    from matplotlib.figure import Figure

    switching = switching if switching is not None else ensemble_switching(solution)
    inputs = solution.problem.model.inputs
    figure = Figure(figsize=(width, 0.5 + 3.4 * len(inputs)), layout="constrained")
    panels = figure.subplots(
        2 * len(inputs), 1, sharex=True, squeeze=False, height_ratios=[1.1, 1] * len(inputs)
    )[:, 0]
    for j in range(len(inputs)):
        draw_doses(panels[2 * j], solution, j)
        draw_switching(panels[2 * j + 1], solution, switching, j)
    panels[0].set_title(
        f"{solution.criterion} cost, {len(solution.problem)} members", fontsize=9, loc="left", color=_INK
    )
    panels[-1].set_xlabel("days")
    panels[-1].set_xlim(0, solution.problem.horizon_days)
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8, color=_MUTED)
        axes.xaxis.label.set_fontsize(8.5)
        axes.yaxis.label.set_fontsize(8.5)
    return figure


def draw_doses(axes: Axes, solution: EnsembleSolution, which: int = 0) -> None:
    """Draw one input as the steps in which it is held."""
    own = solution.problem.model.inputs[which]
    low, high = solution.problem.bounds[which]
    axes.stairs(solution.doses[:, which], solution.edges_days, baseline=None, color=_INK, linewidth=1.3)
    axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    axes.set_ylabel(f"{own.name} ({own.unit})" if own.unit not in ("", "1") else own.name)


def draw_switching(
    axes: Axes, solution: EnsembleSolution, switching: EnsembleSwitching, which: int = 0
) -> None:
    """Draw ψ of one input; where it has the wrong sign for the dose, its mean over the stretch is marked."""
    psi, means = switching.values[:, which], switching.means[:, which]
    low, high = solution.problem.bounds[which]
    u, edges = solution.doses[:, which], solution.edges_days
    slack = 1e-3 * (high - low)
    wrong = np.maximum(np.where(u > low + slack, means, 0.0), np.where(u < high - slack, -means, 0.0))
    agreement = switching.agreement[solution.problem.model.inputs[which].name]
    off = wrong > agreement.tolerance * max(float(np.abs(means).max()), 1e-300)
    axes.axhline(0, color=_INK, linewidth=0.8)
    axes.plot(switching.times_days, psi, color=_BLUE, linewidth=1.2)
    largest = max(float(np.abs(psi).max()), 1e-300)
    # linear near zero, where the sign decides, and logarithmic beyond
    axes.set_yscale("asinh", linear_width=largest / 30)
    decade = 10.0 ** np.floor(np.log10(largest))
    top = max(m * decade for m in (1, 2, 5) if m * decade <= 1.0001 * largest)
    low_y, high_y = min(1.3 * float(psi.min()), -0.03 * largest), max(1.3 * float(psi.max()), 0.03 * largest)
    ticks = [t for t in (-top, -top / 10, 0.0, top / 10, top) if low_y <= t <= high_y]
    axes.set_yticks(ticks, [f"{t:g}".replace("-", "−") for t in ticks], minor=False)
    axes.set_yticks([], minor=True)
    axes.set_ylim(low_y, high_y)
    if off.any():
        middle = (edges[1:] + edges[:-1]) / 2
        axes.plot(
            middle[off],
            means[off],
            linestyle="",
            marker="o",
            markersize=3.5,
            color=_ORANGE,
            label="wrong sign for the dose",
        )
        axes.legend(fontsize=8, frameon=False, loc="best")
    axes.set_ylabel("switching function ψ\n(cost per day at full dose)")
