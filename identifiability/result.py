"""What the identifiability room hands on: profiles, information, verdicts, one diagnosis a patient."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from dynamics.ensemble import Ensemble
from identifiability.codes import VerdictCode
from identifiability.structural.result import StructuralAnswer

if TYPE_CHECKING:
    from identifiability.information.combinations import Combination
    from identifiability.information.directions import Direction


class SideStatus(StrEnum):
    """How one side of a profile ends."""

    CLOSED = "closed"
    OPEN = "open"
    AT_BOUND = "at_bound"
    FAILED = "failed"

    @property
    def sentence(self) -> str:
        """Say what the status means."""
        return {
            "closed": "the profile crosses the threshold with no other parameter on a bound",
            "open": "the profile stays below the threshold up to the parameter's declared bound",
            "at_bound": "the profile crosses the threshold only because another parameter sits on its bound",
            "failed": "the optimisation of the other parameters failed along this side",
        }[self.value]


@dataclass(frozen=True)
class Profile:
    """Profile likelihood of one parameter (Masud 2023, eq. 11).

    Parameters
    ----------
    parameter : str
        Profiled parameter.
    values : ndarray, shape (g,)
        Grid, increasing, in the model's units; contains the estimate.
    nll : ndarray, shape (g,)
        Negative log-likelihood minimised over the other parameters.
    sets : ndarray, shape (g, p)
        The minimising parameter sets.
    estimate, nll_min : float
        The optimum.
    threshold : float
        Admitted rise of the negative log-likelihood, chi²(level, df)/2.
    level, df : float, int
        Confidence level and degrees of freedom of the threshold.
    intervals : tuple of (float, float)
        The confidence set {value: rise <= threshold}, possibly of several pieces; an open side ends at the bound.
    lower_status, upper_status : SideStatus
        How the sides end.
    """

    parameter: str
    values: np.ndarray
    nll: np.ndarray
    sets: np.ndarray
    estimate: float
    nll_min: float
    threshold: float
    level: float
    df: int
    intervals: tuple[tuple[float, float], ...]
    lower_status: SideStatus
    upper_status: SideStatus

    @property
    def rise(self) -> np.ndarray:
        """Rise of the negative log-likelihood above the optimum, shape (g,)."""
        return self.nll - self.nll_min

    @property
    def ci(self) -> tuple[float, float]:
        """Outermost ends of the confidence set."""
        return self.intervals[0][0], self.intervals[-1][1]


@dataclass(frozen=True)
class FisherInformation:
    """Information matrix of one patient's fit.

    Parameters
    ----------
    variant : str
        ``"expected"`` (likelihood weights, log parameters) or ``"paper"`` (M'M, natural parameters).
    matrix : ndarray, shape (p, p)
    eigenvalues : ndarray, shape (p,)
        Of the matrix, descending.
    eigenvectors : ndarray, shape (p, p)
        Columns, in the order of the eigenvalues.
    rank : int
        Number of singular values of the sensitivity matrix above ``tolerance`` times the largest.
    tolerance : float
        Relative tolerance of the rank.
    condition : float
        Largest over smallest eigenvalue; infinite for a singular matrix.
    names : tuple of str, length q
        Parameters and, last, ``"dispersion"`` where the likelihood has one.
    root : ndarray, shape (m, q), or None
        Root of the information with the dispersion: ``root.T @ root``, whose first p rows and columns are
        ``matrix``. All that follows is read off it, because a root keeps twice the digits of a product.

    Notes
    -----
    Standard errors and correlations are those of the logarithms in the variant ``"expected"``. In the variant
    ``"paper"`` they are those of the parameters themselves, had every output a standard deviation of one.
    """

    variant: str
    matrix: np.ndarray
    eigenvalues: np.ndarray
    eigenvectors: np.ndarray
    rank: int
    tolerance: float
    condition: float
    names: tuple[str, ...] = ()
    root: np.ndarray | None = None

    @cached_property
    def _decomposed(self) -> tuple[np.ndarray, np.ndarray]:
        """Singular values above the tolerance, with their directions as rows."""
        root = self.root
        if root is None:
            root = np.sqrt(np.maximum(self.eigenvalues, 0.0))[:, None] * self.eigenvectors.T
        _, singular, rows = np.linalg.svd(root, full_matrices=False)
        known = singular > self.tolerance * singular[0] if len(singular) and singular[0] > 0 else []
        return singular[known], rows[known]

    @property
    def full_matrix(self) -> np.ndarray:
        """The information with the dispersion, shape (q, q)."""
        return self.matrix if self.root is None else self.root.T @ self.root

    @cached_property
    def covariance(self) -> np.ndarray:
        """Inverse information, shape (q, q); NaN throughout where it is singular.

        Where it is singular, :meth:`standard_error` still tells what is determined.
        """
        singular, rows = self._decomposed
        size = rows.shape[1]
        if len(singular) < size:
            return np.full((size, size), np.nan)
        scaled = rows / singular[:, None]
        return scaled.T @ scaled

    def standard_error(self, direction: np.ndarray) -> float:
        """Return the standard error of ``direction @ parameters``; infinite where it is not determined.

        Parameters
        ----------
        direction : ndarray, shape (p,) or (q,)
            Gradient of what is asked for, in the logarithms (``"expected"``); zero for what is left out.
        """
        singular, rows = self._decomposed
        full = np.zeros(rows.shape[1])
        full[: len(direction)] = direction
        along = rows @ full
        left = full - rows.T @ along
        # what the data do not see at all must not stand in the combination, not even as a rounding error
        if np.linalg.norm(left) > 1e-6 * max(float(np.linalg.norm(full)), 1e-300):
            return float("inf")
        return float(np.linalg.norm(along / singular))

    @property
    def standard_errors(self) -> np.ndarray:
        """Standard errors on the log scale, shape (q,); infinite for what is not determined."""
        size = self._decomposed[1].shape[1]
        return np.array([self.standard_error(row) for row in np.eye(size)])

    @property
    def rse_percent(self) -> np.ndarray:
        """Relative standard errors in percent (100 times those of the logarithms), shape (q,)."""
        return 100.0 * self.standard_errors

    @property
    def correlations(self) -> np.ndarray:
        """Correlations of the estimates, shape (q, q); NaN where the information is singular."""
        scale = np.sqrt(np.diag(self.covariance))
        return self.covariance / np.outer(scale, scale)


@dataclass(frozen=True)
class Verdict:
    """One row of ``identifiability.csv``: a criterion's answer for one parameter, or for ``all`` of them.

    Parameters
    ----------
    criterion : str
        ``structural``, ``paper``, ``profile95`` (the number is the level) or ``window``.
    parameter : str
    identified : bool
    lower_status, upper_status : str
        How the two sides of the profile end; empty where there is none.
    sentence : str
        The verdict with its remedy.
    code : VerdictCode
        For machines.
    """

    criterion: str
    parameter: str
    identified: bool
    lower_status: str
    upper_status: str
    sentence: str
    code: VerdictCode = VerdictCode.UNSTATED

    @property
    def verdict(self) -> str:
        """The word in the table: ``identified`` or ``not_identified``."""
        return "identified" if self.identified else "not_identified"


@dataclass(frozen=True)
class Diagnosis:
    """Everything known about the identifiability of one patient's parameters.

    Parameters
    ----------
    patient_id : str
    profiles : tuple of Profile
        One a parameter, over the whole declared range.
    fisher : FisherInformation
        Expected information of the log parameters, weighted by the likelihood.
    fisher_paper : FisherInformation
        Masud 2023, eq. 10: output sensitivities without weights.
    verdicts : tuple of Verdict
        Criteria ``structural``, ``paper`` and ``profile95``, one a parameter and one for ``all``; ``window`` for
        what the dose rests on.
    ensemble : Ensemble
        Parameter sets within the threshold, found by the profiles.
    structural : StructuralAnswer or None
        What ideal data could tell under the patient's own dosing; None where the analysis cannot treat the model.
    quantities : tuple of Profile
        Profiles of what the dose rests on, such as the edges of the dose window.
    directions : tuple of Direction
        Stiff and sloppy directions of the expected information.
    combinations : tuple of Combination
        Combinations that are determined although a parameter in them is not.
    """

    patient_id: str
    profiles: tuple[Profile, ...]
    fisher: FisherInformation
    fisher_paper: FisherInformation
    verdicts: tuple[Verdict, ...]
    ensemble: Ensemble
    structural: StructuralAnswer | None = None
    quantities: tuple[Profile, ...] = ()
    directions: tuple[Direction, ...] = ()
    combinations: tuple[Combination, ...] = ()

    def verdict(self, criterion: str = "profile95", parameter: str = "all") -> Verdict:
        """Return one verdict."""
        for verdict in self.verdicts:
            if verdict.criterion == criterion and verdict.parameter == parameter:
                return verdict
        raise KeyError(f"no verdict {criterion!r} for {parameter!r}")

    def profile(self, parameter: str) -> Profile:
        """Return the profile of one parameter or quantity."""
        for profile in (*self.profiles, *self.quantities):
            if profile.parameter == parameter:
                return profile
        raise KeyError(f"no profile of {parameter!r}")
