"""The lowest negative log-likelihood at which a quantity has a given value.

A parameter is held by fixing it. Any other quantity h is held by an augmented Lagrangian (Nocedal and Wright,
Numerical Optimization, 2006, section 17.3): the likelihood plus λ d + ρ d²/2, with d = h - value, whose
multiplier λ ends as minus the slope of the profile. Scoring steps see its curvature ρ ∇h ∇h', so that it runs
in the same batch as everything else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.optimizer import minimise
from fitting.problem import OUT_OF_REACH, CohortProblem
from identifiability.functions.formula import log_gradient
from identifiability.quantity import Quantity

ROUNDS = 6  # of the multiplier
MISS = 1e-3  # of the scale: how far from its value a quantity may end
STIFFNESS = 100.0  # first penalty: one scale away costs as much as fifty units of log-likelihood
STIFFEN = 6.0


@dataclass(frozen=True)
class Target:
    """What is held: a parameter, or a quantity.

    Parameters
    ----------
    name : str
    index : int or None
        Of the parameter; None for another quantity.
    quantity : Quantity or None
    lower, upper : float or ndarray, shape (w,)
        Range in the scale of :meth:`measure`, for each patient where it differs; an interval that reaches an
        end is open there.
    logarithmic : bool
        Whether :meth:`measure` is the logarithm.
    """

    name: str
    index: int | None
    quantity: Quantity | None
    lower: np.ndarray | float
    upper: np.ndarray | float
    logarithmic: bool

    def measure(self, q: np.ndarray, p: int) -> np.ndarray:
        """Value on the scale of the search, shape (b,); NaN where it does not exist."""
        if self.index is not None:
            return q[:, self.index]
        assert self.quantity is not None
        value = np.asarray(self.quantity.value(np.exp(q[:, :p])), dtype=float)
        if self.logarithmic:
            value = np.log(np.where(value > 0, value, np.nan))
        return value

    def slope(self, q: np.ndarray, p: int) -> np.ndarray:
        """Compute derivatives of :meth:`measure` in the logarithms of parameters and dispersion, shape (b, q)."""
        slope = np.zeros_like(q)
        if self.index is not None:
            slope[:, self.index] = 1.0
            return slope
        assert self.quantity is not None
        parameters = np.exp(q[:, :p])
        slope[:, :p] = log_gradient(self.quantity, parameters)
        if self.logarithmic:
            slope[:, :p] /= np.asarray(self.quantity.value(parameters), dtype=float)[:, None]
        return slope

    def natural(self, measure: np.ndarray | float) -> np.ndarray:
        """Back to the unit of the quantity."""
        with np.errstate(over="ignore"):
            return np.exp(measure) if self.logarithmic else np.asarray(measure, dtype=float)


def target_of(problem: CohortProblem, asked: str | Quantity) -> Target:
    """Make a target of a parameter's name, with every patient's own declared bounds, or of a quantity.

    Raises
    ------
    ValueError
        A name that is no parameter of the model.
    """
    names = problem.model.parameter_names
    if isinstance(asked, Quantity) and asked.name in names and asked.positive:
        asked = asked.name
    if isinstance(asked, str):
        if asked not in names:
            raise ValueError(
                f"{asked!r} is no parameter of model {problem.model.name!r}; it has {', '.join(names)}. For "
                "anything else hand in a Quantity"
            )
        i = names.index(asked)
        return Target(asked, i, None, problem.lower[:, i], problem.upper[:, i], True)
    low, high = asked.lower, asked.upper
    if asked.positive:
        low = np.log(low) if low > 0 else -np.inf
        high = np.log(high) if high > 0 else np.inf
    return Target(asked.name, None, asked, float(low), float(high), asked.positive)


@dataclass(frozen=True)
class Held:
    """Constrained optima of b jobs.

    Parameters
    ----------
    q : ndarray, shape (b, q)
    nll : ndarray, shape (b,)
        Infinite where the value could not be met.
    met : ndarray of bool, shape (b,)
    on_bound : ndarray of bool, shape (b,)
        Whether another parameter sits on a declared bound.
    """

    q: np.ndarray
    nll: np.ndarray
    met: np.ndarray
    on_bound: np.ndarray


def hold(
    problem: CohortProblem,
    who: np.ndarray,
    starts: np.ndarray,
    target: Target,
    values: np.ndarray,
    *,
    scale: np.ndarray | float = 1.0,
    max_iterations: int = 30,
    tolerance: float = 1e-5,
) -> Held:
    """Minimise the negative log-likelihood with the target held at a value, for b jobs.

    Parameters
    ----------
    problem : CohortProblem
    who : ndarray of int, shape (b,)
        The patient of each job.
    starts : ndarray, shape (b, q)
    target : Target
    values : ndarray, shape (b,)
        On the scale of the target's measure.
    scale : ndarray, shape (b,), or float
        A difference of the measure that matters, such as its standard error; a parameter needs none.
    max_iterations : int
        Of each round.
    tolerance : float
    """
    p = problem.n_parameters
    low, high = problem.lower[who], problem.upper[who]
    starts = np.clip(starts, low, high)
    if target.index is not None:
        starts = starts.copy()
        starts[:, target.index] = values
        fixed = np.zeros(starts.shape, dtype=bool)
        fixed[:, target.index] = True
        minima = minimise(
            problem.evaluate, starts, who, low, high,
            fixed=fixed, tolerance=tolerance, max_iterations=max_iterations,
        )  # fmt: skip
        nll = np.where(minima.value < OUT_OF_REACH, minima.value, np.inf)
        return Held(minima.q, nll, np.isfinite(nll), _on_bound(minima.q, low, high, target.index))
    unit = np.broadcast_to(np.asarray(scale, dtype=float), values.shape)
    multiplier, stiffness = np.zeros(len(values)), np.full(len(values), STIFFNESS)

    def evaluate(q: np.ndarray, jobs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        value, gradient, information = problem.evaluate(q, who[jobs])
        with np.errstate(all="ignore"):
            miss = (target.measure(q, p) - values[jobs]) / unit[jobs]
            slope = target.slope(q, p) / unit[jobs, None]
            force = multiplier[jobs] + stiffness[jobs] * miss
            value = value + multiplier[jobs] * miss + 0.5 * stiffness[jobs] * miss**2
        gone = ~(np.isfinite(value) & np.all(np.isfinite(slope), axis=1))
        slope, force = np.where(gone[:, None], 0.0, slope), np.where(gone, 0.0, force)
        return (
            np.where(gone, OUT_OF_REACH, value),
            np.where(gone[:, None], 0.0, gradient + force[:, None] * slope),
            information + stiffness[jobs, None, None] * slope[:, :, None] * slope[:, None, :],
        )

    q, jobs = starts, np.arange(len(values))
    miss = np.full(len(values), np.inf)
    for _ in range(ROUNDS):
        minima = minimise(
            evaluate, q[jobs], jobs, low[jobs], high[jobs], tolerance=tolerance, max_iterations=max_iterations
        )
        q = q.copy()
        q[jobs] = minima.q
        with np.errstate(all="ignore"):
            new = (target.measure(q[jobs], p) - values[jobs]) / unit[jobs]
        multiplier[jobs] += stiffness[jobs] * np.where(np.isfinite(new), new, 0.0)
        # stiffer only where the multiplier alone does not bring it home
        slow = ~(np.abs(new) < 0.25 * np.abs(miss[jobs]))
        stiffness[jobs[slow]] *= STIFFEN
        miss[jobs] = new
        jobs = jobs[~(np.abs(new) < MISS)]
        if len(jobs) == 0:
            break
    # the multiplier is minus the slope of the profile: it takes the rest of the way to the value
    nll = problem.evaluate(q, who)[0]
    nll = nll + multiplier * np.where(np.isfinite(miss), miss, 0.0)
    met = (np.abs(miss) < 10 * MISS) & (nll < OUT_OF_REACH)
    return Held(q, np.where(met, nll, np.inf), met, _on_bound(q, low, high, None))


def _on_bound(q: np.ndarray, low: np.ndarray, high: np.ndarray, index: int | None) -> np.ndarray:
    """Whether any component but the held one sits on a bound."""
    on = (q <= low + 1e-6) | (q >= high - 1e-6)
    if index is not None:
        on[:, index] = False
    return on.any(axis=1)
