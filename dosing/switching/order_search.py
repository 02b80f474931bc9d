"""A good order of many runs: greedy choice, then exchanges of two runs while they help."""

from __future__ import annotations

import numpy as np

from dosing.switching.order_lattice import run_area

__all__ = ["local_search", "walk"]

_MOST_PASSES = 20


def walk(log_start: np.ndarray, rates: np.ndarray, days: np.ndarray, path: list[int]) -> tuple[float, float]:
    """Return the largest burden and the area of runs in a given order."""
    steps = days[path, None] * rates[path]
    logs = log_start + np.vstack([np.zeros(len(log_start)), np.cumsum(steps, axis=0)])
    cells = np.exp(logs)
    shares = np.array([run_area(rate, float(length)) for rate, length in zip(rates, days, strict=True)])
    return float(cells.sum(axis=1).max()), float((cells[:-1] * shares[path]).sum())


def local_search(
    log_start: np.ndarray, rates: np.ndarray, days: np.ndarray, counts: tuple[int, ...], criterion: str
) -> tuple[list[int], float, float]:
    """Order runs greedily, then exchange neighbours and pairs; arguments and result as those of ``best_path``."""

    def score(path: list[int]) -> tuple[float, float]:
        peak, area = walk(log_start, rates, days, path)
        return (peak, area) if criterion == "peak" else (area, peak)

    left, at, path = list(counts), log_start.copy(), []
    while any(left):
        kinds = [k for k, c in enumerate(left) if c]
        # per day: a long run must not look better for being long
        best = min(kinds, key=lambda k: (np.exp(at + days[k] * rates[k]).sum() - np.exp(at).sum()) / days[k])
        path.append(best)
        left[best] -= 1
        at = at + days[best] * rates[best]
    now = score(path)
    for _ in range(_MOST_PASSES):
        before = now
        for distance in range(1, len(path)):
            for i in range(len(path) - distance):
                j = i + distance
                if path[i] == path[j]:
                    continue
                path[i], path[j] = path[j], path[i]
                trial = score(path)
                if trial < now:
                    now = trial
                else:
                    path[i], path[j] = path[j], path[i]
            if distance >= 8 and len(path) > 60:
                break
        if now >= before:
            break
    peak, area = walk(log_start, rates, days, path)
    return path, peak, area
