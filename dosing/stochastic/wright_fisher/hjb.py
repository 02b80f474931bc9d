"""Hamilton-Jacobi-Bellman equation of the diffusion, implicit in time, with policy iteration (Fischer 2015, eq. 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dosing.stochastic.wright_fisher.generator import GridGenerator, grid_generator, grid_points
from dosing.stochastic.wright_fisher.recursion import Objective, crossing
from dosing.stochastic.wright_fisher.selection import ControlledSelection, WrightFisherError
from dosing.stochastic.wright_fisher.survival import survival_threshold

__all__ = ["HjbSolution", "StationaryHjb", "solve_hjb", "solve_stationary_hjb"]

_ROUNDING = 4e-16  # relative to a value, what the generator multiplies by its rates
_VISIBLE = 0.01  # largest rounding error beside the 1 of the stationary equation


class _TwoControls:
    """The generators under no and the strongest control, and the better one at each point."""

    def __init__(self, selection: ControlledSelection, x: np.ndarray) -> None:
        self.free: GridGenerator = grid_generator(x, selection.sigma)
        self.opposed: GridGenerator = grid_generator(x, selection.opposed)
        self.bands = self.free.banded(), self.opposed.banded()
        self.inflows = self.free.inflow(), self.opposed.inflow()
        self.x = x

    def advantage(self, value: np.ndarray, edge: float = 0.0) -> np.ndarray:
        """How much faster the strongest control lets a value grow that is ``edge`` at both ends."""
        return self.opposed.apply(value, edge) - self.free.apply(value, edge)

    def solve(self, controlled: np.ndarray, shift: float, right: np.ndarray, edge: float) -> np.ndarray:
        """Solve ``(shift - L) v = right`` with the generator L of a policy and v = ``edge`` at both ends."""
        from scipy.linalg import solve_banded

        rows = np.zeros((3, len(self.x)))
        for band, mask in zip(self.bands, (~controlled, controlled), strict=True):
            # a row of the matrix is spread over the three lines of the banded form
            rows[1] -= np.where(mask, band[1], 0.0)
            rows[0, 1:] -= np.where(mask[:-1], band[0, 1:], 0.0)
            rows[2, :-1] -= np.where(mask[1:], band[2, :-1], 0.0)
        rows[1] += shift
        return solve_banded((1, 1), rows, right + edge * np.where(controlled, *self.inflows[::-1]))

    def improve(
        self, controlled: np.ndarray, shift: float, right: np.ndarray, edge: float = 0.0, sign: float = 1.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Policy iteration: solve, take the better control everywhere, until nothing changes.

        ``sign`` is 1 for a value to be raised, -1 for a cost to be lowered.
        """
        rates = self.opposed.up + self.opposed.down
        for _ in range(200):
            value = self.solve(controlled, shift, right, edge)
            gain = sign * self.advantage(value, edge)
            # rounding must not make the policy change for ever: keep it where both are equal
            better = np.where(np.abs(gain) <= _ROUNDING * rates * np.abs(value), controlled, gain > 0)
            if np.array_equal(better, controlled):
                return value, controlled
            controlled = better
        raise WrightFisherError(
            "policy iteration did not settle in 200 rounds: the grid is too coarse for this selection, or survival is "
            "so long that rounding hides what the controls differ in. Take more points, or weaker selection"
        )


@dataclass(frozen=True)
class StationaryHjb:
    """Longest mean survival time and its control, from ``max_u L_u T = -1``.

    Parameters
    ----------
    x, value : ndarray
        (n,) frequencies and mean survival times in N generations.
    controlled : ndarray of bool
        (n,) where the strongest control is applied.
    threshold : float
        Where the derivative of the value vanishes, between points.
    """

    x: np.ndarray
    value: np.ndarray
    controlled: np.ndarray
    threshold: float


