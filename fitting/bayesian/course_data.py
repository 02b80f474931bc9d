"""What differs between patients, as the arrays that a compiled posterior reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fitting.bayesian.curved_map import CurvedMap
    from fitting.bayesian.penalised_problem import PenalisedProblem
    from fitting.bayesian.prior_set import PriorSet


@dataclass(frozen=True)
class CourseData:
    """Measurements, doses, constants, prior and whitening of one patient, nothing padded.

    Parameters
    ----------
    burdens, times, at_or_below, at_or_above : ndarray, shape (n,)
        The limits are infinite where a value was measured.
    n_times, n_switches : ndarray of int, shape (1,)
    switches : ndarray, shape (m,)
    doses : ndarray, shape (m, inputs)
    constants : ndarray, shape (1, k)
    log_scale, prior_mean : ndarray, shape (c,)
    prior_precision : ndarray, shape (c, c)
    map : CurvedMap
        The sampler's coordinates.
    is_censored : bool
    """

    burdens: np.ndarray
    times: np.ndarray
    at_or_below: np.ndarray
    at_or_above: np.ndarray
    n_times: np.ndarray
    n_switches: np.ndarray
    switches: np.ndarray
    doses: np.ndarray
    constants: np.ndarray
    log_scale: np.ndarray
    prior_mean: np.ndarray
    prior_precision: np.ndarray
    map: CurvedMap
    is_censored: bool

    def arrays(self) -> dict[str, np.ndarray]:
        """Arrays by name."""
        limits = () if self.is_censored else ("at_or_below", "at_or_above")
        plain = {k: v for k, v in vars(self).items() if k not in ("map", "is_censored", *limits)}
        return plain | self.map.arrays()

    @classmethod
    def of(cls, problem: PenalisedProblem, w: int, priors: PriorSet, curved: CurvedMap) -> CourseData:
        """Take one patient out of a cohort's problem.

        Parameters
        ----------
        problem : PenalisedProblem
        w : int
            The patient's place.
        priors : PriorSet
        curved : CurvedMap
        """
        c = problem.courses
        n, m = int(c.n_times[w]), int(c.n_switches[w])
        burdens, censoring = problem.burdens[w, :n], problem.censoring[w, :n]
        return cls(
            burdens=burdens.astype(float),
            times=c.times[w, :n],
            at_or_below=np.where(censoring < 0, burdens, -np.inf),
            at_or_above=np.where(censoring > 0, burdens, np.inf),
            n_times=np.array([n]),
            n_switches=np.array([m]),
            switches=c.switches[w, :m],
            doses=c.doses[w, :m],
            constants=c.constants[[w]],
            log_scale=problem.log_scale[w],
            prior_mean=priors.mean,
            prior_precision=priors.precision,
            map=curved,
            is_censored=problem.is_censored,
        )
