"""Optimal control of many populations: 21 traits, 100 intervals (Ledzewicz 2018, Fig. 3).

``python -m benchmarks.optimal_traits`` poses, builds, solves and re-simulates the problem at three mutation rates, in a
fresh process each time; the first includes everything that is built. It needs no cohort.
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

TARGET_S, INTERVALS, RATES = 10.0, 100, (0.0, 0.1, 0.3)


def schedules() -> dict[str, Any]:
    """Solve at every mutation rate, each from nothing but what is built."""
    import casadi  # noqa: F401  # imports are not part of what is timed
    import scipy.integrate
    import scipy.optimize  # noqa: F401
    import sympy  # noqa: F401

    from dosing.optimal.arcs import label_arcs
    from dosing.optimal.collocation import solve
    from dosing.optimal.studies.traits import traits_problem

    each_s, costs, defects, iterations = [], [], [], []
    for rate in RATES:
        begun = time.perf_counter()
        solution = solve(traits_problem(rate), intervals=INTERVALS)
        each_s.append(time.perf_counter() - begun)
        if not solution.status.usable:
            raise BenchmarkError(f"theta = {rate:g} was not solved: {solution.message}")
        costs.append(solution.cost)
        defects.append(solution.defect.worst)
        iterations.append(solution.iterations)
    begun = time.perf_counter()
    label_arcs(solution)
    return {
        "first_s": each_s[0],
        "again_s": sum(each_s[1:]) / len(each_s[1:]),
        "arcs_s": time.perf_counter() - begun,
        "costs": costs,
        "defects": defects,
        "iterations": iterations,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.optimal_traits", description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--job", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.job:
        json.dump(schedules(), sys.stdout)
        print()
        return
    command = [sys.executable, "-m", "benchmarks.optimal_traits", "--job"]
    runs = [run_process(command) for _ in range(options.repeat)]
    rows = [
        whole("whole process", runs, "imports, three solves"),
        part(
            "first mutation rate", runs, "first_s",
            "model, problem, bounds, guesses, build, solve, re-simulation with its first compilation", TARGET_S,
        ),
        part("another mutation rate", runs, "again_s", "mean of two; nothing is built, no warm start"),
        part("arcs of one solution", runs, "arcs_s"),
    ]  # fmt: skip
    said = runs[-1].said
    cells = [
        [f"{rate:g}", f"{cost:.6g}", f"{defect:.1e}", count]
        for rate, cost, defect, count in zip(
            RATES, said["costs"], said["defects"], said["iterations"], strict=True
        )
    ]
    tables = [
        Table("What was found.", ["mutation rate", "cost", "worst defect", "iterations on the grid"], cells)
    ]
    title = f"Optimal schedule for 21 traits, {INTERVALS} intervals"
    save("optimal_traits", title, rows, tables)
    print_results(title, rows, tables)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as problem:
        sys.exit(f"optimal_traits: {problem}")
