"""Fisher information of a fit, from exact sensitivities."""

from __future__ import annotations

import numpy as np

from fitting.problem import CohortProblem
from identifiability.result import FisherInformation

RELATIVE_TOLERANCE = 1e-8


def expected_information(problem: CohortProblem, w: int, q: np.ndarray) -> FisherInformation:
    """Information of the log parameters, weighted by the likelihood.

    Its eigenvalues say by how much a relative change along each direction would show, in units of the noise:
    an eigenvalue of 1 is a direction known to about 100 %.

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
    """Information of Masud 2023, eq. 10: F = M'M with M the output's derivatives in the parameters themselves.

    The paper takes central differences of 0.1 % and states no tolerance of the rank. Here the derivatives are
    exact and the tolerance is the usual one of numerical rank, max(n, p) times machine precision relative to the
    largest singular value of F, that is its square root for M.
    """
    p = problem.n_parameters
    _, dy, _ = problem.outputs(q[None, :], np.array([w]), sensitive=True)
    n = int(problem.measured[w].sum())
    tolerance = float(np.sqrt(max(n, p) * np.finfo(float).eps))
    return _spectrum("paper", dy[0, :n] / np.exp(q[:p]), tolerance)


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
