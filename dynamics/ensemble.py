"""Weighted parameter sets of one model, with their provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Ensemble:
    """Plausible tumours: parameter sets of one model for one patient (or cohort).

    Parameters
    ----------
    parameter_names : tuple of str, length p
        Order of the columns of ``values``.
    values : ndarray, shape (m, p)
        Parameter sets in the model's units.
    weights : ndarray, shape (m,)
        Non-negative, sum to one.
    constants : mapping of str to float
        The model's constants, such as ``V0``.
    provenance : str
        A sentence: where the sets come from and what the weights mean.
    nll_rise : ndarray, shape (m,), optional
        Rise of the negative log-likelihood above the optimum, where the sets come from a likelihood.
    """

    parameter_names: tuple[str, ...]
    values: np.ndarray
    weights: np.ndarray
    constants: Mapping[str, float]
    provenance: str
    nll_rise: np.ndarray | None = field(default=None)

    def __post_init__(self) -> None:
        """Check shapes and weights."""
        if self.values.ndim != 2 or self.values.shape[1] != len(self.parameter_names):
            raise ValueError(
                f"ensemble values have shape {self.values.shape}, need (m, {len(self.parameter_names)})"
            )
        if self.weights.shape != (len(self.values),) or np.any(self.weights < 0):
            raise ValueError("ensemble weights must be non-negative, one a parameter set")
        if not np.isclose(self.weights.sum(), 1.0):
            raise ValueError(f"ensemble weights sum to {self.weights.sum():g}, not to 1")

    def __len__(self) -> int:
        """Return the number of parameter sets."""
        return len(self.values)

    def column(self, name: str) -> np.ndarray:
        """Values of one parameter, shape (m,)."""
        return self.values[:, self.parameter_names.index(name)]

    @classmethod
    def single(
        cls, names: tuple[str, ...], values: np.ndarray, constants: Mapping[str, float], provenance: str
    ) -> Ensemble:
        """One parameter set with all the weight: a point estimate, which its provenance must say."""
        return cls(names, np.asarray(values, dtype=float)[None, :], np.ones(1), dict(constants), provenance)
