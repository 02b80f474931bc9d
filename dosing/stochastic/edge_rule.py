"""What happens to a type that would grow beyond the edge of the lattice."""

from __future__ import annotations

from enum import Enum

__all__ = ["EdgeRule"]


class EdgeRule(Enum):
    """The edge is a number of cells of each type, not of the whole tumour: the two axes then stay independent."""

    STAYS = "a type that would grow beyond the edge stays at the edge"
    LOST = "a tumour in which a type grows beyond the edge counts as lost: its value is zero"
