"""Structural identifiability: what ideal data under a dosing pattern could tell, from the symbols alone."""

from typing import TYPE_CHECKING

from identifiability.structural.result import Structural, StructuralAnswer

if TYPE_CHECKING:
    from identifiability.structural.analysis import analyse, is_identifiable_function

__all__ = ["Structural", "StructuralAnswer", "analyse", "is_identifiable_function"]


def __getattr__(name: str) -> object:
    """Hand on what needs SymPy only where it is asked for, so that reading a stored answer does not load it."""
    if name in ("analyse", "is_identifiable_function"):
        from identifiability.structural import analysis

        return getattr(analysis, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
