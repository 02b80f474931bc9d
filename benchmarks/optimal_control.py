"""Optimal control of one patient: the end-point problem of Masud 2023, against the same written by hand with CasADi.

``python -m benchmarks.optimal_control`` builds and solves 1460 days in 400 intervals, in a fresh process each time,
and the other side likewise. It needs no cohort: parameters are those that the paper prints for patient 2.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.measure import BenchmarkError, run_process
from benchmarks.record import Table, part, save, whole
from benchmarks.table import print_results

TARGET_S = 1.5
# Masud 2023, Table 1, patient 2
FIT = {"r": 0.131799194, "K": 580.8725024, "delta": 0.089001925, "c": 2.291960323, "V0": 359.0}
WEIGHT, DAYS, INTERVALS = 691.9, 1460.0, 400


def endpoint() -> dict[str, Any]:
    """Pose, build, solve and re-simulate, twice; then once more with another weight, from the solution."""
    import casadi  # noqa: F401  # imports are not part of what is timed, on either side
    import scipy.integrate
    import scipy.optimize  # noqa: F401
    import sympy  # noqa: F401

    from dosing.optimal import OptimalControlProblem
    from dosing.optimal.collocation import solve
    from dynamics import get_model

    model = get_model("competition")

    def posed(weight: float) -> OptimalControlProblem:
        return OptimalControlProblem.define(
            model,
            FIT | {"B": weight},
            running="S + R + B*u**2/2",
            subject_to=["S(T) == V0"],
            horizon_days=DAYS,
        )

    begun = time.perf_counter()
    solution = solve(posed(WEIGHT), intervals=INTERVALS)
    built = time.perf_counter()
    solve(posed(WEIGHT + 1), intervals=INTERVALS)
    again = time.perf_counter()
    warm = solve(posed(WEIGHT + 2), intervals=INTERVALS, start=solution)
    ended = time.perf_counter()
    if not (solution.status.usable and warm.status.usable):
        raise BenchmarkError(f"the end-point problem was not solved: {solution.message}, {warm.message}")
    return {
        "whole_s": built - begun,
        "again_s": again - built,
        "warm_s": ended - again,
        "resimulate_s": solution.seconds["resimulate"],
        "cost": solution.cost,
        "dose": float(solution.controls[INTERVALS // 2, 0]),
        "iterations": solution.iterations,
        "defect": solution.defect.worst,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.optimal_control", description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--job", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.job:
        json.dump(endpoint(), sys.stdout)
        print()
        return
    own, plain, adaptive = [], [], []
    job = {"fit": FIT, "weight": WEIGHT, "days": DAYS, "intervals": INTERVALS}
    by_hand = [sys.executable, "-m", "benchmarks.optimal_control_by_hand"]
    # in turn, so that other work on the machine meets all sides alike
    for _ in range(options.repeat):
        own.append(run_process([sys.executable, "-m", "benchmarks.optimal_control", "--job"]))
        plain.append(run_process(by_hand, stdin=json.dumps(job | {"options": {}})))
        adaptive.append(
            run_process(by_hand, stdin=json.dumps(job | {"options": {"mu_strategy": "adaptive"}}))
        )
    rows = [
        whole("evodose, whole process", own, "imports, and three solves"),
        part(
            "evodose, end-point problem", own, "whole_s",
            "problem, bounds, guesses, build, solve, re-simulation with its first compilation", TARGET_S,
        ),
        part("of it, re-simulation", own, "resimulate_s"),
        part("evodose, again with another weight", own, "again_s", "nothing is built"),
        part("evodose, warm start with another weight", own, "warm_s"),
        part("Opti by hand, IPOPT's defaults", plain, "whole_s", "build and solve, no re-simulation"),
        part("of it, build", plain, "build_s"),
        part("Opti by hand, adaptive barrier", adaptive, "whole_s", "build and solve, no re-simulation"),
    ]  # fmt: skip
    cells = [
        [name, f"{m.said['cost']:.4f}", f"{m.said['dose']:.5f}", m.said["iterations"]]
        for name, m in (("evodose", own[-1]), ("Opti, defaults", plain[-1]), ("Opti, adaptive", adaptive[-1]))
    ]
    tables = [
        Table("What each side found.", ["", "cost", "dose on day 730", "iterations on the grid"], cells)
    ]
    title = f"End-point problem of a patient: {DAYS:g} days, {INTERVALS} intervals"
    notes = [
        f"Worst defect of evodose's states against the adaptive integrator: {own[-1].said['defect']:.1e}."
    ]
    save("optimal_control", title, rows, tables, notes=notes)
    print_results(title, rows, tables, notes)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as problem:
        sys.exit(f"optimal_control: {problem}")
