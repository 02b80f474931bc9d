"""The models that a plan must serve: one, or several that differ in growth, effect and cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dosing.switching.model import SwitchingError, SwitchingModel

__all__ = ["SwitchingEnsemble"]


@dataclass(frozen=True)
class SwitchingEnsemble:
    """Models of the same lines and drugs, each with a weight.

    Parameters
    ----------
    models : tuple of SwitchingModel
    weights : ndarray, shape (K,), or None
        Not negative, made to sum to one; equal where None.

    Raises
    ------
    SwitchingError
        No model, models that differ in lines or drugs, weights that do not fit.
    """

    models: tuple[SwitchingModel, ...]
    weights: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Check that one plan can be given to all."""
        object.__setattr__(self, "models", tuple(self.models))
        if not self.models:
            raise SwitchingError("an ensemble needs at least one model")
        first = self.models[0]
        for k, model in enumerate(self.models):
            for name, own, theirs in (
                ("lines", model.labels, first.labels),
                ("drugs", model.drugs, first.drugs),
            ):
                if own != theirs:
                    raise SwitchingError(
                        f"model {k + 1} of the ensemble has the {name} {own}, but the first has {theirs}; one plan "
                        f"serves models of the same {name} in the same order only"
                    )
        count = len(self.models)
        weights = np.ones(count) if self.weights is None else np.array(self.weights, dtype=float)
        if weights.shape != (count,) or not np.all(weights >= 0) or not 0 < weights.sum() < np.inf:
            raise SwitchingError(
                f"{count} models need {count} weights, none negative and one positive; they are {weights.tolist()}"
            )
        weights /= weights.sum()
        weights.setflags(write=False)
        object.__setattr__(self, "weights", weights)

    def __len__(self) -> int:
        """Return the number of models."""
        return len(self.models)

    @property
    def drugs(self) -> tuple[str, ...]:
        """Names of the drugs."""
        return self.models[0].drugs

    @property
    def shares(self) -> np.ndarray:
        """Weights that sum to one, shape (K,)."""
        assert self.weights is not None  # set in __post_init__
        return self.weights

    def with_cells(self, cells: Sequence[np.ndarray]) -> SwitchingEnsemble:
        """Return the same from other starts, one for each model."""
        models = tuple(m.with_cells(c) for m, c in zip(self.models, cells, strict=True))
        return dataclasses.replace(self, models=models)

    @classmethod
    def of(cls, models: SwitchingModel | SwitchingEnsemble | Sequence[SwitchingModel]) -> SwitchingEnsemble:
        """Return an ensemble of whatever is given: one model, several, or an ensemble."""
        if isinstance(models, SwitchingEnsemble):
            return models
        return cls((models,) if isinstance(models, SwitchingModel) else tuple(models))
