"""End-point multipliers by the secant method: the value at which the condition at the end is met.

The least cost at a given multiplier ν is a concave function of ν whose derivative is the condition's value, so that
value falls as ν grows: one root, which a bracket can hold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

_MOST_DOUBLINGS = 60
_MOST_STEPS = 100


def bracketed_secant(
    function: Callable[[float], float], first: float, step: float, tolerance: float
) -> tuple[float, str]:
    """Find the root of a falling function.

    Parameters
    ----------
    function : callable
    first : float
        Guess.
    step : float
        First step, positive; doubled until the root is bracketed.
    tolerance : float
        On the function's value.

    Returns
    -------
    root : float
    message : str
        Empty, or why there is none.
    """
    a = first
    at_a = function(a)
    if abs(at_a) <= tolerance:
        return a, ""
    b, at_b = a, at_a
    for _ in range(_MOST_DOUBLINGS):
        b = a + step * np.sign(at_a)
        at_b = function(b)
        if abs(at_b) <= tolerance:
            return b, ""
        if not np.isfinite(at_b) or at_a * at_b < 0:
            break
        a, at_a, step = b, at_b, 2 * step
    if not at_a * at_b < 0:
        return b, f"no multiplier up to {abs(b):.3g} meets the condition: it stays at {at_b:.6g}"
    side = 0
    for _ in range(_MOST_STEPS):
        # the end that stays is weighed down (Illinois), so that both ends close in
        c = b - at_b * (b - a) / (at_b - at_a)
        at_c = function(c)
        if abs(at_c) <= tolerance:
            return c, ""
        if at_c * at_b > 0:
            b, at_b = c, at_c
            at_a, side = (at_a / 2, 1) if side == 1 else (at_a, 1)
        else:
            a, at_a = c, at_c
            at_b, side = (at_b / 2, -1) if side == -1 else (at_b, -1)
        if abs(b - a) <= 1e-15 * (abs(a) + abs(b)):
            return (
                c,
                f"the condition's value jumps at multiplier {c:.6g}: two different controls cost the same there",
            )
    return b, f"the condition is still missed by {at_b:.3g} after {_MOST_STEPS} secant steps"


def secant_in_several(
    function: Callable[[np.ndarray], np.ndarray], first: np.ndarray, scales: np.ndarray, tolerance: float
) -> tuple[np.ndarray, str]:
    """Find multipliers of several conditions by Broyden's method, the secant method of several unknowns.

    Parameters
    ----------
    function : callable
        From multipliers to the conditions' values, both of shape (conditions,).
    first : ndarray, shape (conditions,)
    scales : ndarray, shape (conditions,)
        Sizes of the conditions' terms.
    tolerance : float
        On each value relative to its scale.

    Returns
    -------
    root : ndarray
    message : str
        Empty, or why there is none.
    """
    import scipy.optimize

    # slopes over steps of 1e-4: the values carry the tolerance of the sweeps inside
    options: Any = {"xtol": 1e-13, "eps": 1e-8}
    found = scipy.optimize.root(lambda nu: function(nu) / scales, first, method="hybr", options=options)
    worst = float(np.max(np.abs(function(found.x)) / scales))
    return (
        found.x,
        "" if worst <= tolerance else f"the conditions are still missed by {worst:.3g} of their size",
    )
