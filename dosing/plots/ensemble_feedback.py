"""What a search among adaptive rules saw: the objective over start and stop level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dynamics.plots import palette
from dynamics.plots.text import quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dosing.ensemble.feedback_search import FeedbackSearch


def plot_feedback_search(axes: Axes, found: FeedbackSearch, visit_days: float | None = None) -> Axes:
    """Draw the best objective of the grid over the dose, for each start and stop level.

    Parameters
    ----------
    axes : Axes
    found : FeedbackSearch
    visit_days : float, optional
        Interval between visits; that of the best rule where not given.

    Raises
    ------
    ValueError
        An interval that was not searched.
    """
    days = found.best.rule.visit_days if visit_days is None else visit_days
    rules = [s for s in found.grid if s.rule.visit_days == days]
    if not rules:
        raise ValueError(f"no rule with visits every {days:g} days was searched")
    starts = sorted({s.rule.start_level for s in rules})
    stops = sorted({s.rule.stop_level for s in rules})
    table = np.full((len(stops), len(starts)), np.nan)
    doses = np.full(table.shape, np.nan)
    for s in rules:
        at = stops.index(s.rule.stop_level), starts.index(s.rule.start_level)
        if not table[at] >= s.value:
            table[at], doses[at] = s.value, s.rule.dose
    image = axes.imshow(table, origin="lower", aspect="auto", cmap="YlGnBu", alpha=0.85)
    middle = 0.5 * (np.nanmin(table) + np.nanmax(table))
    for i, j in np.argwhere(np.isfinite(table)):
        axes.text(
            j, i, f"{table[i, j]:.0f} d\n{100 * doses[i, j]:.0f} %", ha="center", va="center",
            fontsize=palette.SMALL, color="white" if table[i, j] > middle + 0.2 * np.nanstd(table) else palette.INK,
        )  # fmt: skip
    axes.set_xticks(range(len(starts)), [f"{100 * v:g}" for v in starts])
    axes.set_yticks(range(len(stops)), [f"{100 * v:g}" for v in stops])
    axes.set_xlabel("drug given from this burden on (% of the first)")
    axes.set_ylabel("drug withheld from this burden on (% of the first)")
    seen = f"visits every {days:g} days" if days else "burden always watched"
    axes.set_title(
        f"{found.objective.value}, at the best dose (% of MTD); {seen}",
        fontsize=palette.SMALL + 0.5,
        loc="left",
    )
    quiet(axes)
    image.set_clim(np.nanmin(table), np.nanmax(table) + 1e-9)
    return axes
