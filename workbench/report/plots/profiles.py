"""Profile likelihoods with threshold, confidence set, and how each side ends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from workbench.report import style
from workbench.report.labels import number, symbol_html
from workbench.report.svg import drawing, inline_svg, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from identifiability.result import Profile

HEADROOM = 2.4  # the axis ends at this multiple of the threshold: what lies beyond is ruled out anyway
_WORDS = {"closed": "closed", "open": "open", "at_bound": "at bound", "failed": "failed"}


def profiles_figure(profiles: tuple[Profile, ...], units: dict[str, str]) -> Markup:
    """Draw one panel a parameter: rise of the negative log-likelihood over the parameter.

    Parameters
    ----------
    profiles : tuple of Profile
    units : dict of str to str
        Unit of each parameter, for the axis.
    """
    columns = min(len(profiles), 2 if len(profiles) in (2, 4) else 3)
    rows = math.ceil(len(profiles) / columns)
    with drawing():
        figure = new_figure(style.WIDTH, 1.75 * rows + 0.1, left=0.42, top=0.2)
        panels = figure.subplots(
            rows, columns, squeeze=False, gridspec_kw={"hspace": 0.52, "wspace": 0.14}
        ).ravel()
        for axes, profile in zip(panels, profiles, strict=False):
            _panel(axes, profile, units.get(profile.parameter, ""))
        for axes in panels[len(profiles) :]:
            axes.set_axis_off()
        for axes in panels[::columns]:
            axes.set_ylabel("rise of −log L")
        return Markup(inline_svg(figure, _alt(profiles)))


def _panel(axes: Axes, profile: Profile, unit: str) -> None:
    """Draw one profile."""
    top = HEADROOM * profile.threshold
    low, high = _shown(profile, top)
    # a linear axis over logarithms: Matplotlib's own logarithmic axis takes three times as long to draw
    for start, end in profile.intervals:
        axes.axvspan(math.log10(start), math.log10(end), color=style.ADMITTED, alpha=0.22, linewidth=0)
    centre = math.log10(profile.estimate)
    axes.axvspan(
        centre + math.log10(0.8),
        centre + math.log10(1.2),
        ymin=0.0,
        ymax=0.03,
        color=style.MUTED,
        linewidth=0,
    )
    axes.axhline(profile.threshold, color=style.THRESHOLD, linestyle=(0, (4, 2)), linewidth=1.0)
    good = np.isfinite(profile.rise)
    axes.plot(np.log10(profile.values[good]), profile.rise[good], color=style.INK, linewidth=1.3)
    axes.plot([centre], [0.0], "o", color=style.INK, markersize=4, clip_on=False, zorder=5)
    axes.set_xlim(math.log10(low), math.log10(high))
    axes.set_ylim(0, top)
    axes.set_yticks([0, 1, 2, 3, 4] if 3 < top < 6 else np.linspace(0, round(top), 3))
    for left in (True, False):
        status = profile.lower_status if left else profile.upper_status
        mark_side(axes, _WORDS.get(status.value, status.value), settled=status == "closed", left=left)
    head, below = symbol_html(profile.parameter)
    name = f"{head}_{below}" if below else head
    axes.set_xlabel(f"{name} ({unit})" if unit not in ("", "1") else name, parse_math=False)
    log_ticks(axes)


def _shown(profile: Profile, top: float) -> tuple[float, float]:
    """Range of the parameter that is worth showing: where the profile is below the upper end of the axis."""
    inside = np.flatnonzero(np.isfinite(profile.rise) & (profile.rise <= top))
    first = max(int(inside[0]) - 1, 0) if inside.size else 0
    last = min(int(inside[-1]) + 1, len(profile.values) - 1) if inside.size else len(profile.values) - 1
    low, high = (
        min(profile.values[first], 0.75 * profile.estimate),
        max(profile.values[last], 1.3 * profile.estimate),
    )
    return float(low), float(high)


def mark_side(axes: Axes, word: str, *, settled: bool, left: bool) -> None:
    """Write how a side ends, above the panel on that side."""
    axes.set_title(
        f"← {word}" if left else f"{word} →", loc="left" if left else "right", fontsize=7.5, pad=2,
        color=style.MUTED if settled else style.RESISTANT, fontweight="normal" if settled else "bold",
    )  # fmt: skip


def log_ticks(axes: Axes, *, axis: str = "x", most: int = 5) -> None:
    """Put few ticks with plain numbers on an axis of logarithms to the base ten, of any length."""
    ends = axes.get_xlim() if axis == "x" else axes.get_ylim()
    low, high = 10.0 ** min(ends), 10.0 ** max(ends)
    decades = math.log10(high / low)
    steps = (1.0, 2.0, 5.0) if decades < 2.2 else (1.0,)
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    places = [s * 10.0**e for e in exponents for s in steps if low <= s * 10.0**e <= high]
    if len(places) < 2:
        places = list(np.exp(np.linspace(math.log(low), math.log(high), 5)[1:-1]))
        places = [float(f"{p:.2g}") for p in places]
    places = places[:: math.ceil(len(places) / most)]
    set_ticks = axes.set_xticks if axis == "x" else axes.set_yticks
    set_ticks([math.log10(p) for p in places], [tick_text(p) for p in places])


def tick_text(value: float) -> str:
    """Write a tick without trailing zeros."""
    return f"{value:g}" if 1e-4 <= value < 1e5 else number(value, 1)


def _alt(profiles: tuple[Profile, ...]) -> str:
    """Describe the figure in words."""
    parts = [
        f"{p.parameter}: estimate {p.estimate:.4g}, confidence set {p.ci[0]:.4g} to {p.ci[1]:.4g}, lower side "
        f"{p.lower_status.value}, upper side {p.upper_status.value}"
        for p in profiles
    ]
    return "Profile likelihoods. " + "; ".join(parts) + "."
