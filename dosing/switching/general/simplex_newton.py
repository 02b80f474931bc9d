"""The least of convex costs, or of the largest of several, over mixtures: Newton steps, each a quadratic programme."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dosing.switching.general.mixture_cost import MixtureCost, Sweep
from dosing.switching.model import SwitchingError

__all__ = ["SimplexOptimum", "frank_wolfe_bound", "minimise_over_simplices"]

_STEPS = 80
_BACKTRACKS = 30
# costs are computed to about so many digits; the gap, which is linear in the mixtures, still tells steps apart there
_DIGITS = 1e-13
_PATIENCE = 5


@dataclass(frozen=True)
class SimplexOptimum:
    """Mixtures, their cost, and a bound below which no mixtures on the same intervals can come.

    Parameters
    ----------
    mixtures : ndarray, shape (N, d)
    value : float
        The weighted cost, or the largest cost of a member.
    lower_bound : float
    member_values : ndarray, shape (K,)
    multipliers : ndarray, shape (K,)
        Weights with which the bound holds: the given ones, or those of the members that are worst together.
    steps : int
    """

    mixtures: np.ndarray
    value: float
    lower_bound: float
    member_values: np.ndarray
    multipliers: np.ndarray
    steps: int

    @property
    def gap(self) -> float:
        """How far the value may be from the least, relative to it."""
        return (self.value - self.lower_bound) / max(abs(self.value), np.finfo(float).tiny)


def frank_wolfe_bound(sweep: Sweep, multipliers: np.ndarray, gradients: np.ndarray | None = None) -> float:
    """Return a lower bound on every member-weighted cost, and so on the largest member's cost.

    ``J(l') >= J(l) + g (l' - l)`` for a convex J; the least of the right-hand side is at corners of the simplices.

    Parameters
    ----------
    sweep : Sweep
    multipliers : ndarray, shape (K,)
        Not negative, summing to one.
    gradients : ndarray, shape (K, N, d), or None
        Of the sweep; computed where None.
    """
    g = np.einsum("k,knd->nd", multipliers, sweep.gradients() if gradients is None else gradients)
    fall = (g * sweep.mixtures).sum(axis=1) - g.min(axis=1)
    return float(multipliers @ sweep.values - fall.sum())


def minimise_over_simplices(
    problem: MixtureCost,
    start: np.ndarray,
    *,
    weights: np.ndarray | None,
    tolerance: float = 1e-8,
    progress: Callable[[str], None] | None = None,
) -> SimplexOptimum:
    """Minimise the weighted cost of the members, or the largest of their costs, over one simplex an interval.

    Parameters
    ----------
    problem : MixtureCost
    start : ndarray, shape (N, d)
        Rows that sum to one.
    weights : ndarray, shape (K,), or None
        Weights of the members; None asks for the least largest cost.
    tolerance : float
        Relative gap at which the search ends.
    progress : callable, optional
        Given a line after each step.

    Raises
    ------
    SwitchingError
        A cost that is not finite.
    """
    sweep = problem(start)
    members = len(sweep.values)
    multipliers = np.full(members, 1 / members) if weights is None else np.asarray(weights, dtype=float)
    best_bound, best_multipliers = -np.inf, multipliers

    def merit(values: np.ndarray) -> float:
        return float(values.max()) if weights is None else float(values @ multipliers)

    step, closest, since = 0, np.inf, 0
    while True:
        value = merit(sweep.values)
        if not np.isfinite(value):
            raise SwitchingError(
                f"the cost of the mixtures is {value}: cells grow beyond what a number can hold; the horizon "
                "is too long for these growth rates, or rates are not per day"
            )
        gradients = sweep.gradients()
        bound = frank_wolfe_bound(sweep, multipliers, gradients)
        if bound > best_bound:
            best_bound, best_multipliers = bound, multipliers
        gap = (value - best_bound) / max(abs(value), np.finfo(float).tiny)
        if progress is not None:
            progress(f"step {step}: cost {value:.6g}, at most {gap:.1e} above the least")
        closest, since = (gap, 0) if gap < 0.9 * closest else (closest, since + 1)
        if gap <= tolerance or step == _STEPS or since > _PATIENCE:
            break
        direction, slope, multipliers = _newton_direction(sweep, gradients, multipliers, value, weights)
        if weights is not None:
            multipliers = np.asarray(weights, dtype=float)
        else:
            # the multipliers of the step may close the gap where the mixtures stand already
            bound = frank_wolfe_bound(sweep, multipliers, gradients)
            if bound > best_bound:
                best_bound, best_multipliers = bound, multipliers
        moved = _line_search(problem, sweep, direction, slope, value, merit)
        if moved is None:
            break
        sweep, step = moved, step + 1
    return SimplexOptimum(
        sweep.mixtures, merit(sweep.values), min(best_bound, merit(sweep.values)), sweep.values,
        best_multipliers, step,
    )  # fmt: skip


def _newton_direction(
    sweep: Sweep,
    gradients: np.ndarray,
    multipliers: np.ndarray,
    value: float,
    weights: np.ndarray | None,
) -> tuple[np.ndarray, float, np.ndarray]:
    """Solve the quadratic model, costs scaled by the value; return the step, its fall and the multipliers."""
    from importlib import import_module

    from scipy import sparse

    clarabel: Any = import_module("clarabel")  # compiled, without types

    N, d = sweep.problem.shape
    size, members = N * d, len(sweep.values)
    H = sweep.hessian(multipliers) / value
    eigenvalues, vectors = np.linalg.eigh((H + H.T) / 2)
    # a small curvature everywhere keeps steps short where many mixtures cost the same
    H = (vectors * np.maximum(eigenvalues, 1e-9 * max(eigenvalues[-1], 1e-6))) @ vectors.T
    sums = sparse.kron(sparse.eye(N), np.ones((1, d)))
    floor = -sparse.eye(size)
    if weights is None:
        # one more variable, above every member's linear model
        H = np.pad(H, ((0, 1), (0, 1)))
        linear = np.append(np.zeros(size), 1.0)
        slopes = gradients.reshape(members, size) / value
        blocks = [
            [sums, None],
            [floor, None],
            [sparse.csc_matrix(slopes), sparse.csc_matrix(-np.ones((members, 1)))],
        ]
        A = sparse.bmat(blocks, format="csc")
        limits = np.concatenate([np.zeros(N), sweep.mixtures.ravel(), 1 - sweep.values / value])
        scale = 1.0
    else:
        rows = np.einsum("k,knd->nd", multipliers, gradients) / value
        # the part that all drugs of an interval share moves nothing; what is left shrinks with the gap, and is scaled
        # up, or the solver would take near the end for the end
        rows = rows - rows.min(axis=1, keepdims=True)
        linear = rows.ravel()
        scale = 1 / np.clip(linear @ sweep.mixtures.ravel(), 1e-10, 1.0)
        A = sparse.vstack([sums, floor], format="csc")
        limits = np.concatenate([np.zeros(N), sweep.mixtures.ravel()])
    cones = [clarabel.ZeroConeT(N), clarabel.NonnegativeConeT(len(limits) - N)]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-11
    answer: Any = None
    for factor in (scale, scale**0.5, 1.0):
        quadratic = sparse.triu(sparse.csc_matrix(factor * H), format="csc")
        answer = clarabel.DefaultSolver(quadratic, factor * linear, A, limits, cones, settings).solve()
        if factor == 1.0 or str(answer.status) == "Solved":
            break
    step = np.asarray(answer.x)[:size].reshape(N, d)
    if not np.all(np.isfinite(step)):
        step = np.zeros((N, d))
    target = np.clip(sweep.mixtures + step, 0.0, None)
    # the interior-point method stops a hair off its corners: put on them what it meant to leave out
    target[target < 1e-10] = 0.0
    target /= target.sum(axis=1, keepdims=True)
    step = target - sweep.mixtures
    if weights is None:
        model = sweep.values + np.einsum("knd,nd->k", gradients, step)
        fall = float(model.max() - sweep.values.max())
        dual = np.clip(np.asarray(answer.z)[-members:], 0.0, None)
        multipliers = dual / dual.sum() if dual.sum() > 0 else multipliers
    else:
        fall = float(linear @ step.ravel() * value)
    return step, fall, multipliers


def _line_search(
    problem: MixtureCost,
    sweep: Sweep,
    step: np.ndarray,
    slope: float,
    value: float,
    merit: Callable[[np.ndarray], float],
) -> Sweep | None:
    """Return a sweep along the step that falls enough, longer where that falls further; None where none does."""
    if slope >= 0:
        return None
    length = 1.0
    for _ in range(_BACKTRACKS):
        trial = problem(sweep.mixtures + length * step)
        found = merit(trial.values)
        if found <= value + 1e-4 * length * slope + _DIGITS * abs(value):
            break
        length /= 2
    else:
        return None
    # costs fall exponentially, which a quadratic model does not foresee: go on while that pays
    with np.errstate(divide="ignore", invalid="ignore"):
        farthest = np.min(np.where(step < 0, sweep.mixtures / -step, np.inf), initial=np.inf)
    while length >= 1 and 2 * length <= farthest:
        longer = problem(sweep.mixtures + 2 * length * step)
        if merit(longer.values) >= found:
            break
        trial, found, length = longer, merit(longer.values), 2 * length
    return trial
