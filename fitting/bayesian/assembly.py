"""From draws of log parameters to the groups that ArviZ and every later room read."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from fitting.bayesian.draw_burdens import draw_burdens
from fitting.bayesian.posterior import BURDEN, LOG_PARAMETERS
from fitting.starts import patient_generator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xarray import DataTree

    from fitting.bayesian.penalised_problem import PenalisedProblem
    from fitting.bayesian.prior_set import PriorSet
    from patients.cohort import Patient

PRIOR_DRAWS = 1000


def assemble_tree(
    problem: PenalisedProblem,
    w: int,
    patient: Patient,
    priors: PriorSet,
    coordinates: np.ndarray,
    sample_stats: Mapping[str, np.ndarray],
    seed: int,
) -> DataTree:
    """Compute what belongs to draws of one patient, and put it into groups.

    Parameters
    ----------
    problem : PenalisedProblem
    w : int
        The patient's place in it.
    patient : Patient
    priors : PriorSet
    coordinates : ndarray, shape (chains, draws, c)
        Log parameters in units of their scales.
    sample_stats : mapping
        Arrays of shape (chains, draws).
    seed : int
        Of the predictive draws.

    Returns
    -------
    xarray.DataTree
        ``posterior`` (parameters in the model's units, ``dispersion``, ``log_parameters``), ``sample_stats``,
        ``log_likelihood``, ``log_prior``, ``posterior_predictive``, ``prior``, ``prior_predictive``,
        ``observed_data``. Predictions are of measurements, noise included; ``mu`` beside them is the model's output.
    """
    generator = patient_generator(seed, patient.patient_id, "predictive")
    prior = priors.draw(generator, PRIOR_DRAWS)[None]
    groups: dict[str, Mapping[str, np.ndarray]] = {
        "posterior": _named(problem, w, priors, coordinates),
        "sample_stats": dict(sample_stats),
        "log_likelihood": {BURDEN: log_likelihood(problem, w, coordinates)},
        "log_prior": dict(zip(priors.names, np.moveaxis(priors.log_density(coordinates), -1, 0), strict=True)),
        "posterior_predictive": _predicted(problem, w, coordinates, generator),
        "prior": _named(problem, w, priors, prior),
        "prior_predictive": _predicted(problem, w, prior, generator),
        "observed_data": {
            BURDEN: patient.burdens.astype(float), "censoring": patient.censoring.astype(int),
        },
    }  # fmt: skip
    tree = _tree(groups, patient, priors)
    tree.attrs |= {
        "patient_id": patient.patient_id, "model": problem.model.name, "likelihood": problem.likelihood.name,
    }  # fmt: skip
    return tree


def outputs_of(
    problem: PenalisedProblem, w: int, coordinates: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """Model outputs (..., n) and dispersions (..., 1) at coordinates (..., c); NaN where the model has no solution."""
    flat = coordinates.reshape(-1, coordinates.shape[-1]) + problem.log_scale[w]
    n, p = int(problem.measured[w].sum()), problem.n_parameters
    mu, _, solved = problem.outputs(flat, np.full(len(flat), w))
    mu = np.where(solved[:, None], mu[:, :n], np.nan).reshape(*coordinates.shape[:-1], n)
    phi = (
        np.exp(flat[:, p]).reshape(*coordinates.shape[:-1], 1) if problem.likelihood.has_dispersion else None
    )
    return mu, phi


def log_likelihood(problem: PenalisedProblem, w: int, coordinates: np.ndarray) -> np.ndarray:
    """Log-likelihood of each visit at coordinates (..., c), shape (..., n)."""
    mu, phi = outputs_of(problem, w, coordinates)
    n = mu.shape[-1]
    spread = np.ones_like(mu) if phi is None else np.broadcast_to(phi, mu.shape)
    burdens, censoring = (np.broadcast_to(a[w, :n], mu.shape) for a in (problem.burdens, problem.censoring))
    return -problem.likelihood.terms(burdens, np.nan_to_num(mu, nan=1e-12), spread, censoring)[0]


def _named(
    problem: PenalisedProblem, w: int, priors: PriorSet, coordinates: np.ndarray
) -> dict[str, np.ndarray]:
    """Parameters by name in the model's units, and the vector of their logarithms."""
    natural = np.exp(coordinates + problem.log_scale[w])
    return dict(zip(priors.names, np.moveaxis(natural, -1, 0), strict=True)) | {LOG_PARAMETERS: coordinates}


def _predicted(
    problem: PenalisedProblem, w: int, coordinates: np.ndarray, generator: np.random.Generator
) -> dict[str, np.ndarray]:
    """Measurements drawn at the visits, and the model's output there."""
    mu, phi = outputs_of(problem, w, coordinates)
    return {BURDEN: draw_burdens(problem.likelihood, mu, phi, generator), "mu": mu}


def _tree(groups: Mapping[str, Mapping[str, np.ndarray]], patient: Patient, priors: PriorSet) -> DataTree:
    """Name the dimensions."""
    import arviz_base

    dims = {LOG_PARAMETERS: ["coordinate"], BURDEN: ["visit"], "mu": ["visit"], "censoring": ["visit"]}
    coords: dict[str, Any] = {"coordinate": list(priors.names), "visit": np.arange(len(patient))}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="More chains")  # 1000 prior draws of one chain are meant
        tree = arviz_base.from_dict({k: dict(v) for k, v in groups.items()}, coords=coords, dims=dims)
    for name in ("observed_data", "posterior_predictive", "prior_predictive", "log_likelihood"):
        tree[name] = tree[name].to_dataset().assign_coords(time_days=("visit", patient.times))
    return tree
