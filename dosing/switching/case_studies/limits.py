"""Which line limits a treatment: the one that shrinks least under the drug that is best for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dosing.switching.assumptions import joint_decay, lines_that_only_grow
from dosing.switching.model import SwitchingModel

__all__ = ["LimitingLine", "limiting_line"]


@dataclass(frozen=True)
class LimitingLine:
    """What Assumption 2 of Devia and Giordano comes to for a model.

    Parameters
    ----------
    line, drug : str
        The line that limits, and the drug that is best for it.
    rate : float, per day
        Net growth of that line under that drug.
    growing : tuple of str
        Lines that can be there and that no drug shrinks.
    together : float, per day
        Smallest net growth of the fastest line that any sharing of the time reaches.
    only : dict of str to str
        Lines that just one drug shrinks, with the drug.
    """

    line: str
    drug: str
    rate: float
    growing: tuple[str, ...]
    together: float
    only: dict[str, str]

    @property
    def holds(self) -> bool:
        """Whether every line that can be there is shrunk by some drug."""
        return not self.growing

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        rate = f"{self.rate:+.3f} per day".replace("-", "−")
        if not self.holds:
            who = ", ".join(self.growing)
            return (
                f"No drug shrinks {who}; the line that limits is {self.line}, with {rate} under the best drug, "
                f"{self.drug}."
            )
        text = (
            f"Every line is shrunk by some drug (Assumption 2); the line that limits is {self.line}, with {rate} under "
            f"the best drug, {self.drug}."
        )
        if self.only:
            drugs = sorted(set(self.only.values()))
            count = "1 line is" if len(self.only) == 1 else f"{len(self.only)} lines are"
            text += f" {count} shrunk by one drug alone ({', '.join(drugs)})."
        if self.together >= 0:
            text += " No sharing of the time shrinks all lines together."
        return text


def limiting_line(model: SwitchingModel) -> LimitingLine:
    """Check Assumption 2, and find the line that limits."""
    rates = model.net_growth
    best = rates.min(axis=0)
    growing = lines_that_only_grow(model)
    # of lines that never appear none limits
    candidates = [j for j in range(len(model.lines)) if model.cells[j] > 0 or not model.is_diagonal]
    j = max(candidates, key=lambda i: best[i])
    only = {
        model.label(i): model.drugs[int(np.argmin(rates[:, i]))]
        for i in range(len(model.lines))
        if len(rates) > 1 and (rates[:, i] < 0).sum() == 1
    }
    return LimitingLine(
        model.label(j), model.drugs[int(np.argmin(rates[:, j]))], float(best[j]),
        tuple(model.label(i) for i in growing), joint_decay(model)[0], only,
    )  # fmt: skip
