"""Draws, statistics, log-likelihood and data of a population, put into groups and judged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fitting.bayesian.penalised_problem import PenalisedProblem
from fitting.bayesian.prior_set import DISPERSION
from fitting.population.model import PopulationDesign
from fitting.population.predictions import outputs_at
from fitting.population.result import CONVERGED

if TYPE_CHECKING:
    from xarray import Dataset, DataTree


def assemble(
    design: PopulationDesign,
    problem: PenalisedProblem,
    ids: Sequence[str],
    sampled: DataTree,
    covariates: np.ndarray | None = None,
) -> DataTree:
    """Put draws, statistics, log-likelihood and data into groups."""
    import xarray

    posterior: Dataset = sampled["posterior"].dataset
    x = np.asarray(posterior["log_parameters"])
    absolute = x + problem.log_scale[:, : design.size]
    named: dict[str, Any] = {
        n: (("chain", "draw", "patient"), np.exp(absolute[..., i])) for i, n in enumerate(design.names)
    }
    full = x.reshape(-1, *x.shape[2:])
    if design.has_shared:
        shared = np.asarray(posterior["log_dispersion"])
        named[DISPERSION] = (("chain", "draw"), np.exp(shared))  # in units of its scale
        last = np.broadcast_to(shared.reshape(-1, 1, 1), (*full.shape[:2], 1))
        full = np.concatenate([full, last], axis=2)
    mu, phi = outputs_at(problem, full)
    kept = problem.measured
    burdens = np.broadcast_to(problem.burdens[kept], mu.shape)
    censoring = np.broadcast_to(problem.censoring[kept], mu.shape)
    value = design.likelihood.terms(burdens, mu, np.ones_like(mu) if phi is None else phi, censoring)[0]
    shape, dims = (*x.shape[:2], mu.shape[1]), ("chain", "draw", "visit")
    who = np.repeat(np.asarray(ids), kept.sum(axis=1))
    stats = sampled["sample_stats"].dataset
    flat = [v for v in stats.data_vars if stats[v].dims == ("chain", "draw")]
    groups: dict[str, Any] = {
        "posterior": posterior.assign({**named, "prediction": (dims, mu.reshape(shape))}).assign_coords(
            coordinate=list(design.names), patient=list(ids)
        ),
        "sample_stats": stats[flat],
        "log_likelihood": xarray.Dataset({"burden": (dims, -value.reshape(shape))}),
        "observed_data": xarray.Dataset(
            {
                "burden": ("visit", problem.burdens[kept]),
                "censoring": ("visit", problem.censoring[kept]),
                "patient_of_visit": ("visit", who),
            },
            coords={"time_days": ("visit", problem.courses.times[kept])},
        ),
    }
    if covariates is not None:
        groups["constant_data"] = xarray.Dataset({"covariates": (("patient", "covariate"), covariates)})
    return xarray.DataTree.from_dict({f"/{k}": v for k, v in groups.items()})


def judge(tree: DataTree, patients: int) -> tuple[str, bool]:
    """Say whether the chains agree in everything that was sampled."""
    from fitting.posterior_checks.convergence import check_convergence

    flat = scalars_of(tree)
    flat.attrs["patient_id"] = f"population of {patients}"
    check = check_convergence(flat)
    if check.good:
        return CONVERGED, True
    # a cohort has a hundred parameters and more: the worst of each kind is enough for a sentence
    moved = [p for p in check.parameters if not p.held and math.isfinite(p.rhat)]
    if not moved:
        return check.sentence, False
    apart, few = max(moved, key=lambda p: p.rhat), min(moved, key=lambda p: min(p.ess_bulk, p.ess_tail))
    return (
        f"{check.verdict} (R-hat up to {apart.rhat:.3f}, in {apart.name}; least effective draws "
        f"{check.least_ess:.0f}, in {few.name}; {check.divergences or 0} divergent draws.)"
    ), False


def scalars_of(tree: DataTree) -> DataTree:
    """Spread what was sampled into one variable a number, as checks of convergence read it."""
    import xarray

    posterior = tree["posterior"].dataset
    scalars = {}
    for name in ("mu", "omega", "effects", "correlation", "log_dispersion", "log_parameters"):
        if name not in posterior:
            continue
        values = np.asarray(posterior[name])
        for index in np.ndindex(values.shape[2:]):
            label = "[" + ",".join(str(_label(posterior[name], d, i)) for d, i in enumerate(index)) + "]"
            if name != "correlation" or index[0] > index[1]:
                scalars[name + (label if index else "")] = (("chain", "draw"), values[(..., *index)])
    return xarray.DataTree.from_dict(
        {"/posterior": xarray.Dataset(scalars), "/sample_stats": tree["sample_stats"].dataset}
    )


def _label(values: Any, axis: int, position: int) -> Any:
    """Name of an entry where the dimension has names, else its number."""
    dimension = values.dims[2 + axis]
    return values.coords[dimension].values[position] if dimension in values.coords else position
