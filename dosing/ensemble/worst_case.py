"""The largest of the members' costs: Scagliotti 2026, eq. 2.9."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.criterion import Measured, exponential_weights

if TYPE_CHECKING:
    from dosing.ensemble.evaluation import Outcomes

__all__ = ["SmoothWorstCase", "WorstCase"]


@dataclass(frozen=True)
class SmoothWorstCase:
    """Smooth maximum ``s log(mean exp(J / s))``, which rises to the maximum as s goes to zero.

    Parameters
    ----------
    smoothing : float
        s, in the unit of the cost.
    """

    smoothing: float

    def measure(self, outcomes: Outcomes) -> Measured:
        """See :class:`~dosing.ensemble.criterion.SmoothCriterion`."""
        present = (outcomes.weights > 0) / np.count_nonzero(outcomes.weights)
        return Measured(*exponential_weights(outcomes.costs, self.smoothing, present))


@dataclass(frozen=True)
class WorstCase:
    """Largest cost of a member with any weight; how much weight does not matter.

    Parameters
    ----------
    smoothings : tuple of float
        Scales of the smooth stages, as shares of the spread of the costs.
    """

    smoothings: tuple[float, ...] = (0.1, 0.03, 0.01, 0.003)
    name: str = "worst case"

    def exact(self, outcomes: Outcomes) -> float:
        """See :class:`~dosing.ensemble.criterion.Criterion`."""
        return float(outcomes.costs[outcomes.weights > 0].max())

    def stages(self, outcomes: Outcomes) -> Sequence[SmoothWorstCase]:
        """See :class:`~dosing.ensemble.criterion.Criterion`."""
        scale = max(float(np.std(outcomes.costs)), 1e-9 * float(np.abs(outcomes.costs).max()), 1e-300)
        return [SmoothWorstCase(s * scale) for s in self.smoothings]
