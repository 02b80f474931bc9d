"""Equilibria over a parameter or a dose: Masud 2023, Fig. 2a."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dynamics.plots import palette
from dynamics.plots.text import axis_label, legend_above, math, present_label, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dynamics.bifurcation import BifurcationDiagram
    from dynamics.equilibrium_branch import EquilibriumBranch

_MARKS = {"saddle-node": "s", "transcritical": "o", "pitchfork": "^", "Hopf": "D", "branch point": "v"}


def plot_bifurcation(
    axes: Axes,
    diagram: BifurcationDiagram,
    *,
    quantity: str = "",
    parts: bool = False,
    tolerable: float | None = None,
    window: tuple[float, float] | None = None,
    burden_unit: str = "marker unit",
    columns: int = 3,
) -> Axes:
    """Draw one quantity of every equilibrium over the parameter, solid where stable, dashed where not.

    Parameters
    ----------
    axes : Axes
        About 5 inches wide; leave half an inch above it for the legend.
    diagram : BifurcationDiagram
    quantity : str
        An output or a state; the first output where not given.
    parts : bool
        Draw a branch with several states present as these states, not as their output. Total burdens of two
        branches may coincide: at the coexistence of Masud 2023 it is that of sensitive cells alone.
    tolerable : float, optional
        Drawn as a level, in the unit of the quantity.
    window : (float, float), optional
        Range of the parameter that is shaded: the effective dose window.
    burden_unit : str
        What a unit ``"burden"`` is called.
    columns : int
        Of the legend; 0 for no legend.

    Raises
    ------
    ValueError
        A quantity that the model does not have.
    """
    model = diagram.model
    named = {q.name: q for q in (*model.outputs, *model.states)}
    quantity = quantity or model.outputs[0].name
    if quantity not in named:
        raise ValueError(f"model {model.name!r} has no {quantity!r} to draw; it has {', '.join(named)}")
    if window is not None:
        axes.axvspan(*window, color=palette.WINDOW, alpha=0.16, linewidth=0, label="effective dose window")
    if tolerable is not None:
        axes.axhline(tolerable, color=palette.INK, linewidth=0.9, linestyle=palette.DOTTED, label="tolerable")
    sets = list(dict.fromkeys(b.present for b in diagram.branches))
    for branch in diagram.branches:
        _draw(axes, diagram, branch, _colour(diagram, sets, branch.present), quantity, parts=parts)
    for point in diagram.points:
        # The simplest branch through it: at a transcritical point both have the same height anyway.
        index = min(point.branches, key=lambda i: len(diagram.branches[i].present) or np.inf)
        value = _at_point(diagram, index, point.value, point.point, quantity)
        axes.plot(
            point.value, value, _MARKS[point.kind], markersize=5.5, markerfacecolor="white",
            markeredgecolor=palette.INK, markeredgewidth=1.0, zorder=4, label=point.kind, linestyle="none",
            clip_on=False,
        )  # fmt: skip
    axes.set_xlim(*diagram.span)
    heights = [_height(diagram, b, quantity) for b in diagram.branches]
    if heights and np.nanmin(np.concatenate(heights)) >= -1e-9 * np.nanmax(np.abs(np.concatenate(heights))):
        axes.set_ylim(bottom=0.0)
    item = named[quantity]
    axes.set_xlabel(axis_label(diagram.over, diagram.meaning, diagram.unit, burden_unit))
    unit = burden_unit if item.unit == "burden" else item.unit
    meaning = item.meaning or math(quantity)
    axes.set_ylabel(f"{meaning} at equilibrium" + (f" ({unit})" if unit not in ("", "1") else ""))
    quiet(axes)
    if columns:
        legend_above(axes, columns)
    return axes


def _draw(
    axes: Axes,
    diagram: BifurcationDiagram,
    branch: EquilibriumBranch,
    colour: str,
    quantity: str,
    *,
    parts: bool,
) -> None:
    """Draw one branch, stretch by stretch."""
    label = present_label(branch.present)
    lines = [(_height(diagram, branch, quantity), colour, palette.DASHED, label)]
    if parts and len(branch.present) > 1:
        lines = [
            (
                _height(diagram, branch, s),
                _colour(diagram, [], (s,)),
                palette.DASH_DOTTED,
                f"{math(s)} in {label}",
            )
            for s in branch.present
        ]
    for height, shade, dashes, name in lines:
        for part, stable in branch.stretches():
            axes.plot(
                branch.values[part], height[part], color=shade, linewidth=1.8 if stable else 1.3,
                linestyle="-" if stable else dashes, zorder=3 if stable else 2.5,
                label=f"{name}, {_word(branch, part, stable=stable)}",
            )  # fmt: skip


def _word(branch: EquilibriumBranch, part: slice, *, stable: bool) -> str:
    """Return the stability of a stretch, as far as linearisation tells it."""
    if np.all(np.isnan(np.real(branch.eigenvalues[part]))):
        return "no derivative"
    return "stable" if stable else "unstable"


def _colour(diagram: BifurcationDiagram, sets: list[tuple[str, ...]], present: tuple[str, ...]) -> str:
    """Colour of a set of present states: a single state has that of its nullcline, others come after."""
    names = diagram.model.state_names
    if not present:
        return palette.INK
    if len(present) == 1:
        return palette.CYCLE[names.index(present[0]) % len(palette.CYCLE)]
    several: list[tuple[str, ...]] = [s for s in sets if len(s) > 1]
    return palette.CYCLE[(len(names) + several.index(present)) % len(palette.CYCLE)]


def _height(diagram: BifurcationDiagram, branch: EquilibriumBranch, quantity: str) -> np.ndarray:
    """Return the quantity along a branch."""
    outputs = [o.name for o in diagram.model.outputs]
    if quantity in outputs:
        return branch.outputs[:, outputs.index(quantity)]
    return branch.points[:, diagram.model.state_names.index(quantity)]


def _at_point(
    diagram: BifurcationDiagram, index: int, value: float, point: np.ndarray, quantity: str
) -> float:
    """Return the quantity at a bifurcation point, which is one of the points of its branch."""
    branch = diagram.branches[index]
    scale = np.maximum(np.max(np.abs(branch.points), axis=0), 1e-300)
    span = diagram.span[1] - diagram.span[0]
    gaps = np.max(np.abs(branch.points - point) / scale, axis=1) + np.abs(branch.values - value) / span
    return float(_height(diagram, branch, quantity)[int(np.argmin(gaps))])
