"""The stages of a search for time to progression, with steps that every member can take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.problem import ProblemError
from dosing.ensemble.smoothed_progression import SmoothedProgression

if TYPE_CHECKING:
    from dosing.ensemble.member_times import TtpSetting
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model

_TRIED_DOSES = (1.0, 0.5, 0.0)
_MOST_STEPS_PER_DAY = 32


def search_stages(
    model: Model,
    ensemble: Ensemble,
    setting: TtpSetting,
    hold_days: float,
    widths: Sequence[float],
    steps_per_day: int,
) -> list[SmoothedProgression]:
    """Return smoothed times, one object a width, with fixed steps short enough for the fastest member.

    The steps are halved until the derivatives are finite under three constant doses: an ensemble of what the data admit
    holds tumours that grow many times faster than the typical one.

    Parameters
    ----------
    model : Model
    ensemble : Ensemble
    setting : TtpSetting
    hold_days : float
    widths : sequence of float
    steps_per_day : int
        To begin with.

    Raises
    ------
    ProblemError
        Steps of 45 minutes are still too long, or doses that cannot be held so long.
    """
    per_day = steps_per_day
    while True:
        stages = [SmoothedProgression(model, ensemble, setting, hold_days, w, per_day) for w in widths]
        try:
            for stage in (stages[0], stages[-1]):
                for dose in _TRIED_DOSES:
                    stage.gradient(np.full(len(stage.edges_days) - 1, dose), ensemble.weights)
        except ProblemError:
            per_day *= 2
            if per_day > _MOST_STEPS_PER_DAY:
                raise
            continue
        return stages
