"""The dose window against the tolerable burden, beside the support of each dose: Masud 2023, Fig. 9."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from workbench.report import style
from workbench.report.labels import percent
from workbench.report.svg import drawing, inline_svg, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dosing.regimen import Regimen
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model
    from fitting.result import Fit

_GRID = 161
_COARSE = 31


def window_figure(
    model: Model, fit: Fit, regimen: Regimen, ensemble: Ensemble | None, first_burden: float
) -> Markup:
    """Draw the window over tolerable burdens at the point estimate, and which doses the data support.

    Parameters
    ----------
    model : Model
        With a dose window.
    fit : Fit
    regimen : Regimen
        With a window.
    ensemble : Ensemble or None
        Parameter sets that the data admit.
    first_burden : float
        In the marker's unit.
    """
    assert regimen.window is not None
    ratio = regimen.window.k_tol / first_burden
    with drawing():
        figure = new_figure(style.WIDTH, 2.75, left=0.42)
        ratios = [2.2, 1, 1] if regimen.dose_evidence is not None else [2.2, 1]
        left, middle, *rest = figure.subplots(
            1, len(ratios), sharey=True, width_ratios=ratios, gridspec_kw={"wspace": 0.14}
        )
        span = (min(0.4, 0.6 * ratio), max(1.6, 1.4 * ratio))
        _window_panel(left, model, fit, first_burden, span)
        if ensemble is not None:
            _supported_region(left, model, ensemble, regimen, first_burden, span)
        _marks(left, regimen, ratio, first_burden)
        _support_panel(middle, regimen)
        if regimen.dose_evidence is not None:
            likelihood_panel(rest[0], regimen)
        left.set_xlim(*span)
        left.set_ylim(0, 1.0)
        left.set_xlabel("tolerable burden / first burden")
        left.set_ylabel("dose, fraction of MTD")
        figure.legend(
            *left.get_legend_handles_labels(), loc="upper left", ncols=3, columnspacing=1.2, handletextpad=0.5,
            borderpad=0.1, borderaxespad=0.1,
        )  # fmt: skip
        return Markup(inline_svg(figure, _alt(regimen)))


def _window_panel(axes: Axes, model: Model, fit: Fit, first_burden: float, span: tuple[float, float]) -> None:
    """Shade the window at the point estimate between its two edges."""
    from dosing.window import window_against_tolerable

    ratios = np.linspace(*span, _GRID)
    edges = window_against_tolerable(model, fit.estimates, fit.constants, ratios * first_burden)
    lower, upper = np.clip(edges.lower, 0, 1), np.clip(edges.upper, 0, 1)
    inside = lower < upper
    axes.fill_between(
        ratios,
        lower,
        upper,
        where=inside,
        color=style.WINDOW,
        alpha=0.25,
        linewidth=0,
        label="window (point estimate)",
    )
    axes.plot(ratios, np.where(inside, lower, np.nan), color=style.WINDOW, linewidth=1.4)
    axes.plot(ratios, np.where(inside, upper, np.nan), color=style.WINDOW, linewidth=1.4)


def _supported_region(
    axes: Axes,
    model: Model,
    ensemble: Ensemble,
    regimen: Regimen,
    first_burden: float,
    span: tuple[float, float],
) -> None:
    """Shade the doses that the required share of the admitted parameter sets supports."""
    from dosing.dose_support import supported_doses

    ratios = np.linspace(*span, _COARSE)
    pieces = [supported_doses(model, ensemble, r * first_burden, regimen.required_support) for r in ratios]
    for k in range(max(map(len, pieces))):
        low, high = (np.array([p[k][end] if k < len(p) else np.nan for p in pieces]) for end in (0, 1))
        label = f"supported by {percent(regimen.required_support)} of the sets" if k == 0 else None
        axes.fill_between(
            ratios,
            low,
            high,
            where=np.isfinite(low),
            color=style.SENSITIVE,
            alpha=0.5,
            linewidth=0,
            label=label,
        )


def _marks(axes: Axes, regimen: Regimen, ratio: float, first_burden: float) -> None:
    """Mark the tolerable burden in use, the smallest possible one, the recommended dose."""
    assert regimen.window is not None
    axes.axvline(ratio, color=style.MUTED, linewidth=0.8)
    smallest = regimen.window.smallest_tolerable_burden / first_burden
    if np.isfinite(smallest):
        axes.axvline(smallest, color=style.INK, linewidth=0.8, linestyle=(0, (2, 2)))
    if regimen.action == "recommend":
        axes.plot(
            [ratio], [regimen.dose_fraction], "*", markersize=10, color=style.RESISTANT, markeredgecolor="white",
            markeredgewidth=0.5, label="recommended", zorder=6, linestyle="none",
        )  # fmt: skip


def _support_panel(axes: Axes, regimen: Regimen) -> None:
    """Draw the share of admitted parameter sets that support each dose, dose upwards."""
    share = 100 * np.asarray(regimen.support_share)
    if share.size:
        axes.fill_betweenx(regimen.support_doses, 0, share, color=style.SENSITIVE, alpha=0.25, linewidth=0)
        axes.plot(share, regimen.support_doses, color=style.SENSITIVE, linewidth=1.2)
    axes.axvline(100 * regimen.required_support, color=style.THRESHOLD, linestyle=(0, (4, 2)), linewidth=1.0)
    if regimen.action == "recommend":
        axes.plot([100 * regimen.support], [regimen.dose_fraction], "*", markersize=10, color=style.RESISTANT,
                  markeredgecolor="white", markeredgewidth=0.5, zorder=6, clip_on=False)  # fmt: skip
    axes.set_xlim(0, 104)
    axes.set_xticks([0, 50, 100])
    axes.set_xlabel("% of admitted sets")


def likelihood_panel(axes: Axes, regimen: Regimen) -> None:
    """Draw how much worse a tumour fits whose window does not hold the dose, or holds it; dose upwards."""
    evidence = regimen.dose_evidence
    assert evidence is not None
    most = 3 * evidence.threshold
    out, inside = (np.minimum(r, 2 * most) for r in (evidence.rise_outside, evidence.rise_inside))
    axes.fill_betweenx(
        evidence.doses, 0, out, where=evidence.supported.tolist(), color=style.WINDOW, alpha=0.25, linewidth=0
    )
    axes.plot(out, evidence.doses, color=style.WINDOW, linewidth=1.4)
    axes.plot(inside, evidence.doses, color=style.MUTED, linewidth=1.2, linestyle=(0, (1, 1.5)))
    axes.axvline(evidence.threshold, color=style.THRESHOLD, linestyle=(0, (4, 2)), linewidth=1.0)
    if regimen.action == "recommend":
        rise = float(np.interp(regimen.dose_fraction, evidence.doses, out))
        axes.plot([min(rise, most)], [regimen.dose_fraction], "*", markersize=10, color=style.RESISTANT,
                  markeredgecolor="white", markeredgewidth=0.5, zorder=6, clip_on=False)  # fmt: skip
    axes.set_xlim(0, most)
    axes.set_xlabel("rise of −log L")


def _alt(regimen: Regimen) -> str:
    """Describe the figure in words."""
    assert regimen.window is not None
    best = regimen.best_supported_dose
    text = f"Dose window against the tolerable burden. {regimen.window.sentence}"
    if np.isfinite(best):
        text += f" The best supported dose is {percent(best)} of MTD."
    if regimen.dose_evidence is not None:
        text += f" {regimen.dose_evidence.sentence}"
    return text
