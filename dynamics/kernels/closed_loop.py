"""Template: fixed-step solution of a model whose dose answers to its burden.

The import from ``placeholder`` below is replaced by the printed functions of a model before numba compiles
the text. The dose is decided by a machine with two states: with the drug until the burden is at or below the
pause level, without it until the burden is at or above the resume level. It reads the burden at a node, and
its answer holds for the step that begins there; with ``locate`` the step is split where the level is crossed,
so that the answer does not depend on the step. A machine with visits reads the burden only at every so many nodes.
"""

import math

import numpy as np
from numba import njit

# <model>
from dynamics.kernels.placeholder import (
    LOGARITHMIC,
    N_OUTPUTS,
    N_STATES,
    plain_field,
    plain_initial,
    plain_output,
)

# </model>

SUCCESS, NON_FINITE, NEGATIVE, TOO_STIFF, NO_BURDEN = 0, 1, 2, 3, 4
DOSE, PAUSE, RESUME, STARTS_ON, VISITS = 0, 1, 2, 3, 4
FIRST, FINAL, LOWEST, LOWEST_DAY, TOTAL_DOSE, RISES = 0, 1, 2, 3, 4, 5
REACHED, WITHIN, EXCEEDED = 0, 1, 2
# the relative change of a population in one Runge-Kutta step: 0.2 leaves 3e-6 of error a step
LARGEST_CHANGE = 0.2
MAX_SUBSTEPS = 10_000
MAX_SECANTS = 60
# a population below this is empty: the smallest numbers no longer decay, and slow a processor down
EMPTY = 1e-300


@njit(cache=True, error_model="numpy", nogil=True)
def _burden(x, p, k, output, y):
    """Output that the policy reads."""
    plain_output(x, p, k, y)
    return y[output]


@njit(cache=True, error_model="numpy", nogil=True)
def _advance(rk4, t, h, x, p, k, u, a, b, c, d, x_new):
    """One step of length h from x to x_new; ``a`` holds the field at x already."""
    if not rk4:
        for i in range(N_STATES):
            x_new[i] = x[i] + h * a[i]
        return
    for i in range(N_STATES):
        x_new[i] = x[i] + 0.5 * h * a[i]
    plain_field(t + 0.5 * h, x_new, p, k, u, b)
    for i in range(N_STATES):
        x_new[i] = x[i] + 0.5 * h * b[i]
    plain_field(t + 0.5 * h, x_new, p, k, u, c)
    for i in range(N_STATES):
        x_new[i] = x[i] + h * c[i]
    plain_field(t + h, x_new, p, k, u, d)
    for i in range(N_STATES):
        x_new[i] = x[i] + h / 6.0 * (a[i] + 2.0 * (b[i] + c[i]) + d[i])


@njit(cache=True, error_model="numpy", nogil=True)
def _allowed(left, x, a):
    """Longest part of ``left`` in which no population changes too much for an explicit step."""
    fastest = 0.0
    for i in range(N_STATES):
        if x[i] != 0.0:
            fastest = max(fastest, abs(a[i] / x[i]))
    parts = np.ceil(left * fastest / LARGEST_CHANGE)
    return left / parts if parts > 1.0 else left


@njit(cache=True, error_model="numpy", nogil=True)
def _crossing(rk4, t, h, level, above, p, k, u, x, a, b, c, d, x_new, output, y):
    """Length of the part of a step at whose end the burden is at the level; leaves the state there in x_new.

    The Illinois variant of false position: a bracket as in bisection, nearly the speed of the secant rule.
    """
    low, high = 0.0, h
    f_low, f_high = _burden(x, p, k, output, y) - level, above
    part, side = h, 0
    for _ in range(MAX_SECANTS):
        part = (low * f_high - high * f_low) / (f_high - f_low)
        _advance(rk4, t, part, x, p, k, u, a, b, c, d, x_new)
        f = _burden(x_new, p, k, output, y) - level
        if abs(f) <= 1e-13 * abs(level):
            break
        if (f > 0.0) == (f_high > 0.0):
            high, f_high = part, f
            f_low = 0.5 * f_low if side == 1 else f_low
            side = 1
        else:
            low, f_low = part, f
            f_high = 0.5 * f_high if side == -1 else f_high
            side = -1
    return part


@njit(cache=True, error_model="numpy", nogil=True)
def _inspect(x):
    """Status of a state: numbers, populations that are not negative. Empties what is as good as empty."""
    for i in range(N_STATES):
        if not math.isfinite(x[i]):
            return NON_FINITE
        if LOGARITHMIC and x[i] < EMPTY:
            if x[i] < 0.0:
                return NEGATIVE
            x[i] = 0.0
    return SUCCESS


@njit(cache=True, error_model="numpy", nogil=True)
def _watch(locate, t_before, before, t, burden, first, levels, crossings):
    """Note when the burden reaches, leaves, exceeds the watched multiples of the first burden.

    With ``locate`` a level passed between two looks is dated by linear interpolation, else by the look.
    """
    for j in range(len(levels)):
        level = levels[j] * first
        passed = t
        if locate and before <= level < burden:
            passed = t_before + (t - t_before) * (level - before) / (burden - before)
        if burden >= level and t > 0.0 and not crossings[j, REACHED] >= 0.0:
            crossings[j, REACHED] = passed
        if burden <= level:
            crossings[j, WITHIN] = t
        elif before <= level:
            if locate:
                crossings[j, WITHIN] = passed
            if not crossings[j, EXCEEDED] >= 0.0:
                crossings[j, EXCEEDED] = passed


