"""From some patients to their approximate posteriors, each method as far as it has to go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dynamics.kernels.engine import in_threads
from fitting.approximate.importance import GOOD_K, Smoothed, resample, smooth, weigh_laplace
from fitting.approximate.laplace import Laplace, laplace_cohort
from fitting.bayesian.assembly import assemble_tree
from fitting.bayesian.cohort import NO_SOLUTION, RTOL, provenance
from fitting.bayesian.explore import explore_cohort, line_density
from fitting.bayesian.penalised_problem import build_penalised
from fitting.bayesian.posterior import Posterior, PosteriorStatus
from fitting.maximum_likelihood import FitFailure
from fitting.problem import patient_constants
from fitting.starts import patient_generator

if TYPE_CHECKING:
    from dynamics.model import Model
    from fitting.bayesian.importance import WeightedDraws
    from fitting.bayesian.penalised_problem import PenalisedProblem
    from fitting.bayesian.prior_set import PriorSet
    from fitting.bayesian.soft_box import SoftBox
    from fitting.likelihood import Likelihood
    from patients.cohort import Patient

CHAINS = 4
ADAPTATIONS = ((5, 1000), (10, 2000))  # rounds, and draws of each, for those whom less did not serve


@dataclass(frozen=True)
class Recipe:
    """How to approximate.

    Parameters
    ----------
    method : str
        ``"importance"`` or ``"laplace"``.
    draws : int
        Of all chains together.
    seed : int
    reason : str
        Why this likelihood.
    """

    method: str
    draws: int
    seed: int
    reason: str = ""


@dataclass(frozen=True)
class Approximation:
    """Draws of one patient, before they become a posterior.

    Parameters
    ----------
    coordinates : ndarray, shape (draws, c)
        Log parameters in units of their scales.
    log_weights : ndarray, shape (draws,)
        Of each draw, relative to even weights; zero for a normal approximation.
    status : PosteriorStatus
    warnings : tuple of str
    details : dict
        For the provenance.
    """

    coordinates: np.ndarray
    log_weights: np.ndarray
    status: PosteriorStatus
    warnings: tuple[str, ...]
    details: dict[str, Any]


def approximate_chunk(
    patients: Sequence[Patient], model: Model, likelihood: Likelihood, priors: PriorSet, recipe: Recipe
) -> list[Posterior | FitFailure]:
    """Approximate the posteriors of some patients, all of whom can be fitted."""
    problem = build_penalised(patients, model, likelihood, priors, rtol=RTOL)
    normals = laplace_cohort(problem, patients, priors, seed=recipe.seed)
    if recipe.method == "laplace":
        found = [n and _from_normal(n, patient, recipe) for n, patient in zip(normals, patients, strict=True)]
    else:
        found = _by_importance(problem, patients, priors, normals, recipe)
    return [
        FitFailure(patient.patient_id, NO_SOLUTION)
        if one is None
        else _posterior(problem, w, patient, priors, one, recipe)
        for w, (patient, one) in enumerate(zip(patients, found, strict=True))
    ]


def _from_normal(normal: Laplace, patient: Patient, recipe: Recipe) -> Approximation:
    """Draw from the normal approximation."""
    generator = patient_generator(recipe.seed, patient.patient_id, "laplace draws")
    return Approximation(
        normal.draw(generator, recipe.draws),
        np.zeros(recipe.draws),
        PosteriorStatus.APPROXIMATE,
        normal.warnings,
        {"curvature": normal.curvature, "mode_converged": normal.converged},
    )


def _by_importance(
    problem: PenalisedProblem,
    patients: Sequence[Patient],
    priors: PriorSet,
    normals: Sequence[Laplace | None],
    recipe: Recipe,
) -> list[Approximation | None]:
    """Weigh draws of the normal approximations; adapt the proposals of those whom that does not serve."""
    found: list[Approximation | None] = [None] * len(patients)

    def weigh(w: int) -> None:
        normal = normals[w]
        # a second mode is no place for a single normal, even where its few draws there get even weights
        if normal is not None and normal.converged and not normal.other_modes:
            generator = patient_generator(recipe.seed, patients[w].patient_id, "laplace weights")
            density = line_density(problem, w, priors, normal.box)
            drawn = weigh_laplace(normal, density, priors, generator)
            one = _from_weights(drawn, normal.box, patients[w], recipe, "normal approximation, t tails")
            # a proposal that cannot adapt has to do well: adapted ones cost little more
            if one is not None and one.details["pareto_k"] < GOOD_K:
                found[w] = one

    in_threads(weigh, range(len(patients)), warm=False)
    for rounds, draws in ADAPTATIONS:
        poor = [w for w, n in enumerate(normals) if n is not None and not _is_usable(found[w])]
        if not poor:
            break
        some = [patients[w] for w in poor]
        part = build_penalised(some, problem.model, problem.likelihood, priors, rtol=RTOL)
        explored = explore_cohort(part, some, priors, rounds=rounds, draws=draws, seed=recipe.seed)
        for w, one in zip(poor, explored, strict=True):
            if one is not None:
                proposal = f"adapted in {rounds} rounds of {draws} draws"
                found[w] = _from_weights(one.draws, one.box, patients[w], recipe, proposal)
    return found


def _is_usable(one: Approximation | None) -> bool:
    """Whether nothing more has to be tried."""
    return one is not None and one.status == PosteriorStatus.IMPORTANCE


def _from_weights(
    drawn: WeightedDraws, box: SoftBox, patient: Patient, recipe: Recipe, proposal: str
) -> Approximation | None:
    """Resample weighted draws; None where no draw has any weight."""
    if not np.isfinite(drawn.log_weights).any():
        return None
    smoothed: Smoothed = smooth(drawn.log_weights)
    generator = patient_generator(recipe.seed, patient.patient_id, "resampling")
    chosen = resample(smoothed.log_weights, recipe.draws, generator)
    good = smoothed.usable
    details = {
        "pareto_k": smoothed.pareto_k,
        "effective_draws": smoothed.effective,
        "evaluations": drawn.evaluations,
        "proposal": proposal,
        "verdict": smoothed.verdict,
    }
    return Approximation(
        box.to_box(drawn.points[chosen]),
        smoothed.log_weights[chosen] + np.log(len(smoothed.log_weights)),
        PosteriorStatus.IMPORTANCE if good else PosteriorStatus.NOT_CONVERGED,
        () if good else (f"importance weights {smoothed.verdict}",),
        details,
    )


def _posterior(
    problem: PenalisedProblem, w: int, patient: Patient, priors: PriorSet, one: Approximation, recipe: Recipe
) -> Posterior:
    """Put the draws of one patient into a posterior."""
    shape = (CHAINS, recipe.draws // CHAINS)
    stats = {"log_weight": one.log_weights.reshape(shape), "diverging": np.zeros(shape, dtype=bool)}
    if "pareto_k" in one.details:
        stats["pareto_k"] = np.full(shape, one.details["pareto_k"])
    coordinates = one.coordinates.reshape(*shape, -1)
    tree = assemble_tree(problem, w, patient, priors, coordinates, stats, recipe.seed)
    return Posterior(
        patient_id=patient.patient_id,
        model_name=problem.model.name,
        likelihood=problem.likelihood.name,
        parameter_names=problem.model.parameter_names,
        constants=patient_constants(problem.model, patient),
        tree=tree,
        status=one.status,
        method=recipe.method,
        warnings=one.warnings,
        provenance={
            **provenance(priors, recipe.seed),
            "likelihood_reason": recipe.reason,
            "approximation": {"draws": recipe.draws, **one.details},
        },
    )
