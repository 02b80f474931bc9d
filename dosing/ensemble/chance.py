"""A chance constraint: a share of the members stays below a level on every visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.criterion import Measured
from dosing.ensemble.cvar import logistic
from dosing.ensemble.problem import ProblemError

if TYPE_CHECKING:
    from dosing.ensemble.evaluation import Outcomes

__all__ = ["ChanceConstraint", "SmoothChance"]


@dataclass(frozen=True)
class SmoothChance:
    """Smooth share of the members above the level on some visit, less what is allowed; to be at most zero.

    The largest of a member's visits is a smooth maximum, and whether it lies below the level a logistic step.

    Parameters
    ----------
    level, allowed : float
        What is watched may reach ``level``; a weight of ``allowed`` may break that.
    smoothing : float
        Width of step and maximum, relative to the level.
    """

    level: float
    allowed: float
    smoothing: float

    def measure(self, outcomes: Outcomes) -> Measured:
        """See :class:`~dosing.ensemble.criterion.SmoothCriterion`."""
        s = self.smoothing * self.level
        seen = outcomes.watched
        top = seen.max(axis=1, keepdims=True)
        # a maximum from above: sharper than the step, so that it stays the smaller of the two errors
        parts = np.exp((seen - top) / (0.2 * s))
        total = parts.sum(axis=1, keepdims=True)
        highest = top[:, 0] + 0.2 * s * np.log(total[:, 0])
        above = logistic((highest - self.level) / s)
        slope = outcomes.weights * above * (1.0 - above) / s
        value = float(outcomes.weights @ above) - self.allowed
        return Measured(value, np.zeros(len(seen)), slope[:, None] * parts / total)


@dataclass(frozen=True)
class ChanceConstraint:
    """At least ``share`` of the ensemble's weight stays at or below ``level`` on every visit of the problem.

    Parameters
    ----------
    share : float
        0.9: at least 90 % of the members.
    level : float
        In the unit of what the problem watches; 1 where that is the burden over the tolerable burden.
    smoothings : tuple of float
        Widths of the smooth stages, relative to the level.

    Raises
    ------
    ProblemError
        A share outside (0, 1], a level that is not positive.
    """

    share: float = 0.9
    level: float = 1.0
    smoothings: tuple[float, ...] = (0.1, 0.03, 0.01, 0.003)

    def __post_init__(self) -> None:
        """Validate."""
        if not 0 < self.share <= 1:
            raise ProblemError(
                f"chance constraint: share {self.share:g} is outside (0, 1]; write 0.9 for 90 %"
            )
        if not self.level > 0:
            raise ProblemError(f"chance constraint: level {self.level:g} is not positive")

    def met(self, outcomes: Outcomes) -> float:
        """Weight of the members that stay at or below the level on every visit: counted, not smoothed."""
        return float(outcomes.weights @ np.all(outcomes.watched <= self.level, axis=1))

    def holds(self, outcomes: Outcomes) -> bool:
        """Whether the constraint holds, counted on all members."""
        return self.met(outcomes) >= self.share - 1e-12

    def stage(self, smoothing: float, tightened: float = 0.0) -> SmoothChance:
        """Return the smooth constraint, with ``tightened`` less allowed than is."""
        return SmoothChance(self.level, max(1.0 - self.share - tightened, 1e-6), smoothing)

    @property
    def sentence(self) -> str:
        """What is asked, in words."""
        return f"at least {100 * self.share:g} % of the ensemble at or below {self.level:g} on every visit"
