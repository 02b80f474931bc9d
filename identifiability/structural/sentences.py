"""The structural answer as a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from identifiability.structural.result import Structural, StructuralAnswer

_PHRASES = {
    Structural.GLOBAL: ("is globally identifiable", "are globally identifiable"),
    Structural.LOCAL: (
        "is identifiable up to several isolated values",
        "are identifiable up to several isolated values",
    ),
    Structural.AT_LEAST_LOCAL: (
        "is locally identifiable (whether globally was not settled)",
        "are locally identifiable (whether globally was not settled)",
    ),
    Structural.NOT: ("is not identifiable", "are not identifiable"),
    Structural.KNOWN: ("is known", "are known"),
    Structural.UNSETTLED: ("was not settled", "were not settled"),
}


def summary(answer: StructuralAnswer) -> str:
    """Return the answer in words.

    For instance "Under no dose throughout, r and K are globally identifiable; delta is not identifiable." What is
    determined instead follows where it was found.
    """
    clauses = []
    for kind, (one, several) in _PHRASES.items():
        names = [n for n, a in zip(answer.parameters, answer.answers, strict=True) if a == kind]
        if names:
            everything = len(names) == len(answer.parameters) > 2
            who = "all parameters" if everything else joined(names)
            if everything and any("(0)" in n for n in names):
                who = "all parameters and initial states"
            clauses.append(f"{who} {one if len(names) == 1 else several}")
    text = f"Under {answer.experiment}, {'; '.join(clauses)}"
    not_single = [a for a in answer.answers if a != Structural.GLOBAL]
    if answer.combinations and not_single:
        alone = len(answer.combinations) == 1
        text += f"; of what is left, {joined(answer.combinations)} {'is' if alone else 'are'} determined"
    return text + "."


def joined(names: Sequence[str]) -> str:
    """Return names with commas, and a word before the last."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
