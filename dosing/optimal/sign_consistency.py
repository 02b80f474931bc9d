"""Whether a bang control stands on the bound that the sign of its switching function asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.optimal.switching_function import switching_course

if TYPE_CHECKING:
    from dosing.optimal.solution import OptimalSolution

__all__ = ["SignConsistency", "sign_consistency"]


@dataclass(frozen=True)
class SignConsistency:
    """Agreement of one control with Pontryagin's principle (eq. 9 of Ledzewicz 2018).

    Parameters
    ----------
    share : float
        Of the time, over which the control is where ∂H/∂u asks for it: on its lower bound where that is positive, on
        its upper where negative, between them where zero.
    worst : float
        Largest |∂H/∂u| on the wrong side, relative to the size of its terms; zero where nothing is wrong.
    worst_time_days : float
        Middle of the interval where that is.
    tolerance : float
        Relative size of ∂H/∂u that counts as zero.
    """

    share: float
    worst: float
    worst_time_days: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong by more than the tolerance."""
        return self.worst <= self.tolerance


def sign_consistency(
    solution: OptimalSolution, *, tolerance: float = 1e-3, level_tolerance: float = 1e-3
) -> dict[str, SignConsistency]:
    """Compare each control with the sign of ∂H/∂u, interval by interval.

    Parameters
    ----------
    solution : OptimalSolution
    tolerance : float
        Average of ∂H/∂u over an interval that counts as zero, relative to the size of its terms.
    level_tolerance : float
        Distance from a bound, relative to the range, that counts as being on it.

    Returns
    -------
    dict of str to SignConsistency
        By control.
    """
    course, widths = switching_course(solution), np.diff(solution.edges_days)
    found = {}
    for j, name in enumerate(solution.problem.control_names):
        low, high = solution.problem.bounds_of_controls()[j]
        u, phi = solution.controls[:, j], course.relative[:, j]
        slack = level_tolerance * (high - low) if np.isfinite(high - low) else level_tolerance
        # a positive derivative is wrong where the control could still go down, a negative one where it could go up
        wrong = np.maximum(np.where(u > low + slack, phi, 0.0), np.where(u < high - slack, -phi, 0.0))
        wrong = np.maximum(wrong, 0.0)
        worst = int(np.argmax(wrong))
        found[name] = SignConsistency(
            float(widths[wrong <= tolerance].sum() / widths.sum()),
            float(wrong[worst]),
            float((solution.edges_days[worst] + solution.edges_days[worst + 1]) / 2),
            tolerance,
        )
    return found