@njit(cache=True, error_model="numpy", nogil=True)
def _all_exceeded(crossings):
    """Say whether every watched level has been exceeded."""
    for j in range(len(crossings)):
        if not crossings[j, EXCEEDED] >= 0.0:
            return False
    return len(crossings) > 0


@njit(cache=True, error_model="numpy", nogil=True)
def run_one(
    rk4, locate, per_day, steps, output, p, k, rule, scheduled, sampled, levels, every, until_exceeded,
    burdens, doses, states, switches, summary, crossings,
):  # fmt: skip
    """Follow one tumour, to the end or until it has exceeded all levels; fill the records at every ``every``-th node.

    Returns the status and the number of switches.
    """
    x, x_new, y, u = np.empty(N_STATES), np.empty(N_STATES), np.empty(N_OUTPUTS), np.zeros(1)
    a, b, c, d = np.empty(N_STATES), np.empty(N_STATES), np.empty(N_STATES), np.empty(N_STATES)
    h = 1.0 / per_day
    plain_initial(p, k, x)
    first = _burden(x, p, k, output, y)
    if not (first > 0.0 and math.isfinite(first)):
        return NO_BURDEN, 0
    pause, resume = rule[PAUSE] * first, rule[RESUME] * first
    on = rule[STARTS_ON] > 0.0
    visits = int(rule[VISITS])
    t_before, before, lowest, lowest_day, total, rises = 0.0, first, first, 0.0, 0.0, 0.0
    count = 0
    for i in range(steps + 1):
        t = i / per_day
        status = _inspect(x)
        if status != SUCCESS:
            return status, count
        burden = _burden(x, p, k, output, y)
        if burden < lowest:
            lowest, lowest_day = burden, t
        if i == 1 and burden > first:
            rises = 1.0
        _watch(locate, t_before, before, t, burden, first, levels, crossings)
        t_before, before = t, burden
        if scheduled:
            u[0] = sampled[min(i, steps - 1)]
        else:
            looks = visits == 0 or i % visits == 0
            if looks and ((on and burden <= pause) or (not on and burden >= resume)):
                on = not on
                if count < len(switches):
                    switches[count] = t
                count += 1
            u[0] = rule[DOSE] if on else 0.0
        if every > 0 and i % every == 0:
            row = i // every
            burdens[row] = burden
            doses[row] = u[0]
            if len(states) > 0:
                for s in range(N_STATES):
                    states[row, s] = x[s]
        if i == steps or (until_exceeded and i > 0 and _all_exceeded(crossings)):
            break
        left = h
        substeps = 0
        while left > 0.0:
            now = t + (h - left)
            plain_field(now, x, p, k, u, a)
            part = _allowed(left, x, a) if rk4 and LOGARITHMIC else left
            substeps += 1
            if not part > 0.0 or substeps > MAX_SUBSTEPS:
                return TOO_STIFF, count
            _advance(rk4, now, part, x, p, k, u, a, b, c, d, x_new)
            if locate and not scheduled and visits == 0:
                after = _burden(x_new, p, k, output, y)
                if (on and after <= pause) or (not on and after >= resume):
                    level = pause if on else resume
                    part = _crossing(
                        rk4, now, part, level, after - level, p, k, u, x, a, b, c, d, x_new, output, y
                    )
                    event = now + part
                    _watch(locate, t_before, before, event, level, first, levels, crossings)
                    t_before, before = event, level
                    if level < lowest:
                        lowest, lowest_day = level, event
                    total += u[0] * part
                    on = not on
                    u[0] = rule[DOSE] if on else 0.0
                    if count < len(switches):
                        switches[count] = event
                    count += 1
                    left -= part
                    for s in range(N_STATES):
                        x[s] = x_new[s]
                    continue
            total += u[0] * part
            left -= part
            for s in range(N_STATES):
                x[s] = x_new[s]
    summary[FIRST], summary[FINAL], summary[LOWEST], summary[LOWEST_DAY] = first, burden, lowest, lowest_day
    summary[TOTAL_DOSE], summary[RISES] = total, rises
    return SUCCESS, count


@njit(cache=True, error_model="numpy", nogil=True)
def run_range(
    begin, end, rk4, locate, per_day, steps, output, p, k, rules, which, sampled, levels, every,
    until_exceeded, burdens, doses, states, switches, summary, crossings, status, n_switches,
):  # fmt: skip
    """Follow tumours ``begin .. end - 1``; tumour j takes ``sampled[which[j]]`` where ``which[j] >= 0``."""
    for j in range(begin, end):
        status[j], n_switches[j] = run_one(
            rk4, locate, per_day, steps, output, p[j], k[j], rules[j], which[j] >= 0,
            sampled[max(which[j], 0)], levels[j], every, until_exceeded, burdens[j], doses[j], states[j], switches[j],
            summary[j], crossings[j],
        )  # fmt: skip


@njit(cache=True, error_model="numpy", nogil=True)
def first_burdens(p, k, output, found):
    """Burden at the first visit of each tumour."""
    x, y = np.empty(N_STATES), np.empty(N_OUTPUTS)
    for j in range(len(p)):
        plain_initial(p[j], k[j], x)
        found[j] = _burden(x, p[j], k[j], output, y)


__all__ = ["first_burdens", "run_range"]
