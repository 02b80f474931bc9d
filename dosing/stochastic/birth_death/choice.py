"""The best of several controls, with the tie rule."""

from __future__ import annotations

import numpy as np

__all__ = ["best_control"]


def best_control(values: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest value and its control, (...) and int8 (...).

    A control replaces one that is listed before it only where it is better by more than the tolerance, so a tie is
    broken the same way on every machine.

    Parameters
    ----------
    values : array, (controls, ...)
    tolerance : float
        Relative gain.
    """
    best, index = values[0].copy(), np.zeros(values.shape[1:], dtype=np.int8)
    for row in range(1, len(values)):
        better = values[row] > best + tolerance * np.abs(best)
        best[better] = values[row][better]
        index[better] = row
    return best, index
