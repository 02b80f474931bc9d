"""Fitting a population to a cohort."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fitting.bayesian.cohort import provenance
from fitting.bayesian.penalised_problem import build_penalised
from fitting.bayesian.prior_set import build_priors
from fitting.choice import choose_likelihood
from fitting.maximum_likelihood import prepare, unusable
from fitting.population.assembly import assemble, judge
from fitting.population.cohort_data import CohortData
from fitting.population.conditional_draws import draw_conditionally
from fitting.population.model import PopulationDesign, build_population_model
from fitting.population.result import Population
from fitting.population.sampling import Adaptation, sample
from fitting.population.shape import explore_shape
from fitting.population.summary import summarise
from fitting.population.two_stage import sample_two_stage, too_few
from fitting.problem import patient_constants

if TYPE_CHECKING:
    from xarray import DataTree

    from dynamics.model import Model
    from patients.cohort import Patient

RTOL = 1e-6
Method = Literal["two-stage", "joint"]
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
    method: Method | None = None,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> Population:
    """Sample the hierarchical model of a cohort; see :class:`fitting.population.model.PopulationDesign`.

    Two methods reach the same posterior. ``"two-stage"`` explores each patient once and samples the population alone,
    with the patients summed out (:mod:`fitting.population.two_stage`): minutes, and no patient of several modes can
    hold it up; but where patients are more alike than their data can tell, its draws are too few. ``"joint"`` samples
    population and patients together, one solve of all patients a gradient: slow to mix where one patient's posterior
    is in pieces, and the only one for a dispersion that patients share.

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
        Of the sampler's mass matrix, jointly.
    method : {"two-stage", "joint"}, optional
        Two-stage where it can be had, and jointly where that leaves too few draws to stand for a patient.
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
    chosen: Method = method or ("joint" if design.has_shared else "two-stage")
    if chosen == "two-stage" and design.has_shared:
        raise ValueError(
            'a dispersion that all patients share ties them together beyond the population: use method="joint", or '
            "let it vary between patients (shared_dispersion=False)"
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

    def jointly() -> DataTree:
        pymc_model = build_population_model(design, CohortData.of(problem), shape, ids, x, rtol=RTOL)
        tell("compiling", 0.0)
        return sample(
            pymc_model, shape.summary, draws=draws, tune=tune, chains=chains, seed=seed, cores=cores,
            adaptation=adaptation, target_accept=target_accept, progress=lambda share: tell("sampling", share),
        )  # fmt: skip

    caveat = ""
    if chosen == "joint":
        sampled = jointly()
    else:
        conditional = draw_conditionally(
            prepared, problem, prior_set, shape.summary.mu, shape.summary.omega, seed=seed,
            progress=lambda done, total: tell("exploring the patients again", done / total),
        )  # fmt: skip
        tell("compiling", 0.0)
        sampled, effective = sample_two_stage(
            design, conditional, shape.summary.mu, shape.summary.omega, x, n_draws=draws, tune=tune, chains=chains,
            cores=cores, target_accept=target_accept, seed=seed, progress=lambda share: tell("sampling", share),
        )  # fmt: skip
        caveat = too_few(dict(zip(ids, effective.tolist(), strict=True)))
        if caveat and method is None:
            chosen, caveat, sampled = "joint", "", jointly()
    tree = assemble(design, problem, ids, sampled, x)
    status, usable = judge(tree, len(ids))
    if caveat:
        status, usable = (caveat if usable else f"{status} {caveat}"), False
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
                "adaptation": adaptation, "method": chosen,
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
