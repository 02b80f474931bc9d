"""The doses of an ensemble's schedule over the switching function: whether a better schedule is near."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dynamics.plots import palette
from dynamics.plots.text import quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from dosing.ensemble.pontryagin_check import EnsembleSwitching
    from dosing.ensemble.result import EnsembleSolution


def plot_held_doses(
    axes: Axes,
    edges_days: np.ndarray,
    doses: np.ndarray,
    label: str,
    *,
    bounds: tuple[float, float] = (0.0, 1.0),
    colour: str = palette.INK,
) -> Axes:
    """Draw doses as the steps in which they are held, shaded down to the lower bound.

    Parameters
    ----------
    axes : Axes
    edges_days : ndarray, shape (v + 1,)
    doses : ndarray, shape (v,)
    label : str
        Of the vertical axis.
    bounds : (float, float)
    colour : str
    """
    low, high = bounds
    axes.stairs(doses, edges_days, baseline=low, fill=True, color=palette.FLOW, alpha=0.6, linewidth=0)
    axes.stairs(doses, edges_days, baseline=None, color=colour, linewidth=1.2)
    axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    axes.set_xlim(edges_days[0], edges_days[-1])
    axes.set_ylabel(label)
    quiet(axes)
    return axes


def plot_switching(
    axes: Axes, solution: EnsembleSolution, switching: EnsembleSwitching, which: int = 0
) -> Axes:
    """Draw ψ of one input; where it has the wrong sign for the dose, its mean over the stretch is marked.

    Parameters
    ----------
    axes : Axes
    solution : EnsembleSolution
    switching : EnsembleSwitching
    which : int
        Input.
    """
    psi, means = switching.values[:, which], switching.means[:, which]
    low, high = solution.problem.bounds[which]
    u, edges = solution.doses[:, which], solution.edges_days
    slack = 1e-3 * (high - low)
    wrong = np.maximum(np.where(u > low + slack, means, 0.0), np.where(u < high - slack, -means, 0.0))
    agreement = switching.agreement[solution.problem.model.inputs[which].name]
    off = wrong > agreement.tolerance * max(float(np.abs(means).max()), 1e-300)
    axes.axhline(0, color=palette.INK, linewidth=0.8)
    axes.plot(switching.times_days, psi, color=palette.FIRST, linewidth=1.2)
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
            middle[off], means[off], linestyle="", marker="o", markersize=3.5, color=palette.SECOND,
            label="wrong sign for the dose",
        )  # fmt: skip
        axes.legend(fontsize=palette.SMALL, frameon=False, loc="best")
    axes.set_ylabel("switching function ψ\n(cost per day at full dose)")
    quiet(axes)
    return axes


def plot_ensemble_switching(
    figure: Figure, solution: EnsembleSolution, switching: EnsembleSwitching | None = None
) -> Figure:
    """Draw every input with its ψ below it.

    Parameters
    ----------
    figure : Figure
        Empty; about 3.4 inches high for each input.
    solution : EnsembleSolution
    switching : EnsembleSwitching, optional
        Computed where None.
    """
    if switching is None:
        from dosing.ensemble.pontryagin_check import ensemble_switching

        switching = ensemble_switching(solution)
    problem = solution.problem
    inputs = problem.model.inputs
    panels = figure.subplots(
        2 * len(inputs), 1, sharex=True, squeeze=False, height_ratios=[1.1, 1] * len(inputs)
    )[:, 0]
    for j, own in enumerate(inputs):
        label = f"{own.name} ({own.unit})" if own.unit not in ("", "1") else own.name
        plot_held_doses(
            panels[2 * j], solution.edges_days, solution.doses[:, j], label, bounds=problem.bounds[j]
        )
        plot_switching(panels[2 * j + 1], solution, switching, j)
    panels[0].set_title(
        f"{solution.criterion} cost, {len(problem)} members",
        fontsize=palette.SMALL + 1.5,
        loc="left",
        color=palette.INK,
    )
    panels[-1].set_xlabel("days", fontsize=palette.SMALL + 0.5)
    figure.align_ylabels(panels)
    return figure
