"""What a printed model with a cost provides, here x' = -u x with the cost x, so that the template is plain Python."""

from __future__ import annotations

import numpy as np
from numba import njit

N_STATES, N_INPUTS, N_COLUMNS, LANES = 1, 1, 1, 64
COST, WEIGHT, WATCH_WEIGHT, BACK, DOSE, WATCHED, HEAD = 1, 2, 3, 4, 5, 6, 7
L0, L1, L2 = np.uintp(0), np.uintp(64), np.uintp(128)


@njit
def prepare(W):
    """Compute what is fixed for a member."""


@njit
def start(W, at):
    """Set the initial states."""
    for b in range(L1):
        W[at + b] = W[b]


@njit
def advance(W, at, u, v, t, h):  # noqa: ARG001
    """Take one step of all lanes."""
    for b in range(L1):
        W[at + L1 + b] = W[at + b] * (1 - h * u[v, 0])


@njit
def advance_with_cost(W, at, u, v, t, h):  # noqa: ARG001
    """Take one step of all lanes, and add its cost."""
    for b in range(L1):
        W[at + L1 + b] = W[at + b] * (1 - h * u[v, 0])
        W[L1 + b] += h * W[at + b]


@njit
def step_back(W, at, u, v, t, h):
    """Undo one step of the adjoint."""


@njit
def end_cost(W, at, t):
    """Add the cost of the final state."""


@njit
def end_back(W, at, t):
    """Begin the adjoint."""


@njit
def watch(W, at, t):
    """Read what is watched."""


@njit
def watch_back(W, at, t):
    """Add the slope of what is watched."""
