"""What thinning an ensemble does to its averaged burden under known treatments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.member_times import MemberTimes, TtpSetting, member_times, run_members
from dosing.policies import MaximumToleratedDose, OnOffAdaptiveTherapy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dosing.ensemble.reduction import Reduction
    from dosing.policies import Policy
    from dynamics.model import Model


@dataclass(frozen=True)
class ReductionError:
    """Difference between a thinned and a whole ensemble under one treatment.

    Parameters
    ----------
    treatment : str
    times : ndarray, shape (n,)
        Days.
    whole, thinned : ndarray, shape (n,)
        Averaged burden as a multiple of each member's first burden.
    cost_whole, cost_thinned : float
        Integral of that average over the horizon (eq. 1.4 with a linear cost), in days at the first burden.
    expected_whole, expected_thinned : float
        Expected time to progression, days.
    """

    treatment: str
    times: np.ndarray
    whole: np.ndarray
    thinned: np.ndarray
    cost_whole: float
    cost_thinned: float
    expected_whole: float
    expected_thinned: float

    @property
    def largest_gap(self) -> float:
        """Largest difference of the two averaged burdens, as a multiple of the first burden."""
        return float(np.max(np.abs(self.whole - self.thinned)))

    @property
    def relative_cost(self) -> float:
        """Relative error of the cost."""
        return abs(self.cost_thinned / self.cost_whole - 1.0)

    @property
    def sentence(self) -> str:
        """The error in words."""
        return (
            f"{self.treatment}: the averaged burden is off by at most {100 * self.largest_gap:.2g} % of the first, its "
            f"integral by {100 * self.relative_cost:.2g} %, the expected time to progression by "
            f"{abs(self.expected_thinned - self.expected_whole):.2g} of {self.expected_whole:.4g} days."
        )


def reduction_error(
    model: Model, reduction: Reduction, setting: TtpSetting, policies: Sequence[Policy] = ()
) -> tuple[ReductionError, ...]:
    """Compare the thinned with the whole ensemble under treatments; MTD and AT50 by default.

    Parameters
    ----------
    model : Model
    reduction : Reduction
    setting : TtpSetting
    policies : sequence of Policy, optional

    Raises
    ------
    ValueError
        A member that cannot be simulated; see :func:`dosing.ensemble.member_times.member_times`.
    """
    found = []
    for policy in policies or (MaximumToleratedDose(), OnOffAdaptiveTherapy()):
        sides: list[tuple[np.ndarray, np.ndarray, MemberTimes]] = []
        for ensemble in (reduction.whole, reduction.ensemble):
            course = run_members(model, ensemble, [policy], setting, every=setting.steps_per_day).course
            mean = ensemble.weights @ (course.burdens / course.first_burdens[:, None])
            sides.append((course.times, mean, member_times(model, ensemble, {policy.name: policy}, setting)))
        (times, whole, exact), (_, thinned, rough) = sides
        found.append(
            ReductionError(
                policy.name,
                times,
                whole,
                thinned,
                float(np.trapezoid(whole, times)),
                float(np.trapezoid(thinned, times)),
                float(exact.days[0] @ reduction.whole.weights),
                float(rough.days[0] @ reduction.ensemble.weights),
            )
        )
    return tuple(found)
