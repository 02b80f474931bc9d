"""Several forecasters mixed, with the weights that forecast best inside the training parts."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import logsumexp

from fitting.forecast.course_forecaster import rehearsal_of
from fitting.forecast.prediction import Prediction
from fitting.forecast.scores import quantiles

if TYPE_CHECKING:
    from fitting.forecast.context import CohortContext
    from fitting.forecast.split import Split

DRAWS = 4000
ITERATIONS = 500
PSEUDO_PATIENTS = 1.0  # patients' worth of equal weights, against a choice by chance in small cohorts


class Rehearsed(Protocol):
    """A forecaster that also tells how well it forecast inside the training parts."""

    name: str

    def __call__(self, split: Split, context: CohortContext) -> Prediction:
        """Forecast one patient."""
        ...

    def rehearsed(self, context: CohortContext) -> np.ndarray:
        """Log density of each visit of the rehearsal, shape (b, k); NaN where it has none."""
        ...


class Stack:
    r"""A mixture of forecasters, :math:`\sum_k a_k\, p_k(y)`.

    The weights maximise the mean log density of the visits that are forecast inside the training parts (stacking of
    predictive distributions: Yao, Bayesian Anal. 13:917 (2018), eq. 4), every patient counting once.

    Parameters
    ----------
    members : sequence of Rehearsed
    name : str
    """

    def __init__(self, members: Sequence[Rehearsed], name: str = "evodose") -> None:
        self.members, self.name = tuple(members), name

    def weights(self, context: CohortContext) -> np.ndarray:
        """Weights of the members, shape (members,)."""
        return context.once((id(self), "weights"), lambda: self._weights(context))

    def rehearsed(self, context: CohortContext) -> np.ndarray:
        """Log density of each visit of the rehearsal."""
        densities = np.stack([m.rehearsed(context) for m in self.members])
        with np.errstate(divide="ignore"):
            return logsumexp(densities + np.log(self.weights(context))[:, None, None], axis=0)

    def _weights(self, context: CohortContext) -> np.ndarray:
        context.once((id(self), "self"), lambda: self)
        trial = rehearsal_of(context)
        densities = np.stack([m.rehearsed(context) for m in self.members])
        used = (trial.target_weights > 0) & np.all(np.isfinite(densities), axis=0)
        each = trial.target_weights[used] / trial.target_weights[used].sum() * len(context.trainings)
        return stacking_weights(densities[:, used], each)

    def __call__(self, split: Split, context: CohortContext) -> Prediction:
        """Forecast one patient: members of less than a thousandth are left out."""
        weights = self.weights(context)
        kept = np.flatnonzero(weights >= 1e-3)
        shares = weights[kept] / weights[kept].sum()
        parts = [self.members[k](split, context) for k in kept]
        density = logsumexp(
            np.stack([np.log(a) + p.log_density for a, p in zip(shares, parts, strict=True)]), axis=0
        )
        generator = np.random.default_rng(zlib.crc32(split.patient_id.encode()))
        rows = [
            p.draws[generator.choice(len(p.draws), max(round(a * DRAWS), 1), p=p.weights)]
            for a, p in zip(shares, parts, strict=True)
        ]
        draws = np.concatenate(rows)
        note = ", ".join(f"{self.members[k].name} {a:.2f}" for k, a in zip(kept, shares, strict=True))
        point = quantiles(draws, np.array([0.5]))[0]
        return Prediction(split.patient_id, self.name, split.held_out_days, draws, density, point, note=note)


def stacking_weights(log_densities: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Maximise the log density of a mixture by expectation maximisation.

    Parameters
    ----------
    log_densities : ndarray, shape (members, n)
    counts : ndarray, shape (n,)
        Weight of each observation, in patients.

    Returns
    -------
    ndarray, shape (members,)
        Summing to one.
    """
    size = len(log_densities)
    a = np.full(size, 1.0 / size)
    for _ in range(ITERATIONS):
        joint = np.log(a)[:, None] + log_densities
        share = np.exp(joint - logsumexp(joint, axis=0)) @ counts + PSEUDO_PATIENTS / size
        a = share / share.sum()
    return a
