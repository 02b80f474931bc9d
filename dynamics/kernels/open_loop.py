"""Template: adaptive solution of a model under known doses, with exact forward sensitivities.

The import from ``placeholder`` below is replaced by the printed functions of a model before numba compiles
the text. Dormand and Prince's 5(4) pair with a proportional-integral step control; no step crosses a switch
of the dose.
"""

import math

import numpy as np
from numba import njit

# <model>
from dynamics.kernels.placeholder import (
    LOGARITHMIC,
    N_OUTPUTS,
    N_PARAMETERS,
    N_STATES,
    field,
    initial,
    initial_sensitivity,
    observe,
    observe_sensitivity,
    sensitivity_field,
)

# </model>

SUCCESS, NON_FINITE, TOO_MANY_STEPS = 0, 1, 2


@njit(cache=True, error_model="numpy", nogil=True)
def _rates(sensitive, t, z, p, k, u, dz):
    """Time derivative of the coordinates, with or without sensitivities."""
    if sensitive:
        sensitivity_field(t, z, p, k, u, dz)
    else:
        field(t, z, p, k, u, dz)


@njit(cache=True, error_model="numpy", nogil=True)
def _error_norm(z, z_new, error, size, scale, rtol):
    """Largest error in units of its tolerance; states and sensitivities alike."""
    worst = 0.0
    for i in range(size):
        if i < N_STATES and LOGARITHMIC:
            # the error of log x is the relative error of x
            tolerance = rtol
        elif i < N_STATES:
            tolerance = rtol * (scale + max(abs(z[i]), abs(z_new[i])))
        else:
            weight = 1.0 if LOGARITHMIC else scale
            tolerance = 10.0 * rtol * (weight + max(abs(z[i]), abs(z_new[i])))
        ratio = abs(error[i]) / tolerance
        if not ratio <= worst:  # also true for NaN
            worst = ratio
    return worst


@njit(cache=True, error_model="numpy", nogil=True)
def solve_one(sensitive, p, k, times, n_times, switches, doses, n_switches, rtol, max_steps, x, y, dy):
    """Solve one model for one patient; fill x (times, states), y (times, outputs), dy (times, outputs, p)."""
    size = N_STATES * (1 + N_PARAMETERS) if sensitive else N_STATES
    z, z_new, trial = np.empty(size), np.empty(size), np.empty(size)
    stages = np.empty((7, size))
    error = np.empty(size)
    initial(p, k, z)
    if sensitive:
        initial_sensitivity(p, k, z)
    scale = 1e-300
    for i in range(N_STATES):
        scale = max(scale, 1e-6 * abs(z[i]))

    t = times[0]
    segment = 0
    while segment + 1 < n_switches and switches[segment + 1] <= t:
        segment += 1
    visit = 0
    h = 1.0
    last_error = 1e-4
    steps = 0
    fresh = True
    while True:
        while visit < n_times and times[visit] <= t:
            observe(z, p, k, x[visit], y[visit])
            if sensitive:
                observe_sensitivity(z, p, k, dy[visit])
            visit += 1
        if visit >= n_times:
            return SUCCESS
        u = doses[segment]
        target = times[visit]
        at_switch = segment + 1 < n_switches and switches[segment + 1] <= target
        if at_switch:
            target = switches[segment + 1]
        if fresh:
            _rates(sensitive, t, z, p, k, u, stages[0])
            fresh = False
        clipped = t + h * 1.0000001 >= target
        step = target - t if clipped else h
        for i in range(size):
            trial[i] = z[i] + step * (1 / 5) * stages[0, i]
        _rates(sensitive, t + step / 5, trial, p, k, u, stages[1])
        for i in range(size):
            trial[i] = z[i] + step * (3 / 40 * stages[0, i] + 9 / 40 * stages[1, i])
        _rates(sensitive, t + step * 3 / 10, trial, p, k, u, stages[2])
        for i in range(size):
            trial[i] = z[i] + step * (44 / 45 * stages[0, i] - 56 / 15 * stages[1, i] + 32 / 9 * stages[2, i])
        _rates(sensitive, t + step * 4 / 5, trial, p, k, u, stages[3])
        for i in range(size):
            trial[i] = z[i] + step * (
                19372 / 6561 * stages[0, i]
                - 25360 / 2187 * stages[1, i]
                + 64448 / 6561 * stages[2, i]
                - 212 / 729 * stages[3, i]
            )
        _rates(sensitive, t + step * 8 / 9, trial, p, k, u, stages[4])
        for i in range(size):
            trial[i] = z[i] + step * (
                9017 / 3168 * stages[0, i]
                - 355 / 33 * stages[1, i]
                + 46732 / 5247 * stages[2, i]
                + 49 / 176 * stages[3, i]
                - 5103 / 18656 * stages[4, i]
            )
        _rates(sensitive, t + step, trial, p, k, u, stages[5])
        for i in range(size):
            z_new[i] = z[i] + step * (
                35 / 384 * stages[0, i]
                + 500 / 1113 * stages[2, i]
                + 125 / 192 * stages[3, i]
                - 2187 / 6784 * stages[4, i]
                + 11 / 84 * stages[5, i]
            )
        _rates(sensitive, t + step, z_new, p, k, u, stages[6])
        for i in range(size):
            error[i] = step * (
                71 / 57600 * stages[0, i]
                - 71 / 16695 * stages[2, i]
                + 71 / 1920 * stages[3, i]
                - 17253 / 339200 * stages[4, i]
                + 22 / 525 * stages[5, i]
                - 1 / 40 * stages[6, i]
            )
        norm = _error_norm(z, z_new, error, size, scale, rtol)
        if not clipped:
            steps += 1  # a step that a visit or a switch cut short says nothing about stiffness
        if steps > max_steps:
            return TOO_MANY_STEPS
        if not math.isfinite(norm):
            if step < 1e-10:
                return NON_FINITE
            h = 0.1 * step
            continue
        if norm <= 1.0:
            factor = 0.9 * max(norm, 1e-10) ** -0.14 * last_error**0.08
            last_error = max(norm, 1e-4)
            t = target if clipped else t + step
            for i in range(size):
                z[i] = z_new[i]
                stages[0, i] = stages[6, i]
            if clipped and at_switch:
                segment += 1
                fresh = True
            grown = step * min(10.0, max(0.2, factor))
            # a step cut short by a visit says little about the step that the tolerance admits
            h = max(h, grown) if clipped else grown
        else:
            h = step * max(0.1, 0.9 * norm**-0.2)


@njit(cache=True, error_model="numpy", nogil=True)
def solve_range(
    first,
    last,
    sensitive,
    who,
    p,
    k,
    times,
    n_times,
    switches,
    doses,
    n_switches,
    rtol,
    max_steps,
    x,
    y,
    dy,
    status,
):
    """Solve jobs ``first .. last - 1``; job b is parameter set p[b] of patient who[b]."""
    for b in range(first, last):
        w = who[b]
        status[b] = solve_one(
            sensitive,
            p[b],
            k[w],
            times[w],
            n_times[w],
            switches[w],
            doses[w],
            n_switches[w],
            rtol,
            max_steps,
            x[b],
            y[b],
            dy[b],
        )


__all__ = ["NON_FINITE", "N_OUTPUTS", "SUCCESS", "TOO_MANY_STEPS", "solve_range"]
