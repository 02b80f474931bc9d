"""Burden under each strategy over the horizon, the dose of each under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from workbench.report import style
from workbench.report.labels import days, number
from workbench.report.svg import drawing, inline_svg, new_figure

_BEYOND = (
    2.2  # the axis ends at this multiple of the tolerable burden: what lies beyond has progressed anyway
)

if TYPE_CHECKING:
    from dosing.strategies import StrategyOutcome


def strategies_figure(
    outcomes: tuple[StrategyOutcome, ...], first_burden: float, k_tol_ratio: float
) -> Markup:
    """Draw the burden in multiples of the first one, one line a strategy.

    Parameters
    ----------
    outcomes : tuple of StrategyOutcome
        Those whose simulation failed are left out.
    first_burden : float
        In the marker's unit.
    k_tol_ratio : float
        Tolerable burden in multiples of the first burden.
    """
    shown = [o for o in outcomes if np.any(np.isfinite(o.burdens))]
    with drawing():
        figure = new_figure(style.WIDTH, 2.6, left=0.5, top=0.42)
        axes = figure.subplots()
        axes.axhline(k_tol_ratio, color=style.THRESHOLD, linestyle=(0, (4, 2)), linewidth=0.9)
        for i, outcome in enumerate(shown):
            colour, dashes = _style(outcome.name, i)
            axes.plot(
                outcome.times, outcome.burdens / first_burden, color=colour, linestyle=dashes, linewidth=1.3,
                label=outcome.name, zorder=4 - 0.1 * i,
            )  # fmt: skip
        axes.annotate(
            "tolerable", (1.0, k_tol_ratio), xycoords=("axes fraction", "data"), xytext=(-2, 2),
            textcoords="offset points", ha="right", va="bottom", fontsize=7, color=style.MUTED,
        )  # fmt: skip
        axes.set_xlim(0, max((o.horizon_days for o in shown), default=1.0))
        top = max((float(np.nanmax(o.burdens)) / first_burden for o in shown), default=1.0)
        axes.set_ylim(0, min(1.08 * max(top, k_tol_ratio), _BEYOND * max(1.0, k_tol_ratio)))
        axes.set_xlabel("days from the first visit")
        axes.set_ylabel("burden / first burden")
        figure.legend(
            loc="upper left",
            ncols=min(len(shown), 3),
            columnspacing=1.4,
            borderpad=0.1,
            borderaxespad=0.1,
            labelspacing=0.2,
        )
        return Markup(inline_svg(figure, _alt(shown, first_burden)))


def _style(name: str, place: int) -> tuple[str, style.Dashes]:
    """Colour and dashes of a strategy, the same for every patient."""
    known = ("constant", "MTD", "AT", "off-on", "no treatment")
    found = next((k for k, start in enumerate(known) if name.startswith(start)), len(known) + place)
    return style.STRATEGY_STYLES[found % len(style.STRATEGY_STYLES)]


def _alt(outcomes: list[StrategyOutcome], first_burden: float) -> str:
    """Describe the figure in words."""
    parts = [
        f"{o.name}: lowest {number(o.lowest_burden / first_burden)} on day {days(o.lowest_day)}, at the end "
        f"{number(o.final_burden / first_burden)}"
        for o in outcomes
    ]
    return "Simulated burden in multiples of the first one. " + "; ".join(parts) + "."
