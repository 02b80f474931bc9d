"""The cost of one drug a step, and of every change of one stretch or of two, at the price of one sweep."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dosing.switching.augmented import AugmentedSystem
from dosing.switching.cost import SwitchingCost
from dosing.switching.general.ensemble_members import SwitchingEnsemble
from dosing.switching.general.exponential import exponentials
from dosing.switching.general.mixture_cost import flow_parts
from dosing.switching.general.step_grid import StepGrid

__all__ = ["PureCost", "PureSweep"]


class PureCost:
    """Costs of courses of one drug a step, from one exponential for each drug and length of step.

    Parameters
    ----------
    ensemble : SwitchingEnsemble
    cost : SwitchingCost
    grid : StepGrid
    weights : ndarray, shape (K,), or None
        Weights of the members in an average; None for the worst case.
    spent : ndarray, shape (K,), or None
        What each member has cost before the first step.
    """

    def __init__(
        self,
        ensemble: SwitchingEnsemble,
        cost: SwitchingCost,
        grid: StepGrid,
        weights: np.ndarray | None,
        spent: np.ndarray | None = None,
    ) -> None:
        parts = [flow_parts(AugmentedSystem(model, cost)) for model in ensemble.models]
        base, effects, self.start, self.readout = (np.stack([p[i] for p in parts]) for i in range(4))
        matrices = base[:, None] + effects[..., None] * np.eye(base.shape[-1])
        lengths, self._which = np.unique(grid.days, return_inverse=True)
        self._flows = np.stack([exponentials(matrices, length).whole for length in lengths])
        self.toxicity = cost.weights(ensemble.models[0])[1]
        self.grid, self.weights = grid, weights
        self.spent = np.zeros(len(ensemble)) if spent is None else spent

    def flow(self, step: int) -> np.ndarray:
        """Exponentials of a step under each drug, shape (K, d, m, m)."""
        return self._flows[self._which[step]]

    def merit(self, values: np.ndarray) -> np.ndarray:
        """Average or largest of the members' costs along the first axis."""
        return values.max(axis=0) if self.weights is None else np.tensordot(self.weights, values, 1)

    def sweep(self, drugs: np.ndarray) -> PureSweep:
        """Sweep forward and backward under a drug for each step, shape (M,)."""
        return PureSweep(self, drugs)


class PureSweep:
    """States and adjoints at the borders of all steps.

    Parameters
    ----------
    problem : PureCost
    drugs : ndarray of int, shape (M,)
    """

    def __init__(self, problem: PureCost, drugs: np.ndarray) -> None:
        self.problem, self.drugs = problem, np.asarray(drugs, dtype=int)
        steps = range(len(self.drugs))
        self._flows = [problem.flow(i)[:, self.drugs[i]] for i in steps]
        states, adjoints = [problem.start], [problem.readout]
        for i in steps:
            states.append((self._flows[i] @ states[-1][..., None])[..., 0])
        for i in reversed(steps):
            adjoints.append((adjoints[-1][:, None, :] @ self._flows[i])[:, 0])
        self.states, self.adjoints = states, adjoints[::-1]
        # what does not depend on the state: toxicity, and what was spent before
        self.apart = problem.spent + float(problem.grid.days @ problem.toxicity[self.drugs])
        self.values = (states[-1] * problem.readout).sum(-1) + self.apart
        self.value = float(problem.merit(self.values))

    def _toxic_change(self, begin: int, width: int) -> np.ndarray:
        """Toxicity of giving each drug for some steps, less that of what is given there, shape (d,)."""
        days, toxicity = self.problem.grid.days[begin : begin + width], self.problem.toxicity
        return days.sum() * toxicity - float(days @ toxicity[self.drugs[begin : begin + width]])

    def _changed(self, begin: int, width: int) -> np.ndarray:
        """State after a stretch given over to each drug, shape (K, d, m)."""
        state = np.repeat(self.states[begin][:, None], len(self.problem.toxicity), axis=1)
        for i in range(begin, begin + width):
            state = (self.problem.flow(i) @ state[..., None])[..., 0]
        return state

    def _changed_back(self, begin: int, width: int) -> np.ndarray:
        """Adjoint before a stretch given over to each drug, shape (K, d, m)."""
        adjoint = np.repeat(self.adjoints[begin + width][:, None], len(self.problem.toxicity), axis=1)
        for i in reversed(range(begin, begin + width)):
            adjoint = (adjoint[:, :, None, :] @ self.problem.flow(i))[:, :, 0]
        return adjoint

    def single_changes(self, width: int) -> np.ndarray:
        """Return the cost of giving each drug from each step for `width` steps, shape (M - width + 1, d)."""
        count = len(self.drugs) - width + 1
        found = np.empty((count, len(self.problem.toxicity)))
        for i in range(count):
            ends = np.einsum("kdm,km->kd", self._changed(i, width), self.adjoints[i + width])
            found[i] = self.problem.merit(ends + self.apart[:, None] + self._toxic_change(i, width))
        return found

    def pair_changes(self, width: int) -> Iterator[tuple[int, np.ndarray]]:
        """Yield, for each later stretch q, the costs of changing an earlier one p and it, shape (p, d, d)."""
        count = len(self.drugs) - width + 1
        toxic = np.stack([self._toxic_change(i, width) for i in range(count)])
        members, d, size = len(self.values), len(self.problem.toxicity), self.problem.start.shape[-1]
        carried = np.empty((members, 0, size))
        for q in range(width, count):
            if carried.shape[1]:
                carried = carried @ self._flows[q - 1].swapaxes(1, 2)
            carried = np.concatenate([carried, self._changed(q - width, width)], axis=1)
            earlier = q - width + 1
            ends = carried @ self._changed_back(q, width).swapaxes(1, 2)
            extra = toxic[:earlier, :, None] + toxic[q]
            yield (
                q,
                self.problem.merit(
                    ends.reshape(members, earlier, d, d) + (self.apart[:, None, None, None] + extra)
                ),
            )
