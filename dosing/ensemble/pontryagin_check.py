"""The switching function of a schedule for all members, and whether the doses agree with its sign.

With the g of eq. 2.17 the average ψ of ``g · ∂f/∂u + ∂ℓ/∂u`` is the L² gradient of the cost (eq. 2.23), so the
least cost asks for the full dose where ψ is negative and for none where it is positive. (Eq. 2.10 of Scagliotti 2026
prints the maximum of ψ v; it belongs to -g.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dosing.ensemble.evaluation import EnsembleEvaluation

if TYPE_CHECKING:
    from dosing.ensemble.result import EnsembleSolution

__all__ = ["EnsembleSwitching", "SignAgreement", "ensemble_switching"]


@dataclass(frozen=True)
class SignAgreement:
    """Agreement of one input with the sign of ψ, stretch by stretch.

    Parameters
    ----------
    share : float
        Of the time over which a dose stands where the mean of ψ over its stretch asks: on the lower bound where that
        is positive, on the upper where negative, between them where zero.
    worst : float
        Largest mean of ψ on the wrong side, relative to the largest of all means.
    worst_day : float
        Middle of the stretch where that is.
    tolerance : float
        Relative size of a mean that counts as zero.
    pointwise_share : float
        Of the time, with ψ at every step instead of its means: what a dose that may change at every step would obey.
    """

    share: float
    worst: float
    worst_day: float
    tolerance: float
    pointwise_share: float

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong by more than the tolerance."""
        return self.worst <= self.tolerance

    @property
    def sentence(self) -> str:
        """Say it in words."""
        text = f"The doses agree with the sign of the switching function over {100 * self.share:.1f} % of the time"
        if self.holds:
            return text + "."
        return (
            text
            + f"; the largest slope on the wrong side is {100 * self.worst:.2g} % of the largest, on day "
            f"{self.worst_day:g}."
        )


@dataclass(frozen=True)
class EnsembleSwitching:
    """ψ along a solution.

    Parameters
    ----------
    times_days : ndarray, shape (k,)
        Begin of every step.
    values : ndarray, shape (k, inputs)
        ψ, in units of the criterion per day and unit of the input.
    means : ndarray, shape (v, inputs)
        Over the stretches of held doses.
    agreement : dict of str to SignAgreement
        By input.
    """

    times_days: np.ndarray
    values: np.ndarray
    means: np.ndarray
    agreement: dict[str, SignAgreement]


def ensemble_switching(
    solution: EnsembleSolution, *, tolerance: float = 1e-2, level_tolerance: float = 1e-3
) -> EnsembleSwitching:
    """Average ``g · ∂f/∂u + ∂ℓ/∂u`` over the members with the multipliers of the solution's criterion.

    Parameters
    ----------
    solution : EnsembleSolution
        Prices of a chance constraint and of the total dose, where it holds them, enter ψ as well.
    tolerance : float
        Mean of ψ that counts as zero, relative to the largest of them.
    level_tolerance : float
        Distance from a bound, relative to the range, that counts as being on it.
    """
    problem = solution.problem
    held = EnsembleEvaluation(problem, solution.edges_days[:-1])
    every = EnsembleEvaluation(problem)
    # the derivative of the discrete sum in a dose of one step, over the step: eq. 2.23 to the order of the scheme
    _, gradient = every.gradient(solution.doses[held.which], solution.multipliers, solution.watch_multipliers)
    psi = gradient / problem.step_days
    if solution.input_multipliers is not None:
        psi = psi + solution.input_multipliers
    means = np.add.reduceat(psi, held.starts, axis=0) * problem.step_days / held.lengths_days[:, None]
    low, high = held.bounds
    agreement = {}
    for j, i in enumerate(problem.model.inputs):
        slack = level_tolerance * (high[:, j] - low[:, j])
        scale = max(float(np.abs(means[:, j]).max()), 1e-300)

        def wrong(
            values: np.ndarray, u: np.ndarray, lo: np.ndarray, hi: np.ndarray, s: np.ndarray
        ) -> np.ndarray:
            up, down = np.where(u > lo + s, values, 0.0), np.where(u < hi - s, -values, 0.0)
            return np.maximum(np.maximum(up, down), 0.0)

        off = wrong(means[:, j], solution.doses[:, j], low[:, j], high[:, j], slack) / scale
        w = held.which
        fine = wrong(psi[:, j], solution.doses[w, j], low[w, j], high[w, j], slack[w]) / scale
        worst = int(np.argmax(off))
        agreement[i.name] = SignAgreement(
            float(held.lengths_days[off <= tolerance].sum() / problem.horizon_days),
            float(off[worst]),
            float(held.edges_days[worst : worst + 2].mean()),
            tolerance,
            float(np.mean(fine <= tolerance)),
        )
    return EnsembleSwitching(np.arange(problem.steps) * problem.step_days, psi, means, agreement)
