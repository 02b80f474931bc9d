"""Windows and recommended doses of a cohort, one line a patient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from patients.problems import quoted
from workbench.report import style
from workbench.report.svg import drawing, inline_svg, new_figure

if TYPE_CHECKING:
    from workbench.decision import Decision

_LONGEST_NAME = 24


def overview_figure(decisions: Sequence[Decision]) -> Markup:
    """Draw window at the point estimate, range of its edges over the admitted sets, recommended dose.

    Parameters
    ----------
    decisions : sequence of Decision
        Few enough to be read, some sixty at most.
    """
    names = [_short(d.patient_id) for d in decisions]
    longest = 0.2 + 0.075 * max(map(len, names))
    with drawing():
        figure = new_figure(8.6, 0.55 + 0.19 * len(decisions), left=longest, right=0.75, bottom=0.25)
        axes = figure.subplots()
        for row, d in enumerate(decisions):
            if not math.isnan(d.window_low):
                axes.barh(
                    row, d.window_high - d.window_low, left=d.window_low, height=0.62, color=style.WINDOW, alpha=0.35,
                    linewidth=0, label=_once(axes, "window at the point estimate"),
                )  # fmt: skip
            for (low, high), shift, word in ((d.lower_range, 0.14, "lower"), (d.upper_range, -0.14, "upper")):
                if not math.isnan(low):
                    axes.plot(
                        [low, high], [row + shift] * 2, color=style.SENSITIVE if word == "lower" else style.RESISTANT,
                        linewidth=1.6, solid_capstyle="butt", label=_once(axes, f"{word} edge over the admitted sets"),
                    )  # fmt: skip
            if d.action == "recommend":
                axes.plot(
                    [d.dose_fraction], [row], "o", color=style.INK, markersize=5, linestyle="none",
                    label=_once(axes, "recommended dose"), zorder=5,
                )  # fmt: skip
            else:
                word = "failed" if d.failed else "refused"
                axes.annotate(
                    word, (1.005, row), va="center", fontsize=7.5, color=style.MUTED, annotation_clip=False
                )
        axes.set_yticks(range(len(decisions)), names)
        for label in axes.get_yticklabels():
            label.set_parse_math(False)
        axes.set_ylim(len(decisions) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1.0], ["0", "20", "40", "60", "80", "100 % of MTD"])
        axes.tick_params(axis="y", length=0)
        figure.legend(loc="upper left", ncols=4, borderpad=0.1, borderaxespad=0.1)
        return Markup(inline_svg(figure, _alt(decisions)))


def _once(axes, label: str) -> str | None:
    """Return the label the first time only."""
    return None if label in axes.get_legend_handles_labels()[1] else label


def _short(patient_id: str) -> str:
    """Shorten an identifier for the axis."""
    text = quoted(patient_id)[1:-1]
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def _alt(decisions: Sequence[Decision]) -> str:
    """Describe the figure in words."""
    recommended = sum(d.action == "recommend" for d in decisions)
    return (
        f"Dose windows of {len(decisions)} patients; {recommended} have a recommended dose. The numbers are in the "
        "table below."
    )
