"""Compiled resampling of a population from look to look."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy", nogil=True)
def resample(rng, count, population, weight, normal_above):
    """Next generation: binomial with fitness ratio ``weight``, or its normal form where that has many successes."""
    p = count / population
    p = p * weight / (1.0 - p + p * weight)
    variance = population * p * (1.0 - p)
    if variance <= normal_above:
        return rng.binomial(population, p)
    z = rng.standard_normal()
    # mean, variance and skewness of the binomial (Cornish and Fisher), rounded to whole individuals; rounding adds 1/12
    drawn = population * p + np.sqrt(variance - 1.0 / 12.0) * z + (1.0 - 2.0 * p) * (z * z - 1.0) / 6.0
    return int(min(max(np.floor(drawn + 0.5), 0.0), population))


@njit(cache=True, error_model="numpy", nogil=True)
def lifetimes(rng, starts, population, interval, first, wait, after, longest, normal_above, out):
    """Write the generations until loss of each run, negative where still polymorphic after ``longest``.

    ``first[n]``: fitness ratio applied after a look at n individuals, for ``wait[n]`` generations; then ``after[n]``
    until the next look, ``interval`` generations after the last.
    """
    for i in range(len(starts)):
        n = starts[i]
        t = 0
        out[i] = -longest
        while 0 < n < population and t < longest:
            now, later, switch = first[n], after[n], wait[n]
            for k in range(interval):
                n = resample(rng, n, population, now if k < switch else later, normal_above)
                t += 1
                if n <= 0 or n >= population:
                    out[i] = t
                    break
                if t >= longest:
                    break


@njit(cache=True, error_model="numpy", nogil=True)
def course(rng, start, population, interval, first, wait, after, every, normal_above, out):
    """One run, its count written every so many generations and at loss; returns how many were written, and the time."""
    n = start
    t = 0
    written = 0
    now, later, switch = first[n], after[n], wait[n]
    while written < len(out):
        lost = n <= 0 or n >= population
        if t % every == 0 or lost:
            out[written] = n
            written += 1
        if lost or written == len(out):
            break
        k = t % interval
        if k == 0:
            now, later, switch = first[n], after[n], wait[n]
        n = resample(rng, n, population, now if k < switch else later, normal_above)
        t += 1
    return written, t
