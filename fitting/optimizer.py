"""Fisher scoring with Levenberg-Marquardt damping inside bounds, for many likelihoods at once.

No library takes a batch of bounded maximum-likelihood problems with an expected information: least-squares
solvers know one residual vector, quasi-Newton solvers forget the information that the likelihood gives for
free. All jobs move in lockstep, finished ones leave, so that one call of the compiled model serves them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Evaluate = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]

# in log units: a parameter changes by a factor of 4.5 at most between two looks at the data
LARGEST_STEP = 1.5
IDLE_GAIN, IDLE_STEPS = 1000.0, 4  # so many accepted steps in a row, each gaining less than 1000 tolerances
# gains this small over so many steps are a walk along a flat floor that no data could tell apart
LOOK_BACK, CREEP = 20, 1e-5
WORST = 1e11  # values beyond are those of points where the model could not be solved


@dataclass(frozen=True)
class Minima:
    """Where b jobs ended.

    Parameters
    ----------
    q : ndarray, shape (b, q)
    value : ndarray, shape (b,)
    gradient : ndarray, shape (b, q)
    information : ndarray, shape (b, q, q)
    converged : ndarray of bool, shape (b,)
        The predicted improvement on the free parameters fell below the tolerance, or steps no longer gain
        anything worth having; never true where the model could not be solved.
    iterations : int
    """

    q: np.ndarray
    value: np.ndarray
    gradient: np.ndarray
    information: np.ndarray
    converged: np.ndarray
    iterations: int


def minimise(
    evaluate: Evaluate,
    start: np.ndarray,
    who: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    *,
    fixed: np.ndarray | None = None,
    tolerance: float = 1e-9,
    max_iterations: int = 200,
    give_up_above: np.ndarray | None = None,
) -> Minima:
    """Minimise from b starting points.

    Parameters
    ----------
    evaluate : callable
        ``(q (b, q), who (b,)) -> value (b,), gradient (b, q), information (b, q, q)``.
    start : ndarray, shape (b, q)
    who : ndarray of int, shape (b,)
        Handed to ``evaluate``: which patient a job belongs to.
    lower, upper : ndarray, shape (b, q)
    fixed : ndarray of bool, shape (b, q), optional
        Components that stay at their start.
    tolerance : float
        A job ends when the improvement its quadratic model still predicts is smaller.
    max_iterations : int
    give_up_above : ndarray, shape (b,), optional
        A job whose value is still above this after 15 iterations is left where it is: it lost the race
        against a known better solution.
    """
    jobs, size = start.shape
    q = np.clip(start, lower, upper)
    fixed = np.zeros((jobs, size), dtype=bool) if fixed is None else fixed
    value, gradient, information = evaluate(q, who)
    damping = np.full(jobs, 1e-2)
    growth = np.full(jobs, 2.0)
    converged = np.zeros(jobs, dtype=bool)
    small = np.zeros(jobs, dtype=int)
    before = np.full(jobs, np.inf)
    active = np.arange(jobs)
    iteration = 0
    for iteration in range(1, max_iterations + 1):
        a = active
        step, predicted, best_possible = _step(
            q[a], gradient[a], information[a], damping[a], lower[a], upper[a], fixed[a]
        )
        # not a number, where the start itself has no value or no gradient: nowhere to go from there
        done = ~(best_possible >= tolerance)
        converged[a[done & np.isfinite(best_possible) & (value[a] < WORST)]] = True
        keep = ~done
        a, step, predicted = a[keep], step[keep], predicted[keep]
        if len(a) == 0:
            active = a
            break
        trial = np.clip(q[a] + step, lower[a], upper[a])
        new_value, new_gradient, new_information = evaluate(trial, who[a])
        gain = value[a] - new_value
        poor = np.flatnonzero(gain < 0.5 * predicted)
        if len(poor):
            # valleys of these models are often straight in the parameters themselves (r - delta, r/K), not in
            # their logarithms: the same step, read as a relative change instead of a logarithmic one
            b = a[poor]
            other = np.clip(q[b] + np.log1p(np.maximum(step[poor], -0.9)), lower[b], upper[b])
            other_value, other_gradient, other_information = evaluate(other, who[b])
            better = other_value < new_value[poor]
            won = poor[better]
            trial[won], new_value[won] = other[better], other_value[better]
            new_gradient[won], new_information[won] = other_gradient[better], other_information[better]
            gain = value[a] - new_value
        with np.errstate(over="ignore"):  # from a start so far off that any step gains
            ratio = gain / np.maximum(predicted, 1e-300)
        better = (gain > 0) & np.isfinite(new_value)
        took = a[better]
        q[took], value[took] = trial[better], new_value[better]
        gradient[took], information[took] = new_gradient[better], new_information[better]
        # Nielsen's update: damping falls smoothly with the quality of the quadratic model
        damping[took] *= np.maximum(0.1, 1 - (2 * np.minimum(ratio[better], 1.5) - 1) ** 3)
        growth[took] = 2.0
        failed = a[~better]
        damping[failed] *= growth[failed]
        growth[failed] *= 2
        damping = np.clip(damping, 1e-12, 1e16)
        # a valley floor is reached when accepted steps no longer gain anything worth having
        idle = better & (gain < IDLE_GAIN * tolerance)
        small[a] = np.where(idle, small[a] + 1, np.where(better, 0, small[a]))
        resting = small[a] >= IDLE_STEPS
        # no step downhill, however short, is a minimum to within the accuracy of the solver
        stuck = (damping[a] >= 1e10) & (value[a] < WORST)
        if iteration % LOOK_BACK == 0:
            resting |= before[a] - value[a] < CREEP
            before[a] = value[a]
        stalled = resting | stuck | (damping[a] >= 1e12)
        converged[a[resting | stuck]] = True
        lost = np.zeros(len(a), dtype=bool)
        if give_up_above is not None and iteration >= 15:
            lost = value[a] > give_up_above[a]
        active = a[~(stalled | lost)]
        if len(active) == 0:
            break
    return Minima(q, value, gradient, information, converged, iteration)


def _step(
    q: np.ndarray,
    gradient: np.ndarray,
    information: np.ndarray,
    damping: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    fixed: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Damped step on the free components, the gain it predicts, the gain an undamped step would predict."""
    held = fixed | ((q <= lower) & (gradient > 0)) | ((q >= upper) & (gradient < 0))
    # what could be gained is asked before any component is stopped at a bound: else a job that a bound cuts short
    # would take its small step for the end
    newton = _solve(information, gradient, np.full(len(q), 1e-9), held, np.zeros_like(q))
    step = _solve(information, gradient, damping, held, np.zeros_like(q))
    for _ in range(q.shape[1] - 1):
        # a component that the step would carry over a bound stops there, and the others take that into
        # account: clipping alone bends the step, and the job zigzags along the bound
        over = ~held & ((q + step < lower) | (q + step > upper))
        if not np.any(over):
            break
        held = held | over
        displaced = np.where(held, np.clip(q + step, lower, upper) - q, 0.0)
        step = _solve(information, gradient, damping, held, displaced)
    longest = np.max(np.abs(step), axis=1, keepdims=True)
    step *= np.minimum(1.0, LARGEST_STEP / np.maximum(longest, 1e-300))
    step = np.clip(q + step, lower, upper) - q
    predicted = -np.einsum("bi,bi->b", gradient, step)
    predicted -= 0.5 * np.einsum("bi,bij,bj->b", step, information, step)
    possible = -0.5 * np.einsum("bi,bi->b", gradient, newton)
    return step, predicted, np.maximum(possible, predicted)


def _solve(
    information: np.ndarray,
    gradient: np.ndarray,
    damping: np.ndarray,
    held: np.ndarray,
    displaced: np.ndarray,
) -> np.ndarray:
    """Solve (H + damping diag H) s = -g on the free components, given the displacement of the held ones."""
    free = ~held
    h = information * (free[:, :, None] & free[:, None, :])
    diagonal = np.einsum("bii->bi", h)
    scale = np.where(held, 1.0, np.maximum(diagonal, 1e-8 * diagonal.max(axis=1, keepdims=True) + 1e-12))
    damped = h + np.eye(gradient.shape[1]) * (damping[:, None] * scale + held)[:, None, :]
    force = gradient + np.einsum("bij,bj->bi", information, displaced)
    right = np.where(held, displaced, -force)
    # held rows are (1 + damping) s = displaced; undo the damping so that the displacement is exact
    right = np.where(held, displaced * (1.0 + damping[:, None]), right)
    return np.linalg.solve(damped, right[..., None])[..., 0]
