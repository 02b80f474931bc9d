"""Points on plane curves inside a box: graphs of functions, and level lines."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_FIRST, _ROUNDS, _STEP = 401, 48, 1 / 200  # samples, bisections, longest step in boxes


def sample_graph(
    function: Callable[[np.ndarray], np.ndarray], across: tuple[float, float], up: tuple[float, float]
) -> list[np.ndarray]:
    """Sample the graph v = function(t), as far as it lies in a box.

    Parameters
    ----------
    function : callable
        Vectorised; NaN where it has no value. Folds, poles and edges are approached by bisection.
    across, up : (float, float)
        Ends of the box in t and in v.

    Returns
    -------
    list of ndarray, shape (m, 2)
        Connected pieces of (t, v), t ascending.
    """
    height, width = up[1] - up[0], across[1] - across[0]
    t = np.linspace(*across, _FIRST)
    v = function(t)
    for _ in range(_ROUNDS):
        seen = _seen(v, up)
        far = np.abs(np.diff(v)) > _STEP * height
        torn = np.isfinite(v[1:]) != np.isfinite(v[:-1])
        split = seen & (far | torn) & (np.diff(t) > 1e-14 * width)
        # An edge is found to rounding, too: the piece that crosses it is halved until it is tiny.
        crossing = (_inside(v[1:], up) != _inside(v[:-1], up)) & np.isfinite(np.diff(v))
        split |= crossing & (np.diff(t) > 1e-13 * width)
        if not np.any(split):
            break
        at = np.flatnonzero(split)
        middle = 0.5 * (t[at] + t[at + 1])
        t = np.insert(t, at + 1, middle)
        v = np.insert(v, at + 1, function(middle))
    inside = _inside(v, up)
    near = np.abs(np.diff(v)) <= 2 * _STEP * height
    pieces, start = [], None
    for k in range(len(t)):
        if inside[k] and start is None:
            start = k
        if start is not None and (k + 1 == len(t) or not inside[k + 1] or not near[k]):
            if k > start:
                pieces.append(np.column_stack([t[start : k + 1], v[start : k + 1]]))
            start = None
    return pieces


def _inside(v: np.ndarray, up: tuple[float, float]) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return (v >= up[0]) & (v <= up[1])


def _seen(v: np.ndarray, up: tuple[float, float]) -> np.ndarray:
    """Which pieces between neighbours may show: not both ends above, not both below, not both missing."""
    a, b = v[:-1], v[1:]
    with np.errstate(invalid="ignore"):
        hidden = ((a > up[1]) & (b > up[1])) | ((a < up[0]) & (b < up[0]))
    return ~hidden & (np.isfinite(a) | np.isfinite(b))


def level_lines(
    value: Callable[[np.ndarray], np.ndarray],
    gradient: Callable[[np.ndarray], np.ndarray],
    box: np.ndarray,
    cells: int = 400,
) -> list[np.ndarray]:
    """Trace where a function of the plane is zero.

    Marching squares on a grid find the lines, Newton steps along the gradient put every point on them.

    Parameters
    ----------
    value : callable
        Of points, shape (2, ...): the function, shape (...); NaN where it has no value.
    gradient : callable
        Of points, shape (2, ...): its derivatives, shape (2, ...).
    box : ndarray, shape (2, 2)
        Lower and upper end of either coordinate.
    cells : int
        Of the grid along either side. Closed lines smaller than a cell are missed.

    Returns
    -------
    list of ndarray, shape (m, 2)
    """
    from contourpy import contour_generator

    widths = box[:, 1] - box[:, 0]
    x, y = (np.linspace(low, high, cells + 1) for low, high in box)
    grid = np.array(np.meshgrid(x, y))
    with np.errstate(all="ignore"):
        z = np.broadcast_to(value(grid), grid.shape[1:])
        lines = contour_generator(x, y, np.ma.masked_invalid(z)).lines(0.0)
        polished = []
        for line in lines:
            points = np.asarray(line, dtype=float).T
            # Ends on an edge move along it only.
            free = np.abs(points[:, None] - box[:, :, None]).min(axis=1) > 1e-12 * widths[:, None]
            for _ in range(4):
                # In units of the box, so that the shortest way is the same as on paper.
                slope = np.broadcast_to(np.array(gradient(points)), points.shape) * widths[:, None] * free
                step = -value(points) * slope / np.sum(slope**2, axis=0) * widths[:, None]
                small = np.all(np.abs(step) <= 2 / cells * widths[:, None], axis=0)
                points = np.where(small, points + np.where(small, step, 0.0), points)
            points = np.clip(points, box[:, :1], box[:, 1:])
            if points.shape[1] > 1:
                polished.append(points.T)
    return polished
