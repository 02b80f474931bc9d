"""A triangular map that makes a curved posterior round: each coordinate given those before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

REACH = 3.0  # standard deviations beyond which the bends level off, so that tails stay straight
RIDGE = 1e-2  # of the regressions, on standardised features, in units of one observation


@dataclass(frozen=True)
class CurvedMap:
    r"""From standard normal ``z`` to coordinates ``x``: a regression of each coordinate on those before it.

    .. math:: v_k = a_k + \sum_{j<k} b_{kj} v_j + \sum_{i \le j<k} q_{kij} w_i w_j + \sum_{j<k} d_{kj} w_j^3
              + z_k \exp(s_k + \sum_{j<k} (e_{kj} w_j + g_{kj} w_j^2))

    with :math:`w = 3 \tanh(v / 3)` and ``x[order] = location + scale v``. Whatever the coefficients, the map is smooth
    and invertible, so they need not be exact for samples to be: they only decide how fast a sampler mixes.

    Parameters
    ----------
    order : ndarray of int, shape (c,)
        Coordinates from the loosest to the tightest.
    location, scale : ndarray, shape (c,)
        In the map's order.
    constant, log_scale : ndarray, shape (c,)
        a and s.
    linear, cubic, log_linear, log_square : ndarray, shape (c, c)
        b, d, e, g; strictly lower triangular.
    quadratic : ndarray, shape (c, c, c)
        q.
    """

    order: np.ndarray
    location: np.ndarray
    scale: np.ndarray
    constant: np.ndarray
    linear: np.ndarray
    quadratic: np.ndarray
    cubic: np.ndarray
    log_scale: np.ndarray
    log_linear: np.ndarray
    log_square: np.ndarray

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return len(self.order)

    def forward(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map ``z`` (m, c) to ``x`` (m, c); also the logarithm of the volume it stretches, shape (m,)."""
        v, w = np.zeros_like(z), np.zeros_like(z)
        volume = np.full(len(z), np.log(self.scale).sum())
        for k in range(self.size):
            log_width = self._log_width(k, w)
            v[:, k] = self._middle(k, v, w) + z[:, k] * np.exp(log_width)
            w[:, k] = REACH * np.tanh(v[:, k] / REACH)
            volume += log_width
        x = np.empty_like(z)
        x[:, self.order] = self.location + self.scale * v
        return x, volume

    def inverse(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map ``x`` (m, c) back to ``z`` (m, c); also the logarithm of the volume of the forward map there."""
        v = (x[:, self.order] - self.location) / self.scale
        w = REACH * np.tanh(v / REACH)
        z = np.empty_like(x)
        volume = np.full(len(x), np.log(self.scale).sum())
        for k in range(self.size):
            log_width = self._log_width(k, w)
            z[:, k] = (v[:, k] - self._middle(k, v, w)) * np.exp(-log_width)
            volume += log_width
        return z, volume

    def _middle(self, k: int, v: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Centre of coordinate k given those before it."""
        before = w[:, :k]
        bent = (
            np.einsum("mi,ij,mj->m", before, self.quadratic[k, :k, :k], before)
            + before**3 @ self.cubic[k, :k]
        )
        return self.constant[k] + v[:, :k] @ self.linear[k, :k] + bent

    def _log_width(self, k: int, w: np.ndarray) -> np.ndarray:
        """Logarithm of the width of coordinate k given those before it."""
        before = w[:, :k]
        return self.log_scale[k] + before @ self.log_linear[k, :k] + before**2 @ self.log_square[k, :k]

    def arrays(self) -> dict[str, np.ndarray]:
        """Arrays by name, as a compiled model reads them."""
        return {f"map_{name}": np.asarray(value) for name, value in vars(self).items()}


def linear_map(centre: np.ndarray, covariance: np.ndarray) -> CurvedMap:
    """Return the map of a normal distribution, coordinates of largest variance first."""
    order = np.argsort(-np.diag(covariance), kind="stable")
    sd = np.sqrt(np.diag(covariance)[order])
    factor = np.linalg.cholesky(covariance[np.ix_(order, order)] / np.outer(sd, sd))
    diagonal = np.diag(factor)
    c = len(order)
    # z solves factor z = v, so each coordinate regresses on those before it with the rows below
    linear = np.eye(c) - np.diag(diagonal) @ np.linalg.inv(factor)
    return CurvedMap(
        order, centre[order], sd, np.zeros(c), np.tril(linear, -1), np.zeros((c, c, c)), np.zeros((c, c)),
        np.log(diagonal), np.zeros((c, c)), np.zeros((c, c)),
    )  # fmt: skip


def fit_map(points: np.ndarray, weights: np.ndarray, *, curved: bool = True, rounds: int = 3) -> CurvedMap:
    """Fit a map to a weighted sample.

    Parameters
    ----------
    points : ndarray, shape (m, c)
    weights : ndarray, shape (m,)
        Non-negative; normalised here.
    curved : bool
        False for straight regressions of constant width, all that a small sample allows.
    rounds : int
        How often centre and width are fitted in turn.
    """
    weights = weights / weights.sum()
    effective = 1 / np.sum(weights**2)
    centre = weights @ points
    sd = np.sqrt(np.maximum(weights @ (points - centre) ** 2, 1e-12))
    order = np.argsort(-sd, kind="stable")
    c = len(order)
    location, scale = centre[order], sd[order]
    v = (points[:, order] - location) / scale
    w = REACH * np.tanh(v / REACH)
    result = CurvedMap(
        order, location, scale, np.zeros(c), np.zeros((c, c)), np.zeros((c, c, c)), np.zeros((c, c)), np.zeros(c),
        np.zeros((c, c)), np.zeros((c, c)),
    )  # fmt: skip
    for k in range(c):
        _fit_coordinate(result, k, v, w, weights * effective, curved, rounds)
    return result


def _fit_coordinate(
    result: CurvedMap, k: int, v: np.ndarray, w: np.ndarray, weights: np.ndarray, curved: bool, rounds: int
) -> None:
    """Fill row k by weighted regressions of centre and width in turn."""
    pairs = [(i, j) for i in range(k) for j in range(i, k)] if curved else []
    one = np.ones((len(v), 1))
    bent = [w[:, [i]] * w[:, [j]] for i, j in pairs]
    middle = np.hstack([one, v[:, :k], *bent, *([w[:, :k] ** 3] if curved else [])])
    width = np.hstack([one, *([w[:, :k], w[:, :k] ** 2] if curved else [])])
    log_width = np.zeros(len(v))
    for _ in range(rounds):
        a = _regress(middle, v[:, k], weights * np.exp(-2 * log_width))
        b = _fit_width(width, v[:, k] - middle @ a, weights)
        log_width = np.clip(width @ b, -12, 6)
    result.constant[k], result.linear[k, :k] = a[0], a[1 : 1 + k]
    result.log_scale[k] = b[0]
    if curved:
        for value, (i, j) in zip(a[1 + k :], pairs, strict=False):
            result.quadratic[k, i, j] = value
        result.cubic[k, :k] = a[1 + k + len(pairs) :]
        result.log_linear[k, :k], result.log_square[k, :k] = b[1 : 1 + k], b[1 + k :]


def _regress(features: np.ndarray, target: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted ridge regression; the constant is not shrunk."""
    weighted = features * weights[:, None]
    gram = features.T @ weighted
    penalty = np.full(features.shape[1], RIDGE * weights.mean() / max(weights.max(), 1e-300) + RIDGE)
    penalty[0] = 0.0
    gram[np.diag_indices_from(gram)] += penalty * np.maximum(1e-3 * np.diag(gram), 1.0)
    return np.linalg.solve(gram + 1e-10 * np.eye(len(gram)), weighted.T @ target)


def _fit_width(
    features: np.ndarray, residual: np.ndarray, weights: np.ndarray, steps: int = 25
) -> np.ndarray:
    """Maximise the normal likelihood of residuals whose log standard deviation is linear in the features."""
    b = np.zeros(features.shape[1])
    b[0] = 0.5 * np.log(max(np.sum(weights * residual**2) / weights.sum(), 1e-16))
    ridge = np.full(len(b), 0.5)
    ridge[0] = 0.0
    for _ in range(steps):
        ratio = residual**2 * np.exp(-2 * np.clip(features @ b, -12, 12))
        gradient = features.T @ (weights * (1 - ratio)) + ridge * b
        curvature = (features * (2 * weights * ratio)[:, None]).T @ features + np.diag(
            ridge + 1e-6 * weights.sum()
        )
        step = np.linalg.solve(curvature, gradient)
        b -= step * min(1.0, 1.0 / np.abs(step).max(initial=1e-300))
        if np.abs(step).max() < 1e-6:
            break
    return b
