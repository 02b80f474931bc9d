"""One pass forwards through the states and one backwards through the costates, on a grid of held controls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from dosing.optimal.conditions import FINAL_TIME
from dosing.optimal.pontryagin import pontryagin
from dosing.optimal.sweep_compile import sweep_kernel

if TYPE_CHECKING:
    from dosing.optimal.problem import OptimalControlProblem

_FEWEST_STEPS, _MOST_STEPS = 2, 512
_STEP_ACCURACY = 1e-9


@dataclass(frozen=True)
class Pass:
    """States, costates and the slope of the Hamiltonian under one control.

    Parameters
    ----------
    controls : ndarray, shape (m, controls)
    multipliers : ndarray, shape (conditions at the end,)
    cost : float
        Without the multipliers.
    misses : ndarray, shape (conditions at the end,)
        Values of the conditions' expressions, zero where an equality holds.
    states, costates : ndarray, shape (m * steps + 1, states)
    slope, curvature : ndarray, shape (m, controls)
        ∂H/∂u and ∂²H/∂u², integrated over each interval: the gradient of the cost in the held controls.
    """

    controls: np.ndarray
    multipliers: np.ndarray
    cost: float
    misses: np.ndarray
    states: np.ndarray
    costates: np.ndarray
    slope: np.ndarray
    curvature: np.ndarray

    @property
    def merit(self) -> float:
        """Cost with the conditions at the end, weighed by their multipliers."""
        return self.cost + float(self.multipliers @ self.misses)

    @property
    def finite(self) -> bool:
        """Whether every number is one."""
        return bool(
            np.isfinite(self.cost) and np.all(np.isfinite(self.costates)) and np.all(np.isfinite(self.slope))
        )


class Passes:
    """Both passes of one problem on one grid.

    Parameters
    ----------
    problem : OptimalControlProblem
        With a fixed final time.
    edges_days : ndarray, shape (m + 1,)
    """

    def __init__(self, problem: OptimalControlProblem, edges_days: np.ndarray) -> None:
        self.edges = np.ascontiguousarray(edges_days, dtype=float)
        self.steps = _FEWEST_STEPS
        self._kernel = sweep_kernel(problem)
        self._numbers = np.array([*problem.numbers.values(), 0.0])
        self._initial = np.array(problem.initial_state)
        conditions = pontryagin(problem)
        known = [*problem.numbers, FINAL_TIME]
        self._values = [*problem.numbers.values(), float(self.edges[-1])]
        self._terminal = sp.lambdify(
            [list(problem.model.state_symbols), list(conditions.end_multipliers), known],
            [
                [conditions.terminal, *(c.expr for c in conditions.at_end)],
                list(conditions.transversality.flat()),
            ],
            modules="math",
        )

    def forward(self, controls: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Integrate states and cost with a number of RK4 steps an interval."""
        rows, size = (len(self.edges) - 1) * steps, len(self._initial) + 1
        states, rates = np.empty((rows + 1, size)), np.empty((rows, 2, size))
        self._kernel.forward(self._initial, controls, self.edges, steps, self._numbers, states, rates)
        return states, rates

    def choose_steps(self, controls: np.ndarray) -> None:
        """Double the steps of an interval until doubling them no longer changes the states."""
        while self.steps < _MOST_STEPS:
            coarse = self.forward(controls, self.steps)[0][:: self.steps]
            fine = self.forward(controls, 2 * self.steps)[0][:: 2 * self.steps]
            size = np.maximum(np.abs(fine).max(axis=0), 1e-300)
            if np.all(np.abs(fine - coarse).max(axis=0) <= _STEP_ACCURACY * size):
                return
            self.steps *= 2

    def run(self, controls: np.ndarray, multipliers: np.ndarray) -> Pass:
        """Go forwards and backwards.

        Parameters
        ----------
        controls : ndarray, shape (m, controls)
        multipliers : ndarray, shape (conditions at the end,)
        """
        states, rates = self.forward(controls, self.steps)
        (terminal, *misses), final = self._terminal(
            states[-1, :-1].tolist(), multipliers.tolist(), self._values
        )
        costates = np.empty((len(states), len(self._initial)))
        slopes = np.empty((len(controls), 2, controls.shape[1]))
        self._kernel.backward(
            np.array(final, dtype=float), controls, self.edges, self.steps, self._numbers, states, rates,
            costates, slopes,
        )  # fmt: skip
        return Pass(
            controls, multipliers, float(states[-1, -1] + terminal), np.array(misses, dtype=float), states[:, :-1],
            costates, slopes[:, 0], slopes[:, 1],
        )  # fmt: skip

    def node_times(self) -> np.ndarray:
        """Days of the nodes, shape (m * steps + 1,)."""
        share = np.arange(self.steps) / self.steps
        inner = self.edges[:-1, None] + np.diff(self.edges)[:, None] * share
        return np.append(inner.ravel(), self.edges[-1])
