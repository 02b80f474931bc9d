"""Times to progression of an ensemble under several treatments, as survival curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dosing.remaining_share import remaining_share
from dynamics.plots import palette
from dynamics.plots.text import quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dosing.ensemble.member_times import MemberTimes

_DASHES: tuple[palette.Dashes, ...] = ("-", palette.DASHED, palette.DASH_DOTTED, palette.DOTTED)


def plot_progression_curves(axes: Axes, times: MemberTimes, names: Sequence[str] | None = None) -> Axes:
    """Draw, for each treatment, the weight of the members that have not progressed by each day.

    A curve that ends above zero at the horizon holds members that had not progressed by then.

    Parameters
    ----------
    axes : Axes
    times : MemberTimes
    names : sequence of str, optional
        Treatments to draw; all where not given.
    """
    horizon = times.setting.horizon_days
    for i, name in enumerate(times.names if names is None else names):
        row = times.names.index(name)
        days, left = remaining_share(times.days[row], times.censored[row], times.weights, horizon)
        axes.step(
            days, left, where="post", color=palette.CYCLE[i % len(palette.CYCLE)],
            linestyle=_DASHES[i % len(_DASHES)], linewidth=1.5,
            label=f"{name} ({times.days[row] @ times.weights:.0f} d)",
        )  # fmt: skip
    last = max(float(d) for d in times.days.max(axis=1))
    axes.set_xlim(0, min(horizon, 1.05 * last))
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("days since the first burden")
    axes.set_ylabel("share not progressed")
    quiet(axes)
    axes.legend(
        frameon=False, fontsize=palette.SMALL, loc="lower left", bbox_to_anchor=(0.0, 1.01), ncols=2,
        title="treatment (expected time to progression)", title_fontsize=palette.SMALL, alignment="left",
        handlelength=2.6, columnspacing=1.4, borderaxespad=0.2,
    )  # fmt: skip
    return axes
