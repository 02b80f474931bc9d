"""The normal approximation of every patient's posterior at its mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dynamics.kernels.engine import in_threads
from fitting.approximate.line_curvature import LineCurvature
from fitting.bayesian.explore import find_modes
from fitting.bayesian.soft_box import SoftBox
from fitting.problem import OUT_OF_REACH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fitting.bayesian.penalised_problem import PenalisedProblem
    from fitting.bayesian.prior_set import PriorSet
    from fitting.optimizer import Minima
    from patients.cohort import Patient

STATIONARY = 1e-4  # gain in log density that one more Newton step may promise at a mode
SECOND_MODE, SAME_MODE = (
    12.0,
    0.05,
)  # lower by more than this, it holds nothing; nearer than this, it is the same
NEWTON_STEPS, HALVINGS, LONGEST_STEP = 25, 30, 2.0  # the last in log units


@dataclass(frozen=True)
class Laplace:
    """Normal approximation of one patient's posterior on the sampler's line.

    The line is what :class:`fitting.bayesian.soft_box.SoftBox` maps into the bounds; without bounds it is the
    logarithm of a parameter in units of its scale.

    Parameters
    ----------
    patient_id : str
    mode : ndarray, shape (c,)
        Where the density on the line is largest.
    covariance : ndarray, shape (c, c)
        Inverse of the curvature there.
    curvature : str
        ``"observed"``: second derivatives of the log posterior; ``"expected"`` where these are not positive
        definite, and the expected information with the prior's precision stands for them.
    converged : bool
        Whether the density is stationary at the mode.
    other_modes : int
        Further ends of the starts that are high enough to hold mass, and that this approximation leaves out.
    box : SoftBox
    """

    patient_id: str
    mode: np.ndarray
    covariance: np.ndarray
    curvature: str
    converged: bool
    other_modes: int
    box: SoftBox

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know."""
        told = []
        if not self.converged:
            told.append("the mode was not reached: the density still rises where the search ended")
        if self.other_modes:
            told.append(
                "other starts ended at other modes that are nearly as high, and the normal approximation leaves "
                "them out"
            )
        return tuple(told)

    def draw(self, generator: np.random.Generator, count: int) -> np.ndarray:
        """Draw log parameters in units of their scales, shape (count, c)."""
        noise = generator.standard_normal((count, len(self.mode)))
        return self.box.to_box(self.mode + noise @ np.linalg.cholesky(self.covariance).T)


def laplace_cohort(
    problem: PenalisedProblem,
    patients: Sequence[Patient],
    priors: PriorSet,
    *,
    starts: int = 12,
    seed: int = 0,
) -> list[Laplace | None]:
    """Approximate every patient's posterior by a normal at its mode.

    The modes of the whole cohort are found in one compiled batch; Newton steps then carry each to the mode on the
    line, which differs where bounds are near or a prior is not log-normal.

    Parameters
    ----------
    problem : PenalisedProblem
        Of these patients, in their order.
    patients : sequence of Patient
    priors : PriorSet
    starts : int
        Of the search for modes.
    seed : int

    Returns
    -------
    list of Laplace or None
        None where the model could not be solved from any start.
    """
    minima, who = find_modes(problem, patients, starts=starts, seed=seed)
    found: list[Laplace | None] = [None] * len(patients)

    def one(w: int) -> None:
        found[w] = _approximate(problem, patients[w], w, priors, minima, np.flatnonzero(who == w))

    in_threads(one, range(len(patients)), warm=False)
    return found


def _approximate(
    problem: PenalisedProblem,
    patient: Patient,
    w: int,
    priors: PriorSet,
    minima: Minima,
    mine: np.ndarray,
) -> Laplace | None:
    """Approximate one patient's posterior."""
    best = mine[minima.value[mine].argmin()]
    if minima.value[best] >= OUT_OF_REACH:
        return None
    box = SoftBox(priors.lower, priors.upper)
    derivatives = LineCurvature(problem, w, priors, box)
    line = box.to_line(minima.q[best] - problem.log_scale[w])
    high = mine[minima.converged[mine] & (minima.value[mine] < minima.value[best] + SECOND_MODE)]
    elsewhere = np.abs(minima.q[high] - minima.q[best]).max(axis=1) > SAME_MODE
    line, hessian, curvature, promised = _newton(derivatives, line)
    return Laplace(
        patient.patient_id,
        line,
        _inverse(hessian),
        curvature,
        bool(promised < STATIONARY),
        int(elsewhere.sum()),
        box,
    )


def _newton(derivatives: LineCurvature, line: np.ndarray) -> tuple[np.ndarray, np.ndarray, str, float]:
    """Climb to the mode; return it with the curvature, its kind, and what one more step would gain."""
    value = derivatives.value(line)
    for left in range(NEWTON_STEPS, -1, -1):
        gradient = derivatives.gradient(line)
        hessian, curvature = derivatives.curvature(line)
        step = -np.linalg.solve(hessian, gradient)
        promised = float(-0.5 * gradient @ step)
        if left == 0 or not promised >= 0.01 * STATIONARY:  # or not a number
            break
        step *= min(1.0, LONGEST_STEP / np.abs(step).max())
        for _ in range(HALVINGS):
            trial = derivatives.value(line + step)
            if trial < value:
                break
            step = 0.5 * step
        else:  # no step uphill, however short: as far as the solver's accuracy goes
            break
        line, value = line + step, trial
    return line, hessian, curvature, promised


def _inverse(hessian: np.ndarray) -> np.ndarray:
    """Invert a positive definite matrix on the scale of its diagonal."""
    scale = 1 / np.sqrt(np.diag(hessian))
    covariance = np.linalg.inv(hessian * np.outer(scale, scale)) * np.outer(scale, scale)
    return 0.5 * (covariance + covariance.T)
