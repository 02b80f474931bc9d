"""How far the profile-likelihood interval of a target reaches, for many data sets at once.

No grid: each side is walked from the optimum in lengthening steps until the profile has risen by the
threshold, or the end of the target's range is met; the crossing is then narrowed by regula falsi. All sides of
all data sets move in lockstep. Meant for simulated data sets by the hundred, where the set that made the data
is known to lie close to the optimum; a patient's own interval is the business of the profiles, which look for
further valleys.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from fitting.problem import OUT_OF_REACH, CohortProblem
from identifiability.resampling.held import Target, hold
from identifiability.thresholds import threshold

STRIDES = 24  # steps of one side at most
NARROW = 5  # steps that narrow a crossing
CLOSE = 0.02  # of the interval's half: a crossing known so closely is not narrowed further
SEEDS = 9  # admitted sets that are fitted to new data
ITERATIONS = 15  # of each round of a constrained fit: the next step starts close by
WIDEST = 1.0  # longest first step, and step where nothing else is known, in the logarithm


@dataclass(frozen=True)
class Reach:
    """Intervals of one target for b data sets.

    Parameters
    ----------
    lower, upper : ndarray, shape (b,)
        In the target's unit; an open side ends at the end of the range, or infinitely far away.
    lower_closed, upper_closed : ndarray of bool, shape (b,)
        Whether the profile crosses the threshold on that side with no other parameter on a bound.
    estimate : ndarray, shape (b,)
    nll : ndarray, shape (b,)
        Lowest value seen.
    lower_set, upper_set : ndarray, shape (b, q)
        Free vectors next to the ends, within the threshold.
    """

    lower: np.ndarray
    upper: np.ndarray
    lower_closed: np.ndarray
    upper_closed: np.ndarray
    estimate: np.ndarray
    nll: np.ndarray
    lower_set: np.ndarray
    upper_set: np.ndarray

    @property
    def width(self) -> np.ndarray:
        """Upper minus lower end, shape (b,)."""
        return self.upper - self.lower

    @property
    def closed(self) -> np.ndarray:
        """Whether both sides are closed, shape (b,)."""
        return self.lower_closed & self.upper_closed


def reach(
    problem: CohortProblem,
    best: np.ndarray,
    target: Target,
    *,
    level: float = 0.95,
    others: np.ndarray | None = None,
) -> Reach:
    """Find both ends of the target's interval for every patient of a problem.

    Parameters
    ----------
    problem : CohortProblem
        b patients, such as replicates.
    best : ndarray, shape (b, q)
        Their optima.
    target : Target
        See :func:`identifiability.resampling.held.target_of`; made for this problem.
    level : float
        Pointwise.
    others : ndarray, shape (k, q), optional
        Further starts at every step, such as sets known to be admitted; the target is set to the step's value.
    """
    count, p = len(best), problem.n_parameters
    everyone = np.arange(count)
    nll, _, information = problem.evaluate(best, everyone)
    centre = target.measure(best, p)
    admitted = threshold(level)
    first = _first_step(target, best, information, admitted, p)
    # two sides of every patient: job j belongs to patient j % count
    who = np.tile(everyone, 2)
    sign = np.repeat([-1.0, 1.0], count)
    low, high = (np.broadcast_to(np.asarray(e, dtype=float), (count,)) for e in (target.lower, target.upper))
    end = np.concatenate([low, high])
    stride = np.tile(first, 2)
    inner, q_inner = np.tile(centre, 2), np.tile(best, (2, 1))
    height_inner = np.full(2 * count, -admitted)
    outer, q_outer = np.full(2 * count, np.nan), np.tile(best, (2, 1))
    height_outer, held_by_bound = np.full(2 * count, np.nan), np.zeros(2 * count, dtype=bool)
    going = np.isfinite(inner) & (np.tile(nll, 2) < OUT_OF_REACH) & (sign * (end - inner) > 1e-9)
    lowest = np.tile(nll, 2)

    def try_at(
        jobs: np.ndarray, values: np.ndarray, q: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Constrained optima; of several starts the best."""
        found = hold(
            problem, who[jobs], q, target, values, scale=np.tile(first, 2)[jobs], max_iterations=ITERATIONS
        )
        q_new, value, bound = found.q, found.nll, found.on_bound
        for other in others if others is not None else ():
            again = hold(
                problem,
                who[jobs],
                np.tile(other, (len(jobs), 1)),
                target,
                values,
                scale=np.tile(first, 2)[jobs],
                max_iterations=ITERATIONS,
            )
            better = again.nll < value - 1e-6
            q_new, value = np.where(better[:, None], again.q, q_new), np.where(better, again.nll, value)
            bound = np.where(better, again.on_bound, bound)
        return q_new, value, bound

    for _ in range(STRIDES):
        jobs = np.flatnonzero(going & np.isnan(outer))
        if not len(jobs):
            break
        ahead = inner[jobs] + sign[jobs] * stride[jobs]
        ahead = np.where(sign[jobs] > 0, np.minimum(ahead, end[jobs]), np.maximum(ahead, end[jobs]))
        q, value, bound = try_at(jobs, ahead, q_inner[jobs])
        height = value - lowest[jobs] - admitted
        # a better optimum on the way lowers the threshold for both sides
        crossed = ~(height <= 0)
        inside = jobs[~crossed]
        np.minimum.at(lowest, inside, value[~crossed])
        inner[inside], q_inner[inside], height_inner[inside] = ahead[~crossed], q[~crossed], height[~crossed]
        at_end = np.abs(ahead - end[jobs]) < 1e-12
        going[jobs[~crossed & at_end]] = False
        stride[inside] *= 1.6
        out = jobs[crossed]
        outer[out], q_outer[out], height_outer[out] = ahead[crossed], q[crossed], height[crossed]
        held_by_bound[out] = bound[crossed]
    best_of_both = np.minimum(lowest[:count], lowest[count:])
    crossing = np.flatnonzero(~np.isnan(outer))
    for _ in range(NARROW):
        gap, size = np.abs(outer - inner), np.abs(outer - np.tile(centre, 2))
        jobs = crossing[gap[crossing] > CLOSE * size[crossing]]
        if not len(jobs):
            break
        with np.errstate(invalid="ignore"):
            share = -height_inner[jobs] / (height_outer[jobs] - height_inner[jobs])
        share = np.where(np.isfinite(share), np.clip(share, 0.15, 0.85), 0.5)
        at = inner[jobs] + share * (outer[jobs] - inner[jobs])
        q, value, bound = try_at(jobs, at, q_inner[jobs])
        height = value - best_of_both[who[jobs]] - admitted
        crossed = ~(height <= 0)
        inner[jobs[~crossed]], q_inner[jobs[~crossed]] = at[~crossed], q[~crossed]
        height_inner[jobs[~crossed]] = height[~crossed]
        outer[jobs[crossed]], height_outer[jobs[crossed]] = at[crossed], height[crossed]
        held_by_bound[jobs[crossed]] = bound[crossed]
    ends = _ends(inner, outer, height_inner, height_outer)
    open_side = np.isnan(outer)
    ends = np.where(open_side, np.where(np.isfinite(end), end, sign * np.inf), ends)
    closed = ~open_side & ~held_by_bound
    natural = np.asarray(target.natural(ends), dtype=float)
    return Reach(
        natural[:count], natural[count:], closed[:count], closed[count:],
        np.asarray(target.natural(centre), dtype=float), best_of_both, q_inner[:count], q_inner[count:],
    )  # fmt: skip


