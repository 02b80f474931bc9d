"""A population from draws of its patients: the patients' parameters are summed out, and nothing is solved again.

First every patient is explored alone, by importance sampling under a wide population; then the population is sampled
with each patient's likelihood as a weighted sum over those draws; last, patients are drawn given each draw of the
population. Two stages: Lunn, Barrett, Sweeting, Thompson (2013), JRSS C 62:551. The sum over draws: Hogg, Myers, Bovy
(2010), ApJ 725:2166.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from fitting.population.conditional_draws import ConditionalDraws
from fitting.population.model import LOG_PARAMETERS, PopulationDesign, between_patients, typical_values

if TYPE_CHECKING:
    import pymc as pm
    from xarray import DataTree

LEAST_EFFECTIVE = 100.0  # conditional draws of a patient, in 19 of 20 draws of the population
JITTER = 0.1


def build_marginal_model(
    design: PopulationDesign, draws: ConditionalDraws, covariates: np.ndarray | None = None
) -> pm.Model:
    """Write the posterior of the population alone in PyMC.

    Parameters
    ----------
    design : PopulationDesign
    draws : ConditionalDraws
    covariates : ndarray, shape (w, k), optional
        Standardised.
    """
    import pymc as pm

    from fitting.population.draw_sum_op import DrawSum

    coords: dict[str, Any] = {"coordinate": design.names}
    if design.covariates:
        coords["covariate"] = design.covariates
    w = len(draws.points)
    with pm.Model(coords=coords) as pymc_model:
        points: Any = pm.Data("points", draws.points)
        log_weights: Any = pm.Data("log_weights", draws.log_weights)
        centre: Any = typical_values(design, w, covariates)
        precision, log_det = between_patients(design)
        total: Any = DrawSum()(points, log_weights, centre, precision)
        pm.Potential("patients", total[0].sum() + 0.5 * w * log_det)
    return pymc_model


def sample_two_stage(
    design: PopulationDesign,
    draws: ConditionalDraws,
    mu: np.ndarray,
    omega: np.ndarray,
    covariates: np.ndarray | None = None,
    *,
    n_draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    cores: int | None = None,
    target_accept: float = 0.9,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> tuple[DataTree, np.ndarray]:
    """Sample the population, then its patients.

    Parameters
    ----------
    design : PopulationDesign
    draws : ConditionalDraws
    mu, omega : ndarray, shape (c,)
        Where chains start.
    covariates : ndarray, shape (w, k), optional
    n_draws, tune, chains, cores, target_accept, seed
        Of nutpie.
    progress : callable, optional
        Called with the share of draws that are done.

    Returns
    -------
    tree : DataTree
        As :func:`fitting.population.sampling.sample` returns it.
    effective : ndarray, shape (w,)
        Conditional effective draws of each patient: the 5 % quantile over the population's draws.
    """
    import nutpie

    pymc_model = build_marginal_model(design, draws, covariates)
    start = {name: np.asarray(value, float) for name, value in pymc_model.initial_point().items()}
    start["mu"] = mu
    if "omega_log__" in start:
        start["omega_log__"] = np.log(omega)
    middle = np.concatenate(
        [np.ravel(start[pymc_model.rvs_to_values[rv].name]) for rv in pymc_model.free_RVs]
    )

    def initial(chain_seed: Any) -> np.ndarray:
        return middle + JITTER * np.random.default_rng(chain_seed).standard_normal(len(middle))

    def report(states: list) -> None:
        if progress:
            progress(sum(c.finished_draws for c in states) / max(sum(c.total_draws for c in states), 1))

    kept = [v for v in ("mu", "omega", "correlation", "effects") if v in pymc_model.named_vars]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numba, about a cache that it cannot use here
        compiled: Any = nutpie.compile_pymc_model(pymc_model, var_names=kept)
    compiled = dataclasses.replace(compiled, initial_point_func=initial)
    tree = nutpie.sample(
        compiled, draws=n_draws, tune=tune, chains=chains, cores=cores, seed=seed, target_accept=target_accept,
        save_warmup=False, progress_bar=False, progress_callback=report if progress else None,
    )  # fmt: skip
    x, effective = draw_patients(tree, draws, covariates, seed)
    posterior = tree["posterior"].dataset.assign(
        {LOG_PARAMETERS: (("chain", "draw", "patient", "coordinate"), x)}
    )
    import xarray

    groups = {"/posterior": posterior, "/sample_stats": tree["sample_stats"].dataset}
    return xarray.DataTree.from_dict(groups), effective


def draw_patients(
    tree: DataTree, draws: ConditionalDraws, covariates: np.ndarray | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one set of coordinates of every patient for each draw of the population.

    Returns
    -------
    coordinates : ndarray, shape (chains, draws, w, c)
    effective : ndarray, shape (w,)
        See :func:`sample_two_stage`.
    """
    posterior = tree["posterior"].dataset
    mu, omega = np.asarray(posterior["mu"]), np.asarray(posterior["omega"])
    shape, c = mu.shape[:2], mu.shape[2]
    mu, omega = mu.reshape(-1, c), omega.reshape(-1, c)
    correlation = (
        np.asarray(posterior["correlation"]).reshape(-1, c, c) if "correlation" in posterior else None
    )
    effects = np.asarray(posterior["effects"]).reshape(len(mu), -1, c) if "effects" in posterior else None
    generator = np.random.default_rng([seed, len(mu)])
    w, m = draws.log_weights.shape
    x, effective = np.empty((len(mu), w, c)), np.empty((len(mu), w))
    for k in range(len(mu)):
        centre = np.broadcast_to(mu[k], (w, c)) + (0.0 if effects is None else covariates @ effects[k])
        between = np.outer(omega[k], omega[k]) * (np.eye(c) if correlation is None else correlation[k])
        weights = draws.conditional(centre, np.linalg.inv(between))
        effective[k] = 1 / np.sum(weights**2, axis=1)
        marks = generator.uniform(size=w)[:, None] * (1 - 1e-12)
        chosen = np.minimum((np.cumsum(weights, axis=1) < marks).sum(axis=1), m - 1)
        x[k] = draws.points[np.arange(w), chosen]
    return x.reshape(*shape, w, c), np.quantile(effective, 0.05, axis=0)


def too_few(effective: dict[str, float]) -> str:
    """Say which patients' draws are too few to stand for them; empty where none are."""
    short = {name: n for name, n in effective.items() if n < LEAST_EFFECTIVE}
    if not short:
        return ""
    told = ", ".join(f"{name} ({n:.0f})" for name, n in sorted(short.items(), key=lambda item: item[1]))
    return (
        f"Too few conditional draws stand for patient {told}; {LEAST_EFFECTIVE:.0f} are needed. Sample jointly "
        '(method="joint"), or leave the patient out and say so.'
    )
