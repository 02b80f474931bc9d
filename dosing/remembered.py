"""The last answer of a function of parameter sets, kept, for value and gradient ask alike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


class Remembered:
    """A function of parameter sets that answers the same question only once in a row.

    Parameters
    ----------
    function : callable
        Parameters (b, p) -> arrays over the sets.
    """

    def __init__(self, function: Callable[[np.ndarray], tuple[np.ndarray, ...]]) -> None:
        """Wrap the function."""
        self._function = function
        self._asked, self._answer = np.zeros((0, 0)), None

    def __call__(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """Answer, from memory where these sets were asked for last."""
        if self._answer is None or self._asked.shape != x.shape or not np.array_equal(self._asked, x):
            self._answer = self._function(x)
            self._asked = x.copy()
        return self._answer
