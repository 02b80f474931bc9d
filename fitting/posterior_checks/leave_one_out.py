"""How well a model predicts each visit from the others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from fitting.posterior_checks.array_statistics import arviz_arrays
from fitting.posterior_checks.effective_draws import effective_draws
from fitting.posterior_checks.reading import measured, named, visit_draws

if TYPE_CHECKING:
    import pandas as pd
    from xarray import DataTree

VERY_BAD_K = 1.0  # beyond it the weights have no mean, and more draws do not help (Vehtari 2024, section 3)

Refit = Callable[[int], np.ndarray]


class LooStatus(StrEnum):
    """How far a leave-one-out density can be believed; each member is the sentence that a person reads."""

    GOOD = "Leave-one-out by importance sampling holds for every visit."
    REFITTED = "Leave-one-out by importance sampling, with a new fit for the visits that it could not carry."
    DOUBTFUL = (
        "Leave-one-out by importance sampling does not hold at some visits: each of them alone decides much of "
        "the posterior, so its density is read too high. Refit without these visits for an exact value."
    )
    MOSTLY_DOUBTFUL = (
        "Leave-one-out by importance sampling does not hold at most visits: there are too few visits for the "
        "number of parameters, and each decides the posterior. Only refits without each visit tell."
    )


def good_k(draws: int) -> float:
    """Return the Pareto k up to which importance sampling from so many draws holds.

    min(1 - 1/log10 S, 0.7), Vehtari 2024 (J. Mach. Learn. Res. 25:72), section 3.2.4.
    """
    return min(1.0 - 1.0 / math.log10(draws), 0.7) if draws > 1 else 0.0


@dataclass(frozen=True)
class LeaveOneOut:
    """Leave-one-out predictive densities of one model for one patient.

    Parameters
    ----------
    patient_id, model : str
    likelihood : str
        Empty where the posterior does not state it.
    times_days, burdens : ndarray, shape (n,)
        The visits that were left out in turn; those without a measurement are not among them.
    elpd_visits : ndarray, shape (n,)
        Log predictive density of each visit given the others.
    density_visits : ndarray, shape (n,)
        Log predictive density of each visit given all, itself included.
    pareto_k : ndarray, shape (n,)
        Shape of the tail of the importance weights.
    k_limit : float
        Up to which ``pareto_k`` the importance weights hold.
    refitted : ndarray of bool, shape (n,)
        Visits whose density comes from a fit without them.
    log_weights : ndarray, shape (n, chain, draw)
        Smoothed, normalised importance weights of the draws without the visit.
    """

    patient_id: str
    model: str
    likelihood: str
    times_days: np.ndarray
    burdens: np.ndarray
    elpd_visits: np.ndarray
    density_visits: np.ndarray
    pareto_k: np.ndarray
    k_limit: float
    refitted: np.ndarray
    log_weights: np.ndarray

    @property
    def elpd(self) -> float:
        """Sum over the visits."""
        return float(self.elpd_visits.sum())

    @property
    def se(self) -> float:
        """Standard error of the sum (Vehtari 2017, eq. 23), NaN with one visit."""
        n = self.elpd_visits.size
        return math.sqrt(n) * float(np.std(self.elpd_visits, ddof=1)) if n > 1 else math.nan

    @property
    def effective_parameters(self) -> float:
        """Optimism of the density given all visits, p_loo (Vehtari 2017, section 2.1)."""
        return float(np.sum(self.density_visits - self.elpd_visits))

    @property
    def doubtful(self) -> np.ndarray:
        """Visits whose density cannot be believed, shape (n,), bool."""
        return (self.pareto_k > self.k_limit) & ~self.refitted

    @property
    def status(self) -> LooStatus:
        """How far to believe it."""
        share = float(np.mean(self.doubtful))
        if share > 0.5:
            return LooStatus.MOSTLY_DOUBTFUL
        if share > 0:
            return LooStatus.DOUBTFUL
        return LooStatus.REFITTED if self.refitted.any() else LooStatus.GOOD

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence a visit that importance sampling could not carry."""
        return tuple(
            f"day {day:g}: Pareto k {k:.2f} above {self.k_limit:.2f}; "
            + (
                "without this visit the posterior is a different one, and its density given the others is unknown"
                if k > VERY_BAD_K
                else "this visit alone decides much of the posterior, and its density is probably read too high"
            )
            for day, k, bad in zip(self.times_days, self.pareto_k, self.doubtful, strict=True)
            if bad
        )

    def to_table(self) -> pd.DataFrame:
        """Return one row a visit."""
        import pandas as pd

        return pd.DataFrame(
            {
                "burden": self.burdens,
                "elpd": self.elpd_visits,
                "log_density_given_all": self.density_visits,
                "pareto_k": self.pareto_k,
                "refitted": self.refitted,
                "holds": ~self.doubtful,
            },
            index=pd.Index(self.times_days, name="day"),
        )


