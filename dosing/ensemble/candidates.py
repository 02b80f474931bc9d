"""The treatments that are compared on an ensemble."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.feedback_family import AdaptiveRule
from dosing.policies import (
    ConstantDose,
    MaximumToleratedDose,
    OffOnAdaptiveTherapy,
    OnOffAdaptiveTherapy,
    PlannedSchedule,
)

if TYPE_CHECKING:
    from dosing.policies import Policy
    from dynamics.schedule import DoseSchedule


def usual_candidates(
    *,
    window_dose: float | None = None,
    schedules: Mapping[str, DoseSchedule] | None = None,
    rules: Mapping[str, AdaptiveRule] | None = None,
) -> dict[str, Policy]:
    """MTD, on-off and off-on adaptive therapy, and whatever else is to be compared with them.

    Parameters
    ----------
    window_dose : float, optional
        A constant dose, such as the middle of the dose window.
    schedules : mapping of str to DoseSchedule, optional
        Such as the schedule planned for the ensemble, and the one planned for the point estimate.
    rules : mapping of str to AdaptiveRule, optional

    Raises
    ------
    PolicyError
        A dose outside [0, 1].

    Examples
    --------
    >>> list(usual_candidates(window_dose=0.7))
    ['MTD', 'AT50', 'off-on AT', 'constant 70 %']
    """
    found: dict[str, Policy] = {
        "MTD": MaximumToleratedDose(), "AT50": OnOffAdaptiveTherapy(), "off-on AT": OffOnAdaptiveTherapy()
    }  # fmt: skip
    if window_dose is not None:
        constant = ConstantDose(window_dose)
        found[constant.name] = constant
    found |= {name: PlannedSchedule(schedule, name) for name, schedule in (schedules or {}).items()}
    return found | dict(rules or {})


def candidate_grid(doses: int = 21) -> dict[str, Policy]:
    """Many treatments from which each tumour may take its own: constant doses and adaptive rules.

    Parameters
    ----------
    doses : int
        Number of constant doses, from none to the maximum tolerated dose.
    """
    constants = [ConstantDose(float(d)) for d in np.linspace(0.0, 1.0, doses)]
    adaptive = [
        AdaptiveRule(start, stop, dose)
        for start in (0.7, 0.85, 1.0, 1.1, 1.2)
        for stop in (0.3, 0.5, 0.7, 0.9)
        for dose in (0.5, 0.75, 1.0)
        if stop < start
    ]
    return {policy.name: policy for policy in (*constants, *adaptive)}
