"""Template: whole runs in which the dose follows from the sizes seen so far, the composition being hidden."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from dosing.stochastic.birth_death.skellam import reach, write_skellam
from dosing.stochastic.simulation.streams import open_stream, uniform

# isort: split
# <process>
from dosing.stochastic.rates_template import rates
from dosing.stochastic.simulation.run_template import step

# </process>

# below this weight a composition takes no part in the next step
NEGLIGIBLE = 1e-13


@njit(cache=True, nogil=True, error_model="numpy")
def next_distribution(cells, birth, death, ratio, mass, out):
    """Write the probabilities of the next number of cells of one type, 0 to the edge, where it stays."""
    edge = out.shape[0] - 1
    low, high = reach(birth, death)
    write_skellam(birth, death, low, high, ratio, mass)
    out[:] = 0.0
    for k in range(low, high + 1):
        out[min(max(cells + k, 0), edge)] += mass[k - low]


@njit(cache=True, nogil=True, error_model="numpy")
def update(weights, before, now, u, c, work, ratio, mass, out):
    """Write the posterior of the composition after the size went from ``before`` to ``now`` under dose u.

    weights, out : (edge + 1,) by cells of the first type. work : (4, edge + 1).

    Returns
    -------
    float
        Probability of the new size; zero where it is impossible, and then all compositions are equally likely.
    """
    edge = weights.shape[0] - 1
    n, births, deaths = work[2, :2], work[2, 2:4], work[3, :2]
    first, second = work[0], work[1]
    out[:] = 0.0
    for a in range(max(before - edge, 0), min(before, edge) + 1):
        if weights[a] < NEGLIGIBLE:
            continue
        n[0], n[1] = a, before - a
        rates(n, u, c, births, deaths)
        next_distribution(a, births[0], deaths[0], ratio, mass, first)
        next_distribution(before - a, births[1], deaths[1], ratio, mass, second)
        for k in range(max(now - edge, 0), min(now, edge) + 1):
            out[k] += weights[a] * first[k] * second[now - k]
    total = out.sum()
    if total > 0.0:
        out /= total
    else:
        spread(out, now)
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def spread(weights, size):
    """Make all compositions of a size equally likely."""
    edge = weights.shape[0] - 1
    low, high = max(size - edge, 0), min(size, edge)
    weights[:] = 0.0
    weights[low : high + 1] = 1.0 / (high - low + 1)


@njit(cache=True, nogil=True, error_model="numpy")
def vote(weights, size, votes, ballot):
    """Return the control that is right for most of the posterior; ties go to the first."""
    edge = weights.shape[0] - 1
    ballot[:] = 0.0
    for a in range(max(size - edge, 0), min(size, edge) + 1):
        ballot[votes[a, size - a]] += weights[a]
    return np.argmax(ballot)


@njit(cache=True, nogil=True, error_model="numpy")
def observed_block(
    first, last, keys, start, generations, c, doses, driver_chance, edge, lost, by_filter, votes, indices, initial,
    longest, marks, driver, hazard, cells, given, extinct,
):  # fmt: skip
    """Run tumours of which the size is seen in every generation.

    by_filter : the posterior votes with votes (edge + 1, edge + 1); otherwise indices (stages, controls, size + 1,
    size + 1) and initial (size + 1,) hold the control for the last two sizes and the last control. longest : cells of
    work that a distribution needs. The rest as in ``run_block``.
    """
    n, births, deaths = np.empty(2), np.empty(2), np.empty(2)
    state = np.empty(1, np.uint64)
    limit = int(edge)
    weights, fresh, work = np.empty(limit + 1), np.empty(limit + 1), np.empty((4, limit + 1))
    ratio, mass, ballot = np.empty(longest), np.empty(longest), np.empty(doses.shape[0])
    largest = initial.shape[0] - 1
    for run in range(first, last):
        n[:] = start
        key = keys[run]
        open_stream(state, key, 0)
        threshold = -math.log(uniform(state))
        summed = 0.0
        mark, row, before = 0, 0, 0
        for t in range(generations + 1):
            if mark < marks.shape[0] and marks[mark] == t:
                hazard[run, mark] = summed
                cells[run, mark] = n
                mark += 1
            size = int(n[0] + n[1])
            if t == generations:
                break
            if size == 0 or summed == math.inf:
                if size == 0:
                    extinct[run] = t
                hazard[run, mark:] = summed
                cells[run, mark:] = n
                break
            if by_filter:
                if t == 0:
                    spread(weights, size)
                else:
                    update(weights, before, size, doses[row], c, work, ratio, mass, fresh)
                    weights[:] = fresh
                row = vote(weights, size, votes, ballot)
            elif t == 0:
                row = initial[min(size, largest)]
            else:
                row = indices[min(t, indices.shape[0] - 1), row, min(before, largest), min(size, largest)]
            before = size
            given[run, row] += 1
            summed += driver_chance * size
            if step(n, doses[row], c, births, deaths, key, state, t, edge) and lost:
                summed = math.inf
            if driver[run] < 0 and summed >= threshold:
                driver[run] = t + 1


@njit(cache=True, nogil=True, error_model="numpy")
def posterior_course(sizes, rows, doses, c, edge, longest, weights, out):
    """Write the posterior after every size of a course, out (times, edge + 1); weights is the prior at the first.

    Returns
    -------
    float
        Log-likelihood of the sizes after the first.
    """
    work, ratio, mass = np.empty((4, edge + 1)), np.empty(longest), np.empty(longest)
    out[0] = weights
    total = 0.0
    for t in range(1, sizes.shape[0]):
        total += math.log(
            update(out[t - 1], sizes[t - 1], sizes[t], doses[rows[t - 1]], c, work, ratio, mass, out[t])
        )
    return total
