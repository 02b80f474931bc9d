"""Template: Fisher scoring with Levenberg-Marquardt damping inside bounds, one job at a time.

The same method as :func:`fitting.optimizer.minimise`, which serves any batch function; here the likelihood is
compiled in, so that a job of fifty iterations costs fifty solutions of the model and nothing besides.
"""

import math

import numpy as np
from numba import njit

from dynamics.kernels.linear import copy_matrix, copy_vector, solve_linear

# <evaluate>
from fitting.kernels.placeholder import evaluate_one

# </evaluate>

LARGEST_STEP = 1.5
IDLE_GAIN, IDLE_STEPS = 1000.0, 4
LOOK_BACK, CREEP = 20, 1e-5
WORST = 1e11


@njit(cache=True, error_model="numpy", nogil=True)
def _damped(information, gradient, damping, held, displaced, work, step):
    """Solve (H + damping diag H) s = -g on the free components, given the displacement of the held ones."""
    n = len(gradient)
    largest = 0.0
    for i in range(n):
        if not held[i]:
            largest = max(largest, information[i, i])
    for i in range(n):
        for j in range(n):
            work[i, j] = 0.0 if held[i] or held[j] else information[i, j]
        if held[i]:
            work[i, i] = 1.0
            step[i] = displaced[i]
        else:
            work[i, i] += damping * max(information[i, i], 1e-8 * largest + 1e-12)
            force = gradient[i]
            for j in range(n):
                if held[j]:
                    force += information[i, j] * displaced[j]
            step[i] = -force
    solve_linear(work, step)


@njit(cache=True, error_model="numpy", nogil=True)
def _scoring_step(q, gradient, information, damping, low, high, fixed, held, displaced, work, step, newton):
    """Fill a damped step on the free components; return its predicted gain and that of an undamped step."""
    n = len(q)
    for i in range(n):
        held[i] = fixed[i] or (q[i] <= low[i] and gradient[i] > 0) or (q[i] >= high[i] and gradient[i] < 0)
        displaced[i] = 0.0
    _damped(information, gradient, 1e-9, held, displaced, work, newton)
    possible = 0.0
    for i in range(n):
        possible -= 0.5 * gradient[i] * newton[i]
    _damped(information, gradient, damping, held, displaced, work, step)
    for _ in range(n - 1):
        # a component that the step would carry over a bound stops there, and the others take that into account
        crossing = False
        for i in range(n):
            if not held[i] and (q[i] + step[i] < low[i] or q[i] + step[i] > high[i]):
                crossing = True
                held[i] = True
                displaced[i] = (low[i] if q[i] + step[i] < low[i] else high[i]) - q[i]
        if not crossing:
            break
        _damped(information, gradient, damping, held, displaced, work, step)
    longest = 1e-300
    for i in range(n):
        longest = max(longest, abs(step[i]))
    shrink = min(1.0, LARGEST_STEP / longest)
    predicted = 0.0
    for i in range(n):
        step[i] = min(max(q[i] + shrink * step[i], low[i]), high[i]) - q[i]
    for i in range(n):
        predicted -= gradient[i] * step[i]
        for j in range(n):
            predicted -= 0.5 * step[i] * information[i, j] * step[j]
    if predicted > possible:
        possible = predicted
    return predicted, possible


@njit(cache=True, error_model="numpy", nogil=True)
def minimise_one(
    w, q, fixed, low, high, tolerance, max_iterations, give_up_above, data, gradient, information
):
    """Minimise from ``q`` in place; fill gradient and information there.

    Returns
    -------
    value : float
    converged : bool
    iterations : int
    """
    n = len(q)
    for i in range(n):
        q[i] = min(max(q[i], low[i]), high[i])
    trial, other, step, newton, displaced = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    held = np.zeros(n, dtype=np.bool_)
    work, new_information, other_information = np.empty((n, n)), np.empty((n, n)), np.empty((n, n))
    new_gradient, other_gradient = np.empty(n), np.empty(n)
    value = evaluate_one(w, q, data, gradient, information)
    damping, growth, small, before = 1e-2, 2.0, 0, np.inf
    for iteration in range(1, max_iterations + 1):
        predicted, possible = _scoring_step(
            q, gradient, information, damping, low, high, fixed, held, displaced, work, step, newton
        )
        if not possible >= tolerance:
            # not a number, where the start itself has no value or no gradient: nowhere to go from there
            return value, math.isfinite(possible) and value < WORST, iteration
        for i in range(n):
            trial[i] = min(max(q[i] + step[i], low[i]), high[i])
        new_value = evaluate_one(w, trial, data, new_gradient, new_information)
        gain = value - new_value
        if gain < 0.5 * predicted:
            # valleys of these models are often straight in the parameters themselves (r - delta, r/K): the same
            # step, read as a relative change instead of a logarithmic one
            for i in range(n):
                other[i] = min(max(q[i] + math.log1p(max(step[i], -0.9)), low[i]), high[i])
            other_value = evaluate_one(w, other, data, other_gradient, other_information)
            if other_value < new_value:
                copy_vector(trial, other)
                new_value = other_value
                copy_vector(new_gradient, other_gradient)
                copy_matrix(new_information, other_information)
                gain = value - new_value
        better = gain > 0 and math.isfinite(new_value)
        if better:
            copy_vector(q, trial)
            value = new_value
            copy_vector(gradient, new_gradient)
            copy_matrix(information, new_information)
            # Nielsen's update: damping falls smoothly with the quality of the quadratic model
            ratio = min(gain / max(predicted, 1e-300), 1.5)
            damping *= max(0.1, 1 - (2 * ratio - 1) ** 3)
            growth = 2.0
            small = small + 1 if gain < IDLE_GAIN * tolerance else 0
        else:
            damping *= growth
            growth *= 2
        damping = min(max(damping, 1e-12), 1e16)
        resting = small >= IDLE_STEPS
        # no step downhill, however short, is a minimum to within the accuracy of the solver
        stuck = damping >= 1e10 and value < WORST
        if iteration % LOOK_BACK == 0:
            resting = resting or before - value < CREEP
            before = value
        if resting or stuck:
            return value, True, iteration
        if damping >= 1e12 or (iteration >= 15 and value > give_up_above):
            return value, False, iteration
    return value, False, max_iterations
