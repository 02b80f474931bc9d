"""First and second derivatives of one patient's log posterior on the sampler's line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fitting.bayesian.explore import line_density
from fitting.problem import OUT_OF_REACH

if TYPE_CHECKING:
    from fitting.bayesian.penalised_problem import PenalisedProblem
    from fitting.bayesian.prior_set import PriorSet
    from fitting.bayesian.soft_box import SoftBox

STEP = 0.02  # of the differences of gradients, in standard deviations
SMOOTH_STEP = 1e-4  # of the differences of functions in closed form
LEAST_CURVATURE = 1e-2  # a standard deviation of 10 on the line is beyond any bounds
DEFINITE = 1e-6  # least eigenvalue of a curvature relative to its diagonal, and least entry there


class LineCurvature:
    r"""Derivatives of the negative log posterior on the line.

    With :math:`q = b(l)` the box, :math:`L` the compiled objective with its exact gradient, and :math:`e` what the
    line adds (the logarithm of the box's slope, and priors that are not normal), each term of which depends on one
    coordinate:

    .. math:: F(l) = L(b(l)) + \sum_i e_i(l_i), \quad \nabla F = b'(l)\, \nabla L + e'(l)

    The second derivatives are central differences of this gradient.

    Parameters
    ----------
    problem : PenalisedProblem
    w : int
        The patient's place.
    priors : PriorSet
    box : SoftBox
    """

    def __init__(self, problem: PenalisedProblem, w: int, priors: PriorSet, box: SoftBox) -> None:
        self._kernel = problem.kernel().evaluate_one
        self._data = problem.kernel_data()
        self._scale, self._w, self._box, self._priors = problem.log_scale[w], w, box, priors
        self._log_density = line_density(problem, w, priors, box)
        self._plain = box.is_identity and priors.is_normal

    def value(self, line: np.ndarray) -> float:
        """Negative log density, up to a constant."""
        return -float(self._log_density(line[None])[0])

    def gradient(self, line: np.ndarray) -> np.ndarray:
        """Gradient, shape (c,); not a number where the model cannot be solved."""
        return self._evaluate(line)[0]

    def curvature(self, line: np.ndarray) -> tuple[np.ndarray, str]:
        """Observed second derivatives, or what stands for them where they are not positive definite.

        Returns
        -------
        hessian : ndarray, shape (c, c)
        kind : str
            ``"observed"`` or ``"expected"``.
        """
        _, expected = self._evaluate(line)
        observed = self.observed(line, 1 / np.sqrt(np.diag(expected)))
        if _is_definite(observed):
            return observed, "observed"
        return expected, "expected"

    def observed(self, line: np.ndarray, sd: np.ndarray) -> np.ndarray:
        """Second derivatives by central differences of the gradient, shape (c, c)."""
        rows = []
        for i, width in enumerate(STEP * sd):
            step = np.zeros(len(line))
            step[i] = width
            rows.append((self.gradient(line + step) - self.gradient(line - step)) / (2 * width))
        hessian = np.array(rows)
        return 0.5 * (hessian + hessian.T)

    def _evaluate(self, line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient, and expected information with the precision of the prior, on the line."""
        size = len(line)
        gradient, information = np.empty(size), np.empty((size, size))
        value = self._kernel(self._w, self._box.to_box(line) + self._scale, self._data, gradient, information)
        if value >= OUT_OF_REACH:
            return np.full(size, np.nan), np.eye(size)
        if self._plain:
            return gradient, information
        slope = np.exp(self._box.log_slope(line))
        steps = SMOOTH_STEP * np.array([[-1.0], [0.0], [1.0]])
        below, here, above = self._added(line + steps)
        information = information * np.outer(slope, slope)
        # what bounds add is never negative; priors may be flat, and then what stood for them falls away
        bend = (above - 2 * here + below) / SMOOTH_STEP**2
        floor = np.maximum(1e-3 * np.diag(information), LEAST_CURVATURE)
        information[np.diag_indices(size)] = np.maximum(np.diag(information) + bend, floor)
        return gradient * slope + (above - below) / (2 * SMOOTH_STEP), information

    def _added(self, line: np.ndarray) -> np.ndarray:
        """Terms that the line adds to the compiled objective, by coordinate, shape (m, c)."""
        added = -self._box.log_slope(line)
        priors = self._priors
        if priors.is_normal:
            return added
        q = self._box.to_box(line)
        others = np.diag(priors.precision) == 0
        stand_in = 0.5 * (q - priors.normal_mean) ** 2 * np.diag(priors.normal_precision - priors.precision)
        return added + np.where(others, -priors.log_density(q) - stand_in, 0.0)


def _is_definite(hessian: np.ndarray) -> bool:
    """Whether a matrix is finite and positive definite, with room to spare."""
    diagonal = np.diag(hessian)
    if not np.all(np.isfinite(hessian)) or np.any(diagonal < DEFINITE):
        return False
    scale = 1 / np.sqrt(diagonal)
    return bool(np.linalg.eigvalsh(hessian * scale * scale[:, None])[0] > DEFINITE)
