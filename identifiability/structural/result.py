"""What a structural analysis answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Structural(StrEnum):
    """Structural answer for one parameter or unknown initial state; each member is a sentence's predicate."""

    GLOBAL = "is globally identifiable: ideal data leave one value"
    LOCAL = "is locally identifiable only: ideal data leave several isolated values"
    AT_LEAST_LOCAL = "is locally identifiable; whether globally was not settled"
    NOT = "is not identifiable: ideal data leave a continuum of values"
    KNOWN = "is known"
    UNSETTLED = "was not settled"

    @property
    def identifiable(self) -> bool:
        """Whether ideal data leave at most isolated values."""
        return self in (Structural.GLOBAL, Structural.LOCAL, Structural.AT_LEAST_LOCAL, Structural.KNOWN)


@dataclass(frozen=True)
class StructuralAnswer:
    """Structural identifiability of a model under one experiment, or several together.

    Everything is text, so that the answer can be stored and printed without SymPy.

    Parameters
    ----------
    model_name : str
    experiment : str
        What was given, in words: ``"generic input"``, ``"dose 0.5 throughout"``, ``"3 phases: 1, 0, 1 of MTD"``.
    parameters : tuple of str
        Parameters, in the model's order, then unknown initial states as ``S(0)``.
    answers : tuple of Structural
        One for each of ``parameters``.
    rank_defect : int
        Directions of (parameters, unknown initial states) that ideal data cannot see.
    combinations : tuple of str
        Identifiable functions, as SymPy strings; empty where all parameters are global.
    combinations_latex : tuple of str
    equations : tuple of str
        Monic input-output equation of each output, equal to zero, as SymPy strings (``y``, ``Derivative``-free:
        ``y_1`` is dy/dt); empty where it was not reached.
    equations_latex : tuple of str
    remarks : tuple of str
        Sentences: what was not settled and why, what was assumed.
    seconds : float
    """

    model_name: str
    experiment: str
    parameters: tuple[str, ...]
    answers: tuple[Structural, ...]
    rank_defect: int
    combinations: tuple[str, ...] = ()
    combinations_latex: tuple[str, ...] = ()
    equations: tuple[str, ...] = ()
    equations_latex: tuple[str, ...] = ()
    remarks: tuple[str, ...] = field(default_factory=tuple)
    seconds: float = 0.0

    def answer(self, parameter: str) -> Structural:
        """Return the answer for one parameter or initial state."""
        try:
            return self.answers[self.parameters.index(parameter)]
        except ValueError:
            raise KeyError(f"no structural answer for {parameter!r}; there are {self.parameters}") from None
