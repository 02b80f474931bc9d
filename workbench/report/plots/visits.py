"""What one further visit would leave open, by day and by the dose until then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from workbench.report import style
from workbench.report.quantity_labels import quantity_words
from workbench.report.svg import drawing, inline_svg, new_figure

if TYPE_CHECKING:
    from identifiability.design.design_result import DesignAnswer
    from identifiability.design.single_visits import SingleVisits


def visits_figure(curves: SingleVisits, answer: DesignAnswer | None, last_visit: float) -> Markup:
    """Draw the expected standard error over the day of one further visit, one line a dose level.

    Parameters
    ----------
    curves : SingleVisits
    answer : DesignAnswer or None
        Its simulated single visits are marked.
    last_visit : float
        Day of the patient's last visit.
    """
    scale = 100.0 if curves.logarithmic else 1.0
    with drawing():
        from matplotlib.ticker import MaxNLocator

        figure = new_figure(style.WIDTH, 2.35, left=0.62, right=0.95, top=0.12)
        axes = figure.subplots()
        axes.axhline(scale * curves.se_now, color=style.THRESHOLD, linestyle=(0, (4, 2)), linewidth=1.0)
        axes.annotate(
            "no further visit", (1.0, scale * curves.se_now), xycoords=("axes fraction", "data"), xytext=(3, 0),
            textcoords="offset points", va="center", fontsize=7, color=style.MUTED, annotation_clip=False,
        )  # fmt: skip
        marked: dict[float, str] = {}
        for k, dose in enumerate(curves.doses):
            colour, dashes = style.STRATEGY_STYLES[k % len(style.STRATEGY_STYLES)]
            few = {"marker": "o", "markersize": 3.5} if len(curves.days) < 12 else {}
            axes.plot(
                curves.days, scale * curves.se[k], color=colour, linestyle=dashes, linewidth=1.3,
                label=f"{100 * dose:.0f} %", **few,
            )  # fmt: skip
            marked[round(dose, 6)] = colour
        for plan in answer.candidates if answer else ():
            if len(plan.plan.days) == 1 and plan.simulations:
                axes.plot(
                    [plan.plan.days[0]], [scale * plan.se_after], "s", markersize=5.5, markerfacecolor="white",
                    color=marked.get(round(plan.plan.dose, 6), style.INK), markeredgewidth=1.4, zorder=5,
                )  # fmt: skip
        values = scale * curves.se[np.isfinite(curves.se)]
        axes.set_ylim(0, 1.08 * max(scale * curves.se_now, float(values.max(initial=0.0))))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.set_xlim(min(last_visit, float(curves.days[0])), float(curves.days[-1]))
        axes.set_xlabel(f"day of the visit (last visit so far: day {last_visit:g})")
        what = quantity_words(curves.target)
        axes.set_ylabel(f"expected SE of {what}, %" if curves.logarithmic else "expected SE, fraction of MTD")
        axes.legend(
            loc="upper left", bbox_to_anchor=(1.0, 0.9), handlelength=2.0, borderaxespad=0.2, title="dose, of MTD",
            title_fontsize=7.5, alignment="left",
        )  # fmt: skip
        return Markup(inline_svg(figure, _alt(curves)))


def _alt(curves: SingleVisits) -> str:
    """Describe the figure in words."""
    best = np.unravel_index(int(np.nanargmin(curves.se)), curves.se.shape)
    return (
        f"Expected standard error of {curves.target} after one further visit: {curves.se_now:.3g} now, at best "
        f"{curves.se[best]:.3g} on day {curves.days[best[1]]:g} under {100 * curves.doses[best[0]]:.0f} % of MTD."
    )
