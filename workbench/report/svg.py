"""A Matplotlib figure as SVG that can stand inside an HTML page beside many others."""

from __future__ import annotations

import io
import itertools
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING

from workbench.report import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_counter = itertools.count()


@contextmanager
def drawing() -> Iterator[None]:
    """Matplotlib settings of the report, for the time of drawing; nothing global stays changed."""
    from matplotlib import rc_context

    with rc_context(style.settings()):  # pyright: ignore[reportArgumentType]
        yield


def new_figure(
    width: float,
    height: float,
    *,
    left: float = 0.6,
    right: float = 0.1,
    bottom: float = 0.42,
    top: float = 0.3,
) -> Figure:
    """Return an empty figure, without pyplot and its global state.

    Margins are fixed: a layout engine measures every text many times and doubles the time of a report.

    Parameters
    ----------
    width, height : float
        Inches.
    left, right, bottom, top : float
        Margins around the axes in inches; a legend fits into the upper one.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasSVG(figure)
    figure.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height)
    return figure


def inline_svg(figure: Figure, alt: str, *, tight: bool = False) -> str:
    """Render a figure as an ``<svg>`` element with alternative text.

    Identifiers are made unique, so that the clip paths of one figure cannot cut another; fonts, name spaces
    and metadata are left to the page; coordinates keep two decimals (1/100 point).

    Parameters
    ----------
    figure : Figure
    alt : str
        What the figure shows, for a reader who does not see it.
    tight : bool
        Crop to what is drawn.
    """
    buffer = io.StringIO()
    with warnings.catch_warnings():
        # text stays text: a sign that Matplotlib's font lacks is drawn by the reader's
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(
            buffer, format="svg", metadata={"Date": None}, transparent=True,
            **({"bbox_inches": "tight", "pad_inches": 0.02} if tight else {}),
        )  # fmt: skip
    return _for_page(buffer.getvalue(), alt, f"f{next(_counter)}-")


def _for_page(svg: str, alt: str, prefix: str) -> str:
    """Strip what a page does not need, and make identifiers unique."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<style[^>]*>.*?</style>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\sxmlns(:xlink)?=\"[^\"]*\"", "", svg, count=2).replace("xlink:href", "href")
    svg = re.sub(r"font-family: [^;\"]*;? ?", "", svg)
    svg = re.sub(r'( transform="rotate\(-?0(?: [^)]*)?\)")', "", svg)
    used = set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'href="#([^"]+)"', svg))
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}\1)", svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}\1"', svg)
    svg = re.sub(r' d="([^"]*)"', lambda m: f' d="{_short_path(m[1])}"', svg)
    svg = re.sub(r'( (?:x|y|width|height)=")([^"]*)"', lambda m: f'{m[1]}{_short_numbers(m[2])}"', svg)
    svg = re.sub(r">\s+<", "><", svg).replace("<defs></defs>", "").strip()
    head, body = svg.split(">", 1)
    return f'{head} role="img" aria-label="{escape(alt)}">{body}'


def _short_path(data: str) -> str:
    """Write a path without the white space and digits that nobody sees."""
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", _short_numbers(" ".join(data.split())))


def _short_numbers(text: str) -> str:
    """Round decimal numbers to two places."""
    return _NUMBER.sub(lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip(".") or "0", text)
