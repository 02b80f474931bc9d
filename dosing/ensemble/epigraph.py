"""The worst case to the end: minimise z subject to ``J <= z`` for the members that count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dosing.ensemble.descent import Search

__all__ = ["minimise_largest"]


def minimise_largest(
    search: Search,
    start: np.ndarray,
    *,
    rounds: int = 6,
    most_active: int = 60,
    iterations: int = 60,
    tolerance: float = 1e-6,
) -> tuple[np.ndarray, np.ndarray, str]:
    """Solve the epigraph form over the active members, scan all members, add those that lie above, and repeat.

    Parameters
    ----------
    search : Search
        Without constraints besides the bounds and the total dose.
    start : ndarray
        Doses near the solution: the smooth stages give them.
    rounds, iterations : int
        Largest number of scans, and of iterations between two of them.
    most_active : int
        Members at the start.
    tolerance : float
        By which a member may lie above z, relative to z.

    Returns
    -------
    doses : ndarray
    multipliers : ndarray, shape (m,)
        Of the members' constraints; they sum to one and give the measure on the worst members (Scagliotti 2026,
        remark to eq. 2.10).
    message : str
    """
    from scipy.optimize import minimize

    evaluation = search.evaluation
    problem = evaluation.problem
    low, high = (b.ravel() for b in evaluation.bounds)
    doses = start.reshape(evaluation.shape)
    outcomes = evaluation.outcomes(doses)
    search.note(doses, outcomes)
    eligible = np.flatnonzero(problem.weights > 0)
    costs = outcomes.costs
    spread = float(np.std(costs[eligible])) or 1.0
    near = eligible[costs[eligible] >= costs[eligible].max() - 0.1 * spread]
    active = near[np.argsort(-costs[near])][:most_active]
    multipliers = np.zeros(len(problem))
    multipliers[int(eligible[np.argmax(costs[eligible])])] = 1.0
    message, trust = "", 0.3
    for _ in range(rounds):
        base = doses.copy()
        kept: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}

        def member(
            v: np.ndarray, active: np.ndarray = active, kept: dict = kept
        ) -> tuple[np.ndarray, np.ndarray]:
            key = v[:-1].tobytes()
            if key not in kept:
                u = np.clip(v[:-1], low, high).reshape(evaluation.shape)
                seen, slopes = evaluation.member_gradients(u, active)
                kept.clear()
                kept[key] = (seen.costs, slopes.reshape(len(active), -1))
            return kept[key]

        def jacobian(v: np.ndarray, member=member) -> np.ndarray:
            return np.hstack([-member(v)[1] / spread, np.ones((len(member(v)[0]), 1))])

        conditions = [
            {"type": "ineq", "fun": lambda v, f=member: v[-1] - f(v)[0] / spread, "jac": jacobian},
            *_total_dose(search),
        ]
        z = float(outcomes.costs[eligible].max()) / spread
        # far from the start members that are not active would rise: the next scan would have to undo the step
        box = [
            (max(a, x - trust * (b - a)), min(b, x + trust * (b - a)))
            for a, b, x in zip(low, high, base.ravel(), strict=True)
        ]
        last = np.zeros(len(low) + 1)
        last[-1] = 1.0
        found = minimize(
            lambda v: v[-1], np.append(base.ravel(), z), jac=lambda v, g=last: g, method="SLSQP",  # noqa: ARG005
            bounds=[*box, (None, None)], constraints=conditions, options={"ftol": 1e-9, "maxiter": iterations},
        )  # fmt: skip
        message = str(found.message)
        tried = np.clip(found.x[:-1], low, high).reshape(evaluation.shape)
        seen = evaluation.outcomes(tried)
        search.history.append(search.criterion.exact(seen))
        search.note(tried, seen)
        largest = float(seen.costs[eligible].max())
        gain = float(outcomes.costs[eligible].max()) - largest
        above = eligible[seen.costs[eligible] > found.x[-1] * spread + tolerance * abs(largest)]
        new = np.setdiff1d(above, active)
        if gain > 0:
            doses, outcomes = tried, seen
            prices = np.asarray(getattr(found, "multipliers", np.empty(0)))[: len(active)]
            multipliers = np.zeros(len(problem))
            if len(prices) == len(active) and prices.sum() > 0:
                multipliers[active] = np.maximum(prices, 0.0) / np.maximum(prices, 0.0).sum()
            else:
                multipliers[eligible[np.argmax(seen.costs[eligible])]] = 1.0
        else:
            trust *= 0.3
        if not len(new) and gain <= tolerance * abs(largest):
            break
        active = np.union1d(active, new[np.argsort(-seen.costs[new])][:most_active])
    return doses, multipliers, message


def _total_dose(search: Search) -> list[dict]:
    """Bounds on total doses, for doses with z behind them."""
    evaluation = search.evaluation
    found = []
    for j, i in enumerate(evaluation.problem.model.inputs):
        if i.name in evaluation.problem.total_dose:
            days = np.zeros(evaluation.shape)
            days[:, j] = evaluation.lengths_days / evaluation.problem.total_dose[i.name]
            row = np.append(days.ravel(), 0.0)
            found.append({"type": "ineq", "fun": lambda v, d=row: 1.0 - d @ v, "jac": lambda v, d=row: -d})  # noqa: ARG005
    return found
