"""Minimising a likelihood on the level sets of other functions, for many levels at once.

Every iterate lies on its level set: a step along the tangent is drawn back with the function alone, which
costs nothing beside the likelihood where it is a formula, as the edges of a dose window are. The value then
falls monotonically, so that the damping of Fisher scoring serves unchanged and no merit function weighs
likelihood against constraint (a feasible sequential quadratic programme; Nocedal & Wright 2006, chapter 18).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fitting.optimizer import CREEP, IDLE_GAIN, IDLE_STEPS, LOOK_BACK, WORST, Evaluate
from identifiability.functions.level_step import bounded_step, lagrangian, metric, multipliers_at

# (q (b, n)) -> values (b, m), slopes in q (b, m, n)
Levels = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
Bends = Callable[[np.ndarray], np.ndarray]


class Effort(NamedTuple):
    """How closely a level is met.

    Parameters
    ----------
    reach : float
        A level counts as met within this share of its size (or of one, where it is smaller).
    attempts : int
        To return to a level set.
    """

    reach: float
    attempts: int


EXACT = Effort(1e-7, 14)
COSTLY = Effort(1e-5, 8)  # where the function costs as much as the likelihood


@dataclass
class LevelMinima:
    """Where b constrained jobs ended.

    Parameters
    ----------
    q : ndarray, shape (b, n)
    value : ndarray, shape (b,)
        Infinite where the level could not be met.
    gradient, information : ndarray, shape (b, n), (b, n, n)
    levels, slopes : ndarray, shape (b, m), (b, m, n)
        The functions there.
    equal : ndarray of bool, shape (b, m)
        Which of them were held at their target.
    converged : ndarray of bool, shape (b,)
    """

    q: np.ndarray
    value: np.ndarray
    gradient: np.ndarray
    information: np.ndarray
    levels: np.ndarray
    slopes: np.ndarray
    equal: np.ndarray
    converged: np.ndarray

    def put(self, rows: np.ndarray, other: LevelMinima, which: np.ndarray) -> None:
        """Overwrite jobs ``rows`` with jobs ``which`` of another run."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[rows] = getattr(other, name)[which]


def minimise_on_levels(
    evaluate: Evaluate,
    levels: Levels,
    start: np.ndarray,
    who: np.ndarray,
    targets: np.ndarray,
    equal: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    *,
    tolerance: float = 1e-6,
    max_iterations: int = 60,
    give_up_above: np.ndarray | None = None,
    bends: Bends | None = None,
    effort: Effort = EXACT,
) -> LevelMinima:
    """Minimise subject to ``levels(q) = targets`` where ``equal``.

    Parameters
    ----------
    evaluate : callable
        As in :func:`fitting.optimizer.minimise`.
    levels : callable
        ``q (b, n) -> values (b, m), slopes (b, m, n)``; a value that is not finite cannot be met.
    start : ndarray, shape (b, n)
        Anywhere; drawn to the level set first.
    who : ndarray of int, shape (b,)
    targets : ndarray, shape (b, m)
    equal : ndarray of bool, shape (b, m)
        Constraints that count; with none the job is an ordinary minimisation.
    lower, upper : ndarray, shape (b, n)
    tolerance : float
        A job ends when the improvement that its quadratic model still predicts is smaller.
    max_iterations : int
    give_up_above : ndarray, shape (b,), optional
        A job whose value is still above this after 15 iterations is left where it is.
    bends : callable, optional
        ``q (b, n) -> Hessians of the levels (b, m, n, n)``; without them steps follow the information alone,
        and converge slowly where a profile is steep and its level sets are curved.
    effort : Effort
        How closely a level is met, in how many attempts.
    """
    q = np.clip(start, lower, upper)
    _, _, information = evaluate(q, who)
    q, c, slopes, met = _draw_back(levels, q, metric(information, 1e-2), targets, equal, lower, upper, effort)
    value, gradient, information = evaluate(q, who)
    met &= value < WORST
    result = LevelMinima(
        q, np.where(met, value, np.inf), gradient, information, c, slopes, equal.copy(),
        np.zeros(len(q), dtype=bool),
    )  # fmt: skip
    damping, growth = np.full(len(q), 1e-2), np.full(len(q), 2.0)
    small, before = np.zeros(len(q), dtype=int), np.full(len(q), np.inf)
    a = np.flatnonzero(met)
    for iteration in range(1, max_iterations + 1):
        if len(a) == 0:
            break
        q, g, h, A = result.q[a], result.gradient[a], result.information[a], result.slopes[a]
        held, _, multipliers, possible = multipliers_at(q, g, h, A, equal[a], lower[a], upper[a])
        if bends is not None:
            h = lagrangian(h, A, multipliers, bends(q), equal[a])
            held, _, _, possible = multipliers_at(q, g, h, A, equal[a], lower[a], upper[a])
        matrix = metric(h, damping[a])
        room = (lower[a] - q, upper[a] - q)
        step = bounded_step(matrix, g, A, np.zeros(equal[a].shape), equal[a], held, room)
        predicted = -np.einsum("bi,bi->b", g, step) - 0.5 * np.einsum("bi,bij,bj->b", step, h, step)
        done = ~(np.maximum(possible, predicted) >= tolerance)
        result.converged[a[done & np.isfinite(possible)]] = True
        a, q, step, matrix, predicted = a[~done], q[~done], step[~done], matrix[~done], predicted[~done]
        if len(a) == 0:
            break
        trial = _trial(
            evaluate, levels, q + step, matrix, who[a], targets[a], equal[a], lower[a], upper[a], effort
        )
        poor = np.flatnonzero(result.value[a] - trial.value < 0.5 * predicted)
        if len(poor):
            # valleys straight in the parameters, not in their logarithms: see fitting.optimizer
            b = a[poor]
            other = _trial(
                evaluate, levels, q[poor] + np.log1p(np.maximum(step[poor], -0.9)), matrix[poor], who[b],
                targets[b], equal[b], lower[b], upper[b], effort,
            )  # fmt: skip
            won = other.value < trial.value[poor]
            trial.put(poor[won], other, np.flatnonzero(won))
        gain = result.value[a] - trial.value
        better = gain > 0
        took = a[better]
        result.put(took, trial, np.flatnonzero(better))
        ratio = gain[better] / np.maximum(predicted[better], 1e-300)
        damping[took] *= np.maximum(0.1, 1 - (2 * np.clip(ratio, -1e3, 1.5) - 1) ** 3)
        growth[took] = 2.0
        failed = a[~better]
        damping[failed] *= growth[failed]
        growth[failed] *= 2
        damping = np.clip(damping, 1e-12, 1e16)
        idle = better & (gain < IDLE_GAIN * tolerance)
        small[a] = np.where(idle, small[a] + 1, np.where(better, 0, small[a]))
        resting = (small[a] >= IDLE_STEPS) | (damping[a] >= 1e10)
        if iteration % LOOK_BACK == 0:
            resting |= before[a] - result.value[a] < CREEP
            before[a] = result.value[a]
        result.converged[a[resting]] = True
        if give_up_above is not None and iteration >= 15:
            resting |= result.value[a] > give_up_above[a]
        a = a[~resting]
    return result


