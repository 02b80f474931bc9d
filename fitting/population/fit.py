"""Fitting a population to a cohort."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fitting.bayesian.cohort import provenance
from fitting.bayesian.penalised_problem import PenalisedProblem, build_penalised
from fitting.bayesian.prior_set import DISPERSION, build_priors
from fitting.choice import choose_likelihood
from fitting.maximum_likelihood import prepare, unusable
from fitting.population.cohort_data import CohortData
from fitting.population.model import PopulationDesign, build_population_model
from fitting.population.predictions import outputs_at
from fitting.population.result import CONVERGED, Population
from fitting.population.sampling import Adaptation, sample
from fitting.population.shape import explore_shape
from fitting.population.summary import summarise
from fitting.problem import patient_constants

if TYPE_CHECKING:
    from xarray import Dataset, DataTree

    from dynamics.model import Model
    from patients.cohort import Patient

RTOL = 1e-6
AT_LEAST = 3  # patients, below which nothing can be said about how they differ


def fit_population(
    patients: Sequence[Patient],
    model: Model,
    *,
    likelihood: str = "auto",
    priors: Mapping[str, Any] | None = None,
    covariates: Mapping[str, Sequence[float]] | None = None,
    spread: float = 1.0,
    shared_dispersion: bool = False,
    correlated: bool = False,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    cores: int | None = None,
    target_accept: float = 0.95,
    adaptation: Adaptation = "low_rank",
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> Population:
    """Sample the hierarchical model of a cohort; see :class:`fitting.population.model.PopulationDesign`.

    Parameters
    ----------
    patients : sequence of Patient
    model : Model
    likelihood : str
        ``auto`` or a member of :data:`fitting.likelihood.LIKELIHOODS`.
    priors : mapping, optional
        Of the typical values, by parameter; the catalogue's where not given.
    covariates : mapping, optional
        Name to one number a patient; standardised here, linear on the log scale.
    spread : float
        Scale of the half-normal priors of omega.
    shared_dispersion : bool
        One residual dispersion for all patients, as is usual where all were measured by one assay; by default it
        varies between patients, because a patient whom the model describes badly would widen that of all others.
    correlated : bool
        Whether parameters are correlated between patients.
    draws, tune, chains : int
        Of nutpie; draws of each chain.
    cores : int, optional
        As many as this process may use where not given.
    target_accept : float
    adaptation : {"low_rank", "diag"}
        Of the sampler's mass matrix.
    seed : int
    progress : callable, optional
        Called with (what is being done, share of it that is done).

    Returns
    -------
    Population

    Raises
    ------
    ValueError
        Too few patients, one that cannot be fitted, a covariate that does not vary or has another length.
    """
    began = time.perf_counter()
    tell = progress or _say_nothing
    prepared, name, why = prepare(patients, likelihood)
    member, _ = choose_likelihood(prepared, name)
    _refuse(prepared)
    x, standardised = _covariates(covariates or {}, len(prepared))
    prior_set = build_priors(model, member, priors)
    count = len(prior_set.names) - int(member.has_dispersion and shared_dispersion)
    design = PopulationDesign(
        model,
        member,
        prior_set,
        np.full(count, float(spread)),
        shared_dispersion,
        correlated,
        tuple(standardised),
    )
    problem = build_penalised(prepared, model, member, prior_set, rtol=RTOL)
    tell("looking for the patients' modes", 0.0)
    shared = design.has_shared
    summary = summarise(prepared, problem, prior_set, design.spread, shared=shared, seed=seed)
    shape = explore_shape(
        prepared, problem, prior_set, design.spread, summary, seed=seed,
        progress=lambda done, total: tell("exploring the patients", done / total),
    )  # fmt: skip
    ids = tuple(p.patient_id for p in prepared)
    pymc_model = build_population_model(design, CohortData.of(problem), shape, ids, x, rtol=RTOL)
    tell("compiling", 0.0)
    sampled = sample(
        pymc_model, shape.summary, draws=draws, tune=tune, chains=chains, seed=seed, cores=cores,
        adaptation=adaptation, target_accept=target_accept, progress=lambda share: tell("sampling", share),
    )  # fmt: skip
    tree = assemble(design, problem, ids, sampled, x)
    status, usable = judge(tree, len(ids))
    return Population(
        model_name=model.name, likelihood=member.name, parameter_names=model.parameter_names,
        coordinate_names=design.names, scales=dict(zip(prior_set.names, prior_set.scales, strict=True)),
        patient_ids=ids, constants={p.patient_id: patient_constants(model, p) for p in prepared}, tree=tree,
        status=status, usable=usable, covariates=standardised,
        provenance=provenance(prior_set, seed) | {
            "likelihood": why, "omega": f"half-normal of scale {spread:g} on the log scale: half of its mass says that "
            f"95 % of the patients lie within a factor of {math.exp(1.96 * 0.6745 * spread):.1f} of the typical value",
            "sampling": {
                "draws": draws, "tune": tune, "chains": chains, "target_accept": target_accept,
                "adaptation": adaptation,
            },
            "correlated": correlated, "seconds": round(time.perf_counter() - began, 1),
        },
    )  # fmt: skip


def _say_nothing(_what: str, _share: float) -> None:
    """Stand in for progress that nobody asked for."""


def _refuse(patients: Sequence[Patient]) -> None:
    """Refuse a cohort that cannot carry a population."""
    for patient in patients:
        reason = unusable(patient)
        if reason:
            raise ValueError(f"patient {patient.patient_id!r}: {reason}")
    if len(patients) < AT_LEAST:
        raise ValueError(
            f"a population needs at least {AT_LEAST} patients to say how they differ, got "
            f"{len(patients)}; fit each alone"
        )


def _covariates(
    given: Mapping[str, Sequence[float]], count: int
) -> tuple[np.ndarray | None, dict[str, tuple[float, float]]]:
    """Standardise, and keep how."""
    columns, known = [], {}
    for name, values in given.items():
        column = np.asarray(values, dtype=float)
        if column.shape != (count,) or not np.all(np.isfinite(column)):
            raise ValueError(f"covariate {name!r}: needs one finite number for each of {count} patients")
        if np.ptp(column) == 0:
            raise ValueError(
                f"covariate {name!r} is {column[0]:g} in every patient: it can explain no difference"
            )
        known[name] = (float(column.mean()), float(column.std()))
        columns.append((column - column.mean()) / column.std())
    return (np.stack(columns, axis=1) if columns else None), known


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
