"""Template: a tumour whose dose is chosen on visits by a particle filter over parameters and states.

The particles are draws that do not hold the truth. They are weighted by the marker's likelihood, and drawn anew with a
small disturbance (Liu & West 2001) where few of them carry the weight.
"""

import math

import numpy as np
from numba import njit

# <visits>
from dosing.monitoring.kernels.visits import (
    BEFORE,
    LOGARITHMIC,
    LOOKS,
    N_OUTPUTS,
    N_STATES,
    NO_BURDEN,
    ON_LOOKS,
    RISES,
    SUCCESS,
    TOTAL,
    _all_exceeded,
    _burden,
    _inspect,
    log_spread,
    look,
    plain_initial,
    reading,
    step,
)

# </visits>

SHARE, SPREAD, SHRINK, RESAMPLE_BELOW, LONGEST_STEP, HOLD = 0, 1, 2, 3, 4, 5
FLOOR = 1e-200


@njit(cache=True, error_model="numpy", nogil=True)
def _carry(days, longest, t, level, output, p, k, u, x, y, work):
    """Take a particle to the next visit; say whether its burden was kept.

    Kept: at or below the level on the next visit, and until then never above the larger of level and present burden,
    which no dose can change any more.
    """
    parts = math.ceil(days / longest)
    bound = max(level, _burden(x, p, k, output, y)) * (1.0 + 1e-12)
    burden, kept = bound, True
    for i in range(parts):
        if step(True, t + i * days / parts, days / parts, p, k, u, x, work) != SUCCESS:
            return False
        if _inspect(x) != SUCCESS:
            return False
        burden = _burden(x, p, k, output, y)
        kept = kept and burden <= bound
    return kept and burden <= level * (1.0 + 1e-12)


@njit(cache=True, error_model="numpy", nogil=True)
def _lowest_dose(doses, share, days, longest, t, level, output, q, kq, z, weights, y, u, work, after):
    """Find the lowest dose under which enough of the weight is kept, else the highest; carries the particles along."""
    for c in range(len(doses)):
        u[0] = doses[c]
        last = c == len(doses) - 1
        lost = 0.0
        for j in range(len(q)):
            for s in range(N_STATES):
                after[j, s] = z[j, s]
            if not _carry(days, longest, t, level, output, q[j], kq[j], u, after[j], y, work):
                lost += weights[j]
                if not last and lost > 1.0 - share + 1e-12:
                    break
        if last or lost <= 1.0 - share + 1e-12:
            return


@njit(cache=True, error_model="numpy", nogil=True)
def _weigh(seen, noise, spread, output, q, kq, z, y, logs, weights):
    """Update the weights by the likelihood of a reading; return the effective number of particles."""
    highest = -np.inf
    for j in range(len(q)):
        burden = _burden(z[j], q[j], kq[j], output, y)
        if burden > 0.0 and math.isfinite(burden):
            own = log_spread(burden, noise)
            s = math.sqrt(own * own + spread * spread)
            r = (math.log(max(seen, FLOOR)) - math.log(max(burden, FLOOR))) / s
            logs[j] -= 0.5 * r * r + math.log(s)
        else:
            logs[j] = -np.inf
        highest = max(highest, logs[j])
    if not math.isfinite(highest):
        for j in range(len(q)):
            logs[j], weights[j] = 0.0, 1.0 / len(q)
        return float(len(q))
    total = 0.0
    for j in range(len(q)):
        logs[j] -= highest
        weights[j] = math.exp(logs[j])
        total += weights[j]
    squares = 0.0
    for j in range(len(q)):
        weights[j] /= total
        squares += weights[j] * weights[j]
    return 1.0 / squares


