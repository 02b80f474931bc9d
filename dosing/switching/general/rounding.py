"""From mixtures to one drug at a time: sum-up rounding with a dwell time, and the nearest multiples of it."""

from __future__ import annotations

import numpy as np

from dosing.switching.general.step_grid import StepGrid

__all__ = ["nearest_multiples", "sum_up_rounding"]


def sum_up_rounding(grid: StepGrid, mixtures: np.ndarray) -> np.ndarray:
    """Give, step by step, the drug that is most behind its share; once begun it is kept for the dwell time.

    What to switch to is judged by what the mixtures ask for until the end of the dwell time that begins, so that what
    is given stays within a few dwell times of what is asked for, however long the course.

    Parameters
    ----------
    grid : StepGrid
    mixtures : ndarray, shape (M, d)
        Asked for in each step.

    Returns
    -------
    ndarray of int, shape (M,)
        Drug of each step.
    """
    steps = len(grid.days)
    asked = np.vstack([np.zeros(mixtures.shape[1]), np.cumsum(mixtures * grid.days[:, None], axis=0)])
    edges = np.concatenate([[0.0], np.cumsum(grid.days)])
    given = np.zeros(mixtures.shape[1])
    drugs = np.empty(steps, dtype=int)
    current, since = grid.held, -np.inf
    for i in range(steps):
        free = current is None or edges[i] - since >= grid.dwell_days * (1 - 1e-9)
        room = edges[-1] - edges[i] >= grid.dwell_days * (1 - 1e-9)
        if free and (room or current is None):
            ahead = min(i + grid.per_dwell, steps)
            behind = asked[ahead] - given
            chosen = int(np.argmax(behind))
            # a tie is no reason to switch
            if current is None or behind[chosen] > behind[current] + 1e-9 * edges[-1]:
                current, since = chosen, edges[i]
        assert current is not None  # set in the first step at the latest
        drugs[i] = current
        given[current] += grid.days[i]
    return drugs


def nearest_multiples(grid: StepGrid, interval_steps: np.ndarray, mixtures: np.ndarray) -> np.ndarray:
    """Give each drug for the multiple of the dwell time nearest to its share of each interval, one after the other.

    Devia and Giordano's rule after eq. 22. Multiples are apportioned by the largest remainder, so that they fill the
    interval; what is shorter than a dwell time goes to the drug given longest. The drug of the interval before goes
    first.

    Parameters
    ----------
    grid : StepGrid
    interval_steps : ndarray of int, shape (N,)
        Steps in each interval.
    mixtures : ndarray, shape (N, d)

    Returns
    -------
    ndarray of int, shape (M,)
        Drug of each step. Intervals shorter than the dwell time may break it.
    """
    drugs: list[int] = []
    last = grid.held
    for steps, mixture in zip(interval_steps, mixtures, strict=True):
        units = max(int(steps) // grid.per_dwell, 1)
        share = mixture * units
        count = np.floor(share + 1e-9).astype(int)
        missing = units - int(count.sum())
        count[np.argsort(count - share, kind="stable")[:missing]] += 1
        in_steps = count * grid.per_dwell
        in_steps[np.argmax(count)] += int(steps) - int(in_steps.sum())
        order = np.argsort(-in_steps, kind="stable")
        order = sorted((int(s) for s in order if in_steps[s] > 0), key=lambda s: s != last)
        for s in order:
            drugs += [s] * int(in_steps[s])
        last = order[-1]
    return np.array(drugs)
