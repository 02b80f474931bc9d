"""Wright-Fisher selection and drift, written once: drift, variance, sampling, and the chain on a grid."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sympy as sp

from dosing.stochastic.wright_fisher.selection import WrightFisherError

__all__ = [
    "DRIFT",
    "SAMPLING",
    "VARIANCE",
    "GridGenerator",
    "grid_generator",
    "log_scale_density",
    "speed_weight",
]

X, S, N = sp.symbols("x s N", positive=True)

#: Mean change of the A frequency in N generations (first term of eq. 3).
DRIFT = S * X * (1 - X)
#: Its variance in N generations; half of it stands before the second derivative in eq. 3.
VARIANCE = X * (1 - X)
#: Chance that one of the next N individuals carries A. The exponential form treats both alleles alike:
#: x -> 1 - x with s -> -s leaves it as it is, which (1 + s / N) does only in the limit.
SAMPLING = X * sp.exp(S / N) / (1 - X + X * sp.exp(S / N))


@functools.lru_cache(maxsize=1)
def _printed() -> tuple[Callable[..., np.ndarray], Callable[..., np.ndarray]]:
    """Logarithm of the scale density and the speed weight as NumPy functions."""
    log_scale = -sp.integrate(sp.simplify(2 * DRIFT / VARIANCE), X)
    return sp.lambdify((X, S), log_scale, "numpy"), sp.lambdify((X,), 2 / VARIANCE, "numpy")


def log_scale_density(x: np.ndarray | float, s: np.ndarray | float) -> np.ndarray:
    """Logarithm of the derivative of the scale function, ``-∫ 2 drift / variance dx``; a constant is free."""
    return np.asarray(_printed()[0](x, s))


def speed_weight(x: np.ndarray | float) -> np.ndarray:
    """Return ``2 / variance``: the speed density is this over the scale density."""
    return np.asarray(_printed()[1](x))


@dataclass(frozen=True)
class GridGenerator:
    """Rates of a birth-death chain on grid points that stands for the diffusion.

    Its chance to leave a point upwards and its mean time there are those of the diffusion between the two
    neighbours, so mean survival times at the grid points are exact for a selection that is constant within cells;
    distributions of survival times are accurate to second order in the step.

    Parameters
    ----------
    x : ndarray
        (n,) inner points.
    up, down : ndarray
        (n,) rates per N generations; the last ``up`` and the first ``down`` lead to loss.
    """

    x: np.ndarray
    up: np.ndarray
    down: np.ndarray

    def banded(self) -> np.ndarray:
        """Matrix of the rates in the banded form of ``scipy.linalg.solve_banded``, shape (3, n)."""
        band = np.zeros((3, len(self.x)))
        band[0, 1:] = self.up[:-1]
        band[1] = -(self.up + self.down)
        band[2, :-1] = self.down[1:]
        return band

    def dense(self) -> np.ndarray:
        """Matrix of the rates, shape (n, n)."""
        band = self.banded()
        return np.diag(band[1]) + np.diag(band[0, 1:], 1) + np.diag(band[2, :-1], -1)

    def apply(self, values: np.ndarray, edge: float = 0.0) -> np.ndarray:
        """Return the generator times values that are ``edge`` at both ends."""
        above, below = np.append(values[1:], edge), np.append(edge, values[:-1])
        # differences first: the sum of the three terms would lose the digits in which flat values differ
        return self.up * (above - values) - self.down * (values - below)

    def inflow(self) -> np.ndarray:
        """Return the rates of loss: what values of one at both ends add to the generator's result."""
        rates = np.zeros(len(self.x))
        rates[-1] += self.up[-1]
        rates[0] += self.down[0]
        return rates


def grid_points(count: int) -> np.ndarray:
    """Return ``count`` inner points of [0, 1], somewhat denser towards the ends, where the variance vanishes.

    An odd count has 0.5 among them.
    """
    if count < 3:
        raise WrightFisherError(f"{count} grid points are too few to hold a threshold; take 100 or more")
    t = np.arange(1, count + 1) / (count + 1)
    # even points are the more accurate ones inside, cosine points at the ends
    return 0.7 * t + 0.3 * 0.5 * (1.0 - np.cos(np.pi * t))


def grid_generator(x: np.ndarray, s: float | np.ndarray) -> GridGenerator:
    """Return the chain on inner points x under selection s (one value, or one a point).

    Parameters
    ----------
    x : ndarray
        (n,) increasing, inside (0, 1).
    s : float or ndarray
        Scaled selection around each point.
    """
    nodes = np.concatenate([[0.0], x, [1.0]])
    low, mid, high = nodes[:-2], nodes[1:-1], nodes[2:]
    t, w = np.polynomial.legendre.leggauss(10)
    t, w = 0.5 * (t + 1.0), 0.5 * w
    s = np.broadcast_to(np.asarray(s, float), mid.shape)
    centre = log_scale_density(mid, s)

    def scale(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Scale function from a to b, by quadrature; the density is one at the middle node."""
        shape = (-1,) + (1,) * (a.ndim - 1)
        y = a[..., None] + (b - a)[..., None] * t
        log = log_scale_density(y, s.reshape((*shape, 1))) - centre.reshape((*shape, 1))
        return (b - a) * (np.exp(log) @ w)

    below, above = scale(low, mid), scale(mid, high)
    whole = below + above
    time = np.zeros_like(mid)
    for a, b, other in ((low, mid, above), (mid, high, below)):
        z = a[:, None] + (b - a)[:, None] * t
        inner = scale(np.broadcast_to(a[:, None], z.shape), z)
        if a is mid:
            inner = scale(z, np.broadcast_to(b[:, None], z.shape))
        green = inner * (other / whole)[:, None]
        log = log_scale_density(z, s[:, None]) - centre[:, None]
        time += (b - a) * ((green * speed_weight(z) * np.exp(-log)) @ w)
    return GridGenerator(x, below / whole / time, above / whole / time)
