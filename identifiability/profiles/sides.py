"""Reading a finished profile: its confidence set, how its sides end."""

from __future__ import annotations

import numpy as np

from identifiability.result import SideStatus

# a bound that moves a crossing of a quantity's profile by less than this share of its own move did not close it
LEVER = 0.1
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
        ``nuisance_on_bound``: another parameter sits on its bound here.
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
