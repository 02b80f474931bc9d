"""The exact posterior of both cell numbers under a noisy marker, on every state of a small lattice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dosing.stochastic.partial.next_cells import NextCells

__all__ = ["LatticePosterior", "lattice_filter", "marker_log_density"]


def marker_log_density(marker: float, size: np.ndarray, sigma_log: float) -> np.ndarray:
    """Log density of the logarithm of a marker, given sizes: normal around log N.

    A tumour without cells is read like one of one cell: a marker has a background.

    Parameters
    ----------
    marker : float
        In cells.
    size : ndarray
    sigma_log : float
    """
    z = (np.log(marker) - np.log(np.maximum(size, 1))) / sigma_log
    return -0.5 * z**2 - np.log(sigma_log) - 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True)
class LatticePosterior:
    """Posterior after every visit.

    Parameters
    ----------
    mean : ndarray, shape (visits, 2)
        Expected cells of both types.
    log_likelihood : float
        Of the logarithms of all readings.
    last : ndarray, shape (edge + 1, edge + 1)
        Posterior after the last visit.
    """

    mean: np.ndarray
    log_likelihood: float
    last: np.ndarray


def lattice_filter(
    cells: NextCells,
    prior: np.ndarray,
    markers: Sequence[float] | np.ndarray,
    rows: Sequence[int] | np.ndarray,
    *,
    visit_generations: int,
    sigma_log: float,
) -> LatticePosterior:
    """Filter readings of a marker that are apart by some generations.

    Parameters
    ----------
    cells : NextCells
    prior : ndarray, shape (edge + 1, edge + 1)
        At the first visit, before its reading.
    markers : sequence of float
        Readings in cells.
    rows : sequence of int
        Control between one visit and the next.
    visit_generations : int
    sigma_log : float
        Standard deviation of the logarithm of a reading.
    """
    size = cells.edge + 1
    n = np.arange(size)
    total = n[:, None] + n[None, :]
    p = np.asarray(prior, dtype=float) / np.sum(prior)
    means, log_likelihood = [], 0.0
    for visit, marker in enumerate(markers):
        if visit:
            row = rows[visit - 1]
            first = cells.first[row].reshape(-1, size)
            second = cells.second[row].reshape(-1, size)
            for _ in range(visit_generations):
                p = (first * p.reshape(-1, 1)).T @ second
        p = p * np.exp(marker_log_density(marker, total, sigma_log))
        mass = float(p.sum())
        log_likelihood += np.log(mass)
        p = p / mass
        means.append([float((p.sum(axis=1)) @ n), float((p.sum(axis=0)) @ n)])
    return LatticePosterior(np.array(means), float(log_likelihood), p)
