"""Skellam probabilities: the change of a cell number in one generation (Fischer 2015, eq. 46)."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["log_skellam_expansion", "reach", "skellam_pmf", "write_skellam"]

# half-width of the window in standard deviations, and in cells for small rates: 4e-12 is left outside at most
DEVIATIONS, MORE = 7.0, 10
# steps of the downward recurrence before the first ratio that is used
SETTLE = 20


@njit(cache=True, error_model="numpy", nogil=True)
def reach(birth, death):
    """Return the lowest and the highest change that are kept, for births and deaths of one generation."""
    mode = math.floor(birth - death + 0.5)
    half = math.ceil(DEVIATIONS * math.sqrt(birth + death)) + MORE
    if death == 0.0:
        return max(int(mode - half), 0), int(mode + half)
    if birth == 0.0:
        return int(mode - half), min(int(mode + half), 0)
    return int(mode - half), int(mode + half)


@njit(cache=True, error_model="numpy", nogil=True)
def write_skellam(birth, death, low, high, ratio, mass):
    """Write the probabilities of the changes low, …, high into ``mass``; they sum to one.

    The ratio of neighbours, p(k) / p(k - 1) = birth e_k for k > 0 with e_k = 1 / (k + birth death e_(k+1)), is
    Miller's downward recurrence on ratios of Bessel functions, in a form that needs no Bessel function, does not
    underflow and holds where a rate is zero. The probabilities are built outwards from the mode.

    birth, death : expected numbers; low, high : as :func:`reach` returns them; ratio : work, at least
    max(|low|, |high|) + 2 long; mass : at least high - low + 1 long.
    """
    both = birth * death
    top = max(abs(low), abs(high)) + 1
    # the fixed point of the recurrence at its start leaves less to settle than zero would
    k = float(top + SETTLE)
    e = 2.0 / (k + math.sqrt(k * k + 4.0 * both))
    for j in range(top + SETTLE, top, -1):
        e = 1.0 / (j + both * e)
    for j in range(top, 0, -1):
        e = 1.0 / (j + both * e)
        ratio[j] = e
    mode = min(max(math.floor(birth - death + 0.5), low), high)
    mass[mode - low] = 1.0
    total = 1.0
    p = 1.0
    for n in range(mode + 1, high + 1):
        p *= birth * ratio[n] if n > 0 else 1.0 / (death * ratio[1 - n])
        mass[n - low] = p
        total += p
    p = 1.0
    for n in range(mode - 1, low - 1, -1):
        p *= death * ratio[-n] if n < 0 else 1.0 / (birth * ratio[n + 1])
        mass[n - low] = p
        total += p
    for i in range(high - low + 1):
        mass[i] /= total


def skellam_pmf(birth: float, death: float) -> tuple[np.ndarray, np.ndarray]:
    """Return changes and their probabilities, both (changes,), for one pair of rates.

    Parameters
    ----------
    birth, death : float
        Expected numbers of births and of deaths, at least zero.

    Raises
    ------
    ValueError
        A rate is negative or not finite.
    """
    if not (0 <= birth < math.inf and 0 <= death < math.inf):
        raise ValueError(f"births {birth} and deaths {death}: expected numbers are finite and at least zero")
    low, high = reach(float(birth), float(death))
    mass = np.empty(high - low + 1)
    write_skellam(float(birth), float(death), low, high, np.empty(max(abs(low), abs(high)) + 2), mass)
    return np.arange(low, high + 1), mass


def log_skellam_expansion(change: np.ndarray, birth: float, death: float) -> np.ndarray:
    """Return the logarithm of the probability by the uniform expansion of the Bessel function (eq. 50).

    Its relative error falls as 1 / (8 sqrt(change² + 4 birth death)) near the mode; rates must be positive.

    Parameters
    ----------
    change : array of int
    birth, death : float

    Raises
    ------
    ValueError
        A rate is not positive.
    """
    if not (birth > 0 and death > 0):
        raise ValueError(
            f"births {birth} and deaths {death}: the expansion needs both positive; use skellam_pmf where one is zero"
        )
    n = np.asarray(change, dtype=float)
    z = 2 * math.sqrt(birth * death)
    size = np.hypot(n, z)
    a = -(birth + death) - math.log(2 * math.pi) / 2
    b = math.log(birth / death) / 2
    return a + b * n + size - np.log(size) / 2 + np.abs(n) * np.log(z / (np.abs(n) + size))
