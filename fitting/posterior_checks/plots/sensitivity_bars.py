"""What quantities owe to the prior and to the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fitting.posterior_checks.plots import palette
from fitting.posterior_checks.plots.axes_text import quiet
from fitting.posterior_checks.sensitivity_result import LIMITS, Sensitivity

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HALF = 0.36


def plot_sensitivities(axes: Axes, sensitivities: Sequence[Sensitivity], limit: float | None = None) -> Axes:
    """Draw two bars a quantity, its sensitivity to the prior and to the likelihood, with the verdict beside them.

    Diamonds on the prior's bar are the priors of single parameters; the strongest one is named.

    Parameters
    ----------
    axes : Axes
        About 0.45 inches of height a quantity.
    sensitivities : sequence of Sensitivity
    limit : float, optional
        From where on a quantity counts as moved; None: the one that the verdicts use.
    """
    limit = LIMITS.sensitivity if limit is None else limit
    most = max([limit, *(max(s.prior.sensitivity, s.likelihood.sensitivity) for s in sensitivities)])
    for place, each in enumerate(sensitivities):
        first = place == 0
        axes.barh(
            place - _HALF / 2, each.prior.sensitivity, _HALF, color=palette.PRIOR, hatch="////", alpha=0.75,
            edgecolor="white", linewidth=0, label="prior" if first else None,
        )  # fmt: skip
        axes.barh(
            place + _HALF / 2, each.likelihood.sensitivity, _HALF, color=palette.POSTERIOR, linewidth=0,
            label="likelihood" if first else None,
        )  # fmt: skip
        singles = {n: s.sensitivity for n, s in each.components.items() if s.sensitivity > 0.2 * limit}
        axes.plot(
            list(singles.values()), [place - _HALF / 2] * len(singles), "D", color=palette.INK, markersize=3,
            linestyle="none", label="prior of one parameter" if first else None,
        )  # fmt: skip
        end = max(each.prior.sensitivity, each.likelihood.sensitivity, *singles.values(), limit)
        words = each.source.word
        if each.main_prior and each.prior.sensitivity >= limit:
            words += f" (of {each.main_prior})" if words == "prior" else f" (prior of {each.main_prior})"
        axes.text(end + 0.02 * most, place, words, va="center", fontsize=palette.SMALL, parse_math=False)
    axes.axvline(limit, color=palette.THRESHOLD, linestyle=(0, (4, 2)), linewidth=1.2)
    axes.set_yticks(range(len(sensitivities)), [s.quantity for s in sensitivities], parse_math=False)
    axes.set_ylim(len(sensitivities) - 0.4, -0.6)
    axes.set_xlim(0, 1.75 * most)
    axes.set_xlabel(f"sensitivity to power-scaling (moved from {limit:g} on)")
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=3,
        frameon=False,
        fontsize=palette.SMALL,
        borderpad=0,
    )
    quiet(axes)
    return axes
