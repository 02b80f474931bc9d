"""Default priors, in words a PyMC model can be built from."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Prior:
    """A log-normal prior: the field states rates and volumes as a typical value and a fold range.

    Parameters
    ----------
    median : float
        In the parameter's unit, times its ``scale`` where it has one.
    fold_95 : float
        95 % of the prior mass lies between ``median / fold_95`` and ``median * fold_95``.
    source : str
        Where the numbers come from.
    """

    median: float
    fold_95: float
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse a prior without mass."""
        if not (self.median > 0 and self.fold_95 > 1):
            raise ValueError(f"prior needs median > 0 and fold_95 > 1, got {self.median} and {self.fold_95}")

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm."""
        return math.log(self.fold_95) / 1.959963984540054
