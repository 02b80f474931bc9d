"""Fisher information of a fit, from exact sensitivities."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from identifiability.information.measurement import detection_limits, measurement_information
from identifiability.result import FisherInformation

if TYPE_CHECKING:
    from fitting.problem import CohortProblem

RELATIVE_TOLERANCE = 1e-8  # of singular values: the accuracy of the sensitivities


def expected_information(
    problem: CohortProblem,
    w: int,
    q: np.ndarray,
    *,
    limits: tuple[np.ndarray, np.ndarray] | None = None,
) -> FisherInformation:
    """Information of the log parameters, weighted by the likelihood, with that of the dispersion.

    Its eigenvalues say by how much a relative change along each direction would show, in units of the noise:
    an eigenvalue of 1 is a direction known to about 100 %. A visit at which the model starts, by construction
    at the measured burden, adds nothing: n visits then carry the information of n - 1.

    A visit at which the assay has a limit counts as the mixture of what it may bring, a value or the news that
    the burden is beyond the limit; see :mod:`identifiability.information.measurement`. ``matrix`` and its spectrum are
    those of the parameters for a known dispersion; covariance, standard errors and correlations take into
    account that the dispersion is estimated too.

    Parameters
    ----------
    problem : CohortProblem
    w : int
        The patient.
    q : ndarray, shape (q,)
        Logarithms of parameters and dispersion.
    limits : tuple of two ndarray, shape (n,), optional
        Lower and upper limits of the assay, NaN for none; read off the censored visits unless given, see
        :func:`identifiability.information.measurement.detection_limits`.
    """
    p = problem.n_parameters
    n = int(problem.measured[w].sum())
    if limits is None:
        limits = detection_limits(problem.burdens[w, :n], problem.censoring[w, :n], problem.measured[w, :n])
    y, dy, _ = problem.outputs(q[None, :], np.array([w]), sensitive=True)
    phi = np.exp(q[p]) if problem.likelihood.has_dispersion else 1.0
    root = information_root(problem, y[0, :n], dy[0, :n], float(phi), limits)
    names = problem.model.parameter_names
    names = (*names, "dispersion") if problem.likelihood.has_dispersion else names
    spectrum = _spectrum("expected", root[:, :p], RELATIVE_TOLERANCE)
    return dataclasses.replace(spectrum, names=names, root=root)


def information_root(
    problem: CohortProblem,
    y: np.ndarray,
    dy: np.ndarray,
    phi: float,
    limits: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """Root of the expected information of several visits: two rows a visit, one where there is no dispersion.

    Parameters
    ----------
    problem : CohortProblem
        For its likelihood.
    y : ndarray, shape (n,)
        Model output.
    dy : ndarray, shape (n, p)
        Its derivatives in the logarithms of the parameters.
    phi : float
        Dispersion.
    limits : tuple of two ndarray, shape (n,)
        Limits of the assay, NaN for none.

    Returns
    -------
    ndarray, shape (2 n, q), or (n, q) without dispersion
    """
    per_visit = measurement_information(problem.likelihood, y, phi, *limits)
    # closed form of the Cholesky root of each 2 x 2 matrix; a likelihood without dispersion has a zero there
    a = np.sqrt(np.maximum(per_visit[:, 0, 0], 0.0))
    b = np.divide(per_visit[:, 0, 1], a, out=np.zeros_like(a), where=a > 0)
    c = np.sqrt(np.maximum(per_visit[:, 1, 1] - b**2, 0.0))
    if not problem.likelihood.has_dispersion:
        return a[:, None] * dy
    upper = np.concatenate([a[:, None] * dy, b[:, None]], axis=1)
    lower = np.concatenate([np.zeros_like(dy), c[:, None]], axis=1)
    return np.concatenate([upper, lower])


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
    root = dy[0, :n] / np.exp(q[:p])
    spectrum = _spectrum("paper", root, max(n, p) * float(np.finfo(float).eps))
    return dataclasses.replace(spectrum, names=problem.model.parameter_names, root=root)


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