def widened(
    problem: CohortProblem, found: Reach, target: Target, sets: np.ndarray, level: float = 0.95
) -> Reach:
    """Let no given set that the data admit lie outside the interval.

    A walk from one optimum sees one valley, and likelihoods of growth models have several. Sets that earlier
    data admitted lead into the others: all of them are evaluated under the new data, and some, evenly over the
    target's range, are fitted to them with the target held at its own value.

    Parameters
    ----------
    problem : CohortProblem
        b patients.
    found : Reach
    target : Target
    sets : ndarray, shape (k, q)
        Free vectors.
    """
    b, p, size = len(found.nll), problem.n_parameters, problem.size
    value = target.measure(sets, p)
    sets, value = sets[np.isfinite(value)], value[np.isfinite(value)]
    if not len(sets):
        return found
    levels = np.linspace(value.min(), value.max(), SEEDS)
    seeds = np.unique(np.abs(value[None, :] - levels[:, None]).argmin(axis=1))
    spread = max(float(np.ptp(value)) / SEEDS, 1e-3)
    fitted = hold(
        problem, np.repeat(np.arange(b), len(seeds)), np.tile(sets[seeds], (b, 1)), target,
        np.tile(value[seeds], b), scale=spread, max_iterations=2 * ITERATIONS,
    )  # fmt: skip
    raw = problem.evaluate(np.tile(sets, (b, 1)), np.repeat(np.arange(b), len(sets)))[0]
    q = np.concatenate([np.tile(sets, (b, 1, 1)), fitted.q.reshape(b, -1, size)], axis=1)
    nll = np.concatenate([raw.reshape(b, -1), fitted.nll.reshape(b, -1)], axis=1)
    at = np.tile(np.concatenate([value, value[seeds]]), (b, 1))
    lowest = np.minimum(found.nll, nll.min(axis=1))
    admitted = nll <= lowest[:, None] + threshold(level)
    sides = []
    for sign, old, end, closed in (
        (-1.0, found.lower, target.lower, found.lower_closed),
        (1.0, found.upper, target.upper, found.upper_closed),
    ):
        outermost = np.where(admitted, sign * at, -np.inf).argmax(axis=1)
        rows = np.arange(b)
        extreme, there = at[rows, outermost], q[rows, outermost]
        with np.errstate(divide="ignore"):
            known = np.log(old) if target.logarithmic else old
        beyond = admitted.any(axis=1) & (sign * (extreme - known) > 1e-6)
        bound = (there <= problem.lower + 1e-6) | (there >= problem.upper - 1e-6)
        if target.index is not None:
            bound[:, target.index] = False
        at_end = sign * (extreme - end) > -1e-3
        extreme = np.clip(extreme, target.lower, target.upper)
        new = np.where(beyond, target.natural(np.where(beyond, extreme, 0.0)), old)
        sides.append((new, closed & ~(beyond & bound.any(axis=1)) & ~(admitted.any(axis=1) & at_end)))
    (lower, lower_closed), (upper, upper_closed) = sides
    return dataclasses.replace(
        found, lower=lower, upper=upper, lower_closed=lower_closed, upper_closed=upper_closed, nll=lowest
    )


