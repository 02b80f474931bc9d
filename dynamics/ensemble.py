"""Weighted parameter sets of one model, with their provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from dynamics.model import Model


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
    constants : mapping of str to float or ndarray of shape (m,)
        The model's constants, such as ``V0``: one number for all sets, or one for each, as in a cohort whose
        patients differ in their first burden.
    provenance : str
        A sentence: where the sets come from and what the weights mean.
    nll_rise : ndarray, shape (m,), optional
        Rise of the negative log-likelihood above the optimum, where the sets come from a likelihood.
    """

    parameter_names: tuple[str, ...]
    values: np.ndarray
    weights: np.ndarray
    constants: Mapping[str, Any]
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
        for name, value in self.constants.items():
            if np.ndim(value) > 0 and np.shape(value) != (len(self.values),):
                raise ValueError(
                    f"constant {name} of the ensemble has shape {np.shape(value)}; {len(self.values)} parameter "
                    "sets need one number, or one for each set"
                )

    def __len__(self) -> int:
        """Return the number of parameter sets."""
        return len(self.values)

    def column(self, name: str) -> np.ndarray:
        """Values of one parameter, shape (m,)."""
        return self.values[:, self.parameter_names.index(name)]

    def constant(self, name: str) -> np.ndarray:
        """Values of one constant, shape (m,), whether it is common to all sets or not.

        Raises
        ------
        KeyError
            A constant that the ensemble does not give.
        """
        return np.broadcast_to(np.asarray(self.constants[name], dtype=float), (len(self),))

    def rows(self, model: Model) -> np.ndarray:
        """Parameter sets in the order of a model, shape (m, p).

        Raises
        ------
        ValueError
            The model's parameters are not those of the ensemble.
        """
        if set(model.parameter_names) != set(self.parameter_names):
            raise ValueError(
                f"the ensemble ({self.provenance}) has the parameters {self.parameter_names}, model "
                f"{model.name!r} has {model.parameter_names}; take the model that the sets were estimated with"
            )
        return self.values[:, [self.parameter_names.index(name) for name in model.parameter_names]]

    def take(self, members: np.ndarray, provenance: str = "") -> Ensemble:
        """Return some of the sets, with their weights scaled to sum to one.

        Parameters
        ----------
        members : ndarray of int, or of bool with shape (m,)
        provenance : str
            The ensemble's own where not given.

        Raises
        ------
        ValueError
            No member, or none that has weight.
        """
        chosen = np.arange(len(self))[members]
        total = self.weights[chosen].sum()
        if not total > 0:
            raise ValueError(f"no weight in the {len(chosen)} chosen of {len(self)} parameter sets")
        return Ensemble(
            self.parameter_names, self.values[chosen], self.weights[chosen] / total,
            {n: value[chosen] if np.ndim(value) > 0 else value for n, value in self.constants.items()},
            provenance or self.provenance, None if self.nll_rise is None else self.nll_rise[chosen],
        )  # fmt: skip

    @classmethod
    def single(
        cls, names: tuple[str, ...], values: np.ndarray, constants: Mapping[str, float], provenance: str
    ) -> Ensemble:
        """One parameter set with all the weight: a point estimate, which its provenance must say."""
        return cls(names, np.asarray(values, dtype=float)[None, :], np.ones(1), dict(constants), provenance)
