"""Colours and type of the report."""

from __future__ import annotations

from typing import Any

# Okabe & Ito's palette, distinguishable under the common colour deficiencies; every colour also comes with its own
# line style or marker, so that a print in black still tells them apart.
INK = "#222222"
MUTED = "#6b6b6b"
GRID = "#e3e3e3"
TOTAL = "#222222"
SENSITIVE = "#0072b2"
RESISTANT = "#d55e00"
WINDOW = "#009e73"
ADMITTED = "#56b4e9"
EXCLUDED = "#8a8a8a"
THRESHOLD = "#cc79a7"
DOSE = "#7a8ba3"

WIDTH = 5.4  # inches of a figure in one of two columns; text then appears at its nominal size

Dashes = str | tuple[float, tuple[float, ...]]
STRATEGY_STYLES: tuple[tuple[str, Dashes], ...] = (
    ("#0072b2", "-"),
    ("#d55e00", (0, (5, 2))),
    ("#009e73", (0, (6, 1.5, 1.2, 1.5))),
    ("#cc79a7", (0, (1.2, 1.2))),
    ("#e69f00", (0, (6, 1, 1, 1, 1, 1))),
    ("#222222", (0, (3, 2))),
)


def settings() -> dict[str, Any]:
    """Matplotlib settings: text stays text, so that it can be searched, scaled, read aloud."""
    return {
        "svg.fonttype": "none",
        "svg.hashsalt": "evodose",
        "font.family": ["DejaVu Sans"],
        "mathtext.fontset": "dejavusans",
        "font.size": 8.0,
        "axes.titlesize": 8.5,
        "axes.titlelocation": "left",
        "axes.labelsize": 8.0,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": INK,
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": False,
        "axes.unicode_minus": True,
        "axes.prop_cycle": "cycler('color', ['#222222'])",
        "axes.formatter.use_mathtext": False,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "xtick.labelsize": 7.5,
        "ytick.labelsize": 7.5,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.major.size": 3.0,
        "ytick.major.size": 3.0,
        "legend.fontsize": 7.5,
        "legend.frameon": False,
        "legend.handlelength": 2.4,
        "lines.linewidth": 1.4,
        "text.color": INK,
        "text.usetex": False,
        "path.simplify": True,
        "path.simplify_threshold": 0.4,
    }
