"""Eigenvalues of the Fisher information, with what each direction means."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from workbench.report import style
from workbench.report.labels import number
from workbench.report.quantity_labels import product_text, symbol_text
from workbench.report.svg import drawing, inline_svg, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from identifiability.result import Diagnosis, FisherInformation

_DECADES = 16.0  # below the largest eigenvalue: what is smaller is rounding


def spectrum_figure(diagnosis: Diagnosis, names: tuple[str, ...]) -> Markup:
    """Draw both variants of the information side by side, one line an eigenvalue, best determined first.

    Parameters
    ----------
    diagnosis : Diagnosis
    names : tuple of str
        Of the parameters.
    """
    count = len(names)
    with drawing():
        figure = new_figure(style.WIDTH, 0.75 + 0.24 * count, left=0.1, right=0.12, top=0.26, bottom=0.36)
        left, right = figure.subplots(1, 2, gridspec_kw={"wspace": 0.12})
        _panel(left, diagnosis.fisher, _products(diagnosis), "expected, log parameters")
        _panel(right, diagnosis.fisher_paper, _leading(diagnosis.fisher_paper, names), "paper, own units")
        return Markup(inline_svg(figure, _alt(diagnosis)))


def _products(diagnosis: Diagnosis) -> list[str]:
    """Power products of the expected information's directions."""
    return [product_text(d.product) for d in diagnosis.directions]


def _leading(information: FisherInformation, names: tuple[str, ...]) -> list[str]:
    """Name the parameters that make up each direction of natural parameters."""
    found = []
    for vector in information.eigenvectors.T:
        share = vector**2 / max(float(vector @ vector), 1e-300)
        order = [int(i) for i in np.argsort(-share) if share[i] >= 0.1]
        found.append("mostly " + ", ".join(symbol_text(names[i]) for i in order[:2]))
    return found


def _panel(axes: Axes, information: FisherInformation, labels: list[str], title: str) -> None:
    """One spectrum."""
    values = np.asarray(information.eigenvalues, dtype=float)
    top = math.log10(values[0]) if len(values) and values[0] > 0 else 0.0
    places = np.array([math.log10(v) if v > 0 else -math.inf for v in values])
    shown = np.maximum(places, top - _DECADES)
    low, high = float(shown.min()), float(shown.max())
    span = max(high - low, 1.0)
    axes.set_xlim(low - 0.08 * span, high + 0.08 * span)
    for row, (place, at) in enumerate(zip(places, shown, strict=True)):
        known = row < information.rank and math.isfinite(place)
        axes.plot([low - 0.08 * span, at], [row, row], color=style.GRID, linewidth=0.9, zorder=1)
        axes.plot(
            [at], [row], "o", markersize=4.5, color=style.INK if known else style.RESISTANT,
            markerfacecolor=style.INK if known else "white", zorder=3,
        )  # fmt: skip
        if row < len(labels):
            axes.annotate(
                labels[row], (0.0, row), xycoords=("axes fraction", "data"), xytext=(3, 3.2),
                textcoords="offset points", fontsize=7, color=style.INK, va="bottom", parse_math=False,
            )  # fmt: skip
    axes.set_ylim(len(values) - 0.6, -0.85)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_title(title, fontsize=8, pad=3)
    first, last = math.ceil(low - 0.08 * span), math.floor(high + 0.08 * span)
    step = max(1, math.ceil((last - first + 1) / 5))
    ticks = list(range(first, last + 1, step))
    axes.set_xticks(ticks, [_power(t) for t in ticks])
    axes.set_xlabel("eigenvalue")


def _power(exponent: int) -> str:
    """Write a power of ten."""
    if 0 <= exponent <= 2:
        return str(10**exponent)
    return "10" + str(exponent).translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))


def _alt(diagnosis: Diagnosis) -> str:
    """Describe the figure in words."""
    expected = ", ".join(number(float(v)) for v in diagnosis.fisher.eigenvalues)
    paper = ", ".join(number(float(v)) for v in diagnosis.fisher_paper.eigenvalues)
    return f"Eigenvalues of the Fisher information. Expected: {expected}. Paper: {paper}."
