"""Maximum a posteriori for cohorts of thousands: a point and its curvature for each patient, no draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fitting.approximate.isolation import isolated
from fitting.approximate.laplace import Laplace, laplace_cohort
from fitting.bayesian.cohort import NO_SOLUTION, RTOL
from fitting.bayesian.penalised_problem import PenalisedProblem, build_penalised
from fitting.bayesian.prior_set import PriorSet, build_priors
from fitting.choice import choose_likelihood
from fitting.maximum_likelihood import FitFailure, prepare, unusable

if TYPE_CHECKING:
    from dynamics.model import Model
    from patients.cohort import Patient

BATCH = 256  # patients whose starts are held at a time: memory does not grow with the cohort


@dataclass(frozen=True)
class MostProbable:
    """Where one patient's posterior is largest, and how sharply.

    Parameters
    ----------
    patient_id, model_name, likelihood : str
    names : tuple of str, length c
        Parameters of the model; the dispersion last, where the likelihood has one.
    estimates : ndarray, shape (c,)
        In the model's units.
    log_covariance : ndarray, shape (c, c)
        Of their logarithms, in the normal approximation.
    curvature : str
        ``"observed"`` or ``"expected"``; see :class:`fitting.approximate.laplace.Laplace`.
    converged : bool
        Whether the posterior is stationary there.
    warnings : tuple of str
    """

    patient_id: str
    model_name: str
    likelihood: str
    names: tuple[str, ...]
    estimates: np.ndarray
    log_covariance: np.ndarray
    curvature: str
    converged: bool
    warnings: tuple[str, ...] = ()


def maximise_cohort(
    patients: Sequence[Patient],
    model: Model,
    *,
    likelihood: str = "auto",
    priors: Mapping[str, Any] | PriorSet | None = None,
    starts: int = 12,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[MostProbable | FitFailure, ...]:
    """Find every patient's most probable parameters, batch by batch.

    Parameters
    ----------
    patients : sequence of Patient
    model : Model
    likelihood : str
        ``auto`` or a member of :data:`fitting.likelihood.LIKELIHOODS`.
    priors : mapping or PriorSet, optional
        See :func:`fitting.bayesian.prior_set.build_priors`.
    starts : int
        Of each patient's search.
    seed : int
        A patient's starts depend on it and on the patient's identifier only.
    progress : callable, optional
        Called with (patients done, patients in all).

    Returns
    -------
    tuple of MostProbable or FitFailure
        In the order of ``patients``.

    Raises
    ------
    ModelError
        A prior of a parameter that the model does not have.
    """
    prepared, name, _ = prepare(patients, likelihood)
    member, _ = choose_likelihood(prepared, name)
    prior_set = priors if isinstance(priors, PriorSet) else build_priors(model, member, priors)
    results: list[MostProbable | FitFailure] = []

    def together(some: Sequence[Patient]) -> list[MostProbable | FitFailure]:
        problem = build_penalised(some, model, member, prior_set, rtol=RTOL)
        normals = laplace_cohort(problem, some, prior_set, starts=starts, seed=seed)
        return [
            FitFailure(some[w].patient_id, NO_SOLUTION) if one is None else _estimate(problem, w, one)
            for w, one in enumerate(normals)
        ]

    for first in range(0, len(prepared), BATCH):
        batch = prepared[first : first + BATCH]
        refusals = [unusable(p) for p in batch]
        some = [p for p, refusal in zip(batch, refusals, strict=True) if not refusal]
        found = iter(isolated(together, some) if some else ())
        results += [
            FitFailure(p.patient_id, refusal) if refusal else next(found)
            for p, refusal in zip(batch, refusals, strict=True)
        ]
        if progress:
            progress(len(results), len(prepared))
    return tuple(results)


def _estimate(problem: PenalisedProblem, w: int, normal: Laplace) -> MostProbable:
    """Carry a normal approximation from the line to the model's units."""
    slope = np.exp(normal.box.log_slope(normal.mode))
    dispersion = ("dispersion",) if problem.likelihood.has_dispersion else ()
    return MostProbable(
        normal.patient_id,
        problem.model.name,
        problem.likelihood.name,
        (*problem.model.parameter_names, *dispersion),
        np.exp(normal.box.to_box(normal.mode) + problem.log_scale[w]),
        normal.covariance * np.outer(slope, slope),
        normal.curvature,
        normal.converged,
        normal.warnings,
    )
