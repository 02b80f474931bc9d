"""Control of a Wright-Fisher population under perfect and sparse monitoring: Fischer 2015, Figs 1, S4 and S5."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dynamics.plots import palette
from dynamics.plots.text import legend_above, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from dosing.stochastic.wright_fisher.simulate import Course
    from dosing.stochastic.wright_fisher.study import MonitoringStudy, SimulatedSurvival
    from dosing.stochastic.wright_fisher.threshold_curve import ThresholdCurve
    from dosing.stochastic.wright_fisher.value import ValueOfMonitoring

_COLOURS = {
    "no control": palette.INK,
    "perfect monitoring": palette.MUTED,
    "naive": palette.SECOND,
    "pre-emptive": palette.FIRST,
}
_DASHES: tuple[palette.Dashes, ...] = ("-", palette.DASHED, palette.DASH_DOTTED, palette.DOTTED)
_MARKS = ("o", "s", "^", "D")


def plot_courses(axes: Axes, courses: Sequence[Course], threshold: float) -> Axes:
    """Draw single populations under several protocols; circles are looks (Fig. 1A).

    Parameters
    ----------
    axes : Axes
    courses : sequence of Course
    threshold : float
        Drawn as a line.
    """
    for course in courses:
        colour = _COLOURS.get(course.name, palette.THIRD)
        axes.plot(course.time, course.frequency, color=colour, linewidth=0.9, label=course.name)
        if len(course.looks):
            seen = np.interp(course.looks, course.time, course.frequency)
            axes.plot(course.looks, seen, "o", color=colour, markersize=3.2, markerfacecolor="white")
        if course.frequency[-1] in (0.0, 1.0):
            axes.plot(
                course.time[-1],
                course.frequency[-1],
                "x",
                color=colour,
                markersize=6,
                clip_on=False,
                zorder=4,
            )
    axes.axhline(threshold, color=palette.INK, linewidth=0.7, linestyle=palette.DOTTED)
    longest = max(float(c.time[-1]) for c in courses)
    axes.annotate(
        f"$x_c$ = {threshold:.3f}", (longest, threshold), xytext=(3, 0), textcoords="offset points", va="center",
        fontsize=palette.SMALL, annotation_clip=False,
    )  # fmt: skip
    axes.set_xlim(0, longest)
    axes.set_ylim(0, 1)
    axes.set_xlabel("time (N generations)")
    axes.set_ylabel("frequency of the A allele")
    quiet(axes)
    legend_above(axes, 2)
    return axes


def plot_survival_against_interval(
    axes: Axes,
    value: ValueOfMonitoring,
    simulated: Sequence[SimulatedSurvival] = (),
    *,
    show_preemptive: bool = True,
) -> Axes:
    """Draw computed survival as lines, simulated survival as points with two standard errors (Figs 1B, 1C).

    Parameters
    ----------
    axes : Axes
    value : ValueOfMonitoring
    simulated : sequence of SimulatedSurvival
    show_preemptive : bool
        Whether to add pre-emptive control to naive control.
    """
    for level, name, dashes in (
        (value.perfect, "perfect monitoring", palette.DASHED),
        (value.uncontrolled, "no control", palette.DOTTED),
    ):
        axes.axhline(level, color=_COLOURS[name], linestyle=dashes, linewidth=1.1, label=name)
    shown = [("naive", value.naive, "o")]
    if show_preemptive:
        shown.append(("pre-emptive", value.preemptive, "s"))
    for name, line, mark in shown:
        colour = _COLOURS[name]
        axes.plot(value.intervals, line, color=colour, linewidth=1.4, label=f"{name}, computed")
        if not simulated:
            continue
        samples = [s.naive if name == "naive" else s.preemptive for s in simulated]
        axes.errorbar(
            [s.interval for s in simulated], [s.mean for s in samples], yerr=[2 * s.standard_error for s in samples],
            fmt=mark, color=colour, markersize=4.5, markerfacecolor="white", capsize=2.5, linewidth=1.0,
            label=f"{name}, simulated (± 2 SE)",
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(value.intervals[0], value.intervals[-1])
    axes.set_xlabel("interval Δ between looks (N generations)")
    axes.set_ylabel("mean survival (N generations)")
    quiet(axes)
    legend_above(axes, 2)
    return axes


def plot_threshold_curves(axes: Axes, curves: Sequence[ThresholdCurve]) -> Axes:
    """Draw the best threshold against the control strength: closed form as lines, finite N as points (Fig. S4).

    The strength is given in units of sigma, so that all curves cross 0.5 at 2.

    Parameters
    ----------
    axes : Axes
    curves : sequence of ThresholdCurve
    """
    for i, curve in enumerate(curves):
        colour = palette.CYCLE[i % len(palette.CYCLE)]
        mark = _MARKS[i % len(_MARKS)]
        axes.plot(
            -curve.strongest / curve.sigma, curve.thresholds, color=colour, linewidth=1.3,
            linestyle=_DASHES[i % len(_DASHES)], label=f"σ = {curve.sigma:g}",
        )  # fmt: skip
        axes.plot(
            [-r.selection.strongest / curve.sigma for r in curve.finite], [r.threshold for r in curve.finite],
            mark, color=colour, markersize=4.5, markerfacecolor="white",
        )  # fmt: skip
    populations = sorted({r.population for curve in curves for r in curve.finite})
    if populations:
        told = ", ".join(map(str, populations))
        axes.plot(
            [], [], _MARKS[0], color=palette.MUTED, markersize=4.5, markerfacecolor="white",
            label=f"exact sampling, N = {told}",
        )  # fmt: skip
    axes.axhline(0.5, color=palette.FLOW, linewidth=0.8, zorder=0)
    axes.axvline(2.0, color=palette.FLOW, linewidth=0.8, zorder=0)
    axes.set_xlabel("strongest control $u_c$ / σ")
    axes.set_ylabel("threshold $x_c$")
    quiet(axes)
    legend_above(axes, 3)
    return axes


def plot_waiting_times(axes: Axes, value: ValueOfMonitoring) -> Axes:
    """Draw the waiting time before neutral over interval and frequency seen (Fig. S5).

    Blue: no control first; orange: strongest control first; the line between them is the safe position. Darker means
    a longer wait, as a share of the interval.

    Parameters
    ----------
    axes : Axes
    value : ValueOfMonitoring
    """
    from matplotlib.colors import LinearSegmentedColormap

    x = value.plans[0].x
    shares = np.array([p.signed_waiting / p.interval for p in value.plans])
    colours = LinearSegmentedColormap.from_list(
        "waiting", [palette.SECOND, "#f6d2b8", "#ffffff", "#bcd9ec", palette.FIRST]
    )
    mesh = axes.pcolormesh(
        value.intervals, x, shares.T, cmap=colours, vmin=-1, vmax=1, shading="nearest", rasterized=True
    )
    axes.plot(value.intervals, value.safe, color=palette.INK, linewidth=1.4, label="safe position")
    axes.axhline(value.threshold, color=palette.INK, linewidth=0.7, linestyle=palette.DOTTED)
    axes.axhline(0.5, color=palette.INK, linewidth=0.7, linestyle=palette.DOTTED)
    for level, text in ((value.threshold, f"$x_c$ = {value.threshold:.3f}"), (0.5, "0.5")):
        right = level == value.threshold
        axes.annotate(
            text, (value.intervals[-1], level), xytext=(-3, 3 if right else -3),
            textcoords="offset points", fontsize=palette.SMALL, ha="right",
            va="bottom" if right else "top",
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlim(value.intervals[0], value.intervals[-1])
    axes.set_ylim(0, 1)
    axes.set_xlabel("interval Δ between looks (N generations)")
    axes.set_ylabel("frequency seen")
    bar = axes.figure.colorbar(mesh, ax=axes, pad=0.02, ticks=[-1, -0.5, 0, 0.5, 1])
    bar.ax.set_yticklabels(["Δ", "Δ/2", "0", "Δ/2", "Δ"])
    bar.ax.tick_params(labelsize=palette.SMALL)
    bar.set_label("wait before neutral: strongest control | none", fontsize=palette.SMALL)
    bar.outline.set_visible(False)  # type: ignore[union-attr]
    quiet(axes)
    legend_above(axes, 1)
    return axes


def plot_monitoring_study(figure: Figure, study: MonitoringStudy) -> Figure:
    """Draw Figs 1A, 1B, 1C, S4 and S5 on one figure of about 13 x 8 inches.

    Parameters
    ----------
    figure : Figure
    study : MonitoringStudy
    """
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.1)
    axes = figure.subplot_mosaic([["A", "B", "C"], ["S4", "S5", "S5"]])
    plot_courses(axes["A"], study.courses, study.value.threshold)
    plot_survival_against_interval(axes["B"], study.value, study.simulated, show_preemptive=False)
    plot_survival_against_interval(axes["C"], study.value, study.simulated)
    plot_threshold_curves(axes["S4"], study.curves)
    plot_waiting_times(axes["S5"], study.value)
    for name, one in axes.items():
        one.annotate(
            name, (0, 1), xycoords="axes fraction", xytext=(-34, 26), textcoords="offset points", fontsize=11,
            fontweight="bold", va="bottom",
        )  # fmt: skip
    return figure
