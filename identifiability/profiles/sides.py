"""Reading a finished profile: its confidence set, how its sides end."""

from __future__ import annotations

import numpy as np

from identifiability.result import SideStatus

LEVER = 0.1  # see :func:`bounds_that_hold`
ON_BOUND = 1e-6  # in the logarithm


def intervals_of(
    values: np.ndarray, rise: np.ndarray, threshold: float, inside: np.ndarray
) -> tuple[tuple[float, float], ...]:
    """Pieces of the set {value: rise <= threshold}.

    Parameters
    ----------
    values, rise : ndarray, shape (g,)
        Grid, increasing and positive; rise of the negative log-likelihood above the optimum.
    threshold : float
    inside : ndarray of bool, shape (g,)

    Returns
    -------
    tuple of (float, float)
        Ends interpolated in the logarithm of the value between neighbouring grid points.
    """
    log_values = np.log(values)

    def crossing(inner: int, outer: int) -> float:
        a, b = rise[inner], rise[outer]
        share = (threshold - a) / (b - a) if np.isfinite(b) and b > a else 0.5
        return float(
            np.exp(log_values[inner] + np.clip(share, 0, 1) * (log_values[outer] - log_values[inner]))
        )

    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int)))
    pieces = []
    for first, last in zip(edges[::2], edges[1::2] - 1, strict=True):
        low = float(values[0]) if first == 0 else crossing(int(first), int(first) - 1)
        high = float(values[-1]) if last == len(values) - 1 else crossing(int(last), int(last) + 1)
        pieces.append((low, high))
    return tuple(pieces)


def bounds_that_hold(
    q: np.ndarray,
    gradient: np.ndarray,
    information: np.ndarray,
    index: int,
    low: np.ndarray,
    high: np.ndarray,
) -> np.ndarray:
    """Say which components' bounds hold a profile's crossing where it is.

    Moving the bound of component j by one unit of its logarithm moves the crossing by g_j / g_index units, by
    the envelope theorem (g the gradient of the negative log-likelihood at the constrained optimum). A bound
    that moves the crossing by less than a tenth of its own move did not close the profile; the data did. At
    c = 0.01, say, resistant cells hardly feel the sensitive ones, and c = 0 would change nothing.

    Parameters
    ----------
    q, gradient : ndarray, shape (g, q)
        Constrained optima next to a crossing, logarithms, with the full gradient there.
    information : ndarray, shape (g, q, q)
        Used to take one last step of the free components: in a valley that is narrow by a factor of a million
        an error of no height leaves a gradient that drowns the one in question.
    index : int
        Profiled component.
    low, high : ndarray, shape (q,)
        Bounds.

    Returns
    -------
    ndarray of bool, shape (g, q)
        Never true for the profiled component.
    """
    at_low, at_high = q <= low + ON_BOUND, q >= high - ON_BOUND
    free = ~(at_low | at_high)
    free[:, index] = False
    inner = information * (free[:, :, None] & free[:, None, :])
    diagonal = np.einsum("bii->bi", inner)
    inner = inner + np.eye(q.shape[1]) * (1e-12 * diagonal + ~free + 1e-300)[:, None, :]
    step = -np.linalg.solve(inner, np.where(free, gradient, 0.0)[..., None])
    settled = gradient + (information @ np.where(free[..., None], step, 0.0))[..., 0]
    pushes = (at_low & (settled > 0)) | (at_high & (settled < 0))
    held = pushes & (np.abs(settled) > LEVER * np.abs(settled[:, [index]]))
    held[:, index] = False
    return held


def side_statuses(
    inside: np.ndarray,
    nuisance_on_bound: np.ndarray,
    converged: np.ndarray,
    reaches_bound: tuple[bool, bool] = (True, True),
) -> tuple[SideStatus, SideStatus]:
    """Say how the two sides of a profile end.

    A side is *open* where the outermost grid point, the declared bound, is still inside. A crossing counts as
    *closed* only if no other parameter is held by a bound there: otherwise the bound closed it, not the data.

    Parameters
    ----------
    inside, nuisance_on_bound, converged : ndarray of bool, shape (g,)
        ``nuisance_on_bound``: another parameter's bound holds the profile here, see :func:`bounds_that_hold`.
    reaches_bound : tuple of bool
        Whether the grid's ends are the declared bounds; where they are not, the search ended early and the
        side has failed if it is still inside there.
    """
    members = np.flatnonzero(inside)

    def side(end: int, outermost: int, step: int, reaches: bool) -> SideStatus:
        if outermost == end:
            return SideStatus.OPEN if reaches else SideStatus.FAILED
        if not converged[outermost]:
            return SideStatus.FAILED
        if nuisance_on_bound[outermost] or nuisance_on_bound[outermost + step]:
            return SideStatus.AT_BOUND
        return SideStatus.CLOSED

    last = len(inside) - 1
    return side(0, int(members[0]), -1, reaches_bound[0]), side(last, int(members[-1]), 1, reaches_bound[1])
