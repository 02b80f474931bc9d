"""Derivatives of the objectives of time to progression in the members' times."""

from __future__ import annotations

import numpy as np

from dosing.ensemble.cvar import SmoothConditionalValueAtRisk
from dosing.ensemble.evaluation import Outcomes
from dosing.ensemble.ttp_objective import WORST_SHARE, TtpObjective


def smoothed_objective(
    days: np.ndarray, weights: np.ndarray, objective: TtpObjective, smoothing: float
) -> tuple[float, np.ndarray]:
    """Return the objective, its corners rounded, and its derivatives in the members' days.

    Parameters
    ----------
    days, weights : ndarray, shape (m,)
    objective : TtpObjective
        The expected time is smooth as it is. The median is the z at which the smoothed share of members with a shorter
        time is one half. The worst decile is rounded as in :mod:`dosing.ensemble.cvar`.
    smoothing : float
        Days over which a member passes from one side to the other.
    """
    if objective is TtpObjective.EXPECTED:
        return float(weights @ days), weights
    if objective is TtpObjective.WORST_DECILE:
        found = SmoothConditionalValueAtRisk(WORST_SHARE, smoothing).measure(
            Outcomes(-days, np.empty((len(days), 0)), weights)
        )
        return -found.value, found.cost_weights
    low, high = float(days.min()) - 40 * smoothing, float(days.max()) + 40 * smoothing
    for _ in range(100):
        z = 0.5 * (low + high)
        shorter = weights @ (0.5 * (1 + np.tanh((z - days) / (2 * smoothing))))
        low, high = (z, high) if shorter < 0.5 else (low, z)
    # the density of each member at the median says how far the median moves with it; far members underflow alone
    distance = np.abs(0.5 * (low + high) - days) / smoothing
    logs = -distance - 2 * np.log1p(np.exp(-distance))
    density = weights * np.exp(logs - logs.max())
    return 0.5 * (low + high), density / density.sum()
