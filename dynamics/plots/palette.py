"""Colours of the pictures of dynamics, readable under the common colour deficiencies."""

from __future__ import annotations

# Okabe & Ito. Colours never stand alone: dashes and marks differ, too, so that a print in black tells them apart.
INK = "#222222"
MUTED = "#6b6b6b"
FLOW = "#c3c8ce"
OUTSIDE = "#f1f1f1"
FIRST = "#0072b2"
SECOND = "#d55e00"
THIRD = "#cc79a7"
FOURTH = "#e69f00"
WINDOW = "#009e73"
BENIGN = "#009e73"
MALIGNANT = "#d00000"
COURSE = "#7a3ea8"
CYCLE = (FIRST, SECOND, THIRD, FOURTH, "#56b4e9", INK)
SMALL = 7.5
Dashes = str | tuple[float, tuple[float, ...]]
DOTTED: Dashes = (0, (1.2, 1.2))
DASHED: Dashes = (0, (4, 2))
DASH_DOTTED: Dashes = (0, (6, 1.5, 1.2, 1.5))
