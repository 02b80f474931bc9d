"""What thinning does to an ensemble: the members that stand for many, and the averaged burden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dynamics.plots import palette
from dynamics.plots.text import legend_above, math, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dosing.ensemble.reduction import Reduction
    from dosing.ensemble.reduction_error import ReductionError


def plot_thinned_members(axes: Axes, reduction: Reduction, across: str, up: str) -> Axes:
    """Draw all members as dots, the representatives as circles whose area is their weight.

    Parameters
    ----------
    axes : Axes
    reduction : Reduction
    across, up : str
        Two parameters or constants.
    """
    for ensemble, representative in ((reduction.whole, False), (reduction.ensemble, True)):
        x, y = (
            ensemble.column(n) if n in ensemble.parameter_names else ensemble.constant(n)
            for n in (across, up)
        )
        if representative:
            axes.scatter(
                x, y, s=1.2e3 * ensemble.weights + 4, facecolor=palette.FIRST, alpha=0.55, edgecolor=palette.INK,
                linewidth=0.6, label=f"{len(ensemble)} representatives, area = weight",
            )  # fmt: skip
        else:
            axes.scatter(x, y, s=2, color=palette.MUTED, linewidth=0, label=f"{len(ensemble)} members")
    for name, scale in ((across, axes.set_xscale), (up, axes.set_yscale)):
        if f"log {name}" in reduction.coordinates:
            column = (
                reduction.whole.column(name)
                if name in reduction.whole.parameter_names
                else reduction.whole.constant(name)
            )
            # labels of a logarithmic axis need a decade; less reads better on a plain one
            if column.max() > 10 * column.min():
                scale("log")
    axes.set_xlabel(math(across))
    axes.set_ylabel(math(up))
    quiet(axes)
    legend_above(axes, 2)
    return axes


def plot_reduction_error(axes: Axes, errors: Sequence[ReductionError]) -> Axes:
    """Draw the averaged burden of the whole and of the thinned ensemble under each treatment.

    Parameters
    ----------
    axes : Axes
    errors : sequence of ReductionError
    """
    for i, error in enumerate(errors):
        colour = palette.CYCLE[i % len(palette.CYCLE)]
        axes.plot(
            error.times,
            100 * error.whole,
            "-",
            color=colour,
            linewidth=3,
            alpha=0.35,
            label=f"{error.treatment}, whole",
        )
        axes.plot(
            error.times, 100 * error.thinned, linestyle=palette.DASHED, color=colour, linewidth=1.2,
            label=f"{error.treatment}, thinned (off by at most {100 * error.largest_gap:.2g} %)",
        )  # fmt: skip
    top = max(float(np.max(e.whole)) for e in errors)
    axes.set_ylim(0, 105 * top)
    axes.set_xlim(0, float(errors[0].times[-1]))
    axes.set_xlabel("days since the first burden")
    axes.set_ylabel("averaged burden (% of the first)")
    quiet(axes)
    legend_above(axes, 2)
    return axes
