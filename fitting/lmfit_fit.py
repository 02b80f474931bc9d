"""One patient fitted with lmfit: ``Parameters`` in, ``fit_report`` out.

This is the fit of Masud 2023: Nelder-Mead on the negative log-likelihood (eq. 9), from one start, in the
parameters themselves. For cohorts :func:`fitting.maximum_likelihood.fit_cohort` is faster by orders of
magnitude and looks for further optima; lmfit is for a closer look at one patient, with parameters held, tied
to each other by expressions, or searched between one's own bounds.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fitting.likelihood import get_likelihood
from fitting.lmfit_objective import Objective, check_start
from fitting.lmfit_parameters import completed, to_lmfit_parameters
from fitting.lmfit_report import write_report, write_statistics
from fitting.maximum_likelihood import (
    SAME_OPTIMUM,
    FitFailure,
    assemble,
    log_covariance,
    prepare,
    unusable,
    with_status,
)
from fitting.optimizer import Minima
from fitting.problem import build_problem

if TYPE_CHECKING:
    from lmfit import Parameters

    from dynamics.model import Model
    from dynamics.simulate import Engine
    from fitting.result import Fit
    from patients.cohort import Patient

GRADIENT_METHODS = ("CG", "BFGS", "Newton-CG", "L-BFGS-B", "TNC", "SLSQP")
GLOBAL_METHODS = ("brute", "basinhopping", "ampgo", "shgo", "dual_annealing")
# of Nelder-Mead, in its own variables; fminsearch stops at 1e-4, short of the floors of these valleys
TOLERANCE = 1e-8


@dataclass(frozen=True)
class LmfitFit:
    """What lmfit found for one patient.

    Parameters
    ----------
    fit : Fit
        As every later room reads it. A held parameter has a standard error of zero.
    result : lmfit.minimizer.MinimizerResult
        Standard errors and correlations are those of the Fisher information; ``chisqr`` is Pearson's, ``aic``
        and ``bic`` are those of the likelihood, ``residual`` holds Pearson residuals.
    report : str
        lmfit's ``fit_report``, under a heading that names model, patient, likelihood, status and warnings.
    """

    fit: Fit
    result: Any  # a MinimizerResult declares none of its attributes
    report: str


def fit_patient(
    patient: Patient,
    model: Model,
    parameters: Parameters | None = None,
    *,
    likelihood: str = "poisson",
    method: str = "nelder",
    engine: Engine = "kernel",
    **options: Any,
) -> LmfitFit:
    """Fit one patient by maximum likelihood with lmfit.

    Parameters
    ----------
    patient : Patient
    model : Model
    parameters : lmfit.Parameters, optional
        From :func:`fitting.lmfit_parameters.to_lmfit_parameters`, or your own. ``vary=False``, bounds and
        expressions are honoured, and expressions may use further parameters of your own.
    likelihood : str
        ``auto`` or a member of :data:`fitting.likelihood.LIKELIHOODS`.
    method : str
        Any scalar minimiser that lmfit knows; ``nelder`` is the paper's.
    engine : {"kernel", "diffrax"}
        See :func:`dynamics.simulate.solve_jobs`.
    **options
        Handed to :func:`lmfit.minimize`, such as ``max_nfev``.

    Returns
    -------
    LmfitFit

    Raises
    ------
    ValueError
        A patient who cannot be fitted, parameters that do not suit the model, a method that is unknown or
        minimises sums of squares, a model that cannot be solved at the start values.
    """
    import lmfit

    reason = unusable(patient)
    if reason:
        raise ValueError(f"patient {patient.patient_id!r} cannot be fitted: {reason}")
    (patient,), name, _ = prepare([patient], likelihood)
    if parameters is None:
        parameters = to_lmfit_parameters(model, patient, likelihood=name)
    parameters = completed(parameters, model, patient, name)
    objective = Objective(build_problem([patient], model, get_likelihood(name), engine=engine))
    check_start(objective, parameters, patient)
    options = _options(method, objective) | options
    result = lmfit.minimize(
        objective, parameters, method=method, reduce_fcn=np.sum, calc_covar=False, **options
    )
    fit = _fit(objective, patient, result)
    return LmfitFit(fit, result, write_report(fit, result))


def _options(method: str, objective: Objective) -> dict[str, Any]:
    """Return our defaults for lmfit's call of a method.

    Raises
    ------
    ValueError
        A method that is unknown, or that does not minimise this function.
    """
    from lmfit.minimizer import SCALAR_METHODS

    name = method.lower()
    scalar = next((full for short, full in SCALAR_METHODS.items() if name in (short, full.lower())), None)
    if scalar is None and name not in GLOBAL_METHODS:
        why = "samples, it does not minimise" if name == "emcee" else "is not a scalar minimiser of lmfit"
        if name.startswith(("leastsq", "least_sq")):
            why = "minimises a sum of squares, which a likelihood is not"
        known = ", ".join([*SCALAR_METHODS, *GLOBAL_METHODS])
        raise ValueError(f"method {method!r} {why}; choose one of {known}")
    if scalar == "Nelder-Mead":
        return {"tol": TOLERANCE}
    return {"jac": objective.gradient} if scalar in GRADIENT_METHODS else {}


def _fit(objective: Objective, patient: Patient, result: Any) -> Fit:
    """Turn lmfit's result into a Fit, and write the likelihood's own statistics into the result.

    Raises
    ------
    ValueError
        The search ended where the model cannot be solved.
    """
    problem, parameters = objective.problem, result.params
    p, q = problem.n_parameters, objective.vector(parameters)[None, :]
    value, gradient, information = problem.evaluate(q, np.zeros(1, dtype=int))
    varied, slopes = objective.slopes(parameters)
    covariance = log_covariance(slopes.T @ information[0] @ slopes)
    involved = np.any(slopes != 0, axis=1)
    log_cov = np.where(np.outer(involved, involved), slopes @ covariance @ slopes.T, 0.0)[:p, :p]
    possible = _possible_gain(parameters, varied, gradient[0] @ slopes, slopes.T @ information[0] @ slopes)
    converged = bool(result.success) and possible < SAME_OPTIMUM
    minima = Minima(q, value, gradient, information, np.array([converged]), int(result.nfev))
    fit = assemble(problem, patient, 0, minima, np.ones(1, dtype=bool))
    if isinstance(fit, FitFailure):
        raise ValueError(f"patient {patient.patient_id!r}: {fit.reason}")
    lower, upper = np.array([_bounds_of(parameters[name]) for name in problem.model.parameter_names]).T
    fit = dataclasses.replace(fit, log_covariance=log_cov, lower=lower, upper=upper, n_free=len(varied))
    fit = with_status(fit, patient)
    notes = [*fit.warnings, *_held_and_tied(objective, parameters)]
    if not converged:
        notes.append(
            f"{result.method} ended after {result.nfev} evaluations where the negative log-likelihood still "
            f"promises to fall by {possible:.2g} ({getattr(result, 'message', None) or 'no message'}); start "
            "again from these values, or from others"
        )
    fit = dataclasses.replace(fit, warnings=tuple(notes))
    write_statistics(result, fit, varied, covariance)
    return fit


def _possible_gain(
    parameters: Parameters, varied: tuple[str, ...], gradient: np.ndarray, information: np.ndarray
) -> float:
    """Fall of the negative log-likelihood that its quadratic model promises inside the bounds."""
    free = []
    for i, name in enumerate(varied):
        parameter = parameters[name]
        reach = 1e-6 * (abs(parameter.value) or 1.0)
        at_lower, at_upper = parameter.value - parameter.min < reach, parameter.max - parameter.value < reach
        if not ((at_lower and gradient[i] > 0) or (at_upper and gradient[i] < 0)):
            free.append(i)
    scale = np.sqrt(np.diag(information)[free])
    if not free or np.any(scale == 0):
        return 0.0
    g, h = gradient[free] / scale, information[np.ix_(free, free)] / np.outer(scale, scale)
    return 0.5 * float(g @ np.linalg.solve(h + 1e-9 * np.eye(len(free)), g))


def _bounds_of(parameter: Any) -> tuple[float, float]:
    """Bounds of a parameter; without end where it is held, or tied without bounds of its own."""
    if not parameter.vary and parameter.expr is None:
        return np.finfo(float).tiny, np.inf
    return max(float(parameter.min), np.finfo(float).tiny), float(parameter.max)


def _held_and_tied(objective: Objective, parameters: Parameters) -> list[str]:
    """Say which quantities were not estimated freely."""
    notes = []
    for name in objective.names:
        parameter = parameters[name]
        if parameter.expr is not None:
            notes.append(f"{name} was tied to {parameter.expr!r}")
        elif not parameter.vary:
            notes.append(
                f"{name} was held at {parameter.value:.6g}; its uncertainty enters no standard error"
            )
    return notes
