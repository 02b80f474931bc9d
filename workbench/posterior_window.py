"""The dose window as a posterior: each draw has its edges, or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamics.model import Model
    from fitting.bayesian.posterior import Posterior
    from fitting.posterior_checks.sensitivity_result import Sensitivity
    from patients.cohort import Patient

LOWER, UPPER = "the window's lower edge", "the window's upper edge"
LEVELS = (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975)
DOSES = np.linspace(0.0, 1.0, 101)
NEVER = 0.01  # share of draws below which nothing is said of edges


@dataclass(frozen=True)
class WindowDraws:
    """Edges of the window at each draw, NaN where there is no window.

    Parameters
    ----------
    k_tol : float
        Tolerable burden, in the marker's unit.
    low, high : ndarray, shape (chains, draws)
        Fractions of the maximum tolerated dose.
    prior_low, prior_high : ndarray, shape (m,)
        The same under the prior; empty where the posterior holds no draws of it.
    """

    k_tol: float
    low: np.ndarray
    high: np.ndarray
    prior_low: np.ndarray
    prior_high: np.ndarray

    @property
    def quantities(self) -> dict[str, np.ndarray]:
        """Edges by the names that sentences use."""
        return {LOWER: self.low, UPPER: self.high}

    @property
    def prior_quantities(self) -> dict[str, np.ndarray]:
        """The same under the prior."""
        return {LOWER: self.prior_low, UPPER: self.prior_high} if self.prior_low.size else {}


@dataclass(frozen=True)
class PosteriorWindow:
    """What a posterior says of the dose window.

    Parameters
    ----------
    k_tol : float
        Tolerable burden, in the marker's unit.
    probability, prior_probability : float
        That a window exists; NaN where the prior was not drawn from.
    low, high : ndarray, shape (7,)
        Quantiles of the edges at ``LEVELS``, among the draws that have a window; NaN where there are too few.
    inside, prior_inside : ndarray, shape (101,)
        Probability that each of ``DOSES`` lies inside the window.
    sensitivities : tuple of Sensitivity
        Of the lower and of the upper edge.
    sentence : str
        What of the window is data and what is prior.
    """

    k_tol: float
    probability: float
    prior_probability: float
    low: np.ndarray
    high: np.ndarray
    inside: np.ndarray
    prior_inside: np.ndarray
    sensitivities: tuple[Sensitivity, ...]
    sentence: str

    @property
    def best(self) -> tuple[float, float]:
        """Dose that lies inside the window most probably, the middle of several, and that probability."""
        most = float(self.inside.max())
        best = np.flatnonzero(self.inside >= most - 1e-12)
        return float(DOSES[best[len(best) // 2]]), most


def window_draws(posterior: Posterior, patient: Patient, model: Model, k_tol_ratio: float) -> WindowDraws:
    """Derive the window's edges at every draw of posterior and prior.

    Parameters
    ----------
    posterior : Posterior
    patient : Patient
    model : Model
    k_tol_ratio : float
        Tolerable burden in multiples of the first one.

    Raises
    ------
    WindowUnavailable
        No window can be derived for this model.
    """
    from dosing.quantities import window_quantities

    k_tol = k_tol_ratio * patient.first_burden
    low, high, *_ = window_quantities(model, posterior.constants, k_tol)
    group = posterior.tree["posterior"].dataset
    shape = np.asarray(group[posterior.parameter_names[0]]).shape
    x = posterior.draws
    before = _prior_draws(posterior)
    return WindowDraws(
        k_tol, low.value(x).reshape(shape), high.value(x).reshape(shape),
        low.value(before) if len(before) else np.zeros(0), high.value(before) if len(before) else np.zeros(0),
    )  # fmt: skip


def _prior_draws(posterior: Posterior) -> np.ndarray:
    """Draws of the prior in the model's units, shape (m, p); none where they are not kept."""
    names = posterior.parameter_names
    if "prior" not in posterior.tree.children:
        return np.zeros((0, len(names)))
    group = posterior.tree["prior"].dataset
    return np.stack([np.asarray(group[name]).ravel() for name in names], axis=1)


def summarise_window(draws: WindowDraws, judged: Mapping[str, Sensitivity]) -> PosteriorWindow:
    """Summarise the edges.

    Parameters
    ----------
    draws : WindowDraws
    judged : mapping of str to Sensitivity
        Of both edges, by name.
    """
    low, high = draws.low.ravel(), draws.high.ravel()
    probability = float(np.mean(np.isfinite(low)))
    prior = float(np.mean(np.isfinite(draws.prior_low))) if draws.prior_low.size else np.nan
    sensitivities = tuple(judged[name] for name in (LOWER, UPPER) if name in judged)
    return PosteriorWindow(
        draws.k_tol, probability, prior, _quantiles(low), _quantiles(high), _inside(low, high),
        _inside(draws.prior_low, draws.prior_high), sensitivities, window_sentence(probability, sensitivities),
    )  # fmt: skip


def window_sentence(probability: float, sensitivities: tuple[Sensitivity, ...]) -> str:
    """Say what of the window is data and what is prior: its lower edge is data, its upper edge is prior."""
    from fitting.posterior_checks.sensitivity_result import summary_sentence

    if probability == 0:
        return "No draw of the posterior has a dose window."
    if probability < NEVER:
        return (
            f"A dose window exists in {100 * probability:.1g} % of the draws; nothing is said of its edges."
        )
    sentence = summary_sentence(sensitivities)
    sentence = sentence.replace("is held", "is the same in every draw")
    return f"{sentence[0].upper()}{sentence[1:]}."


def _quantiles(edge: np.ndarray) -> np.ndarray:
    """Quantiles among the draws that have a window."""
    there = edge[np.isfinite(edge)]
    if there.size < max(NEVER * edge.size, 10):
        return np.full(len(LEVELS), np.nan)
    return np.quantile(there, LEVELS)


def _inside(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Share of all draws whose window contains each dose."""
    if not low.size:
        return np.zeros(0)
    found = np.isfinite(low)
    return ((low[found] <= DOSES[:, None]) & (DOSES[:, None] <= high[found])).sum(axis=1) / low.size
