"""Posteriors of a whole cohort: explored, sampled, checked, and marked where they must not be used."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from fitting.bayesian.assembly import assemble_tree
from fitting.bayesian.course_data import CourseData
from fitting.bayesian.curved_map import CurvedMap
from fitting.bayesian.explore import Exploration, explore_cohort
from fitting.bayesian.map_fitting import best_map
from fitting.bayesian.penalised_problem import PenalisedProblem, build_penalised
from fitting.bayesian.posterior import Posterior, PosteriorStatus
from fitting.bayesian.prior_set import PriorSet, build_priors
from fitting.bayesian.sampling import Sampled, SamplingOptions, compile_sampler, sample_compiled, sample_model
from fitting.choice import choose_likelihood
from fitting.maximum_likelihood import FitFailure, prepare, unusable
from fitting.problem import patient_constants
from fitting.starts import patient_generator

if TYPE_CHECKING:
    from dynamics.model import Model
    from fitting.likelihood import Likelihood
    from fitting.posterior_checks.convergence import Convergence
    from patients.cohort import Patient

RTOL = 1e-6  # of the solver while sampling: the log-likelihood is then exact to about 1e-8
NO_SOLUTION = (
    "the model could not be solved from any start; check the dose schedule and the units of days and burdens"
)

Progress = Callable[[str, tuple[float, ...]], None]


def sample_cohort(
    patients: Sequence[Patient],
    model: Model,
    *,
    likelihood: str = "auto",
    priors: Mapping[str, Any] | PriorSet | None = None,
    options: SamplingOptions | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    on_result: Callable[[Posterior | FitFailure], None] | None = None,
) -> tuple[Posterior | FitFailure, ...]:
    """Sample every patient's posterior.

    The posterior is first explored by adaptive importance sampling, which yields the coordinates that the sampler
    walks in; one compiled program then serves all patients. Draws that fail the checks of
    :mod:`fitting.posterior_checks.convergence` are drawn once more with smaller steps; if they fail again the
    posterior says so, and :attr:`Posterior.usable` is False.

    Parameters
    ----------
    patients : sequence of Patient
    model : Model
    likelihood : str
        ``auto`` or a member of :data:`fitting.likelihood.LIKELIHOODS`.
    priors : mapping or PriorSet, optional
        See :func:`fitting.bayesian.prior_set.build_priors`; the catalogue's where not given.
    options : SamplingOptions, optional
    seed : int
        A patient's draws depend on it and on the patient alone.
    progress : callable, optional
        Called with the patient and the share of the draws done, of each chain; no share before the chains begin.
    on_result : callable, optional
        Called with each result as soon as it is known.

    Returns
    -------
    tuple of Posterior or FitFailure
        In the order of ``patients``; nothing is raised for a patient.
    """
    options = options or SamplingOptions()
    prepared, name, _ = prepare(patients, likelihood)
    member, _ = choose_likelihood(prepared, name)
    prior_set = priors if isinstance(priors, PriorSet) else build_priors(model, member, priors)
    results: dict[int, Posterior | FitFailure] = {}

    def settle(i: int, result: Posterior | FitFailure) -> None:
        results[i] = result
        if on_result:
            on_result(result)

    usable = []
    for i, patient in enumerate(prepared):
        refusal = unusable(patient)
        if refusal:
            settle(i, FitFailure(patient.patient_id, refusal))
        else:
            usable.append(i)
    if usable:
        chosen = [prepared[i] for i in usable]
        problem = build_penalised(chosen, model, member, prior_set, rtol=RTOL)
        found = explore_cohort(problem, chosen, prior_set, seed=seed)
        for w, i in enumerate(usable):
            if progress:
                progress(chosen[w].patient_id, ())
            settle(i, _one(problem, w, chosen[w], prior_set, found[w], options, seed, progress))
    return tuple(results[i] for i in range(len(prepared)))


def _one(
    problem: PenalisedProblem,
    w: int,
    patient: Patient,
    priors: PriorSet,
    explored: Exploration | None,
    options: SamplingOptions,
    seed: int,
    progress: Progress | None,
) -> Posterior | FitFailure:
    """Sample one patient, once more if need be; a FitFailure with the reason where that raised."""
    from fitting.posterior_checks.convergence import check_convergence

    if explored is None:
        return FitFailure(patient.patient_id, NO_SOLUTION)
    try:
        data = CourseData.of(problem, w, priors, explored.draws.map)
        root = int(patient_generator(seed, patient.patient_id, "nuts").integers(2**31))
        tries, warnings = [options, options.more_careful()], []
        tree, status, used = None, PosteriorStatus.NOT_CONVERGED, options
        for attempt, used in enumerate(tries):
            sampled = _sample(problem, priors, data, used, root + attempt, patient.patient_id, progress)
            tree = assemble_tree(problem, w, patient, priors, sampled.coordinates, sampled.sample_stats, seed)
            check = check_convergence(tree)
            status = _status(check, sampled, explored)
            if status is not PosteriorStatus.NOT_CONVERGED:
                break
            warnings.append(f"{'first' if attempt == 0 else 'second'} attempt: {check.sentence}")
            data = dataclasses.replace(data, map=_map_of(sampled.coordinates, explored, root))
        assert tree is not None
    except Exception as error:
        return FitFailure(patient.patient_id, f"sampling ended with {type(error).__name__}: {error}")
    model = problem.model
    return Posterior(
        patient.patient_id, model.name, problem.likelihood.name, model.parameter_names,
        patient_constants(model, patient), tree,
        status, "nuts", tuple(warnings),
        provenance(priors, seed) | {"sampling": dataclasses.asdict(used), "seed_of_chains": root},
    )  # fmt: skip


def _status(check: Convergence, sampled: Sampled, explored: Exploration) -> PosteriorStatus:
    """Judge draws by their checks, and a few divergences by the second witness."""
    from fitting.bayesian.witness import agrees

    if check.good:
        return PosteriorStatus.CONVERGED
    return PosteriorStatus.CONFIRMED if agrees(check, sampled, explored) else PosteriorStatus.NOT_CONVERGED


def _map_of(coordinates: np.ndarray, explored: Exploration, seed: int) -> CurvedMap:
    """Fit the sampler's coordinates to the draws of an attempt that failed: they saw more than the exploration."""
    line = explored.box.to_line(coordinates.reshape(-1, coordinates.shape[-1]))
    return best_map(line, np.ones(len(line)), np.random.default_rng(seed))


