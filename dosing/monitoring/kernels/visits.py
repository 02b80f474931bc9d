"""Template: a tumour whose dose answers to a noisy marker, read on visits and held between them.

The import from ``closed_loop`` below is replaced by one from the compiled closed loop of a model, so that steps, notes
of crossings and checks are those of every other simulation. Without noise the two agree to the last digit.
"""

import math

import numpy as np
from numba import njit

# <solver>
from dynamics.kernels.closed_loop import (
    LOGARITHMIC,
    MAX_SUBSTEPS,
    N_OUTPUTS,
    N_STATES,
    _advance,
    _all_exceeded,
    _allowed,
    _burden,
    _inspect,
    _watch,
    plain_field,
    plain_initial,
)

# </solver>

SUCCESS, TOO_STIFF, NO_BURDEN = 0, 3, 4
DOSE, PAUSE, RESUME, STARTS_ON = 0, 1, 2, 3
T_BEFORE, BEFORE, TOTAL, RISES, LOOKS, ON_LOOKS = 0, 1, 2, 3, 4, 5
SUMMARY = 6
SMALLEST = 1e-12


@njit(cache=True, error_model="numpy", nogil=True)
def log_spread(burden, noise):
    """Return the standard deviation of the marker's logarithm; ``noise`` is its squared variation in 1/burden."""
    at = max(burden, SMALLEST)
    return math.sqrt(math.log1p(noise[0] + noise[1] / at + noise[2] / (at * at)))


@njit(cache=True, error_model="numpy", nogil=True)
def reading(burden, noise, shock):
    """Marker on a visit: the burden is its median."""
    return burden * math.exp(log_spread(burden, noise) * shock)


@njit(cache=True, error_model="numpy", nogil=True)
def look(locate, t, first, levels, output, p, k, x, y, summary, crossings):
    """Check a node and note the levels that were passed on the way to it; return the status."""
    status = _inspect(x)
    if status != SUCCESS:
        return status
    burden = _burden(x, p, k, output, y)
    _watch(locate, summary[T_BEFORE], summary[BEFORE], t, burden, first, levels, crossings)
    summary[T_BEFORE], summary[BEFORE] = t, burden
    return SUCCESS


@njit(cache=True, error_model="numpy", nogil=True)
def step(rk4, t, h, p, k, u, x, work):
    """Advance x by a step under one dose; return the status."""
    left, substeps = h, 0
    while left > 0.0:
        now = t + (h - left)
        plain_field(now, x, p, k, u, work[0])
        part = _allowed(left, x, work[0]) if rk4 and LOGARITHMIC else left
        substeps += 1
        if not part > 0.0 or substeps > MAX_SUBSTEPS:
            return TOO_STIFF
        _advance(rk4, now, part, x, p, k, u, work[0], work[1], work[2], work[3], work[4])
        left -= part
        for s in range(N_STATES):
            x[s] = work[4, s]
    return SUCCESS


@njit(cache=True, error_model="numpy", nogil=True)
def run_one(
    rk4, locate, per_day, steps, output, p, k, rule, visits, noise, shocks, levels, until_exceeded, summary, crossings,
):  # fmt: skip
    """Follow one tumour under a machine that reads the marker every ``visits`` steps; return the status."""
    x, y, u, work = np.empty(N_STATES), np.empty(N_OUTPUTS), np.zeros(1), np.empty((5, N_STATES))
    plain_initial(p, k, x)
    first = _burden(x, p, k, output, y)
    if not (first > 0.0 and math.isfinite(first)):
        return NO_BURDEN
    pause, resume, on = rule[PAUSE] * first, rule[RESUME] * first, rule[STARTS_ON] > 0.0
    summary[:] = 0.0
    summary[BEFORE] = first
    for i in range(steps + 1):
        t = i / per_day
        status = look(locate, t, first, levels, output, p, k, x, y, summary, crossings)
        if status != SUCCESS:
            return status
        if i == 1 and summary[BEFORE] > first:
            summary[RISES] = 1.0
        if i % visits == 0:
            # the first reading is what all levels are multiples of
            seen = first if i == 0 else reading(summary[BEFORE], noise, shocks[i // per_day])
            if (on and seen <= pause) or (not on and seen >= resume):
                on = not on
            summary[LOOKS] += 1.0
            summary[ON_LOOKS] += 1.0 if on else 0.0
        if i == steps or (until_exceeded and i > 0 and _all_exceeded(crossings)):
            break
        u[0] = rule[DOSE] if on else 0.0
        status = step(rk4, t, 1.0 / per_day, p, k, u, x, work)
        if status != SUCCESS:
            return status
        summary[TOTAL] += u[0] / per_day
    return SUCCESS


@njit(cache=True, error_model="numpy", nogil=True)
def run_range(
    begin, end, rk4, locate, per_day, steps, output, p, k, rules, visits, noise, shocks, levels, until_exceeded,
    summary, crossings, status,
):  # fmt: skip
    """Follow jobs ``begin .. end - 1``: job j is tumour j modulo the number of tumours, under its own rule."""
    m = len(p)
    for j in range(begin, end):
        status[j] = run_one(
            rk4, locate, per_day, steps, output, p[j % m], k[j % m], rules[j // m], visits[j // m], noise,
            shocks[j % m], levels[j % m], until_exceeded, summary[j], crossings[j],
        )  # fmt: skip


__all__ = ["run_range"]
