"""Equations of the report, set by Matplotlib so that they look alike in every browser."""

from __future__ import annotations

import re
from functools import lru_cache

from markupsafe import Markup, escape

from workbench.report.svg import inline_svg, new_figure


@lru_cache(maxsize=256)
def equation_svg(latex: str, size: float = 12.0) -> Markup:
    """Set one line of LaTeX as SVG outlines; as text where Matplotlib cannot set it.

    Outlines need no font on the reader's machine; the alternative text is the LaTeX source.
    """
    from matplotlib import rc_context

    source = _for_mathtext(latex)
    with rc_context(
        {"svg.fonttype": "path", "svg.hashsalt": "evodose", "mathtext.fontset": "cm", "font.size": size}
    ):
        figure = new_figure(4, 1)
        try:
            figure.text(0, 0, f"${source}$", fontsize=size)
            return Markup(inline_svg(figure, f"equation: {latex}", tight=True))
        except ValueError:
            return Markup("<code>") + escape(latex) + Markup("</code>")


def _for_mathtext(latex: str) -> str:
    """Write what SymPy prints in the commands that mathtext knows, and sets well."""
    latex = latex.replace(r"\operatorname{loggamma}", r"\log\,\Gamma")
    latex = re.sub(r"\\frac(?![A-Za-z])", r"\\dfrac", latex)
    latex = re.sub(r"\\(ge|le)(?![A-Za-z])", r"\\\1q", latex)
    latex = re.sub(r"(?<=\S) \\log(?![A-Za-z])", r" \\,\\log", latex)
    # around low content mathtext makes growing brackets too small
    return re.sub(r"\\left\(((?:(?!\\left|\\right|\\dfrac|\\sqrt).)*)\\right\)", r"(\1)", latex)
