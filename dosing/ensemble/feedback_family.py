"""A family of adaptive rules in which on-off and off-on adaptive therapy are two points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from dosing.policy import PolicyError, check_dose, check_levels
from dynamics.feedback import FeedbackRule


@dataclass(frozen=True)
class AdaptiveRule:
    """Give a dose from a start level on until the burden is down at a stop level, as seen on visits.

    Parameters
    ----------
    start_level, stop_level : float
        Multiples of the first burden: the drug is given once the burden is at or above the first, and withheld once it
        is at or below the second. The drug starts on the first day where the start level is 1 or less.
    dose : float
        While treated, fraction of the maximum tolerated dose.
    visit_days : float
        Days from one visit to the next; decisions are made only there. Zero for a burden that is always watched.

    Raises
    ------
    PolicyError
        A dose outside [0, 1], levels that are not positive or not in order, a negative interval.

    Notes
    -----
    On-off adaptive therapy (Scagliotti 2026, section 3.2) is the start level 1 with the stop level 0.5; off-on adaptive
    therapy (section 3.4) the start level 1.2 with the stop level 0.5.
    """

    start_level: float
    stop_level: float
    dose: float = 1.0
    visit_days: float = 0.0

    def __post_init__(self) -> None:
        """Validate."""
        check_dose("adaptive rule", self.dose)
        check_levels("adaptive rule", "stop level", self.stop_level, "start level", self.start_level)
        if not (np.isfinite(self.visit_days) and self.visit_days >= 0):
            raise PolicyError(f"adaptive rule: visits every {self.visit_days:g} days; need 0 or more")

    @property
    def name(self) -> str:
        """See :class:`dosing.policies.Policy`."""
        dose = f", dose {100 * self.dose:.4g} %" if self.dose != 1.0 else ""
        visits = f", every {self.visit_days:g} d" if self.visit_days else ""
        return f"on {100 * self.start_level:.4g} %, off {100 * self.stop_level:.4g} %{dose}{visits}"

    @property
    def description(self) -> str:
        """See :class:`dosing.policies.Policy`."""
        seen = f", judged every {self.visit_days:g} days" if self.visit_days else ""
        return (
            f"{100 * self.dose:.4g} % of the maximum tolerated dose from a burden of {100 * self.start_level:.4g} % of "
            f"the first until it is down at {100 * self.stop_level:.4g} %, no drug between{seen}."
        )

    def rule(self) -> FeedbackRule:
        """See :class:`dosing.policies.Policy`."""
        return FeedbackRule(
            self.dose, self.stop_level, self.start_level, starts_on=False, visit_days=self.visit_days
        )


ON_OFF = AdaptiveRule(1.0, 0.5)
OFF_ON = AdaptiveRule(1.2, 0.5)


@dataclass(frozen=True)
class FeedbackFamily:
    """Box of adaptive rules, with the grid on which a search begins.

    Parameters
    ----------
    start_levels, stop_levels, doses : sequence of float
        Grids, increasing; their ends bound the search. Start levels above the level of progression would let a tumour
        progress before it is treated, and are no part of the default.
    visit_days : sequence of float
        Intervals between visits that can be had; not refined.

    Raises
    ------
    PolicyError
        An empty or unordered grid, no pair with the stop level below the start level.
    """

    start_levels: Sequence[float] = (0.6, 0.8, 1.0, 1.1, 1.2)
    stop_levels: Sequence[float] = (0.1, 0.3, 0.5, 0.7, 0.9)
    doses: Sequence[float] = (0.4, 0.6, 0.8, 1.0)
    visit_days: Sequence[float] = (0.0,)

    def __post_init__(self) -> None:
        """Validate, and store tuples."""
        for name in ("start_levels", "stop_levels", "doses", "visit_days"):
            grid = tuple(float(v) for v in getattr(self, name))
            if not grid or any(b <= a for a, b in pairwise(grid)):
                raise PolicyError(f"feedback family: {name} must be increasing numbers, got {grid}")
            object.__setattr__(self, name, grid)
        if not self.rules():
            raise PolicyError("feedback family: no stop level lies below any start level")

    def rules(self) -> tuple[AdaptiveRule, ...]:
        """All rules of the grid whose stop level lies below their start level."""
        return tuple(
            AdaptiveRule(start, stop, dose, days)
            for start, stop, dose, days in product(
                self.start_levels, self.stop_levels, self.doses, self.visit_days
            )
            if stop < start
        )

    def neighbours(self, rule: AdaptiveRule, reach: float) -> tuple[AdaptiveRule, ...]:
        """Rules one step away in level, level or dose, or in both levels at once; inside the box.

        Parameters
        ----------
        rule : AdaptiveRule
        reach : float
            Step as a share of the widest gap of each grid.
        """
        steps = [
            reach * max(np.diff(grid), default=0.0)
            for grid in (self.start_levels, self.stop_levels, self.doses)
        ]
        found = []
        for signs in ((1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, -1, 0)):
            for direction in (1.0, -1.0):
                start, stop, dose = (
                    float(np.clip(at + direction * sign * step, grid[0], grid[-1]))
                    for at, sign, step, grid in zip(
                        (rule.start_level, rule.stop_level, rule.dose), signs, steps,
                        (self.start_levels, self.stop_levels, self.doses), strict=True,
                    )
                )  # fmt: skip
                if stop < start and (start, stop, dose) != (rule.start_level, rule.stop_level, rule.dose):
                    found.append(AdaptiveRule(start, stop, dose, rule.visit_days))
        return tuple(dict.fromkeys(found))
