"""Traces of the chains beside the ranks of their draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fitting.posterior_checks.plots import palette
from fitting.posterior_checks.plots.axes_text import label, log_axis, quiet
from fitting.posterior_checks.reading import scalar_draws

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from xarray import DataTree

BINS = 20
MOST_STEPS = 500


def plot_trace_ranks(
    figure: Figure,
    posterior: DataTree,
    parameters: Sequence[str] | None = None,
    units: Mapping[str, str] | None = None,
) -> Figure:
    """Draw one row a parameter: its trace, and how often each chain's draws fall into each part of all ranks.

    Chains that agree have rank counts within the grey band, where 95 % of independent draws' counts lie
    (Vehtari 2021, section 5.3, for the rank plots). Correlated draws leave it more often than independent ones.

    Parameters
    ----------
    figure : Figure
        Empty, about 1 inch a parameter.
    posterior : DataTree
    parameters : sequence of str, optional
    units : mapping of str to str, optional
    """
    draws = scalar_draws(posterior)
    names = [n for n in (parameters or draws) if np.ptp(draws[n]) > 0]
    panels = figure.subplots(
        max(len(names), 1), 2, squeeze=False, sharex="col",
        gridspec_kw={"hspace": 0.25, "wspace": 0.18, "width_ratios": (1.6, 1)},
    )  # fmt: skip
    for (left, right), name in zip(panels, names, strict=False):
        _trace(left, draws[name])
        left.set_ylabel(label(name, units), parse_math=False)
        _ranks(right, draws[name])
    panels[-1, 0].set_xlabel("draw")
    panels[-1, 1].set_xlabel("rank among all draws (%)")
    panels[0, 1].set_title("draws by rank", fontsize=palette.SMALL, loc="left")
    handles, labels = panels[0, 1].get_legend_handles_labels()
    panels[0, 0].legend(
        handles[:4], labels[:4], loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, frameon=False,
        fontsize=palette.SMALL, borderpad=0, columnspacing=0.9, handlelength=1.4, handletextpad=0.4,
    )  # fmt: skip
    return figure


def _chain_style(chain: int) -> dict:
    return {
        "color": palette.CHAINS[chain % len(palette.CHAINS)],
        "linestyle": palette.CHAIN_DASHES[chain % len(palette.CHAIN_DASHES)],
    }


def _trace(axes: Axes, values: np.ndarray) -> None:
    step = max(1, values.shape[1] // MOST_STEPS)
    for chain, row in enumerate(values):
        axes.plot(
            np.arange(0, row.size, step),
            row[::step],
            color=_chain_style(chain)["color"],
            linewidth=0.5,
            alpha=0.7,
        )
    quiet(axes)
    if values.min() > 0:
        log_axis(axes, "y", most=3)


def _ranks(axes: Axes, values: np.ndarray) -> None:
    from scipy.special import bdtrik
    from scipy.stats import rankdata

    chains, size = values.shape
    ranks = (rankdata(values, method="average").reshape(chains, size) - 0.5) / values.size
    edges = np.linspace(0, 1, BINS + 1)
    low, high = (float(bdtrik(p, size, 1 / BINS)) for p in (0.025, 0.975))
    axes.axhspan(low, high, color=palette.GRID, linewidth=0)
    for chain, row in enumerate(ranks):
        axes.stairs(
            np.histogram(row, edges)[0],
            100 * edges,
            linewidth=1.1,
            label=f"chain {chain + 1}",
            **_chain_style(chain),
        )
    axes.set_ylim(0, None)
    axes.set_xlim(0, 100)
    quiet(axes)
