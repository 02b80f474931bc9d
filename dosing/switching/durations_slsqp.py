"""The durations problem by sequential quadratic programming with many starts: the witness of the cone solver."""

from __future__ import annotations

import numpy as np

from dosing.switching.durations import Durations, certify
from dosing.switching.durations_problem import DurationsProblem

__all__ = ["slsqp_durations"]

_ROUNDS = 5  # begun anew with a fresh estimate of the curvature while that still helps


def slsqp_durations(problem: DurationsProblem, *, starts: int = 4, seed: int = 0) -> Durations:
    """Minimise the logarithm of the cost over shares of the horizon, from each start, and keep the best.

    The logarithm has the same minimiser and levels costs that differ by many powers of ten; a convex cost has no other
    stationary point, in the logarithm neither.

    Parameters
    ----------
    problem : DurationsProblem
    starts : int
        The even split, then random ones.
    seed : int
    """
    from scipy.optimize import Bounds, minimize

    days, count = problem.horizon_days, len(problem.drugs)
    random = np.random.default_rng(seed)
    bounds = Bounds(problem.least / days, np.minimum(problem.most / days, 1.0))

    def log_cost(shares: np.ndarray) -> tuple[float, np.ndarray]:
        # a line search may try shares far outside the simplex, where an exponential overflows
        exponents = problem.log_burden + days * (shares @ problem.rates)
        shift = max(float(exponents.max()), 0.0)
        z = np.exp(exponents - shift)
        tox = problem.toxicity * days * np.exp(-shift)
        value = z.sum() + tox @ shares
        return float(np.log(max(value, 1e-300)) + shift), (days * (problem.rates @ z) + tox) / max(
            value, 1e-300
        )

    best, steps = problem.within_bounds(np.full(count, days / count)), 0
    for k in range(starts):
        begin = np.full(count, 1 / count) if k == 0 else random.dirichlet(np.ones(count))
        trial = problem.within_bounds(begin * days)
        for _ in range(_ROUNDS):
            found = minimize(
                log_cost, trial / days, jac=True, method="SLSQP", bounds=bounds,
                constraints=[{"type": "eq", "fun": lambda s: s.sum() - 1, "jac": lambda s: np.ones_like(s)}],
                options={"ftol": 1e-15, "maxiter": 500},
            )  # fmt: skip
            steps += int(found.nit)
            before, trial = problem.cost(trial), problem.within_bounds(found.x * days)
            if not problem.cost(trial) < before * (1 - 1e-12):
                break
        if problem.cost(trial) < problem.cost(best):
            best = trial
    return certify(problem, best, f"SLSQP from {starts} starts", steps=steps)
