"""The prior of one parameter, on the scale of its logarithm."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dynamics.model import ModelError
from dynamics.prior import Prior

NEGLIGIBLE_MASS = 1e-6  # prior mass beyond a bound below which the bound is not felt


@dataclass(frozen=True)
class CoordinatePrior:
    """Distribution of ``q = log(parameter / scale)`` between bounds.

    Normal with ``mean`` and ``sd`` where ``distribution`` is None and ``sd`` finite; uniform where
    ``is_uniform``; else the distribution of the parameter itself, carried to the logarithm, with ``mean`` and
    ``sd`` of the normal that comes closest (matched at the quartiles), from which samplers start.

    Parameters
    ----------
    name : str
    mean, sd : float
    lower, upper : float
        Bounds of ``q``; infinite where less than ``NEGLIGIBLE_MASS`` lies beyond.
    scale : str
        Unit of the parameter, or ``""``.
    distribution : object, optional
        With ``logpdf``, ``ppf``, ``cdf``: PreliZ or frozen SciPy.
    is_uniform : bool
    sentence : str
        What it is and where it comes from.
    """

    name: str
    mean: float
    sd: float
    lower: float
    upper: float
    scale: str = ""
    distribution: Any = field(default=None, compare=False)
    is_uniform: bool = False
    sentence: str = ""

    @property
    def is_normal(self) -> bool:
        """Whether it is normal, or truncated normal."""
        return self.distribution is None and not self.is_uniform

    @property
    def is_bounded(self) -> bool:
        """Whether a bound cuts off mass that matters."""
        return math.isfinite(self.lower) or math.isfinite(self.upper)

    def log_density(self, q: np.ndarray) -> np.ndarray:
        """Log density at ``q``; minus infinity beyond the bounds."""
        from scipy.special import ndtr

        q = np.asarray(q, dtype=float)
        if self.is_uniform:
            density = np.full_like(q, -math.log(self.upper - self.lower))
        elif self.distribution is None:
            z = (q - self.mean) / self.sd
            a, b = (self.lower - self.mean) / self.sd, (self.upper - self.mean) / self.sd
            mass = math.log(ndtr(b) - ndtr(a)) if self.is_bounded else 0.0
            density = -0.5 * z**2 - math.log(self.sd * math.sqrt(2 * math.pi)) - mass
        else:
            low, high = self.cdf_at_bounds
            density = self.distribution.logpdf(np.exp(q)) + q - math.log(high - low)
        return np.where((q >= self.lower) & (q <= self.upper), density, -np.inf)

    def draw(self, generator: np.random.Generator, count: int) -> np.ndarray:
        """Draw by inversion, shape (count,)."""
        return self.quantile(generator.uniform(size=count))

    def quantile(self, share: np.ndarray) -> np.ndarray:
        """Quantiles of ``q``."""
        from scipy.special import ndtr, ndtri

        share = np.asarray(share, dtype=float)
        if self.is_uniform:
            return self.lower + share * (self.upper - self.lower)
        if self.distribution is None:
            low, high = ndtr((self.lower - self.mean) / self.sd), ndtr((self.upper - self.mean) / self.sd)
            return self.mean + self.sd * ndtri(low + share * (high - low))
        low, high = self.cdf_at_bounds
        return np.log(self.distribution.ppf(low + share * (high - low)))

    @property
    def cdf_at_bounds(self) -> tuple[float, float]:
        """Mass of a distribution of the parameter itself below each bound."""
        low = float(self.distribution.cdf(math.exp(self.lower))) if math.isfinite(self.lower) else 0.0
        high = float(self.distribution.cdf(math.exp(self.upper))) if math.isfinite(self.upper) else 1.0
        return low, high


def coordinate_prior(name: str, given: Any, lower: float, upper: float, scale: str) -> CoordinatePrior:
    """Carry a prior of a parameter to its logarithm.

    Parameters
    ----------
    name : str
    given : Prior, PreliZ distribution, frozen SciPy distribution or None
        None for a flat prior on the log scale.
    lower, upper : float
        Declared bounds, in units of the scale.
    scale : str

    Raises
    ------
    ModelError
        What is no distribution, or has no mass between the bounds.
    """
    from scipy.special import ndtr

    low, high = math.log(lower), math.log(upper)
    unit = f" times {scale}" if scale else ""
    if given is None:
        return CoordinatePrior(
            name, 0.5 * (low + high), (high - low) / math.sqrt(12), low, high, scale, is_uniform=True,
            sentence=f"flat on the log scale from {lower:g} to {upper:g}{unit}, for want of a better one",
        )  # fmt: skip
    if isinstance(given, Prior):
        mean, sd = math.log(given.median), given.sigma
        below, above = ndtr((low - mean) / sd), ndtr((mean - high) / sd)
        source = f" ({given.source})" if given.source else ""
        _require_mass(name, 1 - below - above, lower, upper)
        return CoordinatePrior(
            name, mean, sd,
            low if below > NEGLIGIBLE_MASS else -math.inf, high if above > NEGLIGIBLE_MASS else math.inf, scale,
            sentence=f"log-normal, median {given.median:g}{unit}, 95 % within a factor of {given.fold_95:g}{source}",
        )  # fmt: skip
    if not all(hasattr(given, method) for method in ("logpdf", "ppf", "cdf")):
        raise ModelError(
            f"prior of {name}: {given!r} is no distribution; give a dynamics.prior.Prior, a PreliZ distribution such "
            "as pz.Gamma(2, 10), or a frozen SciPy distribution"
        )
    below, above = float(given.cdf(lower)), 1 - float(given.cdf(upper))
    _require_mass(name, 1 - below - above, lower, upper)
    keep_low, keep_high = below > NEGLIGIBLE_MASS, above > NEGLIGIBLE_MASS
    inside = (below if keep_low else 0.0, 1 - above if keep_high else 1.0)
    quartiles = np.log(given.ppf(inside[0] + np.array([0.25, 0.5, 0.75]) * (inside[1] - inside[0])))
    return CoordinatePrior(
        name, float(quartiles[1]), float((quartiles[2] - quartiles[0]) / 1.3489795003921634),
        # a distribution of a positive quantity may start at zero: its logarithm has no lower end of its own
        low if keep_low else -math.inf, high if keep_high else math.inf, scale, given,
        sentence=f"{_words(given)}{unit}, as given",
    )  # fmt: skip


def _require_mass(name: str, mass: float, lower: float, upper: float) -> None:
    """Refuse a prior that lies outside the declared bounds."""
    if not mass > 0.01:
        raise ModelError(
            f"prior of {name}: only {max(mass, 0.0):.2g} of its mass lies between the model's bounds {lower:g} and "
            f"{upper:g}; check its unit, or declare other bounds"
        )


def _words(distribution: Any) -> str:
    """Name a distribution."""
    if hasattr(distribution, "dist") and hasattr(distribution, "args"):  # frozen SciPy
        parameters = [*map(str, distribution.args), *(f"{k}={v}" for k, v in distribution.kwds.items())]
        return f"{distribution.dist.name}({', '.join(parameters)})"
    return str(distribution).replace("\x1b[1m", "").replace("\x1b[0m", "")
