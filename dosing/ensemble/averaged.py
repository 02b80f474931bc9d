"""The weighted average of the members' costs: Scagliotti 2026, eq. 2.8."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dosing.ensemble.criterion import Measured

if TYPE_CHECKING:
    from dosing.ensemble.evaluation import Outcomes

__all__ = ["Averaged"]


@dataclass(frozen=True)
class Averaged:
    """Average cost under the ensemble's weights; smooth as it is."""

    name: str = "averaged"

    def measure(self, outcomes: Outcomes) -> Measured:
        """See :class:`~dosing.ensemble.criterion.SmoothCriterion`."""
        return Measured(float(outcomes.weights @ outcomes.costs), outcomes.weights)

    def exact(self, outcomes: Outcomes) -> float:
        """See :class:`~dosing.ensemble.criterion.Criterion`."""
        return float(outcomes.weights @ outcomes.costs)

    def stages(self, outcomes: Outcomes) -> Sequence[Averaged]:  # noqa: ARG002  # smooth at every scale
        """See :class:`~dosing.ensemble.criterion.Criterion`."""
        return (self,)
