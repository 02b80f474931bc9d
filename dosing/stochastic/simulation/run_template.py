"""Template: whole runs of a birth-death process under a policy, generation by generation (Fischer 2015, eq. 7)."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from dosing.stochastic.simulation.streams import open_stream, poisson, uniform

# isort: split
# <process>
from dosing.stochastic.rates_template import rates

# </process>

PERIODIC, TABLE, MAJORITY = 0, 1, 2


@njit(cache=True, nogil=True, error_model="numpy")
def step(n, u, c, births, deaths, key, state, generation, edge):
    """Draw the next generation in place.

    Returns
    -------
    bool
        Whether a type would have grown beyond the edge; it stays there.
    """
    types = n.shape[0]
    rates(n, u, c, births, deaths)
    beyond = False
    for i in range(types):
        # every draw has its own address: births of type i do not depend on how many numbers others used up
        place = 1 + 2 * (types * generation + i)
        open_stream(state, key, place)
        born = poisson(state, births[i])
        open_stream(state, key, place + 1)
        n[i] = max(n[i] + born - poisson(state, deaths[i]), 0.0)
        if n[i] > edge:
            n[i] = edge
            beyond = True
    return beyond


@njit(cache=True, nogil=True, error_model="numpy")
def move(n, u, c, births, deaths, state, edge):
    """Draw the next generation in place from a stream that runs on; a type stays at the edge."""
    rates(n, u, c, births, deaths)
    for i in range(n.shape[0]):
        born = poisson(state, births[i])
        n[i] = min(max(n[i] + born - poisson(state, deaths[i]), 0.0), edge)


@njit(cache=True, nogil=True, error_model="numpy")
def choose(kind, t, n, lengths, rows, tables, axis_a, axis_b, stage_of):
    """Return the row of the doses that a policy gives in generation t."""
    if kind == PERIODIC:
        cycle = 0
        for k in range(lengths.shape[0]):
            cycle += lengths[k]
        within = t % cycle
        for k in range(lengths.shape[0]):
            if within < lengths[k]:
                return rows[k]
            within -= lengths[k]
    if kind == TABLE:
        return int(tables[stage_of[t], axis_a[int(n[0])], axis_b[int(n[1])]])
    most = 0
    for i in range(1, n.shape[0]):
        if n[i] > n[most]:
            most = i
    return rows[most]


@njit(cache=True, nogil=True, error_model="numpy")
def run_block(
    first, last, keys, start, generations, c, doses, driver_chance, edge, lost, kind, lengths, rows, tables, axis_a,
    axis_b, stage_of, visit, marks, driver, hazard, cells, given, extinct,
):  # fmt: skip
    """Run tumours ``first`` to ``last - 1``, and write what became of each into the rows of the results.

    keys : (runs, 2). start : (types,). doses : (controls, inputs). marks : (marks,) generations to record at.
    Results: driver (runs,) and extinct (runs,), generation or -1; hazard (runs, marks), summed before the mark;
    cells (runs, marks, types); given (runs, controls), generations under each dose.
    """
    types = start.shape[0]
    n, births, deaths = np.empty(types), np.empty(types), np.empty(types)
    state = np.empty(1, np.uint64)
    for run in range(first, last):
        n[:] = start
        key = keys[run]
        open_stream(state, key, 0)
        threshold = -math.log(uniform(state))
        summed = 0.0
        mark = 0
        row = 0
        for t in range(generations + 1):
            if mark < marks.shape[0] and marks[mark] == t:
                hazard[run, mark] = summed
                cells[run, mark] = n
                mark += 1
            if t == generations:
                break
            total = 0.0
            for i in range(types):
                total += n[i]
            if total == 0.0 or summed == math.inf:
                if total == 0.0:
                    extinct[run] = t
                    # nobody knows before the next visit
                    given[run, row] += min((visit - t % visit) % visit, generations - t)
                hazard[run, mark:] = summed
                cells[run, mark:] = n
                break
            if t % visit == 0:
                row = choose(kind, t, n, lengths, rows, tables, axis_a, axis_b, stage_of)
            given[run, row] += 1
            summed += driver_chance * total
            if step(n, doses[row], c, births, deaths, key, state, t, edge) and lost:
                summed = math.inf
            if driver[run] < 0 and summed >= threshold:
                driver[run] = t + 1
