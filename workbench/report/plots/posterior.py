"""The pictures of one posterior, as they stand in the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from markupsafe import Markup

from workbench.report import style
from workbench.report.svg import drawing, inline_svg, new_figure

if TYPE_CHECKING:
    from xarray import DataTree

    from fitting.posterior_checks.leave_one_out import LeaveOneOut
    from fitting.posterior_checks.predictive import PredictiveCheck
    from fitting.posterior_checks.sensitivity_result import Sensitivity

_SAMPLED = 8  # parameters of one picture; more would be too small to read


def bands_figure(check: PredictiveCheck, prior: PredictiveCheck | None, unit: str) -> Markup:
    """Draw the predictive bands with the data and the prior's band."""
    from fitting.posterior_checks.plots.predictive_bands import plot_predictive_bands

    with drawing():
        figure = new_figure(style.WIDTH, 2.7, top=0.48)
        plot_predictive_bands(figure.subplots(), check, prior, unit)
        return Markup(inline_svg(figure, f"Predicted and measured burdens. {check.sentence}"))


def intervals_figure(tree: DataTree, names: list[str], units: Mapping[str, str]) -> Markup:
    """Draw the parameters' intervals under prior and posterior."""
    from fitting.posterior_checks.plots.parameter_intervals import HEIGHT, plot_parameter_intervals

    names = names[:_SAMPLED]
    with drawing():
        figure = new_figure(style.WIDTH, HEIGHT * len(names) + 0.6, left=1.05, top=0.42, bottom=0.24)
        plot_parameter_intervals(figure, tree, names, units)
        return Markup(inline_svg(figure, f"Intervals of {', '.join(names)} under prior and posterior"))


def pairs_figure(tree: DataTree, names: list[str], units: Mapping[str, str]) -> Markup:
    """Draw the parameters in pairs, with divergent draws."""
    from fitting.posterior_checks.plots.pairs import plot_pairs

    names = names[:_SAMPLED]
    with drawing():
        figure = new_figure(style.WIDTH, style.WIDTH * 0.92, left=0.72, bottom=0.48, top=0.12)
        plot_pairs(figure, tree, names, units)
        return Markup(inline_svg(figure, f"Draws of {', '.join(names)} in pairs"))


def ranks_figure(tree: DataTree, names: list[str], units: Mapping[str, str]) -> Markup:
    """Draw the chains' traces and ranks."""
    from fitting.posterior_checks.plots.trace_ranks import plot_trace_ranks

    names = names[:_SAMPLED]
    with drawing():
        figure = new_figure(style.WIDTH, 0.95 * len(names) + 0.6, left=0.78, top=0.3)
        plot_trace_ranks(figure, tree, names, units)
        return Markup(inline_svg(figure, f"Traces and ranks of {', '.join(names)}"))


def pareto_figure(loo: LeaveOneOut) -> Markup:
    """Draw Pareto k of each visit."""
    from fitting.posterior_checks.plots.pareto_k import plot_pareto_k

    with drawing():
        figure = new_figure(style.WIDTH, 1.9)
        plot_pareto_k(figure.subplots(), loo)
        return Markup(inline_svg(figure, f"Pareto k of each visit. {loo.status.value}"))


def sensitivity_figure(sensitivities: tuple[Sensitivity, ...]) -> Markup:
    """Draw what quantities owe to the prior and to the likelihood."""
    from fitting.posterior_checks.plots.sensitivity_bars import plot_sensitivities

    with drawing():
        figure = new_figure(style.WIDTH, 0.4 * len(sensitivities) + 0.8, left=1.55)
        plot_sensitivities(figure.subplots(), sensitivities)
        words = "; ".join(f"{s.quantity}: {s.source.word}" for s in sensitivities)
        return Markup(inline_svg(figure, f"Sensitivity to prior and likelihood. {words}"))
