"""Template: walkers along the lines of a profile, one line at a time.

The import from ``placeholder`` is replaced by the compiled scoring of a model under a likelihood; problems that are
no compiled ones run this text as plain Python (:mod:`identifiability.profiles.kernels.run`).

A walker predicts along the tangent, corrects with a few scoring steps, lengthens its stride where that was easy,
shortens it where the floor of the valley was lost. :func:`identifiability.profiles.walk.walk` says when it stops.
"""

import math

import numpy as np
from numba import njit

from dynamics.kernels.linear import copy_matrix, copy_vector

# <minimise>
from fitting.kernels.placeholder import minimise_one
from identifiability.profiles.follow import profile_curvature, tangent_in_parameters

# </minimise>

SHORTEST_STRIDE, LONGEST_STRIDE = 0.006, 0.3  # in the logarithm of the moving parameter
JUMP = (
    0.3  # unexpected rise of the negative log-likelihood in one step beyond which the valley counts as lost
)
LEAP = 1.0  # expected rise to which a step is limited, so that steep profiles are climbed, not jumped
PATIENCE = 4  # runs on the spot until the floor is reached
LONGER = 6  # times the corrections that a run on a grid point may take: a run that goes on keeps its damping
GAIN = 1e-9


@njit(cache=True, error_model="numpy", nogil=True)
def _arrive(point, direction, q, value, information, settled, improvement, line):
    """Leave the solution at a grid point; return whether to go on to the next."""
    if value < line.nll[point] - GAIN:
        if value < line.nll[point] - improvement:
            line.changed[point] = True
        copy_vector(line.q[point], q)
        line.nll[point] = value
        line.converged[point] = settled
        copy_matrix(line.information[point], information)
    if line.nll[point] < value - improvement:
        return False
    # whoever comes along in this direction later finds the work done
    if direction != 0:
        line.changed[point] = False
    following = point + direction
    if direction == 0 or following < 0 or following >= len(line.grid):
        return False
    return line.nll[following] > value - improvement


@njit(cache=True, error_model="numpy", nogil=True)
def walk_one(w, index, direction, point, q, value, information, stride, corrections, line, low, high, lowest, ceiling,
             improvement, data):  # fmt: skip
    """Let one walker go, in place.

    Parameters
    ----------
    w, index : int
        Patient; component that the line profiles.
    direction, point : int
        +1, -1 or 0 along the grid; grid point it is heading for.
    q, value, information : ndarray, shape (q,), float, ndarray, shape (q, q)
        Where it stands; the arrays are overwritten.
    stride : float
        First step, in the logarithm of the moving parameter.
    corrections : int
        Scoring steps after each move; no constant here, because numba would compile the scoring anew for one.
    line : LineArrays
    low, high : ndarray, shape (q,)
    lowest, ceiling, improvement : float
    data
        What ``minimise_one`` needs.

    Returns
    -------
    value : float
    beyond : bool
        It stopped above the range of interest; ``q`` and ``information`` are a solution there.
    settled : bool
    """
    size = len(q)
    start, gradient, found = np.empty(size), np.empty(size), np.empty((size, size))
    fixed = np.zeros(size, dtype=np.bool_)
    fixed[index] = True
    waited = 0
    while True:
        here, target = q[index], line.grid[point]
        curvature = max(profile_curvature(q, information, index, low, high), 1e-12)
        slope = math.sqrt(2 * max(value - lowest, 0.0) * curvature)
        leap = (math.sqrt(slope * slope + 2 * LEAP * curvature) - slope) / curvature
        longest = min(stride, leap)
        asked = min(max(target - here, -longest), longest)
        shift = tangent_in_parameters(q, information, index, asked, low, high, start)
        expected = slope * abs(shift) + 0.5 * curvature * shift * shift
        arriving = abs(target - here - shift) <= 1e-9
        steps = corrections * (LONGER if arriving else 1)
        new_value, settled, _ = minimise_one(
            w, start, fixed, low, high, 1e-5, steps, np.inf, data, gradient, found
        )
        kept = new_value < value + JUMP + 2 * expected
        if kept:
            copy_vector(q, start)
            value = new_value
            copy_matrix(information, found)
            if settled:
                stride = min(1.6 * stride, LONGEST_STRIDE)
        else:
            stride *= 0.4
        if stride < SHORTEST_STRIDE:
            return value, False, settled
        if value > ceiling:
            return value, True, settled
        if kept and arriving:
            waited += 1
            # a solution left half-way down would pass for a higher profile, that is for a shorter interval
            if settled or waited > PATIENCE:
                if not _arrive(point, direction, q, value, information, settled, improvement, line):
                    return value, False, settled
                point += direction
                waited = 0
