"""Likelihoods of a burden given the model's output, each with its equation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from dynamics.prior import Prior
from fitting.censoring import MU, PHI, TAILS, Terms

Y = sp.Symbol("y", positive=True)

POSITIVE_FLOOR = 1e-12  # an output of zero has no logarithm; relative to any marker's unit it is nothing


@dataclass(frozen=True)
class Likelihood:
    r"""A distribution of one measurement ``y`` around the model output ``mu``.

    The derivatives that the fits use are taken from ``equation`` by SymPy. For all members the expected
    information in ``mu`` is the second derivative at ``y = mu``: it is linear in ``y`` or in ``log y``, whose
    expectation is ``mu`` or ``log mu``.

    Parameters
    ----------
    name : str
    equation : sympy.Expr
        Negative log-likelihood of one measurement in ``y``, ``mu`` and, where it has one, ``phi``.
    variance : sympy.Expr
        Var(y) in ``mu`` and ``phi``, for Pearson residuals.
    dispersion : str
        Meaning of ``phi``; empty where there is none.
    dispersion_bounds : tuple of float
        Bounds of ``phi``; relative to the largest burden where ``dispersion_scales``.
    dispersion_reason : str
        Why the bounds.
    dispersion_prior : Prior or None
        Default prior of ``phi``, in the units of the bounds.
    tail : str
        Key of the tail probability for censored values.
    source : str
        Reference.
    """

    name: str
    equation: sp.Expr
    variance: sp.Expr
    tail: str
    source: str
    dispersion: str = ""
    dispersion_bounds: tuple[float, float] = (1.0, 1.0)
    dispersion_scales: bool = False
    dispersion_reason: str = ""
    dispersion_prior: Prior | None = None

    @property
    def has_dispersion(self) -> bool:
        """Whether a dispersion is estimated with the parameters."""
        return bool(self.dispersion)

    def dispersion_range(self, burdens: np.ndarray) -> tuple[float, float]:
        """Return the bounds of ``phi`` for one patient's burdens."""
        scale = float(burdens.max()) if self.dispersion_scales else 1.0
        return self.dispersion_bounds[0] * scale, self.dispersion_bounds[1] * scale

    @property
    def latex(self) -> str:
        """The equation of one measurement's negative log-likelihood."""
        return sp.latex(self.equation)

    @cached_property
    def derivatives(self) -> tuple[Any, ...]:
        """Equation, slope, expected curvature in mu; slope and curvature in log phi."""
        e = self.equation
        information = sp.simplify(sp.diff(e, MU, 2).subs(Y, MU))
        d_phi = sp.diff(e, PHI) * PHI
        return e, sp.diff(e, MU), information, d_phi, sp.diff(d_phi, PHI) * PHI

    @cached_property
    def _measured(self):
        return sp.lambdify([Y, MU, PHI], list(self.derivatives), modules=["scipy", "numpy"], cse=True)

    @cached_property
    def _variance(self):
        return sp.lambdify([MU, PHI], self.variance, modules="numpy")

    def terms(self, y: np.ndarray, mu: np.ndarray, phi: np.ndarray, censoring: np.ndarray) -> Terms:
        """Terms of the negative log-likelihood, elementwise.

        Parameters
        ----------
        y, mu, phi : ndarray, one shape
            Measurement, model output, dispersion.
        censoring : ndarray of int
            0 measured, -1 at or below ``y``, +1 at or above ``y``.

        Returns
        -------
        value, slope_mu, information_mu, slope_log_phi, curvature_log_phi : ndarray
        """
        mu = np.maximum(mu, POSITIVE_FLOOR)
        beyond = censoring != 0
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            measured = self._measured(np.where(beyond & (y <= 0), 1.0, y), mu, phi)
            value, slope, weight, slope_phi, curvature_phi = (
                np.broadcast_to(v, mu.shape).astype(float) for v in measured
            )
            terms = value, slope, weight, slope_phi, curvature_phi
            if np.any(beyond):
                tail = TAILS[self.tail](y[beyond], mu[beyond], phi[beyond], censoring[beyond])
                for term, replacement in zip(terms, tail, strict=True):
                    term[beyond] = replacement
        return terms

    def pearson(self, y: np.ndarray, mu: np.ndarray, phi: float | None) -> np.ndarray:
        """Pearson residuals; on the log scale for the log-normal."""
        if self.name == "log_normal":
            return (np.log(np.maximum(y, POSITIVE_FLOOR)) - np.log(np.maximum(mu, POSITIVE_FLOOR))) / phi
        return (y - mu) / np.sqrt(self._variance(np.maximum(mu, POSITIVE_FLOOR), 1.0 if phi is None else phi))


POISSON = Likelihood(
    "poisson",
    MU - Y * sp.log(MU) + sp.loggamma(Y + 1),
    MU,
    tail="poisson",
    source="Masud 2023, eqs 8 and 9",
)

NEGATIVE_BINOMIAL = Likelihood(
    "negative_binomial",
    -sp.loggamma(Y + PHI)
    + sp.loggamma(PHI)
    + sp.loggamma(Y + 1)
    - PHI * sp.log(PHI / (PHI + MU))
    - Y * sp.log(MU / (PHI + MU)),
    MU + MU**2 / PHI,
    tail="negative_binomial",
    source="mean-size parametrisation; Hilbe, Negative Binomial Regression (2011)",
    dispersion="size: the variance is mu + mu^2/size",
    dispersion_bounds=(0.1, 1e5),
    dispersion_reason="below 0.1 the standard deviation exceeds three times the mean; at 100000 a burden of "
    "1000 is Poisson to within 1 %",
    dispersion_prior=Prior(
        30.0, 30.0, "standard deviation near 20 % of large burdens, 3 % to 100 % admitted"
    ),
)

LOG_NORMAL = Likelihood(
    "log_normal",
    sp.log(Y * PHI * sp.sqrt(2 * sp.pi)) + (sp.log(Y) - sp.log(MU)) ** 2 / (2 * PHI**2),
    MU**2 * sp.exp(PHI**2) * (sp.exp(PHI**2) - 1),
    tail="log_normal",
    source="median parametrisation; Limpert, BioScience 51:341 (2001)",
    dispersion="standard deviation of the logarithm",
    dispersion_bounds=(0.05, 2.0),
    dispersion_reason="no assay or caliper repeats better than 5 %; above 2 a measurement says nothing "
    "within a factor of 50",
    dispersion_prior=Prior(
        0.2, 4.0, "within-subject variation of serum markers and of calipers: 5 % to 80 %"
    ),
)

NORMAL = Likelihood(
    "normal",
    sp.log(PHI * sp.sqrt(2 * sp.pi)) + (Y - MU) ** 2 / (2 * PHI**2),
    PHI**2,
    tail="normal",
    source="additive error of constant standard deviation",
    dispersion="standard deviation",
    dispersion_bounds=(0.02, 1.0),
    dispersion_scales=True,
    dispersion_reason="between 2 % and 100 % of the patient's largest burden",
    dispersion_prior=Prior(0.1, 4.0, "2.5 % to 40 % of the patient's largest burden"),
)

LIKELIHOODS = {member.name: member for member in (POISSON, NEGATIVE_BINOMIAL, LOG_NORMAL, NORMAL)}


def get_likelihood(name: str) -> Likelihood:
    """Return a likelihood by name.

    Raises
    ------
    ValueError
        Unknown name.
    """
    try:
        return LIKELIHOODS[name]
    except KeyError:
        raise ValueError(f"unknown likelihood {name!r}; known are auto, {', '.join(LIKELIHOODS)}") from None
