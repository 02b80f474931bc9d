"""A number that follows from a parameter set, for which a profile can be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Parts:
    """Smooth functions of which a quantity with kinks, or without a value everywhere, is made.

    The quantity is the least (or the largest) of its *pieces*, and exists where every *condition* is positive.
    A width within [0, 1] is the least of upper - lower, 1 - lower, upper, 1; it exists where there is a window.
    An optimiser can follow a piece to the edge of where it counts, and then along that edge.

    Parameters
    ----------
    value : callable
        Parameters (b, p) -> (b, m), pieces first, then conditions; defined beyond where the quantity exists.
    gradient : callable
        Parameters (b, p) -> (b, m, p), derivatives in the logarithms.
    pieces, conditions : int
        m = pieces + conditions.
    least : bool
        Whether the quantity is the least of its pieces; else the largest.
    """

    value: Function
    gradient: Function
    pieces: int = 1
    conditions: int = 0
    least: bool = True


@dataclass(frozen=True)
class Approach:
    """A smoother way to a given value than the quantity itself, which jumps or ends at a cliff.

    Parameters
    ----------
    residual : callable
        Parameters (b, p), values (b,) -> residuals (b,), their derivatives in the logarithms (b, p). Zero where
        the quantity has that value, near there its difference from it; zero elsewhere too, perhaps.
    confirms : callable
        Parameters (b, p), values (b,) -> whether the quantity has that value, shape (b,).
    """

    residual: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    confirms: Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Quantity:
    """A function of one patient's parameters: a window edge, a time to progression, a burden to come.

    Parameters
    ----------
    name : str
        As in tables: ``"window_low"``, ``"ttp_mtd"``, ``"burden_day_200"``.
    unit : str
    meaning : str
    value : callable
        Parameters in the model's units, shape (b, p) -> values, shape (b,); NaN where it does not exist (no
        window). Infinite values are allowed (no progression).
    gradient : callable or None
        Parameters (b, p) -> derivatives in the *logarithms* of the parameters, shape (b, p); None where only
        differences are to be had.
    lower, upper : float
        Range in which it is of interest; a profile that reaches an end is open there.
    positive : bool
        Whether grids are logarithmic.
    parts : Parts or None
        Smooth pieces; None where ``value`` itself is smooth wherever it exists. In the quantity's own units,
        logarithms not taken.
    closed_range : bool
        Whether ``lower``, ``upper`` stand for everything beyond them: a window's edge below dose 0 counts as 0.
    formula : bool
        Whether value and gradient cost next to nothing, so that curvatures may be had by differences.
    beyond : str
        What values at ``upper`` and above mean, in words: "no progression within 1460 days".
    approach : Approach or None
        For a quantity of one piece without conditions.
    """

    name: str
    unit: str
    meaning: str
    value: Function
    gradient: Function | None = None
    lower: float = -np.inf
    upper: float = np.inf
    positive: bool = False
    parts: Parts | None = None
    closed_range: bool = False
    formula: bool = False
    beyond: str = ""
    approach: Approach | None = None
