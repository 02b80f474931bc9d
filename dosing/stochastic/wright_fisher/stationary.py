"""The stationary control of a finite population: eq. 2 of Fischer 2015 with the horizon gone to infinity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dosing.stochastic.wright_fisher.population import frequencies, resampling_matrix
from dosing.stochastic.wright_fisher.recursion import crossing, solve_recursion
from dosing.stochastic.wright_fisher.selection import ControlledSelection, WrightFisherError
from dosing.stochastic.wright_fisher.survival import survival_threshold

__all__ = ["FinitePopulation", "finite_threshold"]

_LONG = 1e4  # survival from which the rate of loss is the better conditioned, and an equivalent, objective
_ROUNDS = 50


@dataclass(frozen=True)
class FinitePopulation:
    """Best threshold of a finite population with exact binomial sampling.

    Parameters
    ----------
    selection : ControlledSelection
    population : int
        N.
    threshold : float
        Frequency above which the strongest control is better, between states.
    """

    selection: ControlledSelection
    population: int
    threshold: float


def finite_threshold(selection: ControlledSelection, population: int = 500) -> FinitePopulation:
    """Return the threshold that maximises the mean survival time of the exact chain.

    The recursion for the expected time settles only beyond horizons several times the survival time; policy iteration
    goes there at once. Where survival is too long for its linear system, the recursion for the probability of loss
    settles within two N generations, and the controls are the same to the inverse of the survival time.

    Parameters
    ----------
    selection : ControlledSelection
    population : int
        N; the threshold differs from that of the diffusion by about (control per generation) / N.
    """
    if survival_threshold(selection).survival > _LONG:
        solved = solve_recursion(selection, population, horizon=2.0, objective="probability")
        return FinitePopulation(selection, population, solved.threshold)
    x = frequencies(population)
    free, opposed = (resampling_matrix(population, s) for s in (selection.sigma, selection.opposed))
    controlled = x > 0.5
    for _ in range(_ROUNDS):
        chain = np.where(controlled[:, None], opposed, free)
        survival = np.linalg.solve(np.eye(len(x)) - chain, np.full(len(x), 1.0 / population))
        gain = (opposed - free) @ survival
        better = np.where(np.abs(gain) <= 1e-14 * survival, controlled, gain > 0)
        if np.array_equal(better, controlled):
            return FinitePopulation(selection, population, crossing(x, gain))
        controlled = better
    raise WrightFisherError(
        f"policy iteration did not settle in {_ROUNDS} rounds for N = {population}: survival is too long for the "
        "linear system. Use solve_recursion with the objective 'probability'"
    )
