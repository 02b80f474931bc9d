"""Fisher information of a fit, from exact sensitivities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from identifiability.result import FisherInformation

if TYPE_CHECKING:
    from fitting.problem import CohortProblem

RELATIVE_TOLERANCE = 1e-8  # of singular values: the accuracy of the sensitivities


def expected_information(problem: CohortProblem, w: int, q: np.ndarray) -> FisherInformation:
    """Information of the log parameters, weighted by the likelihood.

    Its eigenvalues say by how much a relative change along each direction would show, in units of the noise:
    an eigenvalue of 1 is a direction known to about 100 %. A visit at which the model starts, by construction
    at the measured burden, adds nothing: n visits then carry the information of n - 1.

    Parameters
    ----------
    problem : CohortProblem
    w : int
        The patient.
    q : ndarray, shape (q,)
        Logarithms of parameters and dispersion.
    """
    p = problem.n_parameters
    y, dy, _ = problem.outputs(q[None, :], np.array([w]), sensitive=True)
    n = int(problem.measured[w].sum())
    phi = np.exp(q[p]) if problem.likelihood.has_dispersion else 1.0
    _, _, weight, _, _ = problem.likelihood.terms(
        problem.burdens[w, :n], y[0, :n], np.full(n, phi), problem.censoring[w, :n]
    )
    return _spectrum("expected", np.sqrt(weight)[:, None] * dy[0, :n], RELATIVE_TOLERANCE)


def paper_information(problem: CohortProblem, w: int, q: np.ndarray) -> FisherInformation:
    """Information F = M'M, with M the derivatives of the output in the parameters themselves.

    This is eq. 10 of Masud 2023, which takes central differences of 0.1 % and states no tolerance of the
    rank. Here the derivatives are exact, and the rank is that of M at the usual tolerance of numerical rank,
    max(n, p) times machine precision relative to the largest singular value. At the paper's estimates this
    gives full rank to patients 2, 4, 6, 7 and 8, as the paper reports; the same tolerance on F itself would
    refuse patient 4, whose singular values span nine decades.

    So small a tolerance takes rounding errors for information, and the singular values change with the unit
    of every parameter. It is the paper's criterion; :func:`expected_information` has neither fault.

    Parameters
    ----------
    problem, w, q
        See :func:`expected_information`.
    """
    p = problem.n_parameters
    _, dy, _ = problem.outputs(q[None, :], np.array([w]), sensitive=True)
    n = int(problem.measured[w].sum())
    return _spectrum("paper", dy[0, :n] / np.exp(q[:p]), max(n, p) * float(np.finfo(float).eps))


def _spectrum(variant: str, sensitivity: np.ndarray, tolerance: float) -> FisherInformation:
    """Decompose M'M through the singular values of M, which keeps twice the digits.

    Parameters
    ----------
    sensitivity : ndarray, shape (n, p)
    """
    p = sensitivity.shape[1]
    _, singular, rows = np.linalg.svd(sensitivity, full_matrices=True)
    singular = np.concatenate([singular, np.zeros(p - len(singular))])
    rank = int(np.sum(singular > tolerance * singular[0])) if singular[0] > 0 else 0
    full = rank == p
    return FisherInformation(
        variant=variant,
        matrix=sensitivity.T @ sensitivity,
        eigenvalues=singular**2,
        eigenvectors=rows.T,
        rank=rank,
        tolerance=tolerance,
        condition=float((singular[0] / singular[-1]) ** 2) if full else np.inf,
    )