def _ends(inner: np.ndarray, outer: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Read the crossing between the last two points of every side."""
    with np.errstate(invalid="ignore"):
        share = -low / (high - low)
    share = np.where(np.isfinite(share), np.clip(share, 0.0, 1.0), 0.5)
    return inner + share * (outer - inner)


def _first_step(
    target: Target, best: np.ndarray, information: np.ndarray, admitted: float, p: int
) -> np.ndarray:
    """Half of what the information promises as half width; bounded where it promises nothing, shape (b,)."""
    slope = target.slope(best, p)
    size = information.shape[1]
    # a weak prior of one e-fold keeps the inverse finite
    inverse = np.linalg.inv(information + 1e-2 * np.eye(size))
    with np.errstate(invalid="ignore"):
        se = np.sqrt(np.maximum(np.einsum("bi,bij,bj->b", slope, inverse, slope), 0.0))
        typical = WIDEST if target.logarithmic else WIDEST * np.maximum(np.abs(target.measure(best, p)), 1e-3)
    step = 0.5 * se * np.sqrt(2 * admitted)
    span = np.asarray(target.upper - target.lower)
    longest = np.minimum(typical, np.where(np.isfinite(span), 0.25 * span, np.inf))
    return np.where(np.isfinite(step), np.clip(step, 1e-3 * longest, longest), longest)
