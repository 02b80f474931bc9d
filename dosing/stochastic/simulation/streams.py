"""Random numbers by address: what a run draws in a generation depends on its key alone, not on what came before.

A run under another dose then meets the same luck for as long as it has cells in the same numbers, which is what makes a
difference between two therapies cheap to measure; and the result does not depend on the number of threads.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["normal", "open_stream", "poisson", "run_keys", "uniform"]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_TWO_STEPS = np.uint64(2 * 0x9E3779B97F4A7C15 % 2**64)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_PLACE = np.uint64(0xD1342543DE82EF95)
_R30, _R27, _R31, _R11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 2.0**-53
# transformed rejection needs a mean of ten; below it the table of probabilities is walked
_SMALL_MEAN = 10.0
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def run_keys(seed: int | np.random.Generator, runs: int) -> np.ndarray:
    """Return the keys of the runs, two words each, from one seed.

    Run i has the same key whatever the number of runs.

    Parameters
    ----------
    seed : int or numpy.random.Generator
        A generator gives one number away and goes on.
    runs : int

    Returns
    -------
    ndarray of uint64, shape (runs, 2)
    """
    entropy = int(seed.integers(2**63)) if isinstance(seed, np.random.Generator) else int(seed)
    # one word after another in one sequence: a longer request begins like a shorter one
    return np.random.SeedSequence(entropy).generate_state(2 * runs, np.uint64).reshape(runs, 2)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _mix(z):
    """Finaliser of SplitMix64 (Steele, Lea & Flood 2014)."""
    z = (z ^ (z >> _R30)) * _MIX_A
    z = (z ^ (z >> _R27)) * _MIX_B
    return z ^ (z >> _R31)


@njit(cache=True, nogil=True, error_model="numpy")
def open_stream(state, key, place):
    """Start the stream of a run's ``place``-th use of chance in ``state``, shape (1,)."""
    state[0] = _mix(_mix(key[0] + np.uint64(place) * _PLACE) ^ key[1])


@njit(cache=True, nogil=True, error_model="numpy")
def uniform(state):
    """Draw from the open interval (0, 1)."""
    state[0] += _STEP
    return ((_mix(state[0]) >> _R11) + 0.5) * _UNIT


@njit(cache=True, nogil=True, error_model="numpy")
def normal(state):
    """Draw a standard normal number (Box & Muller 1958)."""
    radius = math.sqrt(-2.0 * math.log(uniform(state)))
    return radius * math.cos(2.0 * math.pi * uniform(state))


@njit(cache=True, nogil=True, error_model="numpy")
def _log_factorial(k):
    """Logarithm of k!: Stirling's series, whose first left-out term is below 1e-13 from k = 16 on."""
    if k < 16.0:
        total = 0.0
        i = 2.0
        while i <= k:
            total += math.log(i)
            i += 1.0
        return total
    z = k + 1.0
    s = 1.0 / (z * z)
    tail = (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s / 1188)))) / z
    return (z - 0.5) * math.log(z) - z + _HALF_LOG_2PI + tail


@njit(cache=True, nogil=True, error_model="numpy")
def poisson(state, mean):
    """Draw a Poisson number, exact for every mean.

    Inversion below a mean of 10; above it transformed rejection with a squeeze (PTRS, Hörmann 1993). A mean that is
    not positive gives zero.

    Parameters
    ----------
    state : ndarray of uint64, shape (1,)
    mean : float

    Returns
    -------
    float
    """
    if not mean > 0.0:
        return 0.0
    if mean < _SMALL_MEAN:
        u = uniform(state)
        p = math.exp(-mean)
        k = 0.0
        while u > p and k < 200.0:
            u -= p
            k += 1.0
            p *= mean / k
        return k
    b = 0.931 + 2.53 * math.sqrt(mean)
    a = -0.059 + 0.02483 * b
    # the generator's word is kept apart from the array: stores between draws would cost as much as the draws
    word = state[0]
    while True:
        u = ((_mix(word + _STEP) >> _R11) + 0.5) * _UNIT - 0.5
        word += _TWO_STEPS
        v = ((_mix(word) >> _R11) + 0.5) * _UNIT
        s = 0.5 - abs(u)
        k = math.floor((2.0 * a / s + b) * u + mean + 0.43)
        # the squeeze, both sides multiplied by b - 2 > 0
        if s >= 0.07 and (v - 0.9277) * (b - 2.0) <= -3.6224:
            break
        if k < 0.0 or (s < 0.013 and v > s):
            continue
        scale = 1.1239 + 1.1328 / (b - 3.4)
        if math.log(v * scale / (a / (s * s) + b)) <= -mean + k * math.log(mean) - _log_factorial(k):
            break
    state[0] = word
    return k
