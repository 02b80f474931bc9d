"""The value of monitoring: expected time to progression against visit interval, a line a noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dynamics.plots import palette
from dynamics.plots.text import quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from dosing.monitoring.monitoring_result import MonitoringValue

SIX_WEEKS = 42.0
_MARKS = "osD^vP"
_DASHES: tuple[palette.Dashes, ...] = (
    "-", palette.DASHED, palette.DASH_DOTTED, palette.DOTTED, (0, (5, 1)), (0, (3, 1, 1, 1)),
)  # fmt: skip
_WORDS = {"none": "exact marker", "own": "the patient's own marker"}


def plot_value_of_monitoring(figure: Figure, value: MonitoringValue) -> Figure:
    """Draw one panel a policy, on one scale.

    Parameters
    ----------
    figure : Figure
    value : MonitoringValue
    """
    panels = figure.subplots(
        1, len(value.policies), sharey=True, squeeze=False, gridspec_kw={"wspace": 0.08}
    )[0]
    top = max(float(c.mean_days + c.error_days) for c in (*value.cells, *value.references))
    panels[0].set_ylim(0, 1.24 * top)
    for axes, policy in zip(panels, value.policies, strict=True):
        plot_policy_monitoring(axes, value, policy, name_references=axes is panels[0])
        axes.set_title(_title(policy), loc="left", fontsize=palette.SMALL + 0.5)
    panels[0].set_ylabel(f"mean time to progression\n(days, up to day {value.horizon_days:g})")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="upper left", ncols=min(len(labels), 6), frameon=False, fontsize=palette.SMALL,
        bbox_to_anchor=(panels[0].get_position().x0, 1.0), borderaxespad=0.1, columnspacing=1.4, handlelength=2.4,
    )  # fmt: skip
    return figure


def plot_policy_monitoring(
    axes: Axes, value: MonitoringValue, policy: str, *, name_references: bool = True
) -> Axes:
    """Draw one policy: a line a noise, treatments without visits as horizontal lines, what rarer visits cost.

    The bands are one standard error of the paired difference to the densest visits: what a reader compares along a
    line. The height of a whole line is known less well, by the error of a mean.

    Parameters
    ----------
    axes : Axes
    value : MonitoringValue
    policy : str
    name_references : bool
        Whether the horizontal lines have their names written on them.

    Raises
    ------
    KeyError
        A policy that was not computed.
    """
    x = np.array(value.visit_days)
    for i, noise in enumerate(value.noises):
        cells = [value.cell(policy, noise.name, d) for d in value.visit_days]
        means, errors = np.array([c.mean_days for c in cells]), np.array([c.loss_error_days for c in cells])
        colour = palette.CYCLE[i % len(palette.CYCLE)]
        axes.fill_between(x, means - errors, means + errors, color=colour, alpha=0.15, linewidth=0)
        axes.plot(
            x, means, color=colour, linestyle=_DASHES[i % len(_DASHES)], marker=_MARKS[i % len(_MARKS)], markersize=3.2,
            linewidth=1.4, label=_WORDS.get(noise.name, f"{noise.name} noise"), zorder=3,
        )  # fmt: skip
    heights = [r.mean_days for r in value.references]
    for reference in value.references:
        axes.axhline(
            reference.mean_days, color=palette.MUTED, linewidth=0.8, linestyle=palette.DOTTED, zorder=1
        )
        if not name_references:
            continue
        lowest = reference.mean_days == min(heights)
        axes.annotate(
            reference.name, (0.0, reference.mean_days), (2, -2 if lowest else 2),
            xycoords=("axes fraction", "data"), textcoords="offset points", ha="left",
            va="top" if lowest else "bottom", fontsize=palette.SMALL - 0.5, color=palette.MUTED, zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.4},
        )  # fmt: skip
    _own_spacing(axes, value, policy)
    _cost(axes, value, policy)
    span = x[-1] - x[0] if len(x) > 1 else x[0]
    axes.set_xlim(max(0.0, x[0] - 0.08 * span - 1), x[-1] + 0.06 * span + 1)
    axes.set_xticks(x, _ticks(x, value.own_visit_days))
    axes.set_xlabel("days between visits")
    quiet(axes)
    return axes


def _ticks(x: np.ndarray, own: float) -> list[str]:
    """Label the intervals; one that would touch its neighbour stays without; the own one, which is named, yields."""
    span, named = float(x[-1] - x[0]) or 1.0, []
    for day in sorted(x, key=lambda d: (d == own, d)):
        if all(abs(day - other) / span >= 0.07 for other in named):
            named.append(day)
    return [f"{day:g}" if day in named else "" for day in x]


def _cost(axes: Axes, value: MonitoringValue, policy: str) -> None:
    """Mark what visits every six weeks cost, or the longest interval where those were not computed."""
    if len(value.visit_days) < 2:
        return
    noise, densest = value.told_noise.name, value.visit_days[0]
    at = SIX_WEEKS if SIX_WEEKS in value.visit_days[1:] else value.visit_days[-1]
    lost, error = value.loss(policy, noise, at, densest)
    top, low = (value.cell(policy, noise, d).mean_days for d in (densest, at))
    axes.plot([densest, at], [top, top], color=palette.INK, linewidth=0.6, linestyle=palette.DOTTED, zorder=2)
    if abs(top - low) > 0.03 * axes.get_ylim()[1]:
        axes.annotate(
            "",
            (at, low),
            (at, top),
            arrowprops={"arrowstyle": "->", "color": palette.INK, "linewidth": 0.9},
            zorder=5,
        )
    interval = "6 weeks" if at == SIX_WEEKS else f"{at:g} days"
    verb = "cost" if lost > 0 else "gain"
    text = f"visits every {interval}\n{verb} {abs(lost):.0f} days (SE {error:.2g})"
    if abs(lost) <= 2 * error or round(lost) == 0:
        text = f"visits every {interval} cost\nno more than the error ({abs(lost):.0f} days, SE {error:.2g})"
    if lost == 0 and error == 0:
        text = f"visits every {interval}\nmake no difference"
    axes.annotate(
        text, (0.98, _peak(value, policy)), (0, 9), xycoords=("axes fraction", "data"), textcoords="offset points",
        ha="right", va="bottom", fontsize=palette.SMALL, color=palette.INK, zorder=6,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0},
    )  # fmt: skip


def _peak(value: MonitoringValue, policy: str) -> float:
    """Return the height of the highest line of a policy, days."""
    return max(c.mean_days for c in value.cells if c.policy == policy)


def _own_spacing(axes: Axes, value: MonitoringValue, policy: str) -> None:
    """Mark the patient's own spacing, with what it costs."""
    own = value.own_visit_days
    if own not in value.visit_days:
        return
    text = f"own spacing, {own:g} d"
    if own != value.visit_days[0]:
        lost, error = value.loss(policy, value.told_noise.name, own, value.visit_days[0])
        verb = "costs" if lost >= 0 else "gains"
        text += f": {verb} {abs(lost):.0f} (SE {error:.2g})" if abs(lost) > 2 * error else ": no loss shown"
    axes.axvline(own, color=palette.MUTED, linewidth=0.8, linestyle=palette.DASHED, zorder=1)
    axes.annotate(
        text, (own, _free_height(axes, value, policy)), (3, 0), xycoords=("data", "axes fraction"),
        textcoords="offset points", ha="left", va="bottom", fontsize=palette.SMALL - 0.5, color=palette.MUTED, zorder=6,
    )  # fmt: skip


def _free_height(axes: Axes, value: MonitoringValue, policy: str) -> float:
    """Return the height, as a fraction of the panel, at which a text beside the patient's spacing meets no line."""
    top = axes.get_ylim()[1]
    cells = [c for c in value.cells if c.policy == policy and c.visit_days >= value.own_visit_days]
    taken = np.array([*(c.mean_days for c in cells), *(r.mean_days for r in value.references)]) / top
    # the two lines of text on what six weeks cost
    taken = np.append(taken, _peak(value, policy) / top + np.array([0.06, 0.12, 0.18, 0.24]))
    heights = np.array([0.02, 0.2, 0.3, 0.4, 0.5, 0.6])
    away = np.min(np.abs(heights[:, None] + 0.03 - taken[None, :]), axis=1)
    return float(heights[int(np.argmax(away >= min(0.08, float(away.max()))))])


def _title(policy: str) -> str:
    words = {
        "AT50": "AT50, as written", "re-tuned rule": "Rule re-tuned to interval and noise",
        "particle filter": "Particle filter, lowest dose that holds",
    }  # fmt: skip
    return words.get(policy, policy)
