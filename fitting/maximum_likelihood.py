"""Maximum likelihood for a whole cohort at once: several starts a patient, all patients in one batch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitting.choice import censor_zeros, choose_likelihood, dispersion_warnings, poisson_warnings
from fitting.likelihood import get_likelihood
from fitting.optimizer import Minima
from fitting.problem import OUT_OF_REACH, CohortProblem, build_problem, patient_constants
from fitting.result import Fit, FitStatus
from fitting.starts import latin_hypercube, patient_generator

if TYPE_CHECKING:
    from dynamics.model import Model
    from dynamics.simulate import Engine
    from patients.cohort import Patient

LARGEST_BURDEN = 1e100  # squares of larger ones overflow
SAME_OPTIMUM = 0.01  # two starts whose negative log-likelihoods differ by less are counted as one optimum
POLISHES, POLISHED = 8, 1e-8  # runs from the best end of a patient's starts; gain below which they cease
RACE, CONTENDER = 40, 20.0  # iterations that every start gets; distance to the best at which one runs on


@dataclass(frozen=True)
class FitFailure:
    """A patient who could not be fitted, with the reason."""

    patient_id: str
    reason: str


def prepare(patients: Sequence[Patient], likelihood: str = "auto") -> tuple[tuple[Patient, ...], str, str]:
    """Settle the likelihood for a cohort, once, before it is cut into chunks.

    Returns
    -------
    patients : tuple of Patient
        With zeros read as censored where the likelihood needs it.
    likelihood : str
    reason : str
        A sentence for the report.
    """
    member, reason = choose_likelihood(patients, likelihood)
    return censor_zeros(patients, member), member.name, reason


def fit_cohort(
    patients: Sequence[Patient],
    model: Model,
    *,
    likelihood: str = "auto",
    starts: int = 12,
    seed: int = 0,
    engine: Engine = "kernel",
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Fit | FitFailure, ...]:
    """Fit every patient by maximum likelihood.

    Parameters
    ----------
    patients : sequence of Patient
    model : Model
    likelihood : str
        ``auto`` or a member of :data:`fitting.likelihood.LIKELIHOODS`.
    starts : int
        Starting points a patient, a Latin hypercube in the model's start box.
    seed : int
        A patient's starts depend on it and on the patient's identifier only.
    engine : {"kernel", "diffrax"}
        See :func:`dynamics.simulate.solve_jobs`.
    progress : callable, optional
        Called with (patients done, patients in all).

    Returns
    -------
    tuple of Fit or FitFailure
        In the order of ``patients``. A patient who cannot be fitted yields a FitFailure; nothing is raised.
    """
    prepared, name, _ = prepare(patients, likelihood)
    member, _ = choose_likelihood(prepared, name)
    results: dict[int, Fit | FitFailure] = {}
    usable = []
    for i, patient in enumerate(prepared):
        refusal = unusable(patient)
        if refusal:
            results[i] = FitFailure(patient.patient_id, refusal)
        else:
            usable.append(i)
    if usable:
        chosen = [prepared[i] for i in usable]
        problem = build_problem(chosen, model, member, engine=engine)
        minima, who = multi_start(problem, chosen, starts, seed)
        for w, i in enumerate(usable):
            results[i] = assemble(problem, chosen[w], w, minima, who == w)
            if progress:
                progress(len(results), len(prepared))
    return tuple(results[i] for i in range(len(prepared)))


def unusable(patient: Patient) -> str:
    """Say why a patient cannot be fitted, or nothing."""
    if len(patient) < 2:
        return "one visit only: a trend needs at least two"
    if patient.first_burden <= 0 or patient.censoring[0] != 0:
        return (
            "the first burden is zero or below a detection limit, but the model starts from it; "
            "leave that visit out"
        )
    if patient.burdens.max() > LARGEST_BURDEN:
        return f"a burden of {patient.burdens.max():g} cannot be right in any unit; check the unit and the column"
    return ""


def multi_start(
    problem: CohortProblem, patients: Sequence[Patient], starts: int, seed: int
) -> tuple[Minima, np.ndarray]:
    """Run all starts of all patients as one batch."""
    points = [
        latin_hypercube(
            problem.start_lower[w],
            problem.start_upper[w],
            starts,
            patient_generator(seed, patient.patient_id, "starts"),
        )
        for w, patient in enumerate(patients)
    ]
    who = np.repeat(np.arange(len(patients)), starts)
    minima = problem.minimise(np.concatenate(points), who, tolerance=1e-10, max_iterations=RACE)
    best = minima.value.reshape(len(patients), starts).min(axis=1)
    # starts that lie far behind after the first laps end in worse valleys; the others run on to their optimum
    going = np.flatnonzero((minima.value < best[who] + CONTENDER) & ~minima.converged)
    if len(going):
        rest = problem.minimise(minima.q[going], who[going], tolerance=1e-10)
        for name in ("q", "value", "gradient", "information", "converged"):
            getattr(minima, name)[going] = getattr(rest, name)
    _polish(problem, minima, starts)
    return minima, who


def _polish(problem: CohortProblem, minima: Minima, starts: int) -> None:
    """Start each patient's best job again, in place, until a fresh run gains nothing more.

    A long flat floor is left where twenty steps gain next to nothing; a run with fresh damping takes longer ones.
    """
    patients = len(minima.value) // starts
    best = minima.value.reshape(patients, starts).argmin(axis=1) + starts * np.arange(patients)
    for _ in range(POLISHES):
        again = problem.minimise(minima.q[best], best // starts, tolerance=1e-12)
        gain = minima.value[best] - again.value
        won = gain > 0
        for name in ("q", "value", "gradient", "information"):
            getattr(minima, name)[best[won]] = getattr(again, name)[won]
        minima.converged[best] |= again.converged
        if not np.any(gain > POLISHED):
            return


def assemble(
    problem: CohortProblem, patient: Patient, w: int, minima: Minima, mine: np.ndarray
) -> Fit | FitFailure:
    """Turn the ends of one patient's starts into a Fit.

    Parameters
    ----------
    problem, patient, w
        The patient's place in the problem.
    minima : Minima
    mine : ndarray of bool
        Which of the minima are this patient's.
    """
    model, likelihood = problem.model, problem.likelihood
    value, q = minima.value[mine], minima.q[mine]
    order = np.argsort(value)
    best = order[0]
    if value[best] >= OUT_OF_REACH:
        return FitFailure(
            patient.patient_id,
            "the model could not be solved from any start; check the dose schedule and the units of days and "
            "burdens",
        )
    p = problem.n_parameters
    reached = int(np.sum(value <= value[best] + SAME_OPTIMUM))
    converged = bool(minima.converged[mine][best])
    estimates = np.exp(q[best, :p])
    mu = problem.outputs(q[[best]], np.array([w]))[0][0, : len(patient)]
    phi = float(np.exp(q[best, p])) if likelihood.has_dispersion else None
    residuals = likelihood.pearson(patient.burdens, mu, phi)
    optima, optima_value = _distinct(np.exp(q[order, :p]), value[order])
    fit = Fit(
        patient_id=patient.patient_id,
        model_name=model.name,
        likelihood=likelihood.name,
        parameter_names=model.parameter_names,
        parameter_units=tuple(q.unit for q in model.parameters),
        estimates=estimates,
        lower=np.exp(problem.lower[w, :p]),
        upper=np.exp(problem.upper[w, :p]),
        log_covariance=log_covariance(minima.information[mine][best][:p, :p]),
        nll=float(value[best]),
        dispersion=phi,
        constants=patient_constants(model, patient),
        fitted=mu,
        residuals=np.where(patient.censoring == 0, residuals, 0.0),
        starts=int(mine.sum()),
        starts_at_optimum=reached,
        optima=optima,
        optima_nll=optima_value,
        status=FitStatus.CONVERGED,
        converged=converged,
    )
    return with_status(fit, patient)


def with_status(fit: Fit, patient: Patient) -> Fit:
    """Name how the fit ended, and what a reader must know."""
    if not fit.converged:
        status = FitStatus.FAILED
    elif fit.too_few_points:
        status = FitStatus.TOO_FEW_POINTS
    elif fit.at_bound:
        status = FitStatus.AT_BOUND
    elif fit.starts_at_optimum <= 1:
        status = FitStatus.SINGLE_START
    else:
        status = FitStatus.CONVERGED
    warnings = []
    if fit.likelihood == "poisson":
        burdens = patient.burdens[patient.censoring == 0]  # a limit need not be a whole number
        warnings += poisson_warnings(burdens, fit.pearson_chi2, fit.degrees_of_freedom)
    if fit.at_bound:
        warnings.append(f"{', '.join(fit.at_bound)} ended on a declared bound")
    if fit.dispersion is not None:
        warnings += dispersion_warnings(get_likelihood(fit.likelihood), fit.dispersion, patient.burdens)
    return dataclasses.replace(fit, status=status, warnings=tuple(warnings))


def refined(problem: CohortProblem, patient: Patient, w: int, fit: Fit, q: np.ndarray) -> Fit:
    """Return the fit moved to a better optimum ``q`` that a profile came across.

    Parameters
    ----------
    problem, patient, w
        The patient's place in the problem.
    fit : Fit
        What the starts had found.
    q : ndarray, shape (q,)
        Logarithms of the better parameters.
    """
    value, gradient, information = problem.evaluate(q[None, :], np.array([w]))
    found = Minima(q[None, :], value, gradient, information, np.ones(1, dtype=bool), 0)
    better = assemble(problem, patient, w, found, np.ones(1, dtype=bool))
    if isinstance(better, FitFailure):
        return fit
    note = (
        f"the profiles found an optimum that is better by {fit.nll - better.nll:.3g} than the best of "
        f"{fit.starts} starts; the estimates are those of the better one"
    )
    return dataclasses.replace(
        better,
        starts=fit.starts,
        starts_at_optimum=0,
        status=FitStatus.SINGLE_START if better.status == FitStatus.CONVERGED else better.status,
        optima=np.vstack([better.optima, fit.optima]),
        optima_nll=np.concatenate([better.optima_nll, fit.optima_nll]),
        warnings=(*better.warnings, note),
    )


def log_covariance(information: np.ndarray, tolerance: float = 1e-10) -> np.ndarray:
    """Invert the information of the log parameters; NaN throughout where it is singular to ``tolerance``."""
    scale = np.sqrt(np.maximum(np.diag(information), 0.0))
    if np.any(scale == 0) or not np.all(np.isfinite(information)):
        return np.full_like(information, np.nan)
    correlation = information / np.outer(scale, scale)
    eigenvalues = np.linalg.eigvalsh(correlation)
    if eigenvalues[0] <= tolerance * eigenvalues[-1]:
        return np.full_like(information, np.nan)
    inverse = np.linalg.inv(correlation) / np.outer(scale, scale)
    return 0.5 * (inverse + inverse.T)


def _distinct(points: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keep one of each group of optima that agree in value and place (within 1 %), best first."""
    kept: list[int] = []
    for i in range(len(points)):
        if values[i] >= OUT_OF_REACH:
            continue
        same = [
            k
            for k in kept
            if abs(values[i] - values[k]) < SAME_OPTIMUM
            and np.all(np.abs(np.log(points[i] / points[k])) < 0.01)
        ]
        if not same:
            kept.append(i)
    return points[kept], values[kept]
