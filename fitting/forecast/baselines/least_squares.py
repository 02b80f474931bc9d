"""Levenberg-Marquardt for many small curve fits at once.

SciPy fits one curve a call, at milliseconds each; a cohort is refitted here hundreds of times (every patient, every
origin, several settings), so all fits move in lockstep through one vectorised curve.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Residuals = Callable[[np.ndarray, np.ndarray], np.ndarray]
_STEP = 1e-6


def least_squares(
    residuals: Residuals,
    start: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    *,
    iterations: int = 60,
    tolerance: float = 1e-8,
) -> tuple[np.ndarray, np.ndarray]:
    """Minimise half the sum of squared residuals of b problems inside bounds.

    Parameters
    ----------
    residuals : callable
        ``(parameters (c, p), which (c,)) -> (c, m)``: residuals of some of the problems.
    start : ndarray, shape (b, p)
    lower, upper : ndarray, shape (p,)
    iterations : int
    tolerance : float
        A problem ends when a step gains less than this share of its cost.

    Returns
    -------
    parameters : ndarray, shape (b, p)
    cost : ndarray, shape (b,)
    """
    x = np.clip(start, lower, upper)
    size = x.shape[1]
    every = np.arange(len(x))
    r = residuals(x, every)
    cost = 0.5 * np.sum(r**2, axis=1)
    damping = np.full(len(x), 1e-2)
    active = every
    for _ in range(iterations):
        here, ra = x[active], r[active]
        jacobian = np.empty((*ra.shape, size))
        for j in range(size):
            # towards the inside, so that the difference never leaves the bounds
            step = np.where(here[:, j] + _STEP > upper[j], -_STEP, _STEP)
            moved = here.copy()
            moved[:, j] += step
            jacobian[:, :, j] = (residuals(moved, active) - ra) / step[:, None]
        gradient = np.einsum("bmp,bm->bp", jacobian, ra)
        hessian = np.einsum("bmp,bmq->bpq", jacobian, jacobian)
        # a component on its bound that would leave it does not move
        stuck = ((here <= lower) & (gradient > 0)) | ((here >= upper) & (gradient < 0))
        gradient = np.where(stuck, 0.0, gradient)
        hessian = np.where(stuck[:, :, None] | stuck[:, None, :], 0.0, hessian)
        diagonal = np.einsum("bpp->bp", hessian)
        diagonal[...] += damping[active, None] * (diagonal + 1e-3) + stuck
        trial = np.clip(here - np.linalg.solve(hessian, gradient[..., None])[..., 0], lower, upper)
        new = residuals(trial, active)
        new_cost = 0.5 * np.sum(new**2, axis=1)
        better = new_cost < cost[active]
        gain = cost[active] - new_cost
        ended = (better & (gain <= tolerance * (cost[active] + 1e-12))) | (~better & (damping[active] > 1e6))
        won = active[better]
        x[won], r[won], cost[won] = trial[better], new[better], new_cost[better]
        damping[active] *= np.where(better, 0.2, 8.0)
        damping[active] = np.maximum(damping[active], 1e-9)
        active = active[~ended]
        if not len(active):
            break
    return x, cost
