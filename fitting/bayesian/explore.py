"""Where one patient's posterior has its mass: modes, adaptive importance sampling, the sampler's coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dynamics.kernels.engine import in_threads
from fitting.bayesian.curved_map import CurvedMap, linear_map
from fitting.bayesian.importance import WeightedDraws, adapt
from fitting.bayesian.soft_box import SoftBox
from fitting.maximum_likelihood import multi_start
from fitting.optimizer import Minima
from fitting.problem import OUT_OF_REACH
from fitting.starts import patient_generator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fitting.bayesian.penalised_problem import PenalisedProblem
    from fitting.bayesian.prior_set import PriorSet
    from patients.cohort import Patient

FROM_PRIOR = 1000  # draws that guard against modes in which no start ended
WORTH_A_PROPOSAL = 12.0  # modes lower than this, in log density, hold nothing


@dataclass(frozen=True)
class Exploration:
    """What adaptive importance sampling found of one patient's posterior.

    Parameters
    ----------
    patient_id : str
    mode : ndarray, shape (c,)
        Coordinates of the best mode: logarithms in units of the scales.
    information : ndarray, shape (c, c)
        Curvature there: expected information with the prior's precision.
    negative_log_posterior : float
        At the mode, up to the constant of the prior.
    converged : bool
        Whether the gradient vanishes at the mode.
    draws : WeightedDraws
        Points on the sampler's line.
    box : SoftBox
    log_scale : ndarray, shape (c,)
    """

    patient_id: str
    mode: np.ndarray
    information: np.ndarray
    negative_log_posterior: float
    converged: bool
    draws: WeightedDraws
    box: SoftBox
    log_scale: np.ndarray

    def coordinates(self) -> np.ndarray:
        """Draws as log parameters in units of their scales, shape (m, c)."""
        return self.box.to_box(self.draws.points)


def find_modes(
    problem: PenalisedProblem, patients: Sequence[Patient], *, starts: int = 12, seed: int = 0
) -> tuple[Minima, np.ndarray]:
    """Maximise every patient's posterior from several starts; see :func:`fitting.maximum_likelihood.multi_start`."""
    return multi_start(problem, patients, starts, seed)


def explore_cohort(
    problem: PenalisedProblem,
    patients: Sequence[Patient],
    priors: PriorSet,
    *,
    starts: int = 12,
    rounds: int = 10,
    draws: int = 2000,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[Exploration | None]:
    """Explore every patient's posterior.

    Parameters
    ----------
    problem : PenalisedProblem
        Of these patients, in their order.
    patients : sequence of Patient
    priors : PriorSet
    starts : int
        Of the search for modes.
    rounds, draws : int
        Of :func:`fitting.bayesian.importance.adapt`.
    seed : int
    progress : callable, optional
        Called with (patients done, patients in all).

    Returns
    -------
    list of Exploration or None
        None where the model could not be solved from any start.
    """
    minima, who = find_modes(problem, patients, starts=starts, seed=seed)
    found: list[Exploration | None] = [None] * len(patients)
    done = [0]

    def one(w: int) -> None:
        found[w] = _explore(
            problem, patients[w], w, priors, minima, np.flatnonzero(who == w), rounds, draws, seed
        )
        done[0] += 1
        if progress:
            progress(done[0], len(patients))

    in_threads(one, range(len(patients)), warm=False)
    return found


def _explore(
    problem: PenalisedProblem,
    patient: Patient,
    w: int,
    priors: PriorSet,
    minima: Minima,
    mine: np.ndarray,
    rounds: int,
    draws: int,
    seed: int,
) -> Exploration | None:
    """Explore one patient's posterior."""
    mine = mine[np.argsort(minima.value[mine])]
    best = int(mine[0])
    if minima.value[best] >= OUT_OF_REACH:
        return None
    box, scale = SoftBox(priors.lower, priors.upper), problem.log_scale[w]
    log_density = line_density(problem, w, priors, box)
    proposals: list[CurvedMap] = []
    for b in _distinct(minima, mine):
        line = box.to_line(minima.q[b] - scale)
        slope = np.exp(box.log_slope(line))
        proposals.append(linear_map(line, _covariance(minima.information[b] * np.outer(slope, slope))))
    generator = patient_generator(seed, patient.patient_id, "importance")
    from_prior = box.to_line(priors.draw(generator, FROM_PRIOR))
    found = adapt(
        log_density, proposals, generator, prior_draws=from_prior,
        prior_log_density=lambda x: priors.log_density(box.to_box(x)).sum(axis=1) + box.log_slope(x).sum(axis=1),
        rounds=rounds, draws=draws,
    )  # fmt: skip
    return Exploration(
        patient.patient_id, minima.q[best] - scale, minima.information[best], float(minima.value[best]),
        bool(minima.converged[best]), found, box, scale,
    )  # fmt: skip


def line_density(
    problem: PenalisedProblem, w: int, priors: PriorSet, box: SoftBox
) -> Callable[[np.ndarray], np.ndarray]:
    """Return the log posterior of a patient on the sampler's line, (m, c) -> (m,), up to a constant."""
    from fitting.kernels.compile import penalised_values

    evaluate = penalised_values(problem.model, problem.likelihood, problem.is_censored).evaluate_many
    data, scale = problem.kernel_data(), problem.log_scale[w]

    def log_density(line: np.ndarray) -> np.ndarray:
        q = box.to_box(line)
        value = np.empty(len(q))
        evaluate(w, np.ascontiguousarray(q + scale), data, value)
        total = np.where(value >= OUT_OF_REACH, -np.inf, -value) + box.log_slope(line).sum(axis=1)
        if priors.is_normal:
            return total
        # the kernel's prior is the closest normal; the true one takes its place
        away = q - priors.normal_mean
        stand_in = -0.5 * np.einsum("mi,ij,mj->m", away, priors.normal_precision - priors.precision, away)
        others = np.diag(priors.precision) == 0
        return total - stand_in + priors.log_density(q)[:, others].sum(axis=1)

    return log_density


def _distinct(minima: Minima, mine: np.ndarray, at_most: int = 4) -> list[int]:
    """Take the ends that are modes of their own and high enough to hold mass, best first."""
    kept: list[int] = []
    for b in mine:
        if minima.value[b] > minima.value[mine[0]] + WORTH_A_PROPOSAL or len(kept) == at_most:
            break
        if all(np.abs(minima.q[b] - minima.q[k]).max() > 0.05 for k in kept):
            kept.append(int(b))
    return kept


def _covariance(precision: np.ndarray) -> np.ndarray:
    """Invert a curvature, with eigenvalues kept apart from zero."""
    scale = 1 / np.sqrt(np.maximum(np.diag(precision), 1e-300))
    values, vectors = np.linalg.eigh(precision * np.outer(scale, scale))
    values = np.maximum(values, 1e-8 * values[-1])
    covariance = (vectors / values) @ vectors.T * np.outer(scale, scale)
    return 0.5 * (covariance + covariance.T)
