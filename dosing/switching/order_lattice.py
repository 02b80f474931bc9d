"""The best path through amounts given, by dynamic programming: from nothing to all runs, one run at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

__all__ = ["best_path", "lattice_size", "run_area"]

_SAME = 1e-12  # relative; peaks that differ by less are the same


def lattice_size(counts: Sequence[int]) -> int:
    """Return the number of points: how many runs of each kind have been given."""
    return math.prod(c + 1 for c in counts)


def run_area(rates: np.ndarray, days: float) -> np.ndarray:
    """Return the integral of ``exp(rate t)`` over a run, shape (n,), days."""
    exponent = rates * days
    small = np.abs(exponent) < 1e-8
    safe = np.where(small, 1.0, exponent)
    return days * np.where(small, 1.0 + exponent / 2, np.expm1(safe) / safe)


def best_path(
    log_start: np.ndarray, rates: np.ndarray, days: np.ndarray, counts: tuple[int, ...], criterion: str
) -> tuple[list[int], float, float]:
    """Find the best order of runs.

    Parameters
    ----------
    log_start : ndarray, shape (n,)
        Logarithm of the weighted cells of each line at the start.
    rates : ndarray, shape (k, n), per day
        Net growth under each kind of run.
    days : ndarray, shape (k,)
    counts : tuple of int, length k
        How many runs of each kind.
    criterion : {"peak", "area"}
        ``"peak"``: the least largest burden, and of those the least area.

    Returns
    -------
    path : list of int
        Kinds in order.
    peak, area : float
    """
    size, kinds = lattice_size(counts), len(counts)
    strides = np.array([math.prod(c + 1 for c in counts[i + 1 :]) for i in range(kinds)], dtype=int)
    points = np.arange(size)
    given = np.column_stack([points // stride % (c + 1) for stride, c in zip(strides, counts, strict=True)])
    if not kinds:
        return [], float(np.exp(log_start).sum()), 0.0
    # one line after the other: points times lines may not fit into memory at once
    burden = np.zeros(size)
    added = np.zeros((size, kinds))
    for line, begin in enumerate(log_start):
        cells = np.exp(begin + given @ (days * rates[:, line]))
        burden += cells
        for kind in range(kinds):
            added[:, kind] += cells * run_area(rates[kind, line : line + 1], float(days[kind]))[0]
    level = given.sum(axis=1)
    order = np.argsort(level, kind="stable")
    layers = np.split(order, np.searchsorted(level[order], np.arange(1, level.max() + 1)))
    ceiling = np.inf
    if criterion == "peak":
        worst = burden.copy()
        for layer in layers[1:]:
            reached = np.full(len(layer), np.inf)
            for kind in range(kinds):
                able = given[layer, kind] > 0
                reached[able] = np.minimum(reached[able], worst[layer[able] - strides[kind]])
            worst[layer] = np.maximum(worst[layer], reached)
        ceiling = worst[-1] * (1 + _SAME)
    area, came = np.full(size, np.inf), np.full(size, -1)
    area[0] = 0.0
    for layer in layers[1:]:
        allowed = layer[burden[layer] <= ceiling]
        for kind in range(kinds):
            able = allowed[given[allowed, kind] > 0]
            through = area[able - strides[kind]] + added[able - strides[kind], kind]
            better = through < area[able]
            area[able[better]], came[able[better]] = through[better], kind
    path, at, peak = [], size - 1, float(burden[-1])
    while at > 0:
        kind = int(came[at])
        path.append(kind)
        at -= int(strides[kind])
        peak = max(peak, float(burden[at]))
    return path[::-1], peak, float(area[-1])
