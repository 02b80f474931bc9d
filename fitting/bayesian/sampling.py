"""Drawing from a PyMC model of one patient: nutpie by default, PyMC's own sampler or NumPyro's by option."""

from __future__ import annotations

import dataclasses
import importlib.util
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fitting.bayesian.posterior import LOG_PARAMETERS

if TYPE_CHECKING:
    from fitting.bayesian.course_data import CourseData

LONGEST = 10  # doublings of a trajectory; a posterior that needs more does not mix in any case

Sampler = Literal["nutpie", "pymc", "numpyro"]
SAMPLERS: tuple[Sampler, ...] = ("nutpie", "pymc", "numpyro")


@dataclass(frozen=True)
class SamplingOptions:
    """How to sample.

    Parameters
    ----------
    draws, tune : int
        Of each chain, and discarded before.
    chains : int
    target_accept : float
        Posteriors of a few visits have narrow places, hence small steps.
    sampler : {"nutpie", "pymc", "numpyro"}
    cores : int, optional
        As many as this process may use where None.
    """

    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    target_accept: float = 0.995
    sampler: Sampler = "nutpie"
    cores: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no sampler can do."""
        if self.sampler not in SAMPLERS:
            raise ValueError(f"unknown sampler {self.sampler!r}; known are {', '.join(SAMPLERS)}")
        if min(self.draws, self.tune, self.chains) < 1 or not 0.5 <= self.target_accept < 1:
            raise ValueError(
                f"sampling needs draws, tune and chains of at least 1 and a target acceptance from 0.5 to 1, got "
                f"{self.draws}, {self.tune}, {self.chains} and {self.target_accept}"
            )

    def more_careful(self) -> SamplingOptions:
        """Return what a posterior that failed is tried with once more: smaller steps, more draws."""
        smaller = 1 - (1 - self.target_accept) / 4
        return dataclasses.replace(self, target_accept=smaller, draws=self.draws + self.draws // 2)


@dataclass(frozen=True)
class Sampled:
    """Draws of the log parameters, shape (chains, draws, c), with the sampler's statistics (chains, draws)."""

    coordinates: np.ndarray
    sample_stats: dict[str, np.ndarray]


# what of a sampler's statistics is kept, under the names that ArviZ knows
_KEPT = {
    "diverging": "diverging", "energy": "energy", "depth": "tree_depth", "tree_depth": "tree_depth",
    "n_steps": "n_steps", "step_size": "step_size", "maxdepth_reached": "reached_max_treedepth",
    "reached_max_treedepth": "reached_max_treedepth", "logp": "lp", "lp": "lp",
}  # fmt: skip


def compile_sampler(pymc_model: Any) -> Any:
    """Compile a PyMC model for nutpie: once for all patients, whose data are set afterwards."""
    import nutpie

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numba, about a cache that it cannot use here
        return nutpie.compile_pymc_model(pymc_model, var_names=[LOG_PARAMETERS])


def sample_compiled(
    compiled: Any,
    data: CourseData,
    options: SamplingOptions,
    seed: int,
    progress: Callable[[tuple[float, ...]], None] | None = None,
) -> Sampled:
    """Sample one patient with nutpie.

    Parameters
    ----------
    compiled
        From :func:`compile_sampler`.
    data : CourseData
        The patient.
    options : SamplingOptions
    seed : int
    progress : callable, optional
        Called with the share of draws that are done, of each chain.
    """
    import nutpie

    size = data.map.size

    def initial(seed: Any) -> np.ndarray:
        # the map takes these to draws about as wide as the posterior
        return np.random.default_rng(seed).standard_normal(size)

    def report(chains: list) -> None:
        if progress:
            progress(tuple(c.finished_draws / max(c.total_draws, 1) for c in chains))

    ready = dataclasses.replace(compiled.with_data(**data.arrays()), initial_point_func=initial)
    tree = nutpie.sample(
        ready, draws=options.draws, tune=options.tune, chains=options.chains, cores=options.cores, seed=seed,
        target_accept=options.target_accept, maxdepth=LONGEST, adaptation="diag", save_warmup=False, progress_bar=False,
        progress_callback=report if progress else None,
    )  # fmt: skip
    return _collect(tree)


def sample_model(pymc_model: Any, options: SamplingOptions, seed: int) -> Sampled:
    """Sample a PyMC model with PyMC's own sampler or NumPyro's; slower, and compiled anew every time."""
    import pymc as pm

    if options.sampler == "numpyro":
        if importlib.util.find_spec("numpyro") is None:
            raise RuntimeError(
                "NumPyro is not installed: pip install 'evodose[numpyro]', or use --sampler nutpie"
            )
        import fitting.bayesian.jax_ops  # noqa: F401  registers the operations with JAX
    logging.getLogger("pymc").setLevel(logging.ERROR)
    tree = pm.sample(
        options.draws, tune=options.tune, chains=options.chains, cores=options.cores, random_seed=seed,
        nuts_sampler=options.sampler, target_accept=options.target_accept, progressbar=False, model=pymc_model,
        compute_convergence_checks=False, var_names=[LOG_PARAMETERS],
    )  # fmt: skip
    return _collect(tree)


def _collect(tree: Any) -> Sampled:
    """Take the draws and the statistics that are kept out of a sampler's tree."""
    stats = tree["sample_stats"].dataset
    kept = {_KEPT[k]: np.asarray(stats[k]) for k in stats if k in _KEPT and stats[k].ndim == 2}
    return Sampled(np.asarray(tree["posterior"].dataset[LOG_PARAMETERS]), kept)
