"""The finite population: one generation of binomial sampling under selection, as a matrix."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import sympy as sp

from dosing.stochastic.wright_fisher.generator import SAMPLING, N, S, X
from dosing.stochastic.wright_fisher.selection import WrightFisherError

__all__ = ["frequencies", "loss_probability", "resampling_matrix", "sampling_probability"]

_LARGEST = 3000
_NEGLIGIBLE = 1e-50  # smaller chances change nothing, but slow arithmetic down by turning denormal


@functools.lru_cache(maxsize=1)
def _printed() -> Callable[..., np.ndarray]:
    """Return the sampling probability as a NumPy function."""
    return sp.lambdify((X, S, N), SAMPLING, "numpy")


def sampling_probability(x: np.ndarray, s: float, population: int) -> np.ndarray:
    """Chance that one individual of the next generation carries A, from frequency x under scaled selection s."""
    return np.asarray(_printed()(np.asarray(x, float), s, float(population)))


def frequencies(population: int) -> np.ndarray:
    """Return the frequencies 1/N, 2/N, …, 1 - 1/N at which both alleles are present."""
    return np.arange(1, population) / population


def resampling_matrix(population: int, s: float) -> np.ndarray:
    """Chances of going from one polymorphic state to another in one generation, exact.

    Parameters
    ----------
    population : int
        N, at most 3000: the matrix has N² entries.
    s : float
        Scaled selection, sigma + u.

    Returns
    -------
    ndarray
        (N-1, N-1); what a row lacks to 1 is the chance of loss.
    """
    if not 10 <= population <= _LARGEST:
        raise WrightFisherError(
            f"a population of {population} individuals: the exact matrix is for 10 to {_LARGEST}. For larger ones use "
            "the diffusion (scaled selection does not depend on N) or simulate"
        )
    from scipy.stats import binom

    p = sampling_probability(frequencies(population), s, population)
    matrix = np.array(binom.pmf(np.arange(1, population)[None, :], population, p[:, None]))
    matrix[matrix < _NEGLIGIBLE] = 0.0
    return matrix


def loss_probability(population: int, s: float) -> np.ndarray:
    """Chance that one of the alleles is lost in the next generation, (N-1,), to full relative accuracy."""
    p = sampling_probability(frequencies(population), s, population)
    return p**population + (1.0 - p) ** population
