"""Template: a bootstrap particle filter of a noisy marker (Gordon, Salmond & Smith 1993), alone and in the loop."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from dosing.stochastic.simulation.streams import normal, open_stream, uniform

# isort: split
# <process>
from dosing.stochastic.simulation.run_template import move, step

# </process>

HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
# the stream of the observer, apart from that of the tumour
OBSERVER = np.uint64(0xA5A5A5A55A5A5A5A)


@njit(cache=True, nogil=True, error_model="numpy")
def weigh(particles, logs, weights, reading, sigma):
    """Multiply the weights by the likelihood of a log reading; particles (count, types), logs and weights (count,).

    A reading that is not a number was missed, and leaves the weights as they are.

    Returns
    -------
    float, float
        Logarithm of the mean likelihood, and the effective number of particles.
    """
    count = logs.shape[0]
    highest = -math.inf
    missed = math.isnan(reading)
    for p in range(count):
        size = 0.0
        for i in range(particles.shape[1]):
            size += particles[p, i]
        if not missed:
            z = (reading - math.log(max(size, 1.0))) / sigma
            logs[p] += -0.5 * z * z - math.log(sigma) - HALF_LOG_2PI
        highest = max(highest, logs[p])
    total = squares = 0.0
    for p in range(count):
        weights[p] = math.exp(logs[p] - highest)
        total += weights[p]
    for p in range(count):
        weights[p] /= total
        squares += weights[p] ** 2
        logs[p] = math.log(weights[p]) if weights[p] > 0.0 else -math.inf
    return 0.0 if missed else highest + math.log(total), 1.0 / squares


@njit(cache=True, nogil=True, error_model="numpy")
def resample(particles, logs, weights, spare, state):
    """Draw particles in proportion to their weights, systematically (Kitagawa 1996); all weights are equal after it."""
    count = logs.shape[0]
    at = uniform(state) / count
    summed, p = weights[0], 0
    for q in range(count):
        while summed < at and p < count - 1:
            p += 1
            summed += weights[p]
        spare[q] = particles[p]
        at += 1.0 / count
    particles[:] = spare
    weights[:] = 1.0 / count
    logs[:] = -math.log(count)


@njit(cache=True, nogil=True, error_model="numpy")
def spread_particles(particles, logs, weights, reading, sigma, low, high, edge, state):
    """Place particles around a first log reading, with shares of the first type even between low and high."""
    count = logs.shape[0]
    for p in range(count):
        size = math.exp(reading + sigma * normal(state))
        share = low + (high - low) * uniform(state)
        particles[p, 0] = min(math.floor(size * share + 0.5), edge)
        particles[p, 1] = min(math.floor(size * (1.0 - share) + 0.5), edge)
    weights[:] = 1.0 / count
    logs[:] = -math.log(count)


@njit(cache=True, nogil=True, error_model="numpy")
def filter_course(
    key, particles, readings, rows, doses, c, edge, visit, sigma, threshold, means, majority, effective
):
    """Filter log readings, ``visit`` generations apart; particles (count, types) hold a sample of the prior.

    rows : (visits - 1,) controls in between. threshold : share of the particles below which they are resampled.
    Results: means (visits, types), majority (visits,) chance that the first type is the most, effective (visits,).

    Returns
    -------
    float
        Estimate of the log-likelihood of all log readings.
    """
    count, types = particles.shape
    logs, weights = np.full(count, -math.log(count)), np.full(count, 1.0 / count)
    spare, births, deaths = np.empty_like(particles), np.empty(types), np.empty(types)
    state = np.empty(1, np.uint64)
    open_stream(state, key, 0)
    total = 0.0
    for k in range(readings.shape[0]):
        if k > 0:
            for p in range(count):
                for _ in range(visit):
                    move(particles[p], doses[rows[k - 1]], c, births, deaths, state, edge)
        gained, effective[k] = weigh(particles, logs, weights, readings[k], sigma)
        total += gained
        means[k] = 0.0
        majority[k] = 0.0
        for p in range(count):
            means[k] += weights[p] * particles[p]
            if particles[p, 0] > particles[p, 1:].max():
                majority[k] += weights[p]
        if effective[k] < threshold * count:
            resample(particles, logs, weights, spare, state)
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def marker_block(
    first, last, keys, start, generations, c, doses, driver_chance, edge, lost, votes, axis, count, sigma, low, high,
    visit, threshold, marks, driver, hazard, cells, given, extinct, effective, restarts,
):  # fmt: skip
    """Run tumours whose marker is read every ``visit`` generations, and whose dose the particles vote for.

    votes : control by places in ``axis`` of both cell numbers; empty for the second control where the first type is
    the most or even, the first control elsewhere. low, high : shares of the first type that are thought
    possible at the start. effective : (runs,) mean effective share of the particles. restarts : (runs,) times that no
    particle could explain a reading, and the filter began anew. The rest as in ``run_block``.
    """
    n, births, deaths = np.empty(2), np.empty(2), np.empty(2)
    state, seen, key = np.empty(1, np.uint64), np.empty(1, np.uint64), np.empty(2, np.uint64)
    particles, spare = np.empty((count, 2)), np.empty((count, 2))
    logs, weights, ballot = np.empty(count), np.empty(count), np.empty(doses.shape[0])
    for run in range(first, last):
        n[:] = start
        open_stream(state, keys[run], 0)
        event = -math.log(uniform(state))
        key[0], key[1] = keys[run, 0] ^ OBSERVER, keys[run, 1]
        summed = 0.0
        mark, row, visits = 0, 0, 0
        for t in range(generations + 1):
            if mark < marks.shape[0] and marks[mark] == t:
                hazard[run, mark] = summed
                cells[run, mark] = n
                mark += 1
            size = n[0] + n[1]
            if t == generations:
                break
            if size == 0.0 or summed == math.inf:
                if size == 0.0:
                    extinct[run] = t
                    given[run, row] += min((visit - t % visit) % visit, generations - t)
                hazard[run, mark:] = summed
                cells[run, mark:] = n
                break
            if t % visit == 0:
                open_stream(seen, key, t)
                reading = math.log(max(size, 1.0)) + sigma * normal(seen)
                if t == 0:
                    spread_particles(particles, logs, weights, reading, sigma, low, high, edge, seen)
                    alive = float(count)
                else:
                    for p in range(count):
                        for _ in range(visit):
                            move(particles[p], doses[row], c, births, deaths, seen, edge)
                    gained, alive = weigh(particles, logs, weights, reading, sigma)
                    # a reading beyond six standard deviations of every particle: the filter has lost the tumour
                    if not gained > -18.0 - math.log(sigma) - HALF_LOG_2PI - math.log(count):
                        spread_particles(particles, logs, weights, reading, sigma, low, high, edge, seen)
                        restarts[run] += 1
                visits += 1
                effective[run] += alive / count
                ballot[:] = 0.0
                for p in range(count):
                    a, b = int(particles[p, 0]), int(particles[p, 1])
                    if votes.shape[0] == 0:
                        ballot[1 if a >= b else 0] += weights[p]
                    else:
                        ballot[votes[axis[a], axis[b]]] += weights[p]
                row = np.argmax(ballot)
                if alive < threshold * count:
                    resample(particles, logs, weights, spare, seen)
            given[run, row] += 1
            summed += driver_chance * size
            if step(n, doses[row], c, births, deaths, keys[run], state, t, edge) and lost:
                summed = math.inf
            if driver[run] < 0 and summed >= event:
                driver[run] = t + 1
        effective[run] /= max(visits, 1)