def _trial(
    evaluate: Evaluate,
    levels: Levels,
    q: np.ndarray,
    matrix: np.ndarray,
    who: np.ndarray,
    targets: np.ndarray,
    equal: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    effort: Effort,
) -> LevelMinima:
    """Draw points back to their level sets; evaluate the likelihood of those that get there."""
    q, c, slopes, met = _draw_back(
        levels, np.clip(q, lower, upper), matrix, targets, equal, lower, upper, effort
    )
    value, gradient = np.full(len(q), np.inf), np.zeros_like(q)
    information = np.zeros((len(q), q.shape[1], q.shape[1]))
    if np.any(met):
        value[met], gradient[met], information[met] = evaluate(q[met], who[met])
        value[value >= WORST] = np.inf
    return LevelMinima(q, value, gradient, information, c, slopes, equal.copy(), np.zeros(len(q), dtype=bool))


def _draw_back(
    levels: Levels,
    q: np.ndarray,
    matrix: np.ndarray,
    targets: np.ndarray,
    equal: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    effort: Effort,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return to the level sets by Newton steps that cost the likelihood least.

    Returns
    -------
    q, levels, slopes : ndarray
    met : ndarray of bool, shape (b,)
    """
    q = q.copy()
    # functions may know a smoother way to a given level
    look = getattr(levels, "approach", lambda q, _: levels(q))
    value, slopes = look(q, targets)

    def miss(value: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        excess = np.where(equal[rows], value - targets[rows], 0.0)
        relative = np.abs(excess) / np.maximum(1.0, np.abs(np.where(equal[rows], targets[rows], 1.0)))
        return excess, np.max(relative, axis=1)

    excess, distance = miss(value, np.arange(len(q)))
    distance = np.where(np.isfinite(distance), distance, np.inf)
    share = np.ones(len(q))
    # a start whose function has no value has no way back either
    a = np.flatnonzero((distance > effort.reach) & np.isfinite(distance))
    for _ in range(effort.attempts):
        if len(a) == 0:
            break
        good = np.all(np.isfinite(slopes[a]), axis=(1, 2))
        a = a[good]
        if len(a) == 0:
            break
        room = (lower[a] - q[a], upper[a] - q[a])
        step = bounded_step(
            matrix[a], np.zeros_like(q[a]), slopes[a], excess[a], equal[a],
            np.zeros(q[a].shape, dtype=bool), room,
        )  # fmt: skip
        trial = np.clip(q[a] + share[a, None] * step, lower[a], upper[a])
        new_value, new_slopes = look(trial, targets[a])
        new_excess, new_distance = miss(new_value, a)
        closer = new_distance < distance[a]  # false for NaN
        b = a[closer]
        q[b], value[b], slopes[b] = trial[closer], new_value[closer], new_slopes[closer]
        excess[b], distance[b] = new_excess[closer], new_distance[closer]
        share[b] = np.minimum(1.0, 2 * share[b])
        share[a[~closer]] *= 0.25
        moves = np.max(np.abs(step), axis=1) > 1e-13
        a = a[(distance[a] > effort.reach) & moves & (share[a] > 1e-4)]
    return q, value, slopes, distance <= effort.reach
