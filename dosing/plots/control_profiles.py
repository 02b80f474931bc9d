"""Which control at which cell numbers, as a picture: Fischer 2015, Fig. 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dynamics.numeric_field import numeric_field
from dynamics.plots import palette
from dynamics.plots.text import math, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from dosing.stochastic.control_table import ControlTable

__all__ = ["plot_control_profile", "plot_control_profiles"]

_DARKEST = 0.3  # share of black of the full dose: arrows and courses stay readable on it


def plot_control_profile(
    axes: Axes,
    table: ControlTable,
    *,
    trajectory: np.ndarray | None = None,
    trajectory_capacity: float | None = None,
    arrows: int = 13,
    reach: float = 1.25,
    legend: bool = True,
) -> Axes:
    """Draw the controls of the first generation over both types' cells, white without drug, grey with it.

    Parameters
    ----------
    axes : Axes
    table : ControlTable
    trajectory : array, (generations, 2), optional
        Cells of both types over time, drawn from a ring.
    trajectory_capacity : float, optional
        Carrying capacity of the tumour that was followed; the table's where not given.
    arrows : int
        Arrows an axis, in the direction in which the mean moves under the chosen control; 0 for none.
    reach : float
        Largest number of cells shown, as a multiple of K; not beyond the edge of the table.
    legend : bool
        Whether to add what the signs mean.
    """
    K = table.capacity
    last = min(int(reach * K), table.edge)
    cells = np.arange(last + 1)
    shade = _shades(table.controls)
    axes.imshow(
        shade[table.indices[: last + 1, : last + 1].T], origin="lower", cmap="gray_r", vmin=0, vmax=1, aspect="equal",
        extent=(-0.5 / K, (last + 0.5) / K, -0.5 / K, (last + 0.5) / K), interpolation="nearest", rasterized=True,
    )  # fmt: skip
    axes.plot([0, 1], [1, 0], color=palette.MUTED, linewidth=0.8, linestyle=palette.DOTTED, label="$N = K$")
    if arrows:
        _draw_arrows(axes, table, cells, arrows)
    if trajectory is not None:
        course = np.asarray(trajectory, dtype=float) / (trajectory_capacity or K)
        axes.plot(*course.T, color=palette.SECOND, linewidth=0.9, label="a sampled course")
        axes.plot(
            *course[0],
            marker="o",
            markersize=5,
            markerfacecolor="white",
            markeredgecolor=palette.SECOND,
            linestyle="",
        )
    axes.set_xlim(0, last / K)
    axes.set_ylim(0, last / K)
    for set_label, name, meaning in zip(
        (axes.set_xlabel, axes.set_ylabel), table.process.types, _meanings(table), strict=True
    ):
        set_label(f"{math(name)} / $K${meaning}")
    quiet(axes)
    if legend:
        handles = _handles(axes, table)
        axes.legend(
            handles=handles, frameon=False, fontsize=palette.SMALL, loc="lower left", bbox_to_anchor=(0.0, 1.01),
            ncols=len(handles), borderaxespad=0.2, handlelength=1.6, columnspacing=1.2,
        )  # fmt: skip
    return axes


def plot_control_profiles(
    figure: Figure,
    tables: Mapping[str, ControlTable],
    titles: Sequence[str] | None = None,
    *,
    trajectories: Mapping[str, np.ndarray] | None = None,
    trajectory_capacity: float | None = None,
) -> Figure:
    """Draw several profiles, two a row, with letters, numbers and one legend.

    Parameters
    ----------
    figure : Figure
    tables : mapping of str to ControlTable
        By letter.
    titles : sequence of str, optional
    trajectories : mapping of str to array, optional
        Sampled courses by letter, see :func:`plot_control_profile`.
    trajectory_capacity : float, optional
        Carrying capacity of those courses.
    """
    if not figure.get_layout_engine():
        figure.set_layout_engine("constrained")
    rows = -(-len(tables) // 2)
    grid = np.atleast_1d(figure.subplots(rows, min(2, len(tables)), squeeze=False)).ravel()
    for i, (letter, table) in enumerate(tables.items()):
        plot_control_profile(
            grid[i], table, trajectory=(trajectories or {}).get(letter), trajectory_capacity=trajectory_capacity,
            legend=False,
        )  # fmt: skip
        title = f"{letter}  {titles[i]}" if titles is not None else letter
        grid[i].set_title(f"{title}\n{_numbers(table)}", fontsize=palette.SMALL + 0.5, loc="left")
    for axes in grid[len(tables) :]:
        axes.remove()
    handles = {
        h.get_label(): h for axes, t in zip(grid, tables.values(), strict=False) for h in _handles(axes, t)
    }
    figure.legend(
        handles=list(handles.values()), frameon=False, fontsize=palette.SMALL, loc="outside lower center",
        ncols=min(len(handles), 5), handlelength=1.6, columnspacing=1.4,
    )  # fmt: skip
    return figure


def _shades(controls: np.ndarray) -> np.ndarray:
    """Share of black of every control, by its total dose."""
    dose = controls.sum(axis=1)
    return _DARKEST * dose / (dose.max() or 1.0)


def _draw_arrows(axes: Axes, table: ControlTable, cells: np.ndarray, count: int) -> None:
    """Draw the direction of the mean field under the chosen control."""
    start = dict.fromkeys(table.process.types, 1.0)
    model = table.process.mean_field(start)
    places = np.rint(np.linspace(0, cells[-1], count + 2)[1:-1]).astype(int)
    first, second = (grid.ravel() for grid in np.meshgrid(places, places))
    chosen = table.control_index(first, second)
    rates = np.zeros((2, len(first)))
    for row, dose in enumerate(table.controls):
        doses = {i.name: float(x) for i, x in zip(table.process.inputs, dose, strict=True)}
        here = chosen == row
        rates[:, here] = numeric_field(model, {**table.values, **doses})(np.array([first, second])[:, here])
    size = np.hypot(*rates)
    rates = rates / np.where(size > 0, size, 1.0)
    axes.quiver(
        first / table.capacity, second / table.capacity, *rates, color=palette.MUTED, pivot="mid", angles="xy",
        scale=1.5 * count, width=0.004, headwidth=4, headlength=4.5, headaxislength=4,
    )  # fmt: skip


def _handles(axes: Axes, table: ControlTable) -> list:
    """Return the legend's entries: one a control, then the lines of the axes."""
    from matplotlib.patches import Patch

    names = [
        ", ".join(f"{math(i.name)} = {float(x):g}" for i, x in zip(table.process.inputs, dose, strict=True))
        for dose in table.controls
    ]
    patches = [
        Patch(facecolor=str(1 - s), edgecolor=palette.MUTED, linewidth=0.6, label=name)
        for name, s in zip(names, _shades(table.controls), strict=True)
    ]
    return [*patches, *axes.get_legend_handles_labels()[0]]


def _meanings(table: ControlTable) -> tuple[str, ...]:
    """Meanings of the types as they follow their symbols on an axis."""
    given = table.process.meanings or ("",) * len(table.process.types)
    return tuple(f": {meaning}" if meaning else "" for meaning in given)


def _numbers(table: ControlTable) -> str:
    """Constants that say which set it is, without K."""
    said = [f"{math(name)} = {value:g}" for name, value in table.values.items() if name != "K"]
    return ", ".join([*said, rf"$\nu$ = {table.driver_rate:g}"])
