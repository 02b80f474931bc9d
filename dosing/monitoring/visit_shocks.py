"""Random numbers of visits: the same for every interval and every noise."""

from __future__ import annotations

import numpy as np


def visit_shocks(seed: int, purpose: int, draws: int, horizon_days: float) -> np.ndarray:
    """Return standard normal numbers, one for each draw and day, shape (draws, days + 1).

    Each depends on the seed, the purpose, the draw and the day alone: a longer horizon or more draws change none, and a
    visit on day 84 is wrong by the same number of standard deviations whether the one before was on day 42 or day 77.

    Parameters
    ----------
    seed : int
    purpose : int
        Keeps the noise that a rule is tuned on apart from the noise that it is judged on.
    draws : int
    horizon_days : float
    """
    days = int(np.ceil(horizon_days)) + 1
    return np.array([np.random.default_rng([seed, purpose, j]).standard_normal(days) for j in range(draws)])
