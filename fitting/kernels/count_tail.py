"""Template: tail of a count distribution beyond a limit; see :class:`fitting.censoring.CountTail`.

The import below is replaced by the printed functions of a distribution before numba compiles the text.
"""

import math

from numba import njit

# <distribution>
from fitting.kernels.placeholder import at_least, at_most, count_terms

# </distribution>

UNDERFLOW, TAIL_TERMS, PHI_STEP = 1e-290, 40, 1e-4


@njit(cache=True, error_model="numpy")
def _log_far_tail(k, mu, phi, step, work):
    """Sum the tail from its largest term, P(Y = k), outwards; a geometric series bounds the rest."""
    count_terms(k, mu, phi, work)
    log_largest = work[0]
    total, last, ratio = 1.0, 1.0, 0.0
    for i in range(1, TAIL_TERMS):
        at = k + i * step
        term = 0.0
        if at >= 0:
            count_terms(at, mu, phi, work)
            term = math.exp(work[0] - log_largest)
        ratio = term / last if last > 0 else 0.0
        total += term
        last = term
    return log_largest + math.log(total + last * ratio / (1 - min(ratio, 0.999)))


@njit(cache=True, error_model="numpy")
def _tail_value(k, mu, phi, below, work):
    """Negative logarithm of the tail probability."""
    tail = at_most(k, mu, phi) if below else at_least(max(k, 1e-12), mu, phi)
    if tail < UNDERFLOW:
        return -_log_far_tail(k, mu, phi, -1.0 if below else 1.0, work)
    return -math.log(tail)


@njit(cache=True, error_model="numpy")
def count_tail(y, mu, phi, side, has_phi, out, work):
    """Fill value, slope and information in mu, slope and curvature in log phi."""
    below = side < 0
    k = math.floor(y) if below else math.ceil(y)
    value = _tail_value(k, mu, phi, below, work)
    # "at least k" is the complement of "at most k - 1"
    j = k if below else k - 1
    count_terms(j, mu, phi, work)
    log_drain, log_drain_slope = work[1], work[2]
    slope = 0.0 if j < 0 else math.exp(log_drain + value + math.log(mu))
    if not below:
        slope = -slope
    curvature = slope * (1 + log_drain_slope + slope)
    out[0] = value
    out[1] = slope / mu
    out[2] = max(curvature, 0.0) / (mu * mu)
    out[3] = 0.0
    out[4] = 0.0
    if has_phi:
        # a regularised beta function has no closed derivative in its own parameter
        up = _tail_value(k, mu, phi * math.exp(PHI_STEP), below, work)
        down = _tail_value(k, mu, phi * math.exp(-PHI_STEP), below, work)
        out[3] = (up - down) / (2 * PHI_STEP)
        out[4] = max((up - 2 * value + down) / PHI_STEP**2, 0.0)
