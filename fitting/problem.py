"""The likelihood of a whole cohort as one function of many parameter vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from dynamics.jobs import Courses, pad_courses
from dynamics.simulate import Engine, solve_jobs
from fitting.optimizer import Minima, minimise

if TYPE_CHECKING:
    from dynamics.model import Model
    from fitting.likelihood import Likelihood
    from patients.cohort import Patient

OUT_OF_REACH = 1e12  # value where the model cannot be solved: finite, so that comparisons stay comparisons


@dataclass(frozen=True)
class CohortProblem:
    """Negative log-likelihoods of w patients, padded to one shape.

    The free vector ``q`` holds the logarithms of the model's parameters and, last, of the dispersion.

    Parameters
    ----------
    model : Model
    likelihood : Likelihood
    courses : Courses
    burdens : ndarray, shape (w, n)
        Padded with ones.
    censoring : ndarray of int, shape (w, n)
    measured : ndarray of bool, shape (w, n)
        False for padding.
    lower, upper : ndarray, shape (w, q)
        Bounds of ``q`` (logarithms).
    start_lower, start_upper : ndarray, shape (w, q)
        Box of the multi-start (logarithms).
    engine : {"kernel", "diffrax"}
    rtol : float
        Tolerance of the solver.
    """

    model: Model
    likelihood: Likelihood
    courses: Courses
    burdens: np.ndarray
    censoring: np.ndarray
    measured: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    start_lower: np.ndarray
    start_upper: np.ndarray
    engine: Engine = "kernel"
    rtol: float = 1e-8

    @property
    def n_parameters(self) -> int:
        """Parameters of the model, the dispersion not counted."""
        return len(self.model.parameters)

    @property
    def size(self) -> int:
        """Length of the free vector."""
        return self.lower.shape[1]

    def evaluate(self, q: np.ndarray, who: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Value, gradient, expected information at b vectors.

        Parameters
        ----------
        q : ndarray, shape (b, q)
        who : ndarray of int, shape (b,)
            The patient of each vector.

        Returns
        -------
        value : ndarray, shape (b,)
            Negative log-likelihood; ``OUT_OF_REACH`` where the model could not be solved.
        gradient : ndarray, shape (b, q)
        information : ndarray, shape (b, q, q)
            Fisher information in the logarithms; mean and dispersion are orthogonal in all members.
        """
        p = self.n_parameters
        y, dy, ok = self.outputs(q, who, sensitive=True)
        phi = self._dispersion(q)
        measured = self.measured[who]
        value, slope, weight, slope_phi, curvature_phi = self.likelihood.terms(
            self.burdens[who], y, np.broadcast_to(phi[:, None], y.shape), self.censoring[who]
        )
        dy = np.where(measured[..., None], dy, 0.0)
        total = np.where(measured, value, 0.0).sum(axis=1)
        gradient = np.zeros_like(q)
        information = np.zeros((len(q), self.size, self.size))
        gradient[:, :p] = np.einsum("bn,bnp->bp", np.where(measured, slope, 0.0), dy)
        information[:, :p, :p] = np.einsum("bn,bnp,bnr->bpr", np.where(measured, weight, 0.0), dy, dy)
        if self.likelihood.has_dispersion:
            gradient[:, p] = np.where(measured, slope_phi, 0.0).sum(axis=1)
            # observed curvature may be negative far from the optimum; the slope as its floor keeps a step there
            # below one e-fold, and is exact where the dispersion fades out, as 1/phi does
            curvature = np.where(measured, curvature_phi, 0.0).sum(axis=1)
            information[:, p, p] = np.maximum(curvature, np.abs(gradient[:, p]))
        good = ok & np.isfinite(total) & np.all(np.isfinite(gradient), axis=1)
        good &= np.all(np.isfinite(information), axis=(1, 2))
        return (
            np.where(good, total, OUT_OF_REACH),
            np.where(good[:, None], gradient, 0.0),
            np.where(good[:, None, None], information, 0.0),
        )

    @property
    def is_compiled(self) -> bool:
        """Whether the likelihood runs as one compiled kernel with the model."""
        return self.engine == "kernel" and type(self) is CohortProblem

    def kernel(self) -> ModuleType:
        """Return the compiled Fisher scoring of this problem."""
        from fitting.kernels.compile import scoring_kernel

        return scoring_kernel(self.model, self.likelihood, self.is_censored)

    def kernel_data(self) -> Any:
        """Arrays as the compiled code reads them."""
        from fitting.kernels.run import kernel_data

        return kernel_data(self)

    @property
    def is_censored(self) -> bool:
        """Whether any value lies beyond a limit."""
        return bool(np.any(self.censoring))

    def minimise(
        self,
        start: np.ndarray,
        who: np.ndarray,
        *,
        fixed: np.ndarray | None = None,
        tolerance: float = 1e-9,
        max_iterations: int = 200,
        give_up_above: np.ndarray | None = None,
    ) -> Minima:
        """Minimise from b starting points within the bounds; see :func:`fitting.optimizer.minimise`."""
        lower, upper = self.lower[who], self.upper[who]
        if self.is_compiled:
            from fitting.kernels.run import minimise_jobs

            return minimise_jobs(
                self, start, who, lower, upper, fixed, tolerance, max_iterations, give_up_above
            )
        return minimise(
            self.evaluate,
            start,
            who,
            lower,
            upper,
            fixed=fixed,
            tolerance=tolerance,
            max_iterations=max_iterations,
            give_up_above=give_up_above,
        )

    def outputs(
        self, q: np.ndarray, who: np.ndarray, *, sensitive: bool = False
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Solve the model at b vectors.

        Returns
        -------
        output : ndarray, shape (b, n)
        sensitivities : ndarray, shape (b, n, p)
            Derivatives in the logarithms of the parameters; meaningless unless ``sensitive``.
        solved : ndarray of bool, shape (b,)
        """
        parameters = np.exp(q[:, : self.n_parameters])
        _, y, dy, status = solve_jobs(
            self.model, self.courses, who, parameters, sensitive=sensitive, rtol=self.rtol, engine=self.engine
        )
        return y[:, :, 0], dy[:, :, 0], status == 0

    def _dispersion(self, q: np.ndarray) -> np.ndarray:
        """Dispersion of each vector, one where the likelihood has none."""
        return np.exp(q[:, self.n_parameters]) if self.likelihood.has_dispersion else np.ones(len(q))


def build_problem(
    patients: Sequence[Patient],
    model: Model,
    likelihood: Likelihood,
    *,
    engine: Engine = "kernel",
    rtol: float = 1e-8,
) -> CohortProblem:
    """Pad a cohort into one problem.

    Raises
    ------
    ModelError
        A model with several outputs (a cohort file carries one burden).
    """
    from dynamics.model import ModelError

    if len(model.outputs) != 1:
        raise ModelError(
            f"model {model.name!r} has {len(model.outputs)} outputs; a cohort file carries one burden"
        )
    constants = [patient_constants(model, patient) for patient in patients]
    courses = pad_courses(model, [p.times for p in patients], [p.schedule for p in patients], constants)
    width = courses.times.shape[1]
    burdens, censoring = np.ones((len(patients), width)), np.zeros((len(patients), width), dtype=int)
    measured = np.zeros((len(patients), width), dtype=bool)
    for w, patient in enumerate(patients):
        n = len(patient)
        burdens[w, :n], censoring[w, :n], measured[w, :n] = patient.burdens, patient.censoring, True
    bounds = np.array([log_bounds(model, likelihood, p, c) for p, c in zip(patients, constants, strict=True)])
    return CohortProblem(
        model, likelihood, courses, burdens, censoring, measured,
        bounds[:, 0], bounds[:, 1], bounds[:, 2], bounds[:, 3], engine, rtol,
    )  # fmt: skip


def patient_constants(model: Model, patient: Patient) -> dict[str, float]:
    """Constants of the model for this patient, those read from the data included."""
    values = {c.name: c.value for c in model.constants if c.value is not None}
    values |= {c.name: patient.first_burden for c in model.constants if c.from_data == "first_burden"}
    return values


def log_bounds(
    model: Model, likelihood: Likelihood, patient: Patient, constants: dict[str, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Logarithms of lower bounds, upper bounds, lower ends and upper ends of the start box."""
    rows = []
    for parameter in model.parameters:
        scale = constants[parameter.scale] if parameter.scale else 1.0
        rows.append(
            [parameter.lower * scale, parameter.upper * scale, *(scale * s for s in parameter.start_box)]
        )
    if likelihood.has_dispersion:
        low, high = likelihood.dispersion_range(patient.burdens)
        middle = np.sqrt(low * high)
        rows.append([low, high, np.sqrt(low * middle), middle])
    low, high, start_low, start_high = np.log(np.array(rows)).T
    return low, high, start_low, start_high
