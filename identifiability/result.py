"""What the identifiability room hands on: profiles, information, verdicts, one diagnosis a patient."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dynamics.ensemble import Ensemble


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
    """

    variant: str
    matrix: np.ndarray
    eigenvalues: np.ndarray
    eigenvectors: np.ndarray
    rank: int
    tolerance: float
    condition: float


@dataclass(frozen=True)
class Verdict:
    """One row of ``identifiability.csv``: a criterion's answer for one parameter, or for ``all`` of them."""

    criterion: str
    parameter: str
    identified: bool
    lower_status: str
    upper_status: str
    sentence: str

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
        Criteria ``paper`` and ``profile95``, one a parameter and one for ``all``.
    ensemble : Ensemble
        Parameter sets within the threshold, found by the profiles.
    """

    patient_id: str
    profiles: tuple[Profile, ...]
    fisher: FisherInformation
    fisher_paper: FisherInformation
    verdicts: tuple[Verdict, ...]
    ensemble: Ensemble

    def verdict(self, criterion: str = "profile95", parameter: str = "all") -> Verdict:
        """Return one verdict."""
        for verdict in self.verdicts:
            if verdict.criterion == criterion and verdict.parameter == parameter:
                return verdict
        raise KeyError(f"no verdict {criterion!r} for {parameter!r}")

    def profile(self, parameter: str) -> Profile:
        """Return the profile of one parameter."""
        for profile in self.profiles:
            if profile.parameter == parameter:
                return profile
        raise KeyError(f"no profile of {parameter!r}")
