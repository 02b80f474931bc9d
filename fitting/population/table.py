"""The population as a table that pharmacometricians expect."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitting.bayesian.prior_set import DISPERSION

if TYPE_CHECKING:
    import pandas as pd

    from fitting.population.predictions import VisitPredictions
    from fitting.population.result import Population

LEVELS = (0.025, 0.5, 0.975)


@dataclass(frozen=True)
class PopulationRow:
    """One parameter of the population.

    Parameters
    ----------
    name, unit : str
    estimate : float
        Typical value: exponential of the posterior median of mu.
    se : float
        Estimate times the posterior standard deviation of mu (delta method).
    rse : float
        Per cent of the estimate.
    lower, upper : float
        95 % credible interval, computed on the log scale and transformed back.
    cv : float
        Between patients, per cent; NaN for what does not vary.
    cv_lower, cv_upper : float
        Its 95 % credible interval.
    shrinkage : float
        Per cent; NaN for what does not vary.
    """

    name: str
    unit: str
    estimate: float
    se: float
    rse: float
    lower: float
    upper: float
    cv: float = math.nan
    cv_lower: float = math.nan
    cv_upper: float = math.nan
    shrinkage: float = math.nan


@dataclass(frozen=True)
class PopulationTable:
    r"""Typical values, uncertainty, differences between patients and shrinkage.

    Between-subject variation is the coefficient of variation of a log-normal,
    :math:`100 \sqrt{\exp(\omega^2) - 1}` (Mould and Upton 2013, eq. 8), at the posterior median of omega. Shrinkage
    of a parameter is :math:`100 (1 - \mathrm{sd}(\hat\eta_i)/\omega)` with the patients' posterior means of
    :math:`\eta_i = x_i - \mu_i`; that of the residual error is :math:`100 (1 - \mathrm{sd}(\mathrm{IWRES}))` with
    individual weighted residuals (Savic and Karlsson 2009). Above 20 to 30 % the plots of individual estimates say
    more of the population than of the patients.

    Parameters
    ----------
    rows : tuple of PopulationRow
    epsilon_shrinkage : float
        Per cent; NaN where no residuals were given, or none can be computed.
    patients, visits : int
    status : str
        Of the posterior; shown with the table, because estimates of chains that disagree are none.

    References
    ----------
    Savic, Karlsson (2009), AAPS Journal 11:558. Mould, Upton (2013), CPT: Pharmacometrics & Systems Pharmacology 2:e38.
    """

    rows: tuple[PopulationRow, ...]
    epsilon_shrinkage: float
    patients: int
    visits: int
    status: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row a parameter."""
        import pandas as pd

        return pd.DataFrame(
            {
                "parameter": [r.name for r in self.rows],
                "unit": [r.unit for r in self.rows],
                "estimate": [r.estimate for r in self.rows],
                "se": [r.se for r in self.rows],
                "rse_percent": [r.rse for r in self.rows],
                "ci_low": [r.lower for r in self.rows],
                "ci_high": [r.upper for r in self.rows],
                "cv_percent": [r.cv for r in self.rows],
                "cv_low": [r.cv_lower for r in self.rows],
                "cv_high": [r.cv_upper for r in self.rows],
                "shrinkage_percent": [r.shrinkage for r in self.rows],
            }
        ).set_index("parameter")

    def to_markdown(self) -> str:
        """Return a table for a report."""
        lines = [
            "| parameter | unit | estimate | SE | RSE % | 95 % CI | between-subject CV % (95 % CI) | shrinkage % |",
            "|---|---|---:|---:|---:|---:|---:|---:|",
        ]
        for r in self.rows:
            between = "" if math.isnan(r.cv) else f"{r.cv:.0f} ({r.cv_lower:.0f} to {r.cv_upper:.0f})"
            shrinkage = "" if math.isnan(r.shrinkage) else f"{r.shrinkage:.0f}"
            lines.append(
                f"| {r.name} | {r.unit} | {r.estimate:.3g} | {r.se:.2g} | {r.rse:.0f} | {r.lower:.3g} to "
                f"{r.upper:.3g} | {between} | {shrinkage} |"
            )
        if not math.isnan(self.epsilon_shrinkage):
            lines += ["", f"Shrinkage of the residual error: {self.epsilon_shrinkage:.0f} %."]
        lines += ["", f"{self.patients} patients, {self.visits} visits. {self.status}"]
        return "\n".join(lines)


def population_table(population: Population, predictions: VisitPredictions | None = None) -> PopulationTable:
    """Summarise a population.

    Parameters
    ----------
    population : Population
    predictions : VisitPredictions, optional
        Of the same population, for the shrinkage of the residual error.
    """
    mu, omega = population.draws("mu"), population.draws("omega")
    eta = population.draws("log_parameters") - mu[:, None]
    if population.covariates:
        eta = eta - np.einsum("wk,mkc->mwc", population.standardised, population.draws("effects"))
    rows = []
    for i, name in enumerate(population.coordinate_names):
        width = float(np.median(omega[:, i]))
        cv = 100 * np.sqrt(np.expm1(np.quantile(omega[:, i], LEVELS) ** 2))
        shrinkage = 100 * (1 - float(eta[:, :, i].mean(axis=0).std(ddof=1)) / width)
        rows.append(_row(name, _unit(population, name), mu[:, i], cv, shrinkage))
    if population.has_shared_dispersion:
        rows.append(_row(DISPERSION, _unit(population, DISPERSION), population.draws("log_dispersion")))
    visits = len(population.tree["observed_data"].dataset["burden"])
    epsilon = math.nan if predictions is None else epsilon_shrinkage(population, predictions)
    return PopulationTable(tuple(rows), epsilon, len(population.patient_ids), visits, population.status)


def epsilon_shrinkage(population: Population, predictions: VisitPredictions) -> float:
    """Shrinkage of the residual error in per cent; the first visit, which the model starts from, is left out."""
    from fitting.likelihood import get_likelihood
    from fitting.population.residuals import individual_residuals

    residuals = individual_residuals(population, predictions, get_likelihood(population.likelihood))
    return 100 * (1 - float(np.nanstd(residuals, ddof=1)))


def _row(
    name: str, unit: str, log_values: np.ndarray, cv: np.ndarray | None = None, shrinkage: float = math.nan
) -> PopulationRow:
    """Back-transform draws on the log scale."""
    lower, estimate, upper = np.exp(np.quantile(log_values, LEVELS))
    # delta method: a few far draws of a loose parameter would swamp the plain deviation
    se = float(estimate * log_values.std(ddof=1))
    cv = np.full(3, math.nan) if cv is None else cv
    return PopulationRow(
        name, unit, float(estimate), se, 100 * se / float(estimate), float(lower), float(upper), float(cv[1]),
        float(cv[0]), float(cv[2]), shrinkage,
    )  # fmt: skip


def _unit(population: Population, name: str) -> str:
    """Return the unit of a typical value: times its scale where it has one."""
    from dynamics import get_model
    from fitting.likelihood import get_likelihood

    scale = population.scales.get(name, "")
    if scale:
        return f"times {scale}"
    if name == DISPERSION:
        return get_likelihood(population.likelihood).dispersion
    return next(p.unit for p in get_model(population.model_name).parameters if p.name == name)
