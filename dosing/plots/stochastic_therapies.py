"""Therapies of small tumours, and what monitoring is worth: Fischer 2015, Figs 3, S6 and S7."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dynamics.plots import palette
from dynamics.plots.text import quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from dosing.stochastic.partial.monitoring_value import MonitoringValue
    from dosing.stochastic.partial.size_policy import SizePolicy
    from dosing.stochastic.simulation.compare import Prediction, TherapyComparison
    from dosing.stochastic.simulation.runs import Runs

__all__ = ["plot_monitoring_value", "plot_predictions", "plot_size_policy", "plot_therapies"]

_DASHES = ("-", palette.DASHED, palette.DASH_DOTTED, palette.DOTTED)
_MARKS = ("o", "s", "^", "D", "v", "P")
_DRUG = "#d9d9d9"


def plot_therapies(axes: Axes, comparison: TherapyComparison, *, level: float = 0.95) -> Axes:
    """Draw the share of runs without a driver event against time: Fischer 2015, Fig. 3.

    Parameters
    ----------
    axes : Axes
    comparison : TherapyComparison
    level : float
        Of the bands (Wilson).
    """
    order = sorted(comparison.runs, key=lambda r: r.value)
    for i, runs in enumerate(order):
        colour = palette.CYCLE[i % len(palette.CYCLE)]
        share, low, high = runs.survival(level)
        axes.fill_between(runs.scaled_time, low, high, color=colour, alpha=0.18, linewidth=0)
        axes.plot(
            runs.scaled_time, share, color=colour, linestyle=_DASHES[i % len(_DASHES)],
            label=f"{runs.policy}: {runs.value:.3f}",
        )  # fmt: skip
    axes.set_xlim(0, float(order[0].scaled_time[-1]))
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(r"time $\tau$ ($K$ generations)")
    axes.set_ylabel("share without driver event")
    handles, labels = axes.get_legend_handles_labels()
    # in the order in which the curves end, the best on top
    axes.legend(
        handles[::-1], labels[::-1], frameon=False, fontsize=palette.SMALL, loc="lower left",
        title="chance of none by the end", title_fontsize=palette.SMALL,
    )  # fmt: skip
    quiet(axes)
    return axes


def plot_predictions(axes: Axes, predictions: Sequence[Prediction], *, label: str = "") -> Axes:
    """Draw simulated chances against predicted ones, with two standard errors: Fischer 2015, Fig. S6.

    Parameters
    ----------
    axes : Axes
        May hold other predictions already.
    predictions : sequence of Prediction
    label : str
        K of the simulations where none is given.
    """
    drawn = len(axes.containers)
    colour = palette.CYCLE[drawn % len(palette.CYCLE)]
    predicted = np.array([p.predicted for p in predictions])
    simulated = np.array([p.simulated for p in predictions])
    errors = 2 * np.array([p.error for p in predictions])
    capacity = predictions[0].runs.setting.capacity
    axes.errorbar(
        predicted, simulated, errors, fmt=_MARKS[drawn % len(_MARKS)], color=colour, markersize=4, capsize=2,
        linewidth=0.9, label=label or f"simulated at K = {capacity:g}",
    )  # fmt: skip
    every = [*predicted, *(simulated - errors), *(simulated + errors)]
    low, high = min(every), max(every)
    pad = 0.08 * (high - low)
    low, high = low - pad, high + pad
    if drawn:
        low, high = min(low, axes.get_xlim()[0]), max(high, axes.get_xlim()[1])
    else:
        axes.axline((low, low), slope=1, color=palette.MUTED, linewidth=0.8, zorder=0)
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_aspect("equal")
    axes.set_xlabel("predicted by dynamic programming")
    axes.set_ylabel("simulated (2 standard errors)")
    axes.set_title("chance of no driver event", fontsize="medium")
    axes.legend(frameon=False, fontsize=palette.SMALL, loc="upper left")
    quiet(axes)
    return axes


def plot_size_policy(figure: Figure, policy: SizePolicy, runs: Runs | None = None, *, run: int = 0) -> Figure:
    """Draw which dose follows two sizes, and a course under it: Fischer 2015, Fig. S7.

    Parameters
    ----------
    figure : Figure
        Empty.
    policy : SizePolicy
        Of two controls, without and with the drug.
    runs : Runs, optional
        Recorded in every generation, for the course.
    run : int
        Which of them.
    """
    from matplotlib.colors import ListedColormap

    grid = figure.add_gridspec(
        2 if runs is not None else 1, 2, height_ratios=[1.5, 1] if runs is not None else None
    )
    size = policy.size
    sizes = rows = None
    if runs is not None:
        if len(runs.marks) != runs.setting.generations + 1:
            raise ValueError(
                f"the runs are recorded at {len(runs.marks)} of {runs.setting.generations + 1} generations; simulate "
                f"with marks={runs.setting.generations} to draw a course"
            )
        # beyond extinction there is nothing to steer
        end = int(runs.extinct_generation[run])
        cells = runs.cells[run][: end + 1 if end >= 0 else None]
        sizes = cells.sum(axis=1).astype(int)
        rows = policy.course(sizes)
        below = figure.add_subplot(grid[1, :])
        _course(below, cells, rows)
    for v, words in enumerate(("no drug so far", "drug so far")):
        axes = figure.add_subplot(grid[0, v])
        shown = np.ma.masked_array(policy.indices[0, v].T, ~policy.reachable[v].T)
        axes.set_facecolor(palette.OUTSIDE)
        axes.imshow(
            shown, origin="lower", cmap=ListedColormap(["white", _DRUG]), vmin=0, vmax=1, aspect="equal",
            extent=(-0.5, size + 0.5, -0.5, size + 0.5), interpolation="nearest",
        )  # fmt: skip
        axes.plot([0, size], [0, size], color=palette.MUTED, linewidth=0.8, linestyle=":")
        if sizes is not None and rows is not None:
            steps = np.flatnonzero(rows[:-1] == v)
            axes.plot(sizes[steps], sizes[steps + 1], ".", markersize=3.5, color=palette.FIRST)
        axes.set_title(f"{words}: next dose", fontsize="medium")
        axes.set_xlabel("size before, $M$ (cells)")
        axes.set_ylabel("size now, $N$ (cells)")
    # patches name the shades, which no text inside the panels could do without hiding some
    from matplotlib.patches import Patch

    names = [
        Patch(facecolor=_DRUG, edgecolor=palette.MUTED, label="give the drug"),
        Patch(facecolor="white", edgecolor=palette.MUTED, label="no drug"),
        Patch(facecolor=palette.OUTSIDE, edgecolor=palette.FLOW, label="$N$ cannot follow $M$"),
    ]
    figure.legend(
        handles=names, loc="outside upper center", ncols=3, frameon=False, fontsize=palette.SMALL + 1
    )
    return figure


def _course(axes: Axes, cells: np.ndarray, rows: np.ndarray) -> None:
    """Draw the size and both types, the generations with drug shaded."""
    generations = np.arange(len(cells))
    top = 1.05 * float(cells.sum(axis=1).max())
    axes.stairs(top * (rows[:-1] == 1), generations, fill=True, color=_DRUG, linewidth=0)
    lines = (
        (cells.sum(axis=1), palette.INK, "-", "size, seen"),
        (cells[:, 0], palette.FIRST, palette.DASHED, "sensitive, hidden"),
        (cells[:, 1], palette.SECOND, palette.DASH_DOTTED, "resistant, hidden"),
    )
    for y, colour, style, label in lines:
        axes.plot(generations, y, color=colour, linestyle=style, linewidth=1.2, label=label)
    axes.set_xlim(0, generations[-1])
    axes.set_ylim(0, top)
    axes.set_xlabel("generation (shaded: drug)")
    axes.set_ylabel("cells")
    axes.legend(frameon=True, framealpha=0.85, edgecolor="none", fontsize=palette.SMALL, loc="upper right")
    quiet(axes)


def plot_monitoring_value(axes: Axes, value: MonitoringValue) -> Axes:
    """Draw the chance of no driver event against the time between visits, one curve for each way of watching.

    Bars are two standard errors of the loss against perfect monitoring, run by run on common random numbers: the curves
    are drawn as that much below it.

    Parameters
    ----------
    axes : Axes
    value : MonitoringValue
    """
    capacity = value.always.setting.capacity
    at = np.array(value.visit_generations) / capacity
    axes.axhline(
        value.always.value, color=palette.MUTED, linewidth=0.9, linestyle=":",
        label="composition seen in every generation",
    )  # fmt: skip
    for i, (label, by_interval) in enumerate(value.curves()):
        losses = np.array([value.loss(runs) for runs in by_interval])
        # a few percent apart, so that bars of equal curves do not hide each other
        axes.errorbar(
            at * 1.03 ** (i - len(value.noises) / 2), value.always.value - losses[:, 0], 2 * losses[:, 1], label=label,
            color=palette.CYCLE[i % len(palette.CYCLE)], linestyle=_DASHES[i % len(_DASHES)],
            marker=_MARKS[i % len(_MARKS)], markersize=3.5, capsize=2, linewidth=1.1,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xticks(at, [f"{x:g}" for x in at])
    axes.minorticks_off()
    axes.set_xlabel("time between visits ($K$ generations)")
    axes.set_ylabel("chance of no driver event")
    axes.legend(frameon=False, fontsize=palette.SMALL, loc="lower left")
    quiet(axes)
    return axes