def _sample(
    problem: PenalisedProblem,
    priors: PriorSet,
    data: CourseData,
    options: SamplingOptions,
    seed: int,
    patient_id: str,
    progress: Progress | None,
) -> Sampled:
    """Draw with the sampler that was asked for."""
    if options.sampler == "nutpie":
        compiled = compiled_for(problem.model, problem.likelihood, priors, data)
        report = (lambda shares: progress(patient_id, shares)) if progress else None
        return sample_compiled(compiled, data, options, seed, report)
    from fitting.bayesian.pymc_model import build_pymc_model

    return sample_model(
        build_pymc_model(problem.model, problem.likelihood, priors, data, rtol=RTOL), options, seed
    )


_COMPILED: dict[Any, Any] = {}


def compiled_for(model: Model, likelihood: Likelihood, priors: PriorSet, data: CourseData) -> Any:
    """Return the compiled posterior of a model, from memory where patients alone differ."""
    from fitting.bayesian.pymc_model import build_pymc_model

    form = tuple((c.lower, c.upper, c.is_uniform, id(c.distribution)) for c in priors.coordinates)
    normal = tuple((priors.precision.diagonal() > 0).tolist())
    # the mass that bounds cut off enters as a constant of the program
    masses = tuple((c.mean, c.sd) for c in priors.coordinates if c.is_bounded)
    key = (model, likelihood, form, normal, masses, priors.is_joint, data.is_censored)
    if key not in _COMPILED:
        _COMPILED[key] = compile_sampler(build_pymc_model(model, likelihood, priors, data, rtol=RTOL))
    return _COMPILED[key]


def provenance(priors: PriorSet, seed: int) -> dict[str, Any]:
    """Say what a posterior rests on."""
    return {"priors": priors.describe(), "seed": seed, "versions": _versions()}


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    """Versions of the packages that make the draws."""
    return {name: version(name) for name in ("pymc", "nutpie", "arviz", "numpy", "numba")}
