"""How noisy a marker is on a visit, read off the likelihood that explains the patient's data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dosing.monitoring.errors import MonitoringError

if TYPE_CHECKING:
    from fitting.likelihood import Likelihood

OWN = "own"


@dataclass(frozen=True)
class MarkerNoise:
    r"""A marker that is log-normal around the burden, its median.

    The standard deviation of its logarithm is ``sqrt(log(1 + v))``, where the squared coefficient of variation is
    ``v = constant + over_burden / n + over_square / n^2``: all four likelihoods of a fit are of that form.

    Parameters
    ----------
    name : str
        ``none``, ``10 %``, ``own``.
    constant, over_burden, over_square : float
        Not negative. ``over_burden`` in the unit of the burden, ``over_square`` in its square.
    source : str
        A sentence: where the numbers come from.

    Raises
    ------
    MonitoringError
        A number that is negative or not finite.
    """

    name: str
    constant: float = 0.0
    over_burden: float = 0.0
    over_square: float = 0.0
    source: str = ""

    def __post_init__(self) -> None:
        """Validate."""
        numbers = (self.constant, self.over_burden, self.over_square)
        if not all(math.isfinite(v) and v >= 0 for v in numbers):
            raise MonitoringError(
                f"marker noise {self.name!r}: the coefficients {numbers} of the squared coefficient of variation must "
                "be finite and not negative; give a standard deviation of the logarithm such as 0.1"
            )

    @classmethod
    def none(cls) -> MarkerNoise:
        """Return a marker that is the burden."""
        return cls("none", source="The marker is the burden.")

    @classmethod
    def log_normal(cls, log_sd: float) -> MarkerNoise:
        """Return a log-normal marker; none where the standard deviation of the logarithm is zero.

        Raises
        ------
        MonitoringError
            A standard deviation that is negative, not finite, or above 3.
        """
        if not (math.isfinite(log_sd) and 0 <= log_sd <= 3):
            raise MonitoringError(
                f"marker noise {log_sd:g}: give the standard deviation of the logarithm, from 0 (exact) to 3; 0.1 is a "
                "marker that is within 20 % in 95 % of the visits"
            )
        if log_sd == 0:
            return cls.none()
        return cls(
            f"{100 * log_sd:.3g} %", math.expm1(log_sd**2),
            source=f"Log-normal with the standard deviation {log_sd:g} of the logarithm.",
        )  # fmt: skip

    @classmethod
    def of_likelihood(cls, likelihood: Likelihood, dispersion: float | None) -> MarkerNoise:
        """Return the noise that a fitted likelihood implies, from its own variance.

        A Poisson count of mean n has the squared coefficient of variation 1/n, a negative binomial one 1/n + 1/size, a
        normal marker variance/n^2; the log-normal likelihood is taken as it is.

        Parameters
        ----------
        likelihood : Likelihood
        dispersion : float or None
            Fitted, where the likelihood has one.

        Raises
        ------
        MonitoringError
            A likelihood without its dispersion, or one whose variance has another form.
        """
        from fitting.censoring import MU, PHI

        if likelihood.has_dispersion and dispersion is None:
            raise MonitoringError(
                f"the {likelihood.name} likelihood needs its fitted dispersion ({likelihood.dispersion}); fit the "
                "patient again, or give the noise as a number"
            )
        value = 1.0 if dispersion is None else float(dispersion)
        said = f", {likelihood.dispersion} {value:.3g}" if likelihood.has_dispersion else ""
        source = f"From the {likelihood.name.replace('_', ' ')} likelihood of the fit{said}."
        if likelihood.name == "log_normal":
            return cls(OWN, math.expm1(value**2), source=source)
        scaled = sp.expand(likelihood.variance.subs(PHI, value))
        parts = [float(scaled.coeff(MU, power)) for power in (2, 1, 0)]
        if sp.simplify(scaled - sum(c * MU**p for c, p in zip(parts, (2, 1, 0), strict=True))) != 0:
            raise MonitoringError(
                f"the variance {likelihood.variance} of the {likelihood.name} likelihood is no polynomial of degree 2 "
                "in the burden; give the noise as a number"
            )
        return cls(OWN, *parts, source=source)

    @property
    def coefficients(self) -> np.ndarray:
        """What the kernels take, shape (3,)."""
        return np.array([self.constant, self.over_burden, self.over_square])

    @property
    def is_none(self) -> bool:
        """Whether the marker is exact."""
        return not np.any(self.coefficients)

    def log_sd(self, burden: float) -> float:
        """Return the standard deviation of the logarithm at a burden."""
        return math.sqrt(math.log1p(self.constant + self.over_burden / burden + self.over_square / burden**2))
