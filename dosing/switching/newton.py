"""Newton's method with an active set for durations between bounds: it sharpens what the cone solver found.

The cone solver stops at an accuracy relative to the whole problem; near its answer a few Newton steps on the drugs
that are in use reach the accuracy of the arithmetic. Each step stays within the bounds and never raises the cost.
"""

from __future__ import annotations

import numpy as np

from dosing.switching.durations_problem import DurationsProblem

__all__ = ["newton"]

_FLAT = (
    1e-13  # curvature below this share of the largest counts as this share: such directions end at a bound
)
_ARMIJO = 1e-4
_ROUNDING = 1e-12  # share of the cost below which a decrease is not measured


def newton(problem: DurationsProblem, start: np.ndarray, *, most_steps: int = 200) -> tuple[np.ndarray, int]:
    """Minimise from a feasible start.

    Returns
    -------
    durations : ndarray, shape (d,)
    steps : int
    """
    durations = problem.within_bounds(np.asarray(start, dtype=float))
    value, gap = problem.cost(durations), problem.gap(durations)
    for step in range(most_steps):
        if not np.isfinite(value) or gap <= 1e-15 * value:
            return durations, step
        price = problem.gradient(durations)
        direction = _direction(problem, durations, price)
        if direction is None:
            return durations, step
        slope = float(price @ direction)
        reach, blocking = _reach(problem, durations, direction)
        length = min(1.0, reach)
        while True:
            trial = durations + length * direction
            if length == reach:
                side = problem.least if direction[blocking] < 0 else problem.most
                trial[blocking] = side[blocking]
            trial = np.clip(trial, problem.least, problem.most)
            reached = problem.cost(trial)
            if -length * slope < _ROUNDING * value:
                # the cost no longer tells two durations apart, the proven gap does
                if problem.gap(trial) < gap and reached <= value * (1 + _ROUNDING):
                    break
                return durations, step
            if reached <= value + _ARMIJO * length * slope:
                break
            length *= 0.5
        durations, value, gap = trial, reached, problem.gap(trial)
    return durations, most_steps


def _direction(problem: DurationsProblem, durations: np.ndarray, price: np.ndarray) -> np.ndarray | None:
    """Newton's direction over the drugs that may move, or None where none helps."""
    can_rise, can_fall = durations < problem.most, durations > problem.least
    if not (can_rise.any() and can_fall.any()):
        return None
    up = int(np.argmin(np.where(can_rise, price, np.inf)))
    down = int(np.argmax(np.where(can_fall, price, -np.inf)))
    if not price[up] < price[down]:
        return None
    moving = can_rise & can_fall
    moving[[up, down]] = True
    hessian = problem.hessian(durations)
    while moving.sum() >= 2:
        index = np.flatnonzero(moving)
        part = _reduced_newton(hessian[np.ix_(index, index)], price[index])
        stuck = ((part < 0) & ~can_fall[index]) | ((part > 0) & ~can_rise[index])
        if not stuck.any() and price[index] @ part < 0:
            direction = np.zeros(len(durations))
            direction[index] = part
            return direction
        if not stuck.any():
            break
        moving[index[stuck]] = False
    direction = np.zeros(len(durations))
    swap = np.array([1.0, -1.0])
    curvature = swap @ hessian[np.ix_([up, down], [up, down])] @ swap
    size = (price[down] - price[up]) / max(curvature, _FLAT * np.abs(hessian).max(), 1e-300)
    direction[[up, down]] = swap * min(size, problem.horizon_days)
    return direction


def _reduced_newton(hessian: np.ndarray, price: np.ndarray) -> np.ndarray:
    """Step that keeps the sum of the durations and minimises the quadratic model, flat directions made steep."""
    count = len(price)
    # columns 2.. of the Householder reflection that sends (1, ..., 1) to an axis span the directions of sum zero
    normal = np.ones(count) / np.sqrt(count)
    normal[0] += 1.0
    basis = (np.eye(count) - 2 * np.outer(normal, normal) / (normal @ normal))[:, 1:]
    values, vectors = np.linalg.eigh(basis.T @ hessian @ basis)
    values = np.maximum(values, max(_FLAT * values[-1], 1e-300))
    with np.errstate(over="ignore"):
        step = (vectors.T @ (basis.T @ price)) / values
    largest = np.abs(step).max()
    if not np.isfinite(largest):
        step = vectors.T @ (basis.T @ price)
        largest = np.abs(step).max()
    # a direction without end is cut; the ratio test of the caller stops it at a bound
    return -basis @ (vectors @ (step if largest < 1e12 else step / largest * 1e12))


def _reach(problem: DurationsProblem, durations: np.ndarray, direction: np.ndarray) -> tuple[float, int]:
    """How far a direction can be followed, and the drug that ends it."""
    room = np.full(len(durations), np.inf)
    falls, rises = direction < 0, direction > 0
    room[falls] = (problem.least - durations)[falls] / direction[falls]
    room[rises] = (problem.most - durations)[rises] / direction[rises]
    blocking = int(np.argmin(room))
    return float(room[blocking]), blocking
