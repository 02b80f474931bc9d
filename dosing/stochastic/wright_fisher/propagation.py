"""What happens between two looks: the population after a stretch of constant control, and the time it was kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dosing.stochastic.wright_fisher.generator import grid_generator, grid_points
from dosing.stochastic.wright_fisher.population import frequencies, resampling_matrix
from dosing.stochastic.wright_fisher.selection import ControlledSelection, WrightFisherError

__all__ = ["Propagator", "Regimes", "diffusion_regimes", "population_regimes"]


@dataclass(frozen=True)
class Propagator:
    """One step under constant control.

    Parameters
    ----------
    matrix : ndarray
        (n, n) chances of going from state to state; what a row lacks to 1 is loss.
    kept : ndarray
        (n,) mean time with both alleles within the step, in N generations.
    """

    matrix: np.ndarray
    kept: np.ndarray

    def after(self, later: Propagator) -> Propagator:
        """Return this step followed by another."""
        return Propagator(self.matrix @ later.matrix, self.kept + self.matrix @ later.kept)

    def repeated(self, times: int) -> Propagator:
        """Return this step a number of times, by squaring."""
        total, power = nothing(len(self.kept)), self
        while times:
            if times & 1:
                total = total.after(power)
            times >>= 1
            if times:
                power = power.after(power)
        return total


def nothing(size: int) -> Propagator:
    """Return a step of no duration."""
    return Propagator(np.eye(size), np.zeros(size))


@dataclass(frozen=True)
class Regimes:
    """One step under each of the three regimes of the pre-emptive protocol.

    Parameters
    ----------
    x : ndarray
        (n,) frequencies.
    step : float
        In N generations.
    free, opposed : Propagator
        No and the strongest control.
    neutral : Propagator or None
        Control that makes the alleles equal; None where the strongest control is too weak for it.
    population : int or None
        N of the exact chain; None for the diffusion on a grid.
    """

    selection: ControlledSelection
    x: np.ndarray
    step: float
    free: Propagator
    opposed: Propagator
    neutral: Propagator | None
    population: int | None = None

    def share_above(self, threshold: float) -> np.ndarray:
        """Share of each state at or above a threshold: 0 or 1 in a population, part of a cell on a grid.

        Weighing the one cell that holds the threshold keeps results of second order in the grid.
        """
        if self.population is not None:
            return (self.x >= threshold).astype(float)
        edges = np.concatenate([[0.0], 0.5 * (self.x[1:] + self.x[:-1]), [1.0]])
        return np.clip((edges[1:] - threshold) / np.diff(edges), 0.0, 1.0)


def population_regimes(selection: ControlledSelection, population: int, generations: int = 1) -> Regimes:
    """Return the exact regimes of a finite population, one step being a number of generations."""
    if generations < 1:
        raise WrightFisherError(f"a step of {generations} generations is too short: it takes at least one")

    def regime(s: float) -> Propagator:
        matrix = resampling_matrix(population, s)
        return Propagator(matrix, np.full(population - 1, 1.0 / population)).repeated(generations)

    neutral = regime(0.0) if selection.can_be_neutral else None
    return Regimes(
        selection, frequencies(population), generations / population, regime(selection.sigma),
        regime(selection.opposed), neutral, population,
    )  # fmt: skip


def diffusion_regimes(selection: ControlledSelection, step: float, points: int = 241) -> Regimes:
    """Return the regimes of the diffusion on a grid, by matrix exponentials of its generator.

    Survival under monitoring is of second order in the grid: with sigma = 10, opposed by -20, 241 points leave about
    0.3 %, 121 points 1 %.

    Parameters
    ----------
    selection : ControlledSelection
    step : float
        In N generations.
    points : int
        Grid points; an odd number has 0.5 among them.
    """
    from scipy.linalg import expm

    if not step > 0:
        raise WrightFisherError(f"a step of {step:g} N generations is not positive")
    x = grid_points(points)

    def regime(s: float) -> Propagator:
        rates = grid_generator(x, s).dense()
        matrix = np.maximum(expm(rates * step), 0.0)
        # the integral of exp(L t) 1 over the step
        return Propagator(matrix, np.linalg.solve(rates, matrix.sum(axis=1) - 1.0))

    neutral = regime(0.0) if selection.can_be_neutral else None
    return Regimes(selection, x, step, regime(selection.sigma), regime(selection.opposed), neutral)
