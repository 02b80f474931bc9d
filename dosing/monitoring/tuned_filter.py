"""The level that a particle filter should hold, for an interval between visits and a noise."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.schedule_scores import mean_error
from dosing.monitoring.draw_split import FEWEST, split_ensemble
from dosing.monitoring.particle_policy import ParticlePolicy, filtered_times

if TYPE_CHECKING:
    from dosing.ensemble.member_times import TtpSetting
    from dosing.monitoring.marker_noise import MarkerNoise
    from dynamics.ensemble import Ensemble
    from dynamics.model import Model

TRUTHS = 30
SURE = 2.0
WAYS = (0.0, 0.5, 0.75)  # from the tolerable burden to progression


def hold_levels(tolerable_level: float, progression_level: float) -> tuple[float, ...]:
    """Return the levels that are tried: the tolerable burden, and some below that of progression."""
    return tuple(dict.fromkeys(tolerable_level + w * (progression_level - tolerable_level) for w in WAYS))


def tuned_filter(
    model: Model,
    planned_on: Ensemble,
    policy: ParticlePolicy,
    levels: Sequence[float],
    setting: TtpSetting,
    visit_days: float,
    noise: MarkerNoise,
    shocks: np.ndarray,
    *,
    prefer: float | None = None,
    seed: int = 0,
) -> ParticlePolicy:
    """Choose the level to hold on planning draws, some of which are treated, the others particles.

    Looking one visit ahead a filter does not see that cells held at a low burden no longer keep the resistant ones in
    check, nor how near progression an error takes a tumour held at a high one. Which matters more depends on interval
    and noise. Few draws decide, so the preferred level stays unless another one lasts longer by more than two
    standard errors of the difference.

    Parameters
    ----------
    model : Model
    planned_on : Ensemble
    policy : ParticlePolicy
        All but its level.
    levels : sequence of float
        Increasing multiples of the first burden.
    setting : TtpSetting
    visit_days, noise, shocks
        See :func:`dosing.monitoring.noisy_visits.noisy_times`.
    prefer : float, optional
        One of the levels, such as the one chosen for denser visits; the middle one where not given.
    seed : int

    Returns
    -------
    ParticlePolicy
        With the preferred level where the draws are too few to choose.

    Raises
    ------
    MonitoringError
        See :func:`dosing.monitoring.particle_policy.filtered_times`.
    """
    tried = [dataclasses.replace(policy, hold_level=level) for level in levels]
    usual = len(tried) // 2 if prefer is None else list(levels).index(prefer)
    truths = min(TRUTHS, len(planned_on) // 3)
    if truths < FEWEST or len(tried) < 2:
        return tried[usual]
    particles, treated = split_ensemble(planned_on, len(planned_on) - truths, truths, seed=seed)
    days = [
        filtered_times(
            model, treated, particles, one, setting, visit_days, noise, shocks[: len(treated)], seed=seed
        ).days[0]
        for one in tried
    ]
    best = int(np.argmax([own @ treated.weights for own in days]))
    gain = days[best] - days[usual]
    sure = gain @ treated.weights > SURE * mean_error(gain, treated.weights)
    return tried[best if sure else usual]
