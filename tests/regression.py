"""A log-linear regression whose profiles are formulas."""

import numpy as np

from identifiability.quantity import Quantity

TIMES = np.array([0.0, 2.0, 5.0, 9.0, 14.0, 20.0, 27.0, 35.0, 44.0])
NOISE = np.array([0.1, -0.2, 0.15, 0.05, -0.3, 0.2, 0.1, -0.15, 0.05])
BURDENS = 100.0 * np.exp(0.05 * TIMES + NOISE)
WIDE = {"a": (0.05, 20.0), "g": (1e-3, 1.0)}
DAY = 60.0


def burden(day=DAY, gradient=True, **range_):
    """Burden on a day relative to V0: its logarithm is linear in log a, g."""

    def value(x):
        return x[:, 0] * np.exp(x[:, 1] * day)

    def slopes(x):
        return value(x)[:, None] * np.column_stack([np.ones(len(x)), x[:, 1] * day])

    return Quantity(
        f"burden_{day:g}", "1", "to come", value, slopes if gradient else None, positive=True, **range_
    )


class Regression:
    """log y = log a + g t with the noise estimated: rise n/2 log(RSS(value)/RSS) of any linear function."""

    def __init__(self):
        X = np.column_stack([np.ones(len(TIMES)), TIMES])
        z = np.log(BURDENS / BURDENS[0])
        self.best, *_ = np.linalg.lstsq(X, z, rcond=None)
        self.rss, self.inverse = float(np.sum((z - X @ self.best) ** 2)), np.linalg.inv(X.T @ X)

    def rise(self, weights, value):
        w = np.asarray(weights)
        rss = self.rss + (value - w @ self.best) ** 2 / (w @ self.inverse @ w)
        return 0.5 * len(TIMES) * np.log(rss / self.rss)

    def ci(self, weights, limit):
        w = np.asarray(weights)
        grown = self.rss * (np.exp(2 * limit / len(TIMES)) - 1)
        half = np.sqrt(grown * (w @ self.inverse @ w))
        return w @ self.best - half, w @ self.best + half
