"""The prior of one patient's parameters: one distribution a parameter, on the logarithm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dynamics.model import ModelError
from dynamics.prior import Prior
from fitting.bayesian.coordinate_prior import CoordinatePrior, coordinate_prior

if TYPE_CHECKING:
    from dynamics.model import Model
    from fitting.likelihood import Likelihood

DISPERSION = "dispersion"


@dataclass(frozen=True)
class PriorSet:
    """Priors of a model's parameters and of the dispersion, in coordinates that do not depend on the patient.

    A coordinate is the logarithm of a parameter in units of its ``scale`` (``log K/V0``), so one prior serves a
    whole cohort.

    Parameters
    ----------
    coordinates : tuple of CoordinatePrior, length c
        In the model's order; the dispersion last, where the likelihood has one.
    scales : tuple of str, length c
        Name of the constant that a parameter is measured in, or ``""``.
    mean, precision : ndarray, shape (c,), (c, c)
        Joint normal part. It is diagonal unless it comes from a population; rows of coordinates with another
        distribution are zero.
    source : str
        Where a joint prior comes from; empty where each coordinate has its own source.
    """

    coordinates: tuple[CoordinatePrior, ...]
    scales: tuple[str, ...]
    mean: np.ndarray
    precision: np.ndarray
    source: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coordinates."""
        return tuple(c.name for c in self.coordinates)

    @property
    def is_joint(self) -> bool:
        """Whether coordinates depend on each other."""
        return bool(np.any(self.precision - np.diag(np.diag(self.precision))))

    @property
    def normal_mean(self) -> np.ndarray:
        """Centre of the normal that stands for the prior while a mode is sought, shape (c,)."""
        return np.array(
            [self.mean[i] if self.precision[i, i] > 0 else c.mean for i, c in enumerate(self.coordinates)]
        )

    @property
    def normal_precision(self) -> np.ndarray:
        """Precision of that normal, shape (c, c)."""
        other = [0.0 if self.precision[i, i] > 0 else 1 / c.sd**2 for i, c in enumerate(self.coordinates)]
        return self.precision + np.diag(other)

    @property
    def is_normal(self) -> bool:
        """Whether every coordinate is normal, or truncated normal."""
        return all(self.precision[i, i] > 0 for i in range(len(self.coordinates)))

    def log_density(self, q: np.ndarray) -> np.ndarray:
        """Log density of each coordinate, shape (..., c); the joint density is the sum, up to a constant.

        A joint normal is split by coordinate: each term is the coordinate's share of the quadratic form.
        """
        result = np.stack([c.log_density(q[..., i]) for i, c in enumerate(self.coordinates)], axis=-1)
        if self.is_joint:
            away = q - self.mean
            inside = np.isfinite(result)
            share = -0.5 * away * (away @ self.precision)
            result = np.where(inside & (np.diag(self.precision) > 0), share, result)
        return result

    def draw(self, generator: np.random.Generator, count: int) -> np.ndarray:
        """Draw from the prior, shape (count, c)."""
        if not self.is_joint:
            return np.stack([c.draw(generator, count) for c in self.coordinates], axis=1)
        covariance = np.linalg.inv(self.normal_precision)
        kept: list[np.ndarray] = []
        low, high = self.lower, self.upper
        while len(kept) < count:
            points = generator.multivariate_normal(self.normal_mean, covariance, size=2 * count)
            kept.extend(points[np.all((points > low) & (points < high), axis=1)])
        return np.array(kept[:count])

    @property
    def lower(self) -> np.ndarray:
        """Lower ends of the support, shape (c,)."""
        return np.array([c.lower for c in self.coordinates])

    @property
    def upper(self) -> np.ndarray:
        """Upper ends of the support, shape (c,)."""
        return np.array([c.upper for c in self.coordinates])

    def describe(self) -> dict[str, str]:
        """One sentence a coordinate."""
        return {c.name: self.source or c.sentence for c in self.coordinates}


def build_priors(model: Model, likelihood: Likelihood, given: Mapping[str, Any] | None = None) -> PriorSet:
    """Collect the priors of a model: those given by name, else the catalogue's, else flat between the bounds.

    Parameters
    ----------
    model : Model
    likelihood : Likelihood
    given : mapping, optional
        Parameter name (or ``"dispersion"``) to a :class:`dynamics.prior.Prior`, a PreliZ distribution, or a frozen
        SciPy distribution of the parameter in units of its scale (``K`` in multiples of ``V0``).

    Raises
    ------
    ModelError
        A name that the model does not have, or a distribution without mass between the bounds.
    """
    given = dict(given or {})
    names = [*model.parameter_names, *([DISPERSION] if likelihood.has_dispersion else [])]
    unknown = [name for name in given if name not in names]
    if unknown:
        raise ModelError(f"prior of {', '.join(unknown)}: model {model.name!r} has {', '.join(names)}")
    coordinates = [
        coordinate_prior(p.name, given.get(p.name, p.prior), p.lower, p.upper, p.scale)
        for p in model.parameters
    ]
    if likelihood.has_dispersion:
        low, high = likelihood.dispersion_bounds
        scale = "the largest burden" if likelihood.dispersion_scales else ""
        coordinates.append(
            coordinate_prior(DISPERSION, given.get(DISPERSION, likelihood.dispersion_prior), low, high, scale)
        )
    scales = tuple(c.scale for c in coordinates)
    return joint(coordinates, scales)


def joint(coordinates: Sequence[CoordinatePrior], scales: tuple[str, ...]) -> PriorSet:
    """Put independent coordinates together."""
    mean = np.array([c.mean if c.is_normal else 0.0 for c in coordinates])
    precision = np.diag([1 / c.sd**2 if c.is_normal else 0.0 for c in coordinates])
    return PriorSet(tuple(coordinates), scales, mean, precision)


def population_priors(priors: PriorSet, mean: np.ndarray, covariance: np.ndarray, source: str) -> PriorSet:
    """Replace the priors by a joint normal of the log coordinates, as a fitted population gives it.

    Parameters
    ----------
    priors : PriorSet
        Whose bounds stay in force.
    mean, covariance : ndarray, shape (c,), (c, c)
    source : str
        A sentence.
    """
    coordinates = tuple(
        CoordinatePrior(
            c.name,
            float(mean[i]),
            float(np.sqrt(covariance[i, i])),
            c.lower,
            c.upper,
            c.scale,
            sentence=source,
        )
        for i, c in enumerate(priors.coordinates)
    )
    precision = np.linalg.inv(covariance)
    return PriorSet(
        coordinates, priors.scales, np.asarray(mean, float), 0.5 * (precision + precision.T), source
    )


__all__ = ["DISPERSION", "Prior", "PriorSet", "build_priors", "population_priors"]
