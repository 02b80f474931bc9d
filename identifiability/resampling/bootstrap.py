"""Parametric bootstrap: how estimates scatter when the fitted model makes the data anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitting.problem import OUT_OF_REACH
from identifiability.resampling.refits import resampled

if TYPE_CHECKING:
    from collections.abc import Callable

    from fitting.problem import CohortProblem
    from fitting.result import Fit
    from identifiability.quantity import Quantity

ON_BOUND = 1e-3  # in the logarithm, as for a fit


@dataclass(frozen=True)
class BootstrapInterval:
    """Percentile interval of a parameter, or of a number that follows from the parameters.

    Parameters
    ----------
    name : str
    estimate : float
        From the patient's own data.
    lower, upper : float
        Percentiles over the replicates in which the number exists; NaN where it exists in none.
    level : float
    missing : float
        Share of replicates without a value, such as those without a window.
    on_bound : float
        Share of replicates at a declared bound; NaN for what has none.
    """

    name: str
    estimate: float
    lower: float
    upper: float
    level: float
    missing: float = 0.0
    on_bound: float = float("nan")

    @property
    def sentence(self) -> str:
        """The interval in words, with what limits it."""
        text = f"{self.name}: {self.lower:.4g} to {self.upper:.4g} ({100 * self.level:g} % of replicates)"
        if self.on_bound > 0:
            text += (
                f"; {100 * self.on_bound:.0f} % of the replicates end on a bound, which cuts the interval off"
            )
        if self.missing > 0:
            text += f"; {100 * self.missing:.0f} % of the replicates have no {self.name}"
        return text + "."


@dataclass(frozen=True)
class Bootstrap:
    """Refits of data sets that were drawn from one patient's fit.

    Parameters
    ----------
    patient_id : str
    parameter_names : tuple of str
    sets : ndarray, shape (b, p)
        Estimates of the replicates that could be refitted, in the model's units.
    dispersion : ndarray, shape (b,), or None
    nll : ndarray, shape (b,)
    asked : int
        Replicates that were drawn.
    parameters : tuple of BootstrapInterval
        One for each parameter.
    quantities : tuple of BootstrapInterval
        One for each quantity that was asked for.
    quantity_values : ndarray, shape (b, k)
        NaN where a quantity does not exist.
    level : float
    """

    patient_id: str
    parameter_names: tuple[str, ...]
    sets: np.ndarray
    dispersion: np.ndarray | None
    nll: np.ndarray
    asked: int
    parameters: tuple[BootstrapInterval, ...]
    quantities: tuple[BootstrapInterval, ...]
    quantity_values: np.ndarray
    level: float

    def interval(self, name: str) -> BootstrapInterval:
        """Return the interval of one parameter or quantity.

        Raises
        ------
        KeyError
            A name that was not asked for.
        """
        for found in (*self.parameters, *self.quantities):
            if found.name == name:
                return found
        raise KeyError(f"no bootstrap interval of {name!r}; there are {[i.name for i in self.parameters]}")

    @property
    def any_on_bound(self) -> float:
        """Largest share of replicates that any parameter has at a bound."""
        return max((i.on_bound for i in self.parameters), default=0.0)

    @property
    def correlation(self) -> np.ndarray:
        """Correlations of the logarithms over the replicates, shape (p, p)."""
        return np.corrcoef(np.log(self.sets), rowvar=False)


def bootstrap_cohort(
    problem: CohortProblem,
    fits: Sequence[Fit],
    *,
    replicates: int = 200,
    quantities: Sequence[Sequence[Quantity]] | None = None,
    level: float = 0.95,
    starts: int = 3,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> tuple[Bootstrap, ...]:
    """Bootstrap every patient of a problem, all refits in one batch.

    Replicates keep the patient's visits, doses and limits of the assay, and the first burden where the model
    starts at it; see :func:`identifiability.resampling.replicates.with_fresh_data`. Each is refitted from the estimate,
    from up to two further optima of the fit, and from ``starts`` random places. The intervals are percentiles
    (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3): they share the bias of the
    estimates, and where replicates pile up at a declared bound they end there whatever the data say.

    Parameters
    ----------
    problem : CohortProblem
        The patients of ``fits``, in the same order.
    fits : sequence of Fit
    replicates : int
        Data sets a patient.
    quantities : sequence of sequences of Quantity, optional
        For each patient.
    level : float
    starts : int
        Random starts of each refit, besides the estimate.
    seed : int
        A patient's replicates depend on it and on the patient's identifier only.
    progress : callable, optional
        Called with the share of the work done.
    """
    from identifiability.profiles.search import free_vector

    asked = quantities or [()] * len(fits)
    best = np.array([free_vector(fit) for fit in fits])
    optima = [np.log(fit.optima[1:3]) for fit in fits]
    names = [fit.patient_id for fit in fits]
    q, nll = resampled(
        problem, best, names, optima, replicates=replicates, starts=starts, seed=seed, progress=progress
    )
    return tuple(
        summarise(problem, w, fit.patient_id, best[w], q[w], nll[w], asked[w], level)
        for w, fit in enumerate(fits)
    )


def summarise(
    problem: CohortProblem,
    w: int,
    patient_id: str,
    best: np.ndarray,
    q: np.ndarray,
    nll: np.ndarray,
    quantities: Sequence[Quantity],
    level: float,
) -> Bootstrap:
    """Read the intervals off one patient's replicates."""
    p = problem.n_parameters
    good = nll < OUT_OF_REACH
    q_good, sets = q[good], np.exp(q[good, :p])
    lower, upper = problem.lower[w], problem.upper[w]
    bound = (q_good[:, :p] <= lower[:p] + ON_BOUND) | (q_good[:, :p] >= upper[:p] - ON_BOUND)
    names = problem.model.parameter_names
    parameters = tuple(
        _interval(
            names[i],
            float(np.exp(best[i])),
            sets[:, i],
            level,
            float(bound[:, i].mean()) if len(bound) else 0.0,
        )
        for i in range(p)
    )
    values = np.array([np.asarray(z.value(sets), dtype=float) for z in quantities]).reshape(
        len(quantities), len(sets)
    )
    return Bootstrap(
        patient_id=patient_id,
        parameter_names=names,
        sets=sets,
        dispersion=np.exp(q_good[:, p]) if problem.likelihood.has_dispersion else None,
        nll=nll[good],
        asked=len(nll),
        parameters=parameters,
        quantities=tuple(
            _interval(z.name, float(z.value(np.exp(best[None, :p]))[0]), row, level)
            for z, row in zip(quantities, values, strict=True)
        ),
        quantity_values=values.T,
        level=level,
    )


def _interval(
    name: str, estimate: float, values: np.ndarray, level: float, on_bound: float = float("nan")
) -> BootstrapInterval:
    """Percentile interval of the values that exist; infinite ones are values."""
    exists = ~np.isnan(values)
    low = high = float("nan")
    if exists.any():
        # no interpolation: between a number and infinity there is nothing
        low, high = (
            float(np.quantile(values[exists], share, method="inverted_cdf"))
            for share in (0.5 - level / 2, 0.5 + level / 2)
        )
    missing = float(np.mean(~exists)) if len(values) else 1.0
    return BootstrapInterval(name, estimate, low, high, level, missing, on_bound)
