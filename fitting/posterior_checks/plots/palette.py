"""Colours of the posterior's pictures, readable under the common colour deficiencies."""

from __future__ import annotations

# Okabe & Ito. What is prior is orange and dashed, what is posterior or data is blue or black and solid, in every
# picture; marks differ in shape, too, so that a print in black still tells them apart.
INK = "#222222"
MUTED = "#6b6b6b"
GRID = "#e3e3e3"
PRIOR = "#d55e00"
POSTERIOR = "#0072b2"
THRESHOLD = "#cc79a7"
ALARM = "#d55e00"
CHAINS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#222222", "#f0e442")
CHAIN_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1)), (0, (6, 1.5, 1.2, 1.5)))
SMALL = 7.5
