"""The posterior of a whole cohort as one function of many parameter vectors, for finding modes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from fitting.problem import OUT_OF_REACH, CohortProblem, build_problem

if TYPE_CHECKING:
    from dynamics.model import Model
    from fitting.bayesian.prior_set import PriorSet
    from fitting.likelihood import Likelihood
    from patients.cohort import Patient


@dataclass(frozen=True)
class PenalisedProblem(CohortProblem):
    """Negative log posteriors of w patients; see :class:`fitting.problem.CohortProblem`.

    The prior is the normal that stands for a :class:`fitting.bayesian.prior_set.PriorSet`: exact for log-normal
    priors, the closest one for others.

    Parameters
    ----------
    prior_mean : ndarray, shape (w, q)
        On the scale of the free vector: logarithms in the model's units.
    prior_precision : ndarray, shape (w, q, q)
    log_scale : ndarray, shape (w, q)
        Logarithms of what the coordinates are measured in; a coordinate is ``q - log_scale``.
    """

    prior_mean: np.ndarray = dataclasses.field(default_factory=lambda: np.empty((0, 0)))
    prior_precision: np.ndarray = dataclasses.field(default_factory=lambda: np.empty((0, 0, 0)))
    log_scale: np.ndarray = dataclasses.field(default_factory=lambda: np.empty((0, 0)))

    @property
    def is_compiled(self) -> bool:
        """Whether the posterior runs as one compiled kernel with the model."""
        return self.engine == "kernel"

    def kernel(self) -> ModuleType:
        """Return the compiled Fisher scoring of this problem."""
        from fitting.kernels.compile import penalised_kernel

        return penalised_kernel(self.model, self.likelihood, self.is_censored)

    def kernel_data(self) -> Any:
        """Arrays as the compiled code reads them."""
        from fitting.kernels.compile import penalised_objective

        return penalised_objective(self.model, self.likelihood, self.is_censored).PenalisedData(
            super().kernel_data(),
            np.ascontiguousarray(self.prior_mean),
            np.ascontiguousarray(self.prior_precision),
        )

    def evaluate(self, q: np.ndarray, who: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Value, gradient, curvature at b vectors; the witness of the compiled kernel."""
        value, gradient, information = super().evaluate(q, who)
        away, precision = q - self.prior_mean[who], self.prior_precision[who]
        pull = np.einsum("bij,bj->bi", precision, away)
        reached = value < OUT_OF_REACH
        return (
            np.where(reached, value + 0.5 * np.sum(away * pull, axis=1), value),
            np.where(reached[:, None], gradient + pull, gradient),
            np.where(reached[:, None, None], information + precision, information),
        )


def build_penalised(
    patients: Sequence[Patient],
    model: Model,
    likelihood: Likelihood,
    priors: PriorSet,
    *,
    rtol: float = 1e-8,
) -> PenalisedProblem:
    """Pad a cohort into one problem, with the priors in each patient's units."""
    plain = build_problem(patients, model, likelihood, rtol=rtol)
    scale = log_scales(plain, priors)
    fields = {f.name: getattr(plain, f.name) for f in dataclasses.fields(plain)}
    count = len(patients)
    return PenalisedProblem(
        **fields,
        prior_mean=scale + priors.normal_mean,
        prior_precision=np.broadcast_to(priors.normal_precision, (count, *priors.precision.shape)).copy(),
        log_scale=scale,
    )


def log_scales(problem: CohortProblem, priors: PriorSet) -> np.ndarray:
    """Logarithms of what each patient's coordinates are measured in, shape (w, q)."""
    names = [c.name for c in problem.model.constants]
    columns = []
    for scale in priors.scales:
        if not scale:
            columns.append(np.zeros(len(problem.courses.constants)))
        elif scale in names:
            columns.append(np.log(problem.courses.constants[:, names.index(scale)]))
        else:  # the dispersion of the normal likelihood
            columns.append(np.log(np.where(problem.measured, problem.burdens, 0.0).max(axis=1)))
    return np.stack(columns, axis=1)