def leave_one_out(posterior: DataTree, refit: Refit | None = None) -> LeaveOneOut:
    """Estimate the log predictive density of each visit given the others.

    Pareto-smoothed importance sampling from the posterior given all visits (Vehtari 2017, eq. 10). With three
    to six visits one visit often carries a parameter, and then importance sampling cannot say what would be
    believed without it. ``refit`` answers exactly for these visits; without it they are named in the status
    and the warnings, and a comparison of models is made with and without them.

    A visit is predicted from earlier *and* later ones. How well the future is predicted from the past is another
    question, and the forecasts answer it.

    Parameters
    ----------
    posterior : DataTree
        With the groups ``posterior``, ``log_likelihood`` and ``observed_data``.
    refit : callable, optional
        Given the number of a visit (from 0, in ``observed_data``), return log-likelihoods of that visit's burden
        under draws from the posterior *without* it, any shape. Called where Pareto k is too large.

    Returns
    -------
    LeaveOneOut

    Raises
    ------
    PosteriorContentError
        A posterior without log-likelihoods or observed burdens.
    ValueError
        No measured visit, or a log-likelihood that is not a number.

    References
    ----------
    Vehtari, Gelman, Gabry (2017), Statistics and Computing 27:1413.
    Vehtari, Simpson, Gelman, Yao, Gabry (2024), Journal of Machine Learning Research 25:72.
    """
    data = measured(posterior)
    log_likelihood = visit_draws(posterior, "log_likelihood")
    visits = np.flatnonzero(np.isfinite(data.burdens))
    if not visits.size:
        raise ValueError(f"{named(posterior)}: no visit has a measurement, so none can be left out")
    log_likelihood = log_likelihood[:, :, visits]
    if np.isnan(log_likelihood).any() or np.isposinf(log_likelihood).any():
        raise ValueError(
            f"{named(posterior)}: some log-likelihoods are not numbers; check the posterior's convergence first"
        )
    # a draw that excludes a visit would get an infinite weight; this bound only keeps the arithmetic finite
    log_likelihood = np.maximum(log_likelihood, -1e6)
    draws = log_likelihood[:, :, 0].size
    by_visit = np.moveaxis(log_likelihood, -1, 0)
    weights, k = _importance(by_visit)
    elpd = _log_sum(weights + by_visit)
    refitted = np.zeros(visits.size, dtype=bool)
    limit = good_k(draws)
    if refit is not None:
        for place in np.flatnonzero(k > limit):
            without = np.asarray(refit(int(visits[place])), dtype=float).ravel()
            elpd[place] = _log_sum(without[None])[0] - math.log(without.size)
            refitted[place] = True
    return LeaveOneOut(
        patient_id=str(posterior.attrs.get("patient_id", "")),
        model=str(posterior.attrs.get("model", "")),
        likelihood=str(posterior.attrs.get("likelihood", "")),
        times_days=data.times_days[visits],
        burdens=data.burdens[visits],
        elpd_visits=elpd,
        density_visits=_log_sum(by_visit) - math.log(draws),
        pareto_k=k,
        k_limit=limit,
        refitted=refitted,
        log_weights=weights,
    )


def _importance(by_visit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smoothed, normalised log weights of shape (n, chain, draw), and Pareto k of shape (n,)."""
    weights = np.zeros_like(by_visit)
    k = np.full(by_visit.shape[0], -np.inf)
    for i, values in enumerate(by_visit):
        # a visit that no parameter bears on, such as the one that the model starts from, has nothing to reweigh
        if np.ptp(values) > 1e-12:
            smoothed, shape = arviz_arrays().psislw(values, axis=(0, 1), r_eff=_efficiency(values))
            weights[i], k[i] = smoothed, np.nan_to_num(float(shape), nan=np.inf)
    return weights - _log_sum(weights)[:, None, None], k


def _efficiency(log_likelihood: np.ndarray) -> float:
    """Relative effective sample size of one visit's likelihood; 1 for independent draws."""
    effective = effective_draws(np.exp(log_likelihood - log_likelihood.max()), "mean")
    return effective / log_likelihood.size if math.isfinite(effective) else 1.0


def _log_sum(values: np.ndarray) -> np.ndarray:
    """Logarithm of the sum of exponentials over all axes but the first."""
    from scipy.special import logsumexp

    return np.asarray(logsumexp(values.reshape(values.shape[0], -1), axis=1), dtype=float)
