"""The end-point problem of a patient (Masud 2023, eqs 12 to 16) as a user of CasADi would write it with ``Opti``.

It imports nothing of this project. Radau collocation of degree 3, the dose constant over each interval, states scaled
by the carrying capacity and bounded, IPOPT with its defaults: the same programme that evodose builds.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def solve(
    fit: dict[str, float], weight: float, days: float, intervals: int, options: dict[str, Any]
) -> dict[str, Any]:
    """Build and solve; return the seconds of both, the cost, the dose in the middle."""
    import casadi as ca

    begun = time.perf_counter()
    r, K, delta, c, V0 = (fit[name] for name in ("r", "K", "delta", "c", "V0"))
    slopes, _, weights = ca.collocation_coeff(ca.collocation_points(3, "radau"))
    h = days / intervals
    opti = ca.Opti()
    dose = opti.variable(intervals)
    opti.subject_to(opti.bounded(0, dose, 1))
    opti.set_initial(dose, 0.5)
    start = ca.DM([0.99 * V0 / K, 0.01 * V0 / K])
    begin: Any = start
    cost: Any = 0
    for k in range(intervals):
        nodes = opti.variable(2, 3)
        opti.subject_to(opti.bounded(-0.012, ca.vec(nodes), 1.2))
        opti.set_initial(nodes, ca.repmat(start, 1, 3))
        s, q = nodes[0, :], nodes[1, :]
        rate = ca.vertcat(r * (1 - s - q) * s - dose[k] * delta * s, r * (1 - c * s - q) * q)
        opti.subject_to(ca.horzcat(begin, nodes) @ slopes == h * rate)
        cost += h * ((s + q + 0.5 * weight / K * dose[k] ** 2) @ weights)
        begin = nodes[:, 2]
    last: Any = begin
    opti.subject_to(last[0] == V0 / K)
    opti.minimize(cost / days)
    opti.solver("ipopt", {"print_time": False, "ipopt": {"print_level": 0, "sb": "yes", **options}})
    built = time.perf_counter()
    found = opti.solve()
    ended = time.perf_counter()
    return {
        "build_s": built - begun,
        "solve_s": ended - built,
        "whole_s": ended - begun,
        "cost": float(found.value(cost)) * K,
        "dose": float(found.value(dose[intervals // 2])),
        "iterations": int(found.stats()["iter_count"]),
    }


if __name__ == "__main__":
    import casadi  # noqa: F401  # imports are not part of what is timed, on either side

    json.dump(solve(**json.load(sys.stdin)), sys.stdout)
    print()
