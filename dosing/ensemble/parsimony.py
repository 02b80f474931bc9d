"""Among schedules that the members cannot tell apart, the one with the fewest changes of dose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dosing.ensemble.ttp_objective import TtpObjective, objective_value

__all__ = ["dose_changes", "simplest_of"]

_RESAMPLES = 200
_SAME_DOSE = 5e-3


def dose_changes(doses: np.ndarray) -> int:
    """Count the visits at which a schedule changes its dose by half a percent of the MTD or more."""
    return int(np.sum(np.abs(np.diff(doses)) >= _SAME_DOSE))


def simplest_of(
    doses: Sequence[np.ndarray],
    days: np.ndarray,
    weights: np.ndarray,
    objective: TtpObjective = TtpObjective.EXPECTED,
    *,
    errors: float = 1.0,
    seed: int = 0,
) -> int:
    """Return the index of the schedule to take.

    A search over many doses ends at a schedule that suits the members it saw. Where a simpler one falls behind by no
    more than chance, in that the difference is within so many standard errors over resampled members, the simpler one
    is taken: on other members it is as good, and easier to follow. Members carry equal information, as draws do.

    Parameters
    ----------
    doses : sequence of ndarray, shape (v,)
    days : ndarray, shape (k, m)
        Exact times to progression.
    weights : ndarray, shape (m,)
    objective : TtpObjective
    errors : float
        Standard errors of the paired difference; 0 takes the best.
    seed : int
        Of the resampling.
    """
    values = objective_value(days, weights, objective)
    best = int(np.argmax(values))
    error = np.zeros(len(doses))
    present = np.flatnonzero(weights > 0)
    if errors > 0 and len(present) > 1:
        even = np.full(len(present), 1 / len(present))
        drawn = np.random.default_rng(seed).multinomial(len(present), even, _RESAMPLES) * weights[present]
        drawn /= drawn.sum(axis=1, keepdims=True)
        spread = np.array([objective_value(days[:, present], w, objective) for w in drawn])
        error = (spread[:, best : best + 1] - spread).std(axis=0)
    level = [i for i in range(len(doses)) if values[best] - values[i] <= errors * error[i]]
    return min(level, key=lambda i: (dose_changes(doses[i]), -values[i]))
