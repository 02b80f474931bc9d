"""Fitting a curved map to a weighted sample by regressions."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from fitting.bayesian.curved_map import REACH, CurvedMap, features, monomials

RIDGE = 1.0  # of the bends, on standardised features, in units of one observation
NARROWEST, WIDEST = -12.0, 6.0  # logarithms of widths that a fit may reach
DEGREES = ((1, 0), (2, 1), (3, 2), (4, 2))  # of middle and width, from straight to most curved


def fit_map(
    points: np.ndarray,
    weights: np.ndarray,
    *,
    degrees: tuple[int, int] = (3, 2),
    rounds: int = 3,
    order: np.ndarray | None = None,
) -> CurvedMap:
    """Fit a map to a weighted sample.

    Parameters
    ----------
    points : ndarray, shape (m, c)
    weights : ndarray, shape (m,)
        Non-negative; normalised here.
    degrees : tuple of int
        Of the polynomials of middle and logarithm of width; (1, 0) is a normal distribution.
    rounds : int
        How often middle and width are fitted in turn.
    order : ndarray of int, shape (c,), optional
        Of the coordinates; the loosest first where it is not given.
    """
    weights = weights / weights.sum()
    used = weights > 1e-12 * weights.max()  # draws without weight only cost time
    points, weights = points[used], weights[used]
    centre = weights @ points
    sd = np.sqrt(np.maximum(weights @ (points - centre) ** 2, 1e-12))
    order = np.argsort(-sd, kind="stable") if order is None else order
    c = len(order)
    location, scale = centre[order], sd[order]
    v = (points[:, order] - location) / scale
    w = REACH * np.tanh(v / REACH)
    exponents = monomials(c, max(degrees))
    result = CurvedMap(
        order, location, scale, np.zeros(c), np.zeros((c, c)), np.zeros(c), exponents,
        np.zeros((c, len(exponents))), np.zeros((c, len(exponents))),
    )  # fmt: skip
    worth = weights / np.sum(weights**2)  # sums to the effective number of draws
    bent, degree = features(w, exponents), exponents.sum(axis=1)
    for k in range(c):
        known = exponents[:, k:].sum(axis=1) == 0
        middle, width = known & (degree >= 2) & (degree <= degrees[0]), known & (degree <= degrees[1])
        a, b = _fit_coordinate(v, bent[:, middle], bent[:, width], k, worth, rounds)
        result.constant[k], result.linear[k, :k], result.bend[k, middle] = a[0], a[1 : 1 + k], a[1 + k :]
        result.log_scale[k], result.log_bend[k, width] = b[0], b[1:]
    return result


def best_map(
    points: np.ndarray, weights: np.ndarray, generator: np.random.Generator, *, draws: int = 4000
) -> CurvedMap:
    """Fit the map whose order and degrees describe other draws of the sample best.

    A sharp edge of one coordinate given another is a smooth width the other way round, so the order matters. Starting
    from the loosest first, pairs change places while that raises the likelihood of draws that were not fitted.

    Parameters
    ----------
    points, weights : ndarray, shape (m, c), (m,)
    generator : numpy.random.Generator
    draws : int
        Size of the two unweighted samples that the search uses.
    """
    share = weights / weights.sum()
    fitted, judged = (points[generator.choice(len(points), draws, p=share)] for _ in range(2))

    def cost(order: np.ndarray, degrees: tuple[int, int], rows: int = draws) -> float:
        found = fit_map(fitted[:rows], np.ones(rows), order=order, degrees=degrees, rounds=2)
        z, volume = found.inverse(judged[:rows])
        return float(np.mean(volume + 0.5 * np.minimum(z**2, 25.0).sum(axis=1)))

    best, quick = np.argsort(-fitted.std(axis=0), kind="stable"), draws // 3
    lowest, improved = cost(best, (2, 1), quick), True
    while improved:
        improved = False
        for i, j in combinations(range(len(best)), 2):
            trial = best.copy()
            trial[[i, j]] = trial[[j, i]]
            value = cost(trial, (2, 1), quick)
            if value < lowest - 0.01:
                best, lowest, improved = trial, value, True
    degrees = min(DEGREES, key=lambda d: cost(best, d))
    return fit_map(points, weights, order=best, degrees=degrees)


def _fit_coordinate(
    v: np.ndarray, bent: np.ndarray, width: np.ndarray, k: int, weights: np.ndarray, rounds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of middle and log width of coordinate k, by weighted regressions in turn."""
    one = np.ones((len(v), 1))
    middle, width = np.hstack([one, v[:, :k], bent]), np.hstack([one, width])
    log_width = np.zeros(len(v))
    a, b = np.zeros(middle.shape[1]), np.zeros(width.shape[1])
    for _ in range(rounds):
        a = _regress(middle, v[:, k], weights * np.exp(-2 * log_width), free=1 + k)
        b = _fit_width(width, v[:, k] - middle @ a, weights, b)
        log_width = np.clip(width @ b, NARROWEST, WIDEST)
    return a, b


def _regress(features: np.ndarray, target: np.ndarray, weights: np.ndarray, free: int) -> np.ndarray:
    """Weighted ridge regression; the first ``free`` coefficients are not shrunk."""
    weights = weights * (len(weights) / max(weights.sum(), 1e-300))
    weighted = features * weights[:, None]
    gram = features.T @ weighted
    penalty = np.full(features.shape[1], RIDGE)
    penalty[:free] = 1e-9
    gram[np.diag_indices_from(gram)] += penalty
    return np.linalg.solve(gram, weighted.T @ target)


def _fit_width(
    features: np.ndarray, residual: np.ndarray, weights: np.ndarray, start: np.ndarray, steps: int = 15
) -> np.ndarray:
    """Maximise the normal likelihood of residuals whose log standard deviation is linear in the features."""
    b = start.copy()
    if not b.any():
        b[0] = 0.5 * np.log(max(np.sum(weights * residual**2) / weights.sum(), 1e-16))
    ridge = np.full(len(b), RIDGE)
    ridge[0] = 0.0
    floor = np.diag(np.full(len(b), 1e-6 * weights.sum()))
    for _ in range(steps):
        ratio = residual**2 * np.exp(-2 * np.clip(features @ b, NARROWEST, WIDEST))
        gradient = features.T @ (weights * (1 - ratio)) + ridge * b
        curvature = (features * (2 * weights * ratio)[:, None]).T @ features + np.diag(ridge) + floor
        step = np.linalg.solve(curvature, gradient)
        largest = float(np.abs(step).max())
        b -= step * min(1.0, 1.0 / max(largest, 1e-300))
        if largest < 1e-4:
            break
    return b