@njit(cache=True, error_model="numpy", nogil=True)
def _resample(shrink, q, kq, z, logs, weights):
    """Draw the particles anew, drawn towards their mean and disturbed so that mean and covariance stay (Liu-West)."""
    n, parameters = q.shape
    d = parameters + N_STATES
    rows = np.empty((n, d))
    for j in range(n):
        for i in range(parameters):
            rows[j, i] = math.log(q[j, i])
        for s in range(N_STATES):
            rows[j, parameters + s] = math.log(max(z[j, s], FLOOR)) if LOGARITHMIC else z[j, s]
    mean = np.zeros(d)
    for j in range(n):
        if weights[j] > 0.0:
            mean += weights[j] * rows[j]
    root = np.zeros((d, d))
    for j in range(n):
        if weights[j] > 0.0:
            for a in range(d):
                for b in range(a + 1):
                    root[a, b] += weights[j] * (rows[j, a] - mean[a]) * (rows[j, b] - mean[b])
    # Cholesky's factor in place; what does not vary has a column of zeros
    for a in range(d):
        for b in range(a + 1):
            value = root[a, b]
            for c in range(b):
                value -= root[a, c] * root[b, c]
            if a == b:
                root[a, a] = math.sqrt(value) if value > 1e-14 else 0.0
            else:
                root[a, b] = value / root[b, b] if root[b, b] > 0.0 else 0.0
    strength = math.sqrt(1.0 - shrink * shrink)
    drawn, constants = np.empty((n, d)), kq.copy()
    at, cumulated, offset = 0, weights[0], np.random.random()  # noqa: NPY002 - numba's own, seeded for each tumour
    xi = np.empty(d)
    for j in range(n):
        while cumulated < (j + offset) / n and at < n - 1:
            at += 1
            cumulated += weights[at]
        for i in range(d):
            xi[i] = np.random.standard_normal()  # noqa: NPY002
        for a in range(d):
            moved = 0.0
            for b in range(a + 1):
                moved += root[a, b] * xi[b]
            drawn[j, a] = mean[a] + shrink * (rows[at, a] - mean[a]) + strength * moved
        for i in range(kq.shape[1]):
            kq[j, i] = constants[at, i]
    for j in range(n):
        for i in range(parameters):
            q[j, i] = math.exp(drawn[j, i])
        for s in range(N_STATES):
            z[j, s] = math.exp(drawn[j, parameters + s]) if LOGARITHMIC else drawn[j, parameters + s]
        logs[j], weights[j] = 0.0, 1.0 / n


@njit(cache=True, error_model="numpy", nogil=True)
def filter_one(
    seed, rk4, locate, per_day, steps, output, p, k, particles, constants, doses, options, visits, noise, shocks,
    levels, until_exceeded, summary, crossings,
):  # fmt: skip
    """Follow one tumour whose dose the filter chooses every ``visits`` steps; return the status."""
    np.random.seed(seed)  # noqa: NPY002 - compiled: of this thread alone
    x, y, u, work = np.empty(N_STATES), np.empty(N_OUTPUTS), np.zeros(1), np.empty((5, N_STATES))
    n = len(particles)
    q, kq = particles.copy(), constants.copy()
    z, after = np.empty((n, N_STATES)), np.empty((n, N_STATES))
    logs, weights = np.zeros(n), np.full(n, 1.0 / n)
    plain_initial(p, k, x)
    first = _burden(x, p, k, output, y)
    if not (first > 0.0 and math.isfinite(first)):
        return NO_BURDEN
    for j in range(n):
        plain_initial(q[j], kq[j], z[j])
    level = options[HOLD] * first
    summary[:] = 0.0
    summary[BEFORE] = first
    days = visits / per_day
    for i in range(steps + 1):
        t = i / per_day
        status = look(locate, t, first, levels, output, p, k, x, y, summary, crossings)
        if status != SUCCESS:
            return status
        if i == 1 and summary[BEFORE] > first:
            summary[RISES] = 1.0
        if i == steps or (until_exceeded and i > 0 and _all_exceeded(crossings)):
            break
        if i % visits == 0:
            if i > 0:
                seen = reading(summary[BEFORE], noise, shocks[i // per_day])
                for j in range(n):
                    for s in range(N_STATES):
                        z[j, s] = after[j, s]
                even = _weigh(seen, noise, options[SPREAD], output, q, kq, z, y, logs, weights)
                if even < options[RESAMPLE_BELOW] * n:
                    _resample(options[SHRINK], q, kq, z, logs, weights)
            _lowest_dose(
                doses, options[SHARE], days, options[LONGEST_STEP], t, level, output, q, kq, z, weights, y, u, work,
                after,
            )  # fmt: skip
            summary[LOOKS] += 1.0
            summary[ON_LOOKS] += 1.0 if u[0] > 0.0 else 0.0
        status = step(rk4, t, 1.0 / per_day, p, k, u, x, work)
        if status != SUCCESS:
            return status
        summary[TOTAL] += u[0] / per_day
    return SUCCESS


@njit(cache=True, error_model="numpy", nogil=True)
def filter_range(
    begin, end, seeds, rk4, locate, per_day, steps, output, p, k, particles, constants, doses, options, visits, noise,
    shocks, levels, until_exceeded, summary, crossings, status,
):  # fmt: skip
    """Follow tumours ``begin .. end - 1``."""
    for j in range(begin, end):
        status[j] = filter_one(
            seeds[j], rk4, locate, per_day, steps, output, p[j], k[j], particles, constants, doses, options, visits,
            noise, shocks[j], levels[j], until_exceeded, summary[j], crossings[j],
        )  # fmt: skip


__all__ = ["filter_range"]
