"""A triangular map that makes a curved posterior round: each coordinate given those before it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

REACH = 3.0  # standard deviations beyond which the bends level off, so that tails stay straight


@dataclass(frozen=True)
class CurvedMap:
    r"""From standard normal ``z`` to coordinates ``x``: a regression of each coordinate on those before it.

    .. math:: v_k = a_k + \sum_{j<k} b_{kj} v_j + \sum_f c_{kf} w^{e_f} + z_k \exp(s_k + \sum_f d_{kf} w^{e_f})

    with :math:`w = 3 \tanh(v / 3)`, monomials :math:`w^{e_f}` of the coordinates before k, and
    ``x[order] = location + scale v``. Whatever the coefficients, the map is smooth and invertible, so they need not
    be exact for samples to be: they only decide how fast a sampler mixes. Triangular maps for sampling: Parno and
    Marzouk (2018), SIAM/ASA J. Uncertainty Quantification 6:645.

    Parameters
    ----------
    order : ndarray of int, shape (c,)
        Of the coordinates.
    location, scale : ndarray, shape (c,)
        In the map's order.
    constant, log_scale : ndarray, shape (c,)
        a and s.
    linear : ndarray, shape (c, c)
        b; strictly lower triangular.
    exponents : ndarray of int, shape (f, c)
        e; see :func:`monomials`.
    bend, log_bend : ndarray, shape (c, f)
        c and d; zero for monomials that need coordinates not yet known.
    """

    order: np.ndarray
    location: np.ndarray
    scale: np.ndarray
    constant: np.ndarray
    linear: np.ndarray
    log_scale: np.ndarray
    exponents: np.ndarray
    bend: np.ndarray
    log_bend: np.ndarray

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return len(self.order)

    def forward(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map ``z`` (m, c) to ``x`` (m, c); also the logarithm of the volume it stretches, shape (m,)."""
        v, w = np.zeros_like(z), np.zeros_like(z)
        volume = np.full(len(z), np.log(self.scale).sum())
        for k in range(self.size):
            middle, log_width = self._given(k, v, w)
            v[:, k] = middle + z[:, k] * np.exp(log_width)
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
            middle, log_width = self._given(k, v, w)
            z[:, k] = (v[:, k] - middle) * np.exp(-log_width)
            volume += log_width
        return z, volume

    def _given(self, k: int, v: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Middle of coordinate k and logarithm of its width, given those before it."""
        used = self.exponents[:, k:].sum(axis=1) == 0
        bent = features(w, self.exponents[used])
        middle = self.constant[k] + v[:, :k] @ self.linear[k, :k] + bent @ self.bend[k, used]
        return middle, self.log_scale[k] + bent @ self.log_bend[k, used]

    def arrays(self) -> dict[str, np.ndarray]:
        """Arrays by name, as a compiled model reads them."""
        return {f"map_{name}": np.asarray(value, dtype=float) for name, value in vars(self).items()}


@lru_cache(maxsize=32)
def monomials(size: int, degree: int) -> np.ndarray:
    """Exponents of all monomials of degree 1 to ``degree`` in the first ``size - 1`` of ``size`` variables."""
    rows = [e for e in itertools.product(range(degree + 1), repeat=max(size - 1, 0)) if 1 <= sum(e) <= degree]
    return np.array([(*e, 0) for e in rows], dtype=int).reshape(len(rows), size)


def features(w: np.ndarray, exponents: np.ndarray) -> np.ndarray:
    """Values of monomials, shape (m, f)."""
    result = np.ones((len(w), len(exponents)))
    for j in range(w.shape[1]):
        for power in range(1, int(exponents[:, j].max(initial=0)) + 1):
            result[:, exponents[:, j] >= power] *= w[:, [j]]
    return result


def linear_map(centre: np.ndarray, covariance: np.ndarray) -> CurvedMap:
    """Return the map of a normal distribution, coordinates of largest variance first."""
    order = np.argsort(-np.diag(covariance), kind="stable")
    sd = np.sqrt(np.diag(covariance)[order])
    factor = np.linalg.cholesky(covariance[np.ix_(order, order)] / np.outer(sd, sd))
    c, diagonal = len(order), np.diag(factor)
    # v = factor z, so each coordinate regresses on those before it with the rows of this matrix
    linear = np.eye(c) - np.diag(diagonal) @ np.linalg.inv(factor)
    none = np.zeros((c, 0))
    return CurvedMap(
        order, centre[order], sd, np.zeros(c), np.tril(linear, -1), np.log(diagonal), np.zeros((0, c), int), none, none
    )  # fmt: skip
