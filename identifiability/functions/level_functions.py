"""A quantity as the functions whose level sets a profile follows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from identifiability.quantity import Parts, Quantity

if TYPE_CHECKING:
    from dynamics.model import Model

DIFFERENCE = 1e-4  # step of central differences, in the logarithm of a parameter
MET = 1e-6  # an inequality counts as kept down to this


@dataclass(frozen=True)
class LevelFunctions:
    """The smooth parts of a quantity in the free vector, logarithms taken where its grid is logarithmic.

    Parameters
    ----------
    quantity : Quantity
    parameters : int
        Components of the free vector that belong to the model; the dispersion follows them.
    """

    quantity: Quantity
    parameters: int

    @cached_property
    def parts(self) -> Parts:
        """Parts as given, or the quantity itself as its only piece."""
        quantity = self.quantity
        if quantity.parts is not None:
            return quantity.parts
        gradient = quantity.gradient or self._differences
        return Parts(lambda x: quantity.value(x)[:, None], lambda x: gradient(x)[:, None, :])

    def __call__(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values (b, m) and slopes (b, m, n) in the free vector; NaN values where there is no slope."""
        x = np.exp(q[:, : self.parameters])
        slopes = np.zeros((len(q), self.parts.pieces + self.parts.conditions, q.shape[1]))
        with np.errstate(all="ignore"):
            value = np.array(self.parts.value(x), dtype=float)
            slopes[:, :, : self.parameters] = self.parts.gradient(x)
            if self.quantity.positive:
                k = self.parts.pieces
                slopes[:, :k] /= value[:, :k, None]
                value[:, :k] = np.log(value[:, :k])
        lost = ~np.all(np.isfinite(slopes), axis=2)
        slopes[lost] = 0.0
        # infinite values stay: they tell on which side of a level a set lies
        return np.where(lost & np.isfinite(value), np.nan, value), slopes

    def approach(self, q: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values and slopes as called, from what the quantity offers near its targets (b, m), where it does."""
        if self.quantity.approach is None:
            return self(q)
        x, at = np.exp(q[:, : self.parameters]), self.from_level(targets[:, 0])
        slopes = np.zeros((len(q), 1, q.shape[1]))
        with np.errstate(all="ignore"):
            residual, gradient = self.quantity.approach.residual(x, at)
            scale = at if self.quantity.positive else np.ones(len(q))
            slopes[:, 0, : self.parameters] = gradient / scale[:, None]
            value = targets + (residual / scale)[:, None]
        lost = ~(np.isfinite(value[:, 0]) & np.all(np.isfinite(slopes), axis=(1, 2)))
        slopes[lost], value[lost] = 0.0, np.nan
        return value, slopes

    def confirmed(self, q: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Whether sets that were approached have the level that was asked for, shape (b,)."""
        if self.quantity.approach is None:
            return np.ones(len(q), dtype=bool)
        found = np.zeros(len(q), dtype=bool)
        good = np.all(np.isfinite(q), axis=1)
        x = np.exp(q[good, : self.parameters])
        found[good] = self.quantity.approach.confirms(x, self.from_level(level[good]))
        return found

    @property
    def cheap(self) -> bool:
        """Whether curvatures may be asked for."""
        return self.quantity.formula

    def bends(self, q: np.ndarray) -> np.ndarray:
        """Hessians of the parts in the free vector, shape (b, m, n, n), by differences of the slopes."""
        (b, n), p = q.shape, self.parameters
        shift = DIFFERENCE * np.eye(n)[:p]
        both = np.concatenate([q[:, None, :] + shift, q[:, None, :] - shift], axis=1).reshape(-1, n)
        slopes = self(both)[1].reshape(b, 2, p, -1, n)
        hessians = np.zeros((b, slopes.shape[3], n, n))
        hessians[:, :, :p] = np.swapaxes(slopes[:, 0] - slopes[:, 1], 1, 2) / (2 * DIFFERENCE)
        return 0.5 * (hessians + np.swapaxes(hessians, 2, 3))

    def levels(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Level of each set (NaN where the quantity does not exist), its active piece, all parts.

        Returns
        -------
        level : ndarray, shape (b,)
        piece : ndarray of int, shape (b,)
        values : ndarray, shape (b, m)
        """
        k = self.parts.pieces
        if self.quantity.parts is None:
            with np.errstate(all="ignore"):
                value = np.asarray(self.quantity.value(np.exp(q[:, : self.parameters])), dtype=float)
                value = np.log(value) if self.quantity.positive else value
            return value, np.zeros(len(q), dtype=int), value[:, None]
        values, _ = self(q)
        sign = 1.0 if self.parts.least else -1.0
        signed = np.where(np.isnan(values[:, :k]), np.inf, sign * values[:, :k])
        piece = signed.argmin(axis=1)
        level = values[np.arange(len(q)), piece]
        exists = np.all(values[:, k:] > 0, axis=1) & ~np.any(np.isnan(values), axis=1)
        return np.where(exists, level, np.nan), piece, values

    def slack(self, values: np.ndarray, level: np.ndarray, equal: np.ndarray) -> np.ndarray:
        """How far each inequality is kept, shape (b, m): negative where broken, infinite where none.

        At a level v the other pieces may not lie below v (not above it, for a largest), and conditions must
        be positive.
        """
        k = self.parts.pieces
        slack = values.copy()
        slack[:, :k] = (values[:, :k] - level[:, None]) * (1.0 if self.parts.least else -1.0)
        slack = np.where(np.isnan(slack), -np.inf, slack)
        return np.where(equal, np.inf, slack)

    def to_level(self, value: np.ndarray | float) -> np.ndarray:
        """Levels of values in the quantity's unit."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return (
                np.log(np.maximum(value, 0.0)) if self.quantity.positive else np.asarray(value, dtype=float)
            )

    def from_level(self, level: np.ndarray | float) -> np.ndarray:
        """Values, in the quantity's unit, of levels."""
        return np.exp(level) if self.quantity.positive else np.asarray(level, dtype=float)

    def _differences(self, x: np.ndarray) -> np.ndarray:
        """Central differences in the logarithms of the parameters, shape (b, p)."""
        b, p = x.shape
        shift = np.exp(DIFFERENCE * np.eye(p))
        both = np.concatenate([x[:, None, :] * shift, x[:, None, :] / shift], axis=1)
        value = np.asarray(self.quantity.value(both.reshape(-1, p))).reshape(b, 2, p)
        return (value[:, 0] - value[:, 1]) / (2 * DIFFERENCE)


def parameter_quantity(model: Model, name: str, lower: float, upper: float) -> Quantity:
    """One parameter of a model as a quantity, on a logarithmic grid over its declared range."""
    index = model.parameter_names.index(name)
    declared = model.parameters[index]

    def gradient(x: np.ndarray) -> np.ndarray:
        slopes = np.zeros_like(x)
        slopes[:, index] = x[:, index]
        return slopes

    return Quantity(
        name, declared.unit, declared.meaning, lambda x: x[:, index], gradient, lower, upper, positive=True,
        formula=True,
    )  # fmt: skip
