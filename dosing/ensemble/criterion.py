"""What a criterion over members tells a solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from dosing.ensemble.evaluation import Outcomes

__all__ = ["Criterion", "Measured", "SmoothCriterion", "exponential_weights"]


@dataclass(frozen=True)
class Measured:
    """A number to be minimised, with its derivatives in what the members came to.

    Parameters
    ----------
    value : float
    cost_weights : ndarray, shape (m,)
        Derivatives in the costs.
    watch_weights : ndarray, shape (m, w), or None
        Derivatives in what is watched; None where none counts.
    """

    value: float
    cost_weights: np.ndarray
    watch_weights: np.ndarray | None = None


class SmoothCriterion(Protocol):
    """A differentiable number over the members."""

    def measure(self, outcomes: Outcomes) -> Measured:
        """Return the number with its derivatives."""
        ...


class Criterion(Protocol):
    """A number over the members, perhaps with corners, and smooth ones that approach it."""

    @property
    def name(self) -> str:
        """Short name, for a table."""
        ...

    def exact(self, outcomes: Outcomes) -> float:
        """Return the number itself."""
        ...

    def stages(self, outcomes: Outcomes) -> Sequence[SmoothCriterion]:
        """Return smooth criteria, each nearer than the one before, at the scale of these outcomes."""
        ...


def exponential_weights(
    values: np.ndarray, smoothing: float, weights: np.ndarray
) -> tuple[float, np.ndarray]:
    """Smooth maximum ``s log(Σ w exp(v / s))`` and its derivatives in the values.

    Parameters
    ----------
    values, weights : ndarray, shape (k,)
    smoothing : float
        s, in the unit of the values.
    """
    top = float(values.max())
    parts = weights * np.exp((values - top) / smoothing)
    total = parts.sum()
    return top + smoothing * float(np.log(total)), parts / total