def solve_stationary_hjb(selection: ControlledSelection, points: int = 1500) -> StationaryHjb:
    """Solve the stationary problem: a linear boundary problem in each round of policy iteration.

    Parameters
    ----------
    selection : ControlledSelection
    points : int
        Of the grid.

    Raises
    ------
    WrightFisherError
        Survival so long that its differences between grid points vanish in rounding (about 1e7 at 1500 points).
    """
    x = grid_points(points)
    controls = _TwoControls(selection, x)
    longest = survival_threshold(selection).survival
    if _ROUNDING * controls.free.up.max() * longest > _VISIBLE:
        raise WrightFisherError(
            f"a survival time of {longest:.3g} times N generations is too long for the stationary equation on {points} "
            "points: its slope vanishes in rounding. Use survival_threshold, or solve_hjb, whose cost keeps its digits"
        )
    value, controlled = controls.improve(x > 0.5, 0.0, np.ones(points))
    return StationaryHjb(x, value, controlled, _turning_point(x, value))


def _turning_point(x: np.ndarray, value: np.ndarray) -> float:
    """Frequency of a value's maximum: there the control that lowers x becomes the better one.

    The second derivative is continuous at the best threshold, so a parabola through three points is enough.
    """
    i = int(np.clip(np.argmax(value), 1, len(x) - 2))
    a, b, c = np.polyfit(x[i - 1 : i + 2] - x[i], value[i - 1 : i + 2] / value[i] - 1.0, 2)
    del c
    return float(x[i] - b / (2 * a))


@dataclass(frozen=True)
class HjbSolution:
    """Optimal control of the diffusion up to a horizon.

    Parameters
    ----------
    x : ndarray
        (n,) grid points.
    time_to_go : ndarray
        (m,) in N generations, rising.
    thresholds : ndarray
        (m,) frequency above which the strongest control is better.
    cost : ndarray
        (m, n) cost-to-go J: expected time lost within the time to go, in N generations, or probability of loss.
    objective : {"time", "probability"}
    """

    x: np.ndarray
    time_to_go: np.ndarray
    thresholds: np.ndarray
    cost: np.ndarray
    objective: Objective

    @property
    def value(self) -> np.ndarray:
        """(m, n) expected time kept, in N generations, or probability of keeping both alleles."""
        return (self.time_to_go[:, None] if self.objective == "time" else 1.0) - self.cost

    @property
    def threshold(self) -> float:
        """Threshold of the first decision."""
        return float(self.thresholds[-1])

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        return (
            f"{self.time_to_go[-1]:g} N generations ahead, the diffusion limit is best controlled above a frequency of "
            f"{self.threshold:.4f}"
        )


def solve_hjb(
    selection: ControlledSelection,
    *,
    horizon: float = 3.0,
    steps: int = 600,
    points: int = 600,
    objective: Objective = "time",
    progress: Callable[[float], None] | None = None,
) -> HjbSolution:
    """Solve eq. 3 backwards with implicit steps; the better control is found by policy iteration in each.

    The cost J is ``T - t`` at the edges for the objective "time", 1 for "probability". It is solved for itself, not
    for the value ``T - t - J`` or ``1 - J``: it is far below rounding of those where survival is long.

    Parameters
    ----------
    selection : ControlledSelection
    horizon : float
        In N generations.
    steps, points : int
        Time steps and grid points.
    objective : {"time", "probability"}
    progress : callable, optional
        Called with the share done.
    """
    if not horizon > 0 or steps < 1:
        raise WrightFisherError(f"horizon {horizon:g} and steps {steps} must be positive")
    x = grid_points(points)
    controls = _TwoControls(selection, x)
    step = horizon / steps
    cost = np.zeros(points)
    controlled = x > 0.5
    costs = np.empty((steps, points))
    thresholds = np.empty(steps)
    for k in range(steps):
        edge = step * (k + 1) if objective == "time" else 1.0
        cost, controlled = controls.improve(controlled, 1.0 / step, cost / step, edge, sign=-1.0)
        costs[k] = cost
        thresholds[k] = (
            _turning_point(x, -cost) if controlled.any() else crossing(x, -controls.advantage(cost, edge))
        )
        if progress is not None and k % 50 == 49:
            progress((k + 1) / steps)
    return HjbSolution(x, step * np.arange(1, steps + 1), thresholds, costs, objective)
