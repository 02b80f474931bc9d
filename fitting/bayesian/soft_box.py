"""The line mapped onto an interval: nearly the identity away from its ends."""

from __future__ import annotations

from typing import Any

import numpy as np


class SoftBox:
    """A map of each coordinate into its bounds.

    ``q = l + softplus(...)`` in the sense of ``q = a + softplus(l - a) - softplus(l - b)``; without a lower (upper)
    end that term falls away.

    Parameters
    ----------
    lower, upper : ndarray, shape (c,)
        Infinite where there is no end.
    """

    def __init__(self, lower: np.ndarray, upper: np.ndarray) -> None:
        self.lower, self.upper = np.asarray(lower, float), np.asarray(upper, float)
        self._low, self._high = np.isfinite(self.lower), np.isfinite(self.upper)
        self._a = np.where(self._low, self.lower, 0.0)
        self._b = np.where(self._high, self.upper, 0.0)

    @property
    def is_identity(self) -> bool:
        """Whether there is no end at all."""
        return not (self._low.any() or self._high.any())

    def to_box(self, line: Any, xp: Any = np) -> Any:
        """Map the line (..., c) into the box; ``xp`` is NumPy or PyTensor."""
        if self.is_identity:
            return line
        softplus = xp.softplus if xp is not np else lambda x: np.logaddexp(0.0, x)
        rise = xp.where(self._low, self._a + softplus(line - self._a), line)
        return xp.where(self._high, rise - softplus(line - self._b), rise)

    def to_line(self, q: np.ndarray) -> np.ndarray:
        """Invert :meth:`to_box`; a point on a bound goes 30 units beyond it."""
        if self.is_identity:
            return q
        tiny = 1e-13
        with np.errstate(over="ignore"):
            above = np.where(self._low, np.log(np.maximum(np.expm1(q - self._a), tiny)) + self._a, q)
            return np.where(self._high, above - np.log(np.maximum(-np.expm1(q - self._b), tiny)), above)

    def log_slope(self, line: Any, xp: Any = np) -> Any:
        """Logarithm of the derivative, shape (..., c)."""
        if self.is_identity:
            return xp.zeros_like(line)
        sigmoid = xp.sigmoid if xp is not np else lambda x: np.exp(-np.logaddexp(0.0, -x))
        rise = xp.where(self._low, sigmoid(line - self._a), 1.0)
        return xp.log(xp.maximum(rise - xp.where(self._high, sigmoid(line - self._b), 0.0), 1e-300))
