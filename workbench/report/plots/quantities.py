"""Profile likelihoods of what the dose rests on: edges and width of the window, burdens to come."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from workbench.report import style
from workbench.report.plots.profiles import HEADROOM, log_ticks, mark_side, tick_text
from workbench.report.quantity_labels import quantity_words, short_unit, side_settled, side_word
from workbench.report.svg import drawing, inline_svg, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from identifiability.functions.function_profile import FunctionProfile


_WIDE = 30.0  # confidence sets that span more than this factor are drawn on a logarithmic axis


def quantities_figure(profiles: Sequence[FunctionProfile], burden_unit: str) -> Markup:
    """Draw one panel a quantity on a linear axis: rise of the negative log-likelihood over it.

    Parameters
    ----------
    profiles : sequence of FunctionProfile
        Those with any value.
    burden_unit : str
        The marker's unit.
    """
    columns = 2 if len(profiles) > 1 else 1
    rows = math.ceil(len(profiles) / columns)
    with drawing():
        figure = new_figure(style.WIDTH, 1.75 * rows + 0.1, left=0.42, top=0.2)
        panels = figure.subplots(rows, columns, squeeze=False, gridspec_kw={"hspace": 0.52, "wspace": 0.14})
        flat = panels.ravel()
        for axes, profile in zip(flat, profiles, strict=False):
            _panel(axes, profile, burden_unit)
        for axes in flat[len(profiles) :]:
            axes.set_axis_off()
        for axes in flat[::columns]:
            axes.set_ylabel("rise of −log L")
        return Markup(inline_svg(figure, _alt(profiles)))


def _panel(axes: Axes, profile: FunctionProfile, burden_unit: str) -> None:
    """Draw one profile, and the rise at which the quantity ceases to exist."""
    top = HEADROOM * profile.threshold
    good = np.isfinite(profile.rise) & np.isfinite(profile.values)
    values, rise = profile.values[good], profile.rise[good]
    wide = bool(values.min() > 0) and profile.ci[1] > _WIDE * profile.ci[0] > 0
    on_axis = np.log10 if wide else np.asarray
    values = on_axis(values)
    pieces = [(float(on_axis(a)), float(on_axis(b))) for a, b in profile.intervals]
    for start, end in pieces:
        axes.axvspan(start, end, color=style.ADMITTED, alpha=0.22, linewidth=0)
    axes.axhline(profile.threshold, color=style.THRESHOLD, linestyle=(0, (4, 2)), linewidth=1.0)
    if profile.rise_without <= top:
        axes.axhline(profile.rise_without, color=style.RESISTANT, linestyle=(0, (1.2, 1.2)), linewidth=1.2)
        axes.annotate(
            "none exists", (1.0, profile.rise_without), xycoords=("axes fraction", "data"), xytext=(-2, 2),
            textcoords="offset points", ha="right", fontsize=7, color=style.RESISTANT,
        )  # fmt: skip
    axes.plot(values, rise, color=style.INK, linewidth=1.3)
    if math.isfinite(profile.estimate):
        axes.plot(
            [on_axis(profile.estimate)], [0.0], "o", color=style.INK, markersize=4, clip_on=False, zorder=5
        )
    low, high = _shown(pieces, values, rise, top, bounded=profile.unit.startswith("fraction") and not wide)
    axes.set_xlim(low, high)
    axes.set_ylim(0, top)
    axes.set_yticks([0, 1, 2, 3, 4] if 3 < top < 6 else np.linspace(0, round(top), 3))
    for left in (True, False):
        settled = side_settled(profile, lower=left)
        mark_side(axes, side_word(profile, lower=left), settled=settled, left=left)
    unit = short_unit(profile.unit, burden_unit)
    axes.set_xlabel(
        f"{quantity_words(profile.parameter)} ({unit})" if unit else quantity_words(profile.parameter),
        parse_math=False,
    )
    if wide:
        log_ticks(axes)
    else:
        _few_ticks(axes, low, high)


def _shown(
    pieces: Sequence[tuple[float, float]], values: np.ndarray, rise: np.ndarray, top: float, *, bounded: bool
) -> tuple[float, float]:
    """Range worth showing: where the profile is below the upper end of the axis, with a margin."""
    inside = np.flatnonzero(rise <= top)
    low, high = (values[inside[0]], values[inside[-1]]) if inside.size else (values[0], values[-1])
    for start, end in pieces:
        low, high = min(low, start), max(high, end)
    margin = 0.06 * max(high - low, 0.02 * abs(high), 1e-9)
    low, high = low - margin, high + margin
    if bounded:  # of the maximum tolerated dose: nothing lies beyond 0 and 1
        low, high = max(low, -0.02), min(high, 1.02)
    return float(low), float(high)


def _few_ticks(axes: Axes, low: float, high: float) -> None:
    """Four or five round numbers."""
    from matplotlib.ticker import MaxNLocator

    places = [float(t) for t in MaxNLocator(4).tick_values(low, high) if low <= t <= high]
    axes.set_xticks(places, [tick_text(0.0 if abs(p) < 1e-12 else float(f"{p:.6g}")) for p in places])


def _alt(profiles: Sequence[FunctionProfile]) -> str:
    """Describe the figure in words."""
    return "Profile likelihoods. " + " ".join(p.sentence for p in profiles)
