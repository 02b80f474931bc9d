"""Running the sampler on a population model."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    import pymc as pm
    from xarray import DataTree

    from fitting.population.summary import NormalSummary

JITTER = 0.2  # of the starting points, in units of the sampler's coordinates or of the log parameters
KEPT = ("mu", "omega", "correlation", "effects", "log_dispersion", "log_parameters")
Adaptation = Literal["diag", "low_rank"]


def starting_points(pymc_model: pm.Model, summary: NormalSummary) -> dict[str, np.ndarray]:
    """Middle of the chains' starts, by the names of the sampler's coordinates, in their order."""
    start = {name: np.asarray(value, float) for name, value in pymc_model.initial_point().items()}
    start["mu"] = summary.mu
    if "omega_log__" in start:
        start["omega_log__"] = np.log(summary.omega)
    ordered = [pymc_model.rvs_to_values[rv].name for rv in pymc_model.free_RVs]
    return {name: start[name] for name in ordered}


def sample(
    pymc_model: pm.Model,
    summary: NormalSummary,
    *,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    seed: int = 0,
    cores: int | None = None,
    adaptation: Adaptation = "low_rank",
    target_accept: float = 0.95,
    progress: Callable[[float], None] | None = None,
) -> DataTree:
    """Sample with nutpie, chains starting around the best population.

    Parameters
    ----------
    pymc_model : pymc.Model
        Of :func:`fitting.population.model.build_population_model`.
    summary : NormalSummary
    draws, tune, chains : int
    seed : int
    cores : int, optional
        All by default.
    adaptation : {"diag", "low_rank"}
        Of the mass matrix.
    target_accept : float
    progress : callable, optional
        Called with the share of draws that are done.
    """
    import nutpie

    middle = np.concatenate([np.ravel(v) for v in starting_points(pymc_model, summary).values()])

    def start(chain_seed: Any) -> np.ndarray:
        return middle + JITTER * np.random.default_rng(chain_seed).standard_normal(len(middle))

    def report(chain_states: list) -> None:
        if progress:
            progress(
                sum(c.finished_draws for c in chain_states) / max(sum(c.total_draws for c in chain_states), 1)
            )

    kept = [v for v in KEPT if v in pymc_model.named_vars]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numba, about a cache that it cannot use here
        compiled: Any = nutpie.compile_pymc_model(pymc_model, var_names=kept)
    compiled = dataclasses.replace(compiled, initial_point_func=start)
    settings: Any = {"adaptation": adaptation, "target_accept": target_accept}
    return nutpie.sample(
        compiled, draws=draws, tune=tune, chains=chains, cores=cores, seed=seed,
        save_warmup=False, progress_bar=False, progress_callback=report if progress else None, **settings,
    )  # fmt: skip
