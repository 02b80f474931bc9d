"""A course that a dose pulls from one level to another, with noise of its own: the stochastic Gompertz law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numba import njit

from dynamics.schedule import DoseSchedule

NAMES = ("rate_off", "rate_on", "level_off", "level_on", "drift", "process_noise", "measurement_noise")
FIRST_VARIANCE = 1.0  # of the logarithm of the first burden before it is measured


@dataclass(frozen=True)
class Way:
    """Visits of one patient with the segments of constant dose that lead to them.

    Parameters
    ----------
    days : ndarray, shape (n,)
        Since the first visit.
    segments : ndarray of int, shape (n,)
        Number of segments before each visit; they follow each other in the next two.
    lengths, doses : ndarray, shape (sum of segments,)
    """

    days: np.ndarray
    segments: np.ndarray
    lengths: np.ndarray
    doses: np.ndarray


def way_of(days: np.ndarray, schedule: DoseSchedule) -> Way:
    """Cut the time between visits into segments of constant dose."""
    counts, lengths, doses = [0], [np.empty(0)], [np.empty(0)]
    for start, end in pairwise(days):
        edges = np.concatenate([[start], schedule.switches_within(start, end), [end]])
        edges = edges[np.concatenate([[True], np.diff(edges) > 0])]
        pieces = np.diff(edges)
        counts.append(len(pieces))
        lengths.append(pieces)
        doses.append(np.atleast_1d(schedule.dose_at(edges[:-1] + 0.5 * pieces)))
    return Way(days - days[0], np.array(counts), np.concatenate(lengths), np.concatenate(doses))


def filtered(
    q: np.ndarray, logs: np.ndarray, censoring: np.ndarray, way: Way, span: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Run the Kalman filter through the first visits of one patient, and on to the others.

    On the logarithm, relative to the first measured burden,

    .. math:: dx = [(1-u)\, a_0 (m_0 + gt - x) + u\, a_1 (m_1 + gt - x)]\, dt + \sigma\, dW,

    Gompertz growth towards one level without the drug and towards another under it, with process noise (Ferrante,
    Biometrics 56:1076 (2000), eq. 2, to which the dose is added). A censored visit counts by the probability of its
    tail; the state after it is the normal with the moments of the truncated one.

    Parameters
    ----------
    q : ndarray, shape (m, 7)
        Logarithms of the two rates per ``span``; the two levels; the drift g per ``span``; logarithms of the process
        noise per root of ``span`` and of the measurement noise.
    logs : ndarray, shape (n,)
        Logarithms relative to the first burden at the first n visits; those after are forecast.
    censoring : ndarray of int, shape (n,)
    way : Way
        Of n + k visits.
    span : float
        Days.

    Returns
    -------
    log_likelihood : ndarray, shape (m,)
    mean, variance : ndarray, shape (m, k)
        Of the measured logarithm at the visits after.
    """
    m, n, total = len(q), len(logs), len(way.days)
    value = np.empty(m)
    mean, variance = np.empty((m, total - n)), np.empty((m, total - n))
    _filter_many(
        np.ascontiguousarray(q), np.ascontiguousarray(logs, dtype=float),
        np.ascontiguousarray(censoring, dtype=np.int64), way.days, way.segments, way.lengths, way.doses, span,
        value, mean, variance,
    )  # fmt: skip
    return value, mean, variance


@njit(cache=True, nogil=True, error_model="numpy")
def _log_tail(z):
    """Logarithm of the normal distribution function."""
    if z > -8.0:
        return math.log(0.5 * math.erfc(-z / math.sqrt(2.0)))
    # asymptotic series: exact to 1e-6 from here on
    w = 1.0 / (z * z)
    return (
        -0.5 * z * z
        - math.log(-z * math.sqrt(2.0 * math.pi))
        + math.log1p(-w * (1.0 - 3.0 * w * (1.0 - 5.0 * w)))
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _filter_many(q, logs, censoring, days, segments, lengths, doses, span, value, means, variances):
    """Filter for every row of q; see :func:`filtered`."""
    n = logs.shape[0]
    for s in range(q.shape[0]):
        off, on = math.exp(q[s, 0]) / span, math.exp(q[s, 1]) / span
        drift, noise = q[s, 4] / span, math.exp(2.0 * q[s, 5]) / span
        error = math.exp(2.0 * q[s, 6])
        mean, variance, total, piece = 0.0, FIRST_VARIANCE, 0.0, 0
        for j in range(days.shape[0]):
            for _ in range(segments[j]):
                dose, length = doses[piece], lengths[piece]
                piece += 1
                rate = (1.0 - dose) * off + dose * on
                goal = ((1.0 - dose) * off * q[s, 2] + dose * on * q[s, 3] - drift) / rate
                left = math.exp(-rate * length)
                mean = goal + (mean - goal) * left
                variance = variance * left * left - noise * math.expm1(-2.0 * rate * length) / (2.0 * rate)
            expected = variance + error
            line = drift * days[j]
            if j >= n:
                means[s, j - n] = mean + line
                variances[s, j - n] = expected
                continue
            miss = logs[j] - line - mean
            if censoring[j] == 0:
                total -= 0.5 * (miss * miss / expected + math.log(2.0 * math.pi * expected))
                gain = variance / expected
                mean += gain * miss
                variance *= 1.0 - gain
            else:
                side = 1.0 if censoring[j] < 0 else -1.0
                z = side * miss / math.sqrt(expected)
                tail = _log_tail(z)
                total += tail
                mills = math.exp(-0.5 * z * z - tail) / math.sqrt(2.0 * math.pi)
                mean -= side * variance / math.sqrt(expected) * mills
                variance *= 1.0 - variance / expected * mills * (z + mills)
        value[s] = total
