"""Template: forward and adjoint passes of one block of members, side by side.

Only every ``SEGMENT``-th state is kept on the way forward; the states between are computed again on the way back. The
work of a block then stays in the cache of its core, whatever the number of steps.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# <model>
from dosing.ensemble.kernels.placeholder import (
    BACK,
    COST,
    DOSE,
    HEAD,
    L1,
    LANES,
    N_COLUMNS,
    N_INPUTS,
    N_STATES,
    WATCH_WEIGHT,
    WATCHED,
    WEIGHT,
    advance,
    advance_with_cost,
    end_back,
    end_cost,
    prepare,
    start,
    step_back,
    watch,
    watch_back,
)

# </model>

SEGMENT = 80  # steps between two states that are kept: a node of 128 lanes and 2 states has 2 KiB
NODE = N_STATES * LANES


def scratch_size(steps):
    """Length of the work array of a block."""
    return HEAD * LANES + ((steps + SEGMENT - 1) // SEGMENT + 1 + SEGMENT + 1) * NODE


@njit(cache=True, error_model="numpy", nogil=True)
def _set_row(W, row, value):
    for b in range(LANES):
        W[row * LANES + b] = value


@njit(cache=True, error_model="numpy", nogil=True)
def _load_column(W, row, first, count, values):
    """Copy a number of every member into its lane; lanes without a member repeat the last one."""
    for b in range(LANES):
        W[row * LANES + b] = values[first + min(b, count - 1)]


@njit(cache=True, error_model="numpy", nogil=True)
def _load_weights(W, row, first, count, values):
    """Copy a weight of every member into its lane; lanes without a member count for nothing."""
    for b in range(LANES):
        W[row * LANES + b] = values[first + b] if b < count else 0.0


@njit(cache=True, error_model="numpy", nogil=True)
def _copy_node(W, target, source):
    for i in range(NODE):
        W[target + i] = W[source + i]


@njit(cache=True, error_model="numpy", nogil=True)
def _note_watched(W, at, t, first, count, seen, watched):
    watch(W, np.uintp(at), t)
    for b in range(count):
        watched[first + b, seen] = W[WATCHED * LANES + b]


@njit(cache=True, error_model="numpy", nogil=True)
def forward(W, first, last, rows, u, which, h, nodes, costs, watched):
    """Compute the costs of members ``first .. last - 1``.

    Parameters
    ----------
    W : ndarray
        Work array, of :func:`scratch_size`; holds the kept states afterwards.
    first, last : int
        At most ``LANES`` members.
    rows : ndarray, shape (columns, members)
        Parameters, constants, further numbers.
    u : ndarray, shape (v, inputs)
    which : ndarray of int, shape (steps,)
        Row of ``u`` in each step.
    h : float
        Step in days.
    nodes : ndarray of int, shape (w,)
        Nodes, ascending, at which to read what is watched.
    costs : ndarray, shape (members,)
    watched : ndarray, shape (members, w)
    """
    steps, count, seen = len(which), last - first, 0
    segments = (steps + SEGMENT - 1) // SEGMENT
    kept = HEAD * LANES
    work = kept + (segments + 1) * NODE
    for column in range(N_COLUMNS):
        _load_column(W, column, first, count, rows[column])
    prepare(W)
    start(W, np.uintp(work))
    _set_row(W, COST, 0.0)
    at = work
    for segment in range(segments):
        if segment > 0:
            _copy_node(W, work, at)
        _copy_node(W, kept + segment * NODE, work)
        at = work
        for s in range(segment * SEGMENT, min((segment + 1) * SEGMENT, steps)):
            if seen < len(nodes) and nodes[seen] == s:
                _note_watched(W, at, s * h, first, count, seen, watched)
                seen += 1
            advance_with_cost(W, np.uintp(at), u, which[s], s * h, h)
            at += NODE
    if seen < len(nodes) and nodes[seen] == steps:
        _note_watched(W, at, steps * h, first, count, seen, watched)
    end_cost(W, np.uintp(at), steps * h)
    for b in range(count):
        costs[first + b] = W[COST * LANES + b]


@njit(cache=True, error_model="numpy", nogil=True, fastmath={"reassoc", "nsz"})
def _sum_row(W, begin):
    """Sum of a row, which is empty afterwards; the unsigned index is what vector instructions need."""
    total = 0.0
    for b in range(L1):
        total += W[begin + b]
        W[begin + b] = 0.0
    return total


@njit(cache=True, error_model="numpy", nogil=True)
def _flush(W, v, row, first, count, each, gradient):
    """Hand over the derivatives in one held dose: summed over the lanes, or one by one."""
    for j in range(N_INPUTS):
        begin = (DOSE + j) * LANES
        if each:
            for b in range(count):
                gradient[first + b, v, j] = W[begin + b]
                W[begin + b] = 0.0
        else:
            gradient[row, v, j] += _sum_row(W, np.uintp(begin))


@njit(cache=True, error_model="numpy", nogil=True)
def backward(W, first, last, row, each, u, which, h, nodes, weights, watch_weights, gradient):
    """Differentiate a weighted sum over members, straight after :func:`forward` with the same work array.

    Parameters
    ----------
    row : int
        Row of ``gradient`` that receives the sum over the lanes.
    each : bool
        Instead keep the members apart, in row ``first + lane``.
    weights : ndarray, shape (members,)
        Of the costs.
    watch_weights : ndarray, shape (members, w) or (1, 0)
        Of what is watched.
    gradient : ndarray, shape (rows, v, inputs)
        Sums are added to what is there.
    """
    steps, count = len(which), last - first
    segments = (steps + SEGMENT - 1) // SEGMENT
    kept = HEAD * LANES
    work = kept + (segments + 1) * NODE
    seen = len(nodes) - 1 if watch_weights.shape[1] > 0 else -1
    _load_weights(W, WEIGHT, first, count, weights)
    for i in range(N_STATES):
        _set_row(W, BACK + i, 0.0)
    for j in range(N_INPUTS):
        _set_row(W, DOSE + j, 0.0)
    for segment in range(segments - 1, -1, -1):
        begin, end = segment * SEGMENT, min((segment + 1) * SEGMENT, steps)
        _copy_node(W, work, kept + segment * NODE)
        at = work
        for s in range(begin, end):
            advance(W, np.uintp(at), u, which[s], s * h, h)
            at += NODE
        if end == steps:
            end_back(W, np.uintp(at), steps * h)
        for s in range(end - 1, begin - 1, -1):
            if seen >= 0 and nodes[seen] == s + 1:
                _load_weights(W, WATCH_WEIGHT, first, count, watch_weights[:, seen])
                watch_back(W, np.uintp(at), (s + 1) * h)
                seen -= 1
            at -= NODE
            step_back(W, np.uintp(at), u, which[s], s * h, h)
            if s == 0 or which[s - 1] != which[s]:
                _flush(W, which[s], row, first, count, each, gradient)


__all__ = ["backward", "forward", "scratch_size"]
