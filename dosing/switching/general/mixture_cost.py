"""The cost of mixtures held on intervals, its exact gradient and a close Hessian: Devia and Giordano, eqs 20 to 22."""

from __future__ import annotations

import numpy as np

from dosing.switching.augmented import AugmentedSystem
from dosing.switching.cost import SwitchingCost
from dosing.switching.general.ensemble_members import SwitchingEnsemble
from dosing.switching.general.exponential import Exponentials, exponentials
from dosing.switching.model import SwitchingError

__all__ = ["MixtureCost", "Sweep", "flow_parts"]


def flow_parts(system: AugmentedSystem) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return what of the augmented system (eq. 13) flows: cells, and the running cost of cells where there is one.

    The rows of toxicity are left out: they act on no other row, and their integral is the sum of dose and days.

    Returns
    -------
    base : ndarray, shape (m, m)
        The matrix under no drug.
    effects : ndarray, shape (d, m)
        What each drug adds to its diagonal.
    start, readout : ndarray, shape (m,)
    """
    lines, drugs = len(system.model.lines), len(system.model.drugs)
    size = lines + 1 if np.any(system.f > 0) else lines
    base = system.matrix(np.zeros(drugs))
    effects = np.stack([np.diag(system.matrix(row) - base) for row in np.eye(drugs)])
    return base[:size, :size], effects[:, :size], system.start[:size], system.readout[:size]


class MixtureCost:
    """``J(l^(1), ..., l^(N))`` of every member, as a function of the mixtures on intervals of given lengths.

    Every entry of the final state is a sum, over the paths of a cell between lines, of exponentials of what is linear
    in the mixtures; therefore J is convex (Theorem 1), and :meth:`Sweep.gradients` bounds the optimum from below.

    Parameters
    ----------
    ensemble : SwitchingEnsemble
        K members.
    cost : SwitchingCost
    interval_days : ndarray, shape (N,)
        Lengths of the intervals, days.
    spent : ndarray, shape (K,), or None
        What each member has cost before the first interval; added to its cost.

    Raises
    ------
    SwitchingError
        Lengths that are not positive.
    """

    def __init__(
        self,
        ensemble: SwitchingEnsemble,
        cost: SwitchingCost,
        interval_days: np.ndarray,
        spent: np.ndarray | None = None,
    ) -> None:
        days = np.array(interval_days, dtype=float)
        if days.ndim != 1 or not len(days) or not np.all(np.isfinite(days)) or np.any(days <= 0):
            raise SwitchingError(
                f"interval lengths must be a row of positive numbers of days; they are {days.tolist()}"
            )
        parts = [flow_parts(AugmentedSystem(model, cost)) for model in ensemble.models]
        self.base, self.effects, self.start, self.readout = (
            np.stack([p[i] for p in parts]) for i in range(4)
        )
        self.toxicity = cost.weights(ensemble.models[0])[1]
        self.days = days
        self.spent = np.zeros(len(ensemble)) if spent is None else spent

    @property
    def shape(self) -> tuple[int, int]:
        """Intervals and drugs, (N, d)."""
        return len(self.days), len(self.toxicity)

    def __call__(self, mixtures: np.ndarray) -> Sweep:
        """Sweep forward under mixtures of shape (N, d)."""
        return Sweep(self, np.asarray(mixtures, dtype=float))


class Sweep:
    """One forward product of exponentials; the backward one is taken when a derivative is asked for.

    Parameters
    ----------
    problem : MixtureCost
    mixtures : ndarray, shape (N, d)
    """

    def __init__(self, problem: MixtureCost, mixtures: np.ndarray) -> None:
        self.problem, self.mixtures = problem, mixtures
        size = problem.base.shape[-1]
        drift = np.einsum("nd,kdm->knm", mixtures, problem.effects)
        matrices = problem.base[:, None] + drift[..., None] * np.eye(size)
        states = [problem.start]
        # a cost that is no number is refused by whoever asked for it, in words
        with np.errstate(over="ignore", invalid="ignore"):
            self._exp: Exponentials = exponentials(matrices, problem.days)
            for step in range(len(problem.days)):
                states.append((self._exp.whole[:, step] @ states[-1][..., None])[..., 0])
        self.states = np.stack(states, axis=1)
        toxic = float(problem.days @ mixtures @ problem.toxicity)
        self.values = (self.states[:, -1] * problem.readout).sum(-1) + toxic + problem.spent
        self._adjoints: np.ndarray | None = None
        self._overlap: np.ndarray | None = None

    @property
    def adjoints(self) -> np.ndarray:
        """What one cell of each line at each border costs in the end, shape (K, N + 1, m)."""
        if self._adjoints is None:
            found = [self.problem.readout]
            for step in reversed(range(len(self.problem.days))):
                found.append((found[-1][:, None, :] @ self._exp.whole[:, step])[:, 0])
            self._adjoints = np.stack(found[::-1], axis=1)
        return self._adjoints

    @property
    def overlap(self) -> np.ndarray:
        """Integral of state times adjoint over each interval, shape (K, N, m)."""
        if self._overlap is None:
            self._overlap = self._exp.overlap(self.states[:, :-1], self.adjoints[:, 1:])
        return self._overlap

    def gradients(self) -> np.ndarray:
        """Return the derivatives of every member's cost by the mixtures, shape (K, N, d)."""
        toxic = np.outer(self.problem.days, self.problem.toxicity)
        return np.einsum("knm,kdm->knd", self.overlap, self.problem.effects) + toxic

    def hessian(self, weights: np.ndarray) -> np.ndarray:
        """Return the weighted members' second derivatives, shape (N d, N d).

        Between intervals by Simpson's rule within each; within an interval as if its flow were diagonal. It steers the
        steps of the minimiser; what the minimiser ends at is judged by the gradient alone.

        Parameters
        ----------
        weights : ndarray, shape (K,)
        """
        N, d = self.problem.shape
        total = np.zeros((N * d, N * d))
        for k in np.flatnonzero(weights > 0):
            total += weights[k] * self._member_hessian(int(k))
        return total

    def _member_hessian(self, k: int) -> np.ndarray:
        N, d = self.problem.shape
        days, effects = self.problem.days, self.problem.effects[k]
        whole, half = self._exp.whole[k], self._exp.half[k]
        x0, x1, p0, p1 = self.states[k, :-1], self.states[k, 1:], self.adjoints[k, :-1], self.adjoints[k, 1:]
        middle_x = (half @ x0[..., None])[..., 0]
        middle_p = (p1[:, None, :] @ half)[:, 0]

        def on(vectors: np.ndarray) -> np.ndarray:
            return vectors[:, None, :] * effects

        sixth = (days / 6)[:, None, None]
        # how the state at the end, and the adjoint at the start, of an interval answer to each drug in it: (N, d, m)
        ends = sixth * (on(x0) @ whole.swapaxes(1, 2) + 4 * on(middle_x) @ half.swapaxes(1, 2) + on(x1))
        starts = sixth * (on(p0) + 4 * on(middle_p) @ half + on(p1) @ whole)
        # two doses within an interval act together on what is left when the later one is given: without flows the
        # second derivative is the integral of state times adjoint at the later time
        w0, w1, middle = x0 * p0, x1 * p1, middle_x * middle_p
        even = w0 + 4 * middle + w1
        later = np.divide(2 * (2 * middle + w1), even, out=np.ones_like(even), where=even > 0)
        within = self.overlap[k] * later * days[:, None]
        found = np.zeros((N, d, N, d))
        carried = np.zeros((0, len(self.problem.base[k])))
        for i in range(N):
            if i:
                found[:i, :, i, :] = (carried @ starts[i].T).reshape(i, d, d)
                found[i, :, :i, :] = found[:i, :, i, :].transpose(2, 0, 1)
            found[i, :, i, :] = (effects * within[i]) @ effects.T
            carried = np.vstack([carried @ whole[i].T, ends[i]])
        return found.reshape(N * d, N * d)
