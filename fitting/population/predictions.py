"""Model outputs and measurements that a population predicts at its patients' visits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitting.bayesian.draw_burdens import draw_burdens
from fitting.bayesian.penalised_problem import PenalisedProblem, build_penalised
from fitting.bayesian.prior_set import build_priors

if TYPE_CHECKING:
    from fitting.population.result import Population
    from patients.cohort import Patient


@dataclass(frozen=True)
class VisitPredictions:
    """What a fitted population says of each visit, visits of all patients end to end.

    Parameters
    ----------
    who : ndarray of int, shape (n,)
        The patient's place.
    times, burdens : ndarray, shape (n,)
    censoring : ndarray of int, shape (n,)
    individual : ndarray, shape (n,)
        Median over draws of the output at the patient's own parameters.
    typical : ndarray, shape (n,)
        Output at the typical values, under the patient's own doses and first burden.
    band : ndarray, shape (3, n)
        5 %, 50 % and 95 % quantiles of measurements at the patient's own parameters.
    simulated : ndarray, shape (s, n)
        Measurements of new patients of this population under the same doses: each row with its own draw of the
        population, of a patient from it, and of the measurement.
    patient_ids : tuple of str
    """

    who: np.ndarray
    times: np.ndarray
    burdens: np.ndarray
    censoring: np.ndarray
    individual: np.ndarray
    typical: np.ndarray
    band: np.ndarray
    simulated: np.ndarray
    patient_ids: tuple[str, ...]

    def of_first(self, count: int) -> VisitPredictions:
        """Keep the first patients."""
        mine = self.who < count
        return VisitPredictions(
            self.who[mine], self.times[mine], self.burdens[mine], self.censoring[mine], self.individual[mine],
            self.typical[mine], self.band[:, mine], self.simulated[:, mine], self.patient_ids[:count],
        )  # fmt: skip


def predict_visits(
    population: Population,
    patients: Sequence[Patient],
    *,
    draws: int = 200,
    simulations: int = 500,
    seed: int = 0,
) -> VisitPredictions:
    """Compute what plots and prediction errors need.

    Parameters
    ----------
    population : Population
    patients : sequence of Patient
        Those that it was fitted to, in their order.
    draws : int
        Of the patients' own parameters, for bands.
    simulations : int
        Of new patients.
    seed : int

    Raises
    ------
    ValueError
        Other patients than those of the fit.
    """
    if tuple(p.patient_id for p in patients) != population.patient_ids:
        raise ValueError(
            "predictions of a population: give the patients that it was fitted to, in their order"
        )
    problem = problem_of(population, patients)
    generator = np.random.default_rng(seed)
    x = population.draws("log_parameters")
    mu = population.draws("mu")
    take = np.linspace(0, len(x) - 1, min(draws, len(x))).astype(int)
    own, phi = outputs_at(problem, with_shared(population, x, take))
    measured = draw_burdens(problem.likelihood, own, phi, generator)
    centre = np.broadcast_to(mu[:, None], x.shape)
    if population.covariates:
        centre = centre + np.einsum("wk,mkc->mwc", population.standardised, population.draws("effects"))
    middle = np.median(centre, axis=0)[None]
    shared = np.median(population.draws("log_dispersion")) if population.has_shared_dispersion else None
    typical, _ = outputs_at(problem, middle if shared is None else _append(middle, shared))
    some = generator.integers(len(mu), size=simulations)
    factor = np.linalg.cholesky(population.omegas[some])
    noise = generator.standard_normal((simulations, *x.shape[1:]))
    fresh = centre[some] + np.einsum("mcd,mwd->mwc", factor, noise)
    if population.has_shared_dispersion:
        fresh = _append(fresh, population.draws("log_dispersion")[some][:, None, None])
    new, phi = outputs_at(problem, fresh)
    kept = problem.measured
    return VisitPredictions(
        who=np.repeat(np.arange(len(patients)), kept.sum(axis=1)),
        times=problem.courses.times[kept],
        burdens=problem.burdens[kept],
        censoring=problem.censoring[kept],
        individual=np.nanmedian(own, axis=0),
        typical=typical[0],
        band=np.nanquantile(measured, [0.05, 0.5, 0.95], axis=0),
        simulated=draw_burdens(problem.likelihood, new, phi, generator),
        patient_ids=population.patient_ids,
    )


def problem_of(population: Population, patients: Sequence[Patient]) -> PenalisedProblem:
    """Build the problem whose model a population was fitted with."""
    from dynamics import get_model
    from fitting.likelihood import get_likelihood

    model, likelihood = get_model(population.model_name), get_likelihood(population.likelihood)
    return build_penalised(patients, model, likelihood, build_priors(model, likelihood), rtol=1e-6)


def with_shared(population: Population, x: np.ndarray, take: np.ndarray) -> np.ndarray:
    """Take draws (m, w, c) of the patients' coordinates, a shared dispersion appended."""
    if not population.has_shared_dispersion:
        return x[take]
    return _append(x[take], population.draws("log_dispersion")[take][:, None, None])


def outputs_at(problem: PenalisedProblem, x: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Return outputs and dispersions at the visits of all patients, shape (m, n) each.

    Parameters
    ----------
    problem : PenalisedProblem
    x : ndarray, shape (m, w, c)
        Coordinates, the dispersion last where the likelihood has one.

    Returns
    -------
    mu : ndarray, shape (m, n)
        NaN where the model has no solution.
    phi : ndarray or None
    """
    m, w, c = x.shape
    q = (x + problem.log_scale[None]).reshape(m * w, c)
    y, _, solved = problem.outputs(q, np.tile(np.arange(w), m))
    y = np.where(solved[:, None], y, np.nan).reshape(m, w, -1)
    kept = problem.measured
    phi = None
    if problem.likelihood.has_dispersion:
        phi = np.broadcast_to(np.exp(q[:, -1]).reshape(m, w, 1), y.shape)[:, kept]
    return y[:, kept], phi


def _append(x: np.ndarray, last: np.ndarray | float) -> np.ndarray:
    """Append a coordinate that all patients share."""
    return np.concatenate([x, np.broadcast_to(last, (*x.shape[:2], 1))], axis=2)
