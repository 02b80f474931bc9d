"""One damped Newton step under linearised equality constraints inside bounds, for many jobs at once."""

from __future__ import annotations

from typing import Any

import numpy as np

LARGEST_STEP = 1.5  # in the logarithm, as in fitting.optimizer


def metric(information: np.ndarray, damping: np.ndarray | float) -> np.ndarray:
    """Damped information, positive definite even where the data say nothing, shape (b, n, n)."""
    diagonal = np.einsum("bii->bi", information)
    scale = np.maximum(diagonal, 1e-8 * diagonal.max(axis=1, keepdims=True) + 1e-12)
    damped = np.broadcast_to(np.asarray(damping, dtype=float), (len(information),))
    return information + _diagonal(damped[:, None] * scale)


def constrained_step(
    matrix: np.ndarray,
    gradient: np.ndarray,
    slopes: np.ndarray,
    excess: np.ndarray,
    equal: np.ndarray,
    held: np.ndarray,
    displaced: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Minimise ``g's + s'Bs/2`` subject to ``A s = -c``, with held components displaced as given.

    Parameters
    ----------
    matrix : ndarray, shape (b, n, n)
        B, positive definite.
    gradient : ndarray, shape (b, n)
    slopes : ndarray, shape (b, m, n)
        A.
    excess : ndarray, shape (b, m)
        c.
    equal : ndarray of bool, shape (b, m)
        Which rows of A count.
    held : ndarray of bool, shape (b, n)
    displaced : ndarray, shape (b, n)
        Step of the held components.

    Returns
    -------
    step : ndarray, shape (b, n)
    multipliers : ndarray, shape (b, m)
        Change of the minimum per unit of each constraint's level; zero where it does not count.
    """
    from identifiability.functions.step_kernel import constrained_steps

    step, multipliers = np.empty(gradient.shape), np.empty(excess.shape)
    arrays = _plain(matrix, gradient, slopes, excess, equal, held, displaced)
    arrays += [step, multipliers]
    constrained_steps(*arrays)
    return step, multipliers


def _plain(*arrays: np.ndarray) -> list[Any]:
    """Contiguous arrays, so that the kernel is compiled for one layout."""
    return [np.ascontiguousarray(array) for array in arrays]


def _diagonal(rows: np.ndarray) -> np.ndarray:
    """Diagonal matrices, shape (b, m, m)."""
    matrices = np.zeros((*rows.shape, rows.shape[1]))
    np.einsum("bmm->bm", matrices)[...] = rows
    return matrices


def bounded_step(
    matrix: np.ndarray,
    gradient: np.ndarray,
    slopes: np.ndarray,
    excess: np.ndarray,
    equal: np.ndarray,
    held: np.ndarray,
    room: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """Step that stops at bounds, the other components taking that into account.

    Parameters
    ----------
    room : tuple of ndarray, shape (b, n)
        Distances to the lower and upper bounds, the lower ones not positive.
    """
    from identifiability.functions.step_kernel import bounded_steps

    step = np.empty(gradient.shape)
    arrays = _plain(matrix, gradient, slopes, excess, equal, held.copy(), *room)
    arrays += [LARGEST_STEP, step]
    bounded_steps(*arrays)
    return step


def multipliers_at(
    q: np.ndarray,
    gradient: np.ndarray,
    information: np.ndarray,
    slopes: np.ndarray,
    equal: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Find which bounds hold a constrained optimum, with what force.

    Returns
    -------
    held : ndarray of bool, shape (b, n)
        Components that their bound keeps from moving on.
    force : ndarray, shape (b, n)
        Gradient of the Lagrangian after one last Newton step of the free components; by the envelope theorem
        the change of the minimum per unit of the bound's logarithm. Zero on free components.
    multipliers : ndarray, shape (b, m)
        Change of the minimum per unit of each level.
    gain : ndarray, shape (b,)
        What an undamped step would still gain.
    """
    from identifiability.functions.step_kernel import multipliers_of

    held, force = np.empty(q.shape, dtype=bool), np.empty(q.shape)
    multipliers, gain = np.empty(equal.shape), np.empty(len(q))
    arrays = _plain(metric(information, 1e-9), information, gradient, slopes, equal, q <= lower, q >= upper)
    arrays += [held, force, multipliers, gain]
    multipliers_of(*arrays)
    return held, force, multipliers, gain


def lagrangian(
    information: np.ndarray, slopes: np.ndarray, multipliers: np.ndarray, bends: np.ndarray, equal: np.ndarray
) -> np.ndarray:
    """Curvature of the likelihood along curved level sets, positive definite, shape (b, n, n).

    ``H - sum_m multiplier_m * Hessian_m``: where the profile is steep its multiplier is large, and the level
    set's own curvature outweighs the information. What lies across the level sets does not matter to a step
    along them, and is lifted first, so that taking eigenvalues by their size changes only what must change.

    Parameters
    ----------
    information : ndarray, shape (b, n, n)
    slopes : ndarray, shape (b, m, n)
    multipliers : ndarray, shape (b, m)
    bends : ndarray, shape (b, m, n, n)
        Hessians of the level functions.
    equal : ndarray of bool, shape (b, m)
    """
    diagonal = np.einsum("bii->bi", information)
    scale = 1.0 / np.sqrt(np.maximum(diagonal, 1e-8 * diagonal.max(axis=1, keepdims=True) + 1e-12))
    curved = information - np.einsum("bm,bmij->bij", np.where(equal, multipliers, 0.0), bends)
    curved = 0.5 * (curved + np.swapaxes(curved, 1, 2)) * scale[:, :, None] * scale[:, None, :]
    across = slopes * scale[:, None, :] * equal[:, :, None]
    across = across / np.sqrt(np.maximum(np.einsum("bmi,bmi->bm", across, across), 1e-300))[:, :, None]
    lift = 10.0 * np.abs(curved).max(axis=(1, 2))
    values, vectors = np.linalg.eigh(curved + lift[:, None, None] * np.einsum("bmi,bmj->bij", across, across))
    values = np.maximum(np.abs(values), 1e-10)
    curved = np.einsum("bik,bk,bjk->bij", vectors, values, vectors)
    return curved / scale[:, :, None] / scale[:, None, :]
