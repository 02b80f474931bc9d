"""Predicting where a valley of the likelihood goes when one parameter moves."""

from __future__ import annotations

import numpy as np

TOUCHING = 1e-4  # a component this close to its bound (in the logarithm) is on it


def tangents(
    q: np.ndarray, information: np.ndarray, index: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Change of the other components per unit of the moving one, shape (b, q); zero on bounds.

    Parameters
    ----------
    q : ndarray, shape (b, q)
        Solutions, logarithms of the parameters.
    information : ndarray, shape (b, q, q)
        Fisher information there.
    index : ndarray of int, shape (b,)
        Component that moves.
    low, high : ndarray, shape (b, q)
        Bounds.
    """
    rows = np.arange(len(q))
    free = (q > low) & (q < high)
    free[rows, index] = False
    inner = information * (free[:, :, None] & free[:, None, :])
    scale = np.einsum("bii->bi", inner)
    # twelve digits of regularisation: the floor may be narrower than its length by a factor of a million
    inner = inner + np.eye(q.shape[1]) * (1e-12 * scale + ~free + 1e-300)[:, None, :]
    column = np.where(free, information[rows, :, index], 0.0)
    return -np.linalg.solve(inner, column[..., None])[..., 0]


def profile_curvature(
    q: np.ndarray, information: np.ndarray, index: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Curvature of the profile in the moving component's logarithm, shape (b,); see :func:`tangents`."""
    rows = np.arange(len(q))
    along = tangents(q, information, index, low, high)
    along[rows, index] = 1.0
    return np.einsum("bi,bij,bj->b", along, information, along)


def tangent_in_parameters(
    q: np.ndarray,
    information: np.ndarray,
    index: np.ndarray,
    shift: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Predict with a tangent in the parameters themselves, up to the first bound in its way.

    Valleys of competition models are straight in the parameters (K and r in proportion to c, delta as r less a
    constant), not in their logarithms. Where another component would cross a bound, the step ends exactly
    there: from then on that component is held and the valley turns.

    Parameters
    ----------
    q, information, index, low, high
        See :func:`tangents`.
    shift : ndarray, shape (b,)
        Change of the moving component's logarithm.

    Returns
    -------
    moved : ndarray, shape (b, q)
    shift : ndarray, shape (b,)
        The change that was made; smaller than asked for where a bound was met.
    """
    rows = np.arange(len(q))
    q = np.where(q < low + TOUCHING, low, np.where(q > high - TOUCHING, high, q))
    change = tangents(q, information, index, low, high) * np.expm1(shift)[:, None]
    room = np.where(change < 0, np.expm1(low - q), np.expm1(high - q))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(change != 0, room / change, np.inf)
    first = np.minimum(share.min(axis=1), 1.0)
    meets = (share <= first[:, None] + 1e-12) & (share <= 1.0)
    moved = np.clip(q + np.log1p(np.clip(change * first[:, None], -0.99, 30.0)), low, high)
    moved = np.where(meets, np.where(change < 0, low, high), moved)
    shift = np.log1p(np.expm1(shift) * first)
    moved[rows, index] = q[rows, index] + shift
    return moved, shift
