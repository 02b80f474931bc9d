"""lmfit's report of a maximum-likelihood fit, with the statistics of the likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fitting.result import Fit


def write_statistics(result: Any, fit: Fit, varied: tuple[str, ...], covariance: np.ndarray) -> None:
    """Replace lmfit's least-squares statistics, which mean nothing here, by those of the likelihood.

    Parameters
    ----------
    covariance : ndarray, shape (v, v)
        Of the varied parameters, from the Fisher information; NaN where that is singular.
    """
    free = fit.n_points - len(varied)
    statistics = {
        "residual": fit.residuals, "ndata": fit.n_points, "nfree": free, "chisqr": fit.pearson_chi2,
        "redchi": fit.pearson_chi2 / max(1, free), "aic": fit.aic, "bic": fit.bic,
    }  # fmt: skip
    result.errorbars = bool(np.all(np.isfinite(covariance)))
    if result.errorbars:
        deviation = np.sqrt(np.diag(covariance))
        for parameter in result.params.values():
            parameter.stderr = 0.0
        for i, name in enumerate(varied):
            correlation = covariance[i] / (deviation[i] * deviation)
            result.params[name].stderr = float(deviation[i])
            result.params[name].correl = {
                other: float(correlation[j]) for j, other in enumerate(varied) if j != i
            }
        statistics |= {"covar": covariance, "uvars": result.params.create_uvars(covar=covariance)}
    for name, statistic in statistics.items():
        setattr(result, name, statistic)


def write_report(fit: Fit, result: Any) -> str:
    """Write lmfit's report; where there are no standard errors, with the reason that holds here."""
    from lmfit import fit_report

    heading = [
        "[[Model]]",
        f"    {fit.model_name}, patient {fit.patient_id}, {fit.likelihood.replace('_', ' ')} likelihood",
        f"    negative log-likelihood = {fit.nll:.7g} (chi-square below is Pearson's)",
        f"    {fit.status}",
        *(f"    {warning}" for warning in fit.warnings),
    ]
    lines = [*heading, *fit_report(result).split("\n")]
    if result.errorbars:
        return "\n".join(lines)
    first = next(i for i, line in enumerate(lines) if line.startswith("##  Warning"))
    last = lines.index("[[Variables]]")
    reason = [
        "##  Warning: uncertainties could not be estimated:",
        "    the Fisher information is singular, so these data do not determine all variables;",
        "    hold or tie some of them, or measure at more visits.",
    ]
    return "\n".join([*lines[:first], *reason, *lines[last:]])
