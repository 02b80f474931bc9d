"""What the sizes of a tumour say about its composition: the exact posterior, one size after another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dosing.stochastic.partial.observed import longest_distribution, observed_kernel
from dosing.stochastic.simulation.setting import SimulationError, SimulationSetting

__all__ = ["CompositionPosterior", "composition_posterior"]


@dataclass(frozen=True)
class CompositionPosterior:
    """Posterior of the number of cells of the first type, in every generation.

    Parameters
    ----------
    sizes : ndarray of int, shape (times,)
    probability : ndarray, shape (times, edge + 1)
        Of 0, 1, … cells of the first type, given all sizes up to that generation and all doses before it.
    log_likelihood : float
        Of the sizes after the first.
    """

    sizes: np.ndarray
    probability: np.ndarray
    log_likelihood: float

    @property
    def mean(self) -> np.ndarray:
        """Expected number of cells of the first type, shape (times,)."""
        return self.probability @ np.arange(self.probability.shape[1])

    @property
    def majority(self) -> np.ndarray:
        """Probability that the first type has more than half of the cells, shape (times,)."""
        n = np.arange(self.probability.shape[1])
        return (self.probability * (2 * n[None, :] > self.sizes[:, None])).sum(axis=1)


def composition_posterior(
    setting: SimulationSetting,
    sizes: np.ndarray,
    rows: np.ndarray,
    doses: np.ndarray,
    *,
    prior: np.ndarray | None = None,
) -> CompositionPosterior:
    """Filter a course of sizes, one a generation, seen without error.

    Parameters
    ----------
    setting : SimulationSetting
    sizes : ndarray of int, shape (times,)
    rows : ndarray of int, shape (times - 1,)
        Control in force between one size and the next.
    doses : ndarray, shape (controls, inputs)
    prior : ndarray, shape (edge + 1,), optional
        Of the first type at the first size; all compositions equally likely where none is given.

    Raises
    ------
    SimulationError
        A course of one size or outside the lattice; sizes that the model makes impossible.
    """
    sizes = np.asarray(sizes, dtype=np.int64)
    edge = setting.edge
    if len(sizes) != len(rows) + 1 or sizes.min() < 0 or sizes.max() > 2 * edge:
        raise SimulationError(
            f"{len(sizes)} sizes from {sizes.min()} to {sizes.max()} with {len(rows)} doses between them: give one "
            f"dose less than sizes, and sizes of 0 to {2 * edge} cells"
        )
    kernel = observed_kernel(setting.process)
    if prior is None:
        weights = np.empty(edge + 1)
        kernel.spread(weights, int(sizes[0]))
    else:
        weights = np.asarray(prior, dtype=float) / np.sum(prior)
    out = np.empty((len(sizes), edge + 1))
    total = kernel.posterior_course(
        sizes, np.asarray(rows, np.int64), np.ascontiguousarray(doses, dtype=float), setting.constants, edge,
        longest_distribution(setting, doses), weights, out,
    )  # fmt: skip
    if not np.isfinite(total):
        raise SimulationError(
            "a size cannot follow the one before it under this model: check the doses, the constants and the order of "
            "the sizes"
        )
    return CompositionPosterior(sizes, out, float(total))
