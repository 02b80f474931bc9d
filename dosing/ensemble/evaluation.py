"""Costs of all members under a schedule, and derivatives in its doses (Scagliotti 2026, Proposition 2.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dosing.ensemble.kernels.run import compiled_block, over_blocks, scratch, tasks_of
from dosing.ensemble.problem import EnsembleProblem, ProblemError

__all__ = ["EnsembleEvaluation", "Outcomes"]


@dataclass(frozen=True)
class Outcomes:
    """What the members came to under one schedule.

    Parameters
    ----------
    costs : ndarray, shape (m,)
    watched : ndarray, shape (m, w)
        At the visits of the problem.
    weights : ndarray, shape (m,)
        Of the members.
    """

    costs: np.ndarray
    watched: np.ndarray
    weights: np.ndarray


class EnsembleEvaluation:
    """A problem with doses that are held between given days.

    Parameters
    ----------
    problem : EnsembleProblem
    hold_days : float or ndarray, optional
        Days over which a dose is held (the last stretch may be shorter), or the days on which doses may change,
        beginning with 0; one step of the integrator where None.

    Attributes
    ----------
    gradients, forwards : int
        Passes through the ensemble so far: with derivatives, and without.

    Raises
    ------
    ProblemError
        Days that are not nodes of the integrator, or do not increase.
    """

    def __init__(self, problem: EnsembleProblem, hold_days: float | np.ndarray | None = None) -> None:
        self.problem = problem
        self.gradients = self.forwards = 0
        per_day, steps = problem.steps_per_day, problem.steps
        if hold_days is None:
            starts = np.arange(steps)
        else:
            days = np.asarray(hold_days, dtype=float)
            if days.ndim == 0:
                if not days > 0:
                    raise ProblemError(f"doses held for {float(days):g} days; give a positive number")
                days = np.arange(0.0, problem.horizon_days - 1e-9, float(days))
            starts = np.rint(days * per_day).astype(np.int64)
            if np.any(np.abs(starts - days * per_day) > 1e-6):
                raise ProblemError(
                    f"doses can change only at steps of the integrator, every {1 / per_day:g} days; got {days[:6]}"
                )
            if starts[0] != 0 or np.any(np.diff(starts) <= 0) or starts[-1] >= steps:
                raise ProblemError(
                    f"days of doses must begin with 0, increase and lie before day {problem.horizon_days:g}, "
                    f"got {days[:6]}"
                )
        self.starts = starts
        self.which = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, steps))).astype(np.int64)

    # ---- readings ---------------------------------------------------------------------------------------
    @property
    def shape(self) -> tuple[int, int]:
        """Shape of an array of doses: stretches, inputs."""
        return len(self.starts), len(self.problem.model.inputs)

    @cached_property
    def edges_days(self) -> np.ndarray:
        """Days between which doses are held, shape (v + 1,)."""
        return np.append(self.starts, self.problem.steps) / self.problem.steps_per_day

    @cached_property
    def lengths_days(self) -> np.ndarray:
        """Length of each stretch, shape (v,)."""
        return np.diff(self.edges_days)

    @cached_property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bounds of the doses, each of :attr:`shape`."""
        low, high = np.array(self.problem.bounds).T
        return np.tile(low, (self.shape[0], 1)), np.tile(high, (self.shape[0], 1))

    def doses(self, dose: float | np.ndarray) -> np.ndarray:
        """Return doses of the right shape from a number, one for each input, or one for each stretch.

        Raises
        ------
        ProblemError
            Another shape, or numbers that are not finite.
        """
        given = np.asarray(dose, dtype=float)
        if given.shape == (self.shape[0],) and self.shape[1] == 1:
            given = given[:, None]
        try:
            whole = np.ascontiguousarray(np.broadcast_to(given, self.shape))
        except ValueError:
            raise ProblemError(f"doses have shape {given.shape}; need {self.shape}") from None
        if not np.all(np.isfinite(whole)):
            raise ProblemError("doses hold a number that is not finite")
        return whole

    # ---- passes -----------------------------------------------------------------------------------------
    def outcomes(self, doses: float | np.ndarray) -> Outcomes:
        """Costs of all members, without derivatives."""
        self.forwards += 1
        return self._pass(self.doses(doses), None, None)[0]

    def gradient(
        self, doses: float | np.ndarray, weights: np.ndarray, watch_weights: np.ndarray | None = None
    ) -> tuple[Outcomes, np.ndarray]:
        """Differentiate ``Σ weights · costs + Σ watch_weights · watched``.

        Parameters
        ----------
        doses : array
        weights : ndarray, shape (m,)
            Derivatives of what is minimised in the members' costs.
        watch_weights : ndarray, shape (m, w), optional
            Derivatives in what is watched.

        Returns
        -------
        outcomes : Outcomes
        gradient : ndarray, shape (v, inputs)
            Of the discrete sum. Divided by the lengths it is the L² representative (eq. 2.23), ψ averaged over the
            stretch.
        """
        self.gradients += 1
        return self._pass(self.doses(doses), weights, watch_weights)

    def member_gradients(
        self, doses: float | np.ndarray, members: np.ndarray | Sequence[int]
    ) -> tuple[Outcomes, np.ndarray]:
        """Differentiate the costs of some members one by one.

        Parameters
        ----------
        doses : array
        members : ndarray of int, shape (k,)

        Returns
        -------
        outcomes : Outcomes
            Of these members.
        gradients : ndarray, shape (k, v, inputs)
        """
        self.gradients += 1
        return self._pass(self.doses(doses), np.ones(len(members)), None, np.asarray(members), each=True)

    def _pass(
        self,
        u: np.ndarray,
        weights: np.ndarray | None,
        watch_weights: np.ndarray | None,
        chosen: np.ndarray | None = None,
        *,
        each: bool = False,
    ) -> tuple[Outcomes, np.ndarray]:
        """Run the kernels."""
        problem = self.problem
        kernel = compiled_block(problem.equations, problem.scheme)
        rows = problem.rows if chosen is None else np.ascontiguousarray(problem.rows[:, chosen])
        nodes, members, h = problem.watch_nodes, rows.shape[1], problem.step_days
        costs, watched = np.empty(members), np.empty((members, len(nodes)))
        derive = weights is not None
        w = np.ascontiguousarray(weights, dtype=float) if derive else np.empty(0)
        seen = np.empty((1, 0)) if watch_weights is None else np.ascontiguousarray(watch_weights, dtype=float)
        partial = np.zeros((members if each else tasks_of(members), *self.shape) if derive else (0, 0, 0))
        size = kernel.scratch_size(problem.steps)

        def work(task: int, first: int, last: int) -> None:
            W = scratch(size)
            kernel.forward(W, first, last, rows, u, self.which, h, nodes, costs, watched)
            if derive:
                kernel.backward(W, first, last, task, each, u, self.which, h, nodes, w, seen, partial)

        over_blocks(
            members,
            work,
            warm=bool(kernel.forward.signatures and (kernel.backward.signatures or not derive)),
        )
        total = partial if each or not derive else partial.sum(axis=0)
        self._check(costs, total, chosen)
        own = problem.weights if chosen is None else problem.weights[chosen]
        return Outcomes(costs, watched, own), total

    def _check(self, costs: np.ndarray, total: np.ndarray, chosen: np.ndarray | None) -> None:
        """Refuse numbers that are not finite, naming a member."""
        if np.all(np.isfinite(costs)):
            if np.all(np.isfinite(total)):
                return
            raise ProblemError(
                f"{self.problem._where}: a derivative of the cost is not finite; check its expression"
            )
        bad = int(np.flatnonzero(~np.isfinite(costs))[0])
        who = bad if chosen is None else int(chosen[bad])
        values = dict(
            zip(
                self.problem.ensemble.parameter_names, self.problem.ensemble.values[who].tolist(), strict=True
            )
        )
        raise ProblemError(
            f"{self.problem._where}: the cost of member {who} is not finite ({values}); take more steps a day "
            f"than {self.problem.steps_per_day}, or the scheme 'rk4', and check the units of the parameters"
        )
