"""Risk-sensitive dynamic programming on the birth-death lattice: a graded grid against the exact recursion.

``python -m benchmarks.stochastic_control`` solves K = 500 (500 generations, both controls, the full lattice read out)
and compares the graded grid with the exact recursion at K = 50 and 100, in value, control and time, and at K = 50 with
the same recursion written with SciPy's Skellam distribution and dense sums. ``--large`` adds K = 200 against the exact
recursion, and K = 2000. It needs no cohort.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.measure import run_process
from benchmarks.record import Table, part, save
from benchmarks.table import print_results

# the set of dynamics.drug_resistance: symmetric, addicted, with mutation
VALUES = {"gamma": 30.0, "sigma": 0.0, "mu": 1.0, "phi_s": 60.0, "phi_r": 60.0}
RATE = 1.0
LIMITS_S = {500: 30.0, 2000: 480.0}


def problem(capacity: int):
    """Pose the problem at a carrying capacity, over K / nu generations."""
    from dosing.stochastic.birth_death import BirthDeathProblem
    from dynamics.drug_resistance import DRUG_RESISTANCE

    return BirthDeathProblem.define(DRUG_RESISTANCE, {**VALUES, "K": float(capacity)}, driver_rate=RATE)


def graded(capacity: int) -> dict[str, Any]:
    """Solve on the graded grid, kernels loaded before."""
    from dosing.stochastic.birth_death import solve_graded

    begun = time.perf_counter()
    solve_graded(problem(20))
    ready = time.perf_counter()
    found = solve_graded(problem(capacity))
    return {
        "load_s": ready - begun, "seconds": time.perf_counter() - ready,
        "value": float(found.value[int(0.6 * capacity), int(0.4 * capacity)]),
    }  # fmt: skip


def against_exact(capacity: int) -> dict[str, Any]:
    """Solve both ways in one process, and compare all of the lattice."""
    import numpy as np

    from dosing.stochastic.birth_death import solve_exact, solve_graded

    solve_exact(problem(10))
    solve_graded(problem(20))
    begun = time.perf_counter()
    exact = solve_exact(problem(capacity))
    middle = time.perf_counter()
    found = solve_graded(problem(capacity))
    ended = time.perf_counter()
    apart = np.abs(found.value / exact.value - 1)
    start = int(0.6 * capacity), int(0.4 * capacity)
    return {
        "exact_s": middle - begun, "seconds": ended - middle, "worst": float(apart.max()),
        "at_start": float(apart[start]), "controls": float(np.mean(exact.indices != found.indices)),
        "value": float(exact.value[start]),
    }  # fmt: skip


def dense(capacity: int) -> dict[str, Any]:
    """Solve as one would with SciPy and NumPy: Skellam probabilities in tables, dense sums each generation."""
    import numpy as np
    from scipy.stats import skellam

    begun = time.perf_counter()
    edge, k = int(1.5 * capacity), float(capacity)
    g, mu, f_s, f_r = VALUES["gamma"] / k, VALUES["mu"] / k, VALUES["phi_s"] / k, VALUES["phi_r"] / k
    size, change = edge + 1, np.arange(-4 * edge, 4 * edge + 1)
    tables = np.zeros((2, 2, size, size, size))
    for u in (0, 1):
        for s in range(size):
            for r in range(size):
                room = (1 + g) / (1 + g * (s + r) / k)
                births = max(room * s + mu * (r - s), 0.0), max(room * r + mu * (s - r), 0.0)
                deaths = s * (1 + u * f_s), r * (1 + (1 - u) * f_r)
                for axis, n in enumerate((s, r)):
                    mass = skellam.pmf(change, max(births[axis], 1e-300), max(deaths[axis], 1e-300))
                    mass = mass if births[axis] or deaths[axis] else (change == 0).astype(float)
                    np.add.at(tables[axis, u, s, r], np.clip(n + change, 0, edge), mass)
    cells = np.add.outer(np.arange(size), np.arange(size))
    value = np.ones((size, size))
    for _ in range(round(capacity / RATE)):
        each = np.einsum("cija,ab,cijb->cij", tables[0], value, tables[1], optimize=True)
        value = (each * np.exp(-RATE / k**2 * cells)).max(axis=0)
    return {"seconds": time.perf_counter() - begun, "value": float(value[int(0.6 * k), int(0.4 * k)])}


SIDES = {"graded": graded, "exact": against_exact, "dense": dense}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stochastic_control", description=__doc__)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument(
        "--large", action="store_true", help="add K = 200 against the exact recursion, and K = 2000"
    )
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--capacity", type=int, default=500, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.side:
        json.dump(SIDES[options.side](options.capacity), sys.stdout)
        print()
        return

    def run(side: str, capacity: int):
        command = [sys.executable, "-m", "benchmarks.stochastic_control", "--side", side]
        return run_process([*command, "--capacity", str(capacity)])

    sizes = (500, 2000) if options.large else (500,)
    exact_sizes = (50, 100, 200) if options.large else (50, 100)
    solved = {k: [run("graded", k) for _ in range(options.repeat if k == 500 else 1)] for k in sizes}
    compared = {k: [run("exact", k)] for k in exact_sizes}
    plain = [run("dense", 50)]
    rows = [
        part(f"graded grid, K = {k}, {k} generations, both controls, full lattice", found, "seconds", "kernel loaded",
             LIMITS_S.get(k))
        for k, found in solved.items()
    ]  # fmt: skip
    rows += [
        part(f"exact recursion, K = {k}", found, "exact_s", "kernel loaded") for k, found in compared.items()
    ]
    rows += [
        part("dense sums with SciPy's Skellam, K = 50", plain, "seconds", "NumPy"),
        part("kernels from the disk, or compiled", solved[500], "load_s"),
    ]
    told = {k: found[-1].said for k, found in compared.items()}
    accuracy = Table(
        "The graded grid against the exact recursion, all of the lattice: largest relative difference of the value, "
        "the same at the start (0.6, 0.4) K, share of states with another control, exact time over graded time.",
        ["K", "value", "at the start", "controls", "ratio of times"],
        [
            [str(k), f"{said['worst']:.1e}", f"{said['at_start']:.1e}", f"{100 * said['controls']:.2f} %",
             f"{said['exact_s'] / said['seconds']:.1f}"]
            for k, said in told.items()
        ],
    )  # fmt: skip
    other = plain[-1].said
    beside = Table(
        "Written with NumPy and SciPy at K = 50, in the same session.",
        ["", "ratio", "value at the start"],
        [
            ["exact recursion", f"{other['seconds'] / told[50]['exact_s']:.0f}", f"{told[50]['value']:.8f}"],
            ["graded grid", f"{other['seconds'] / told[50]['seconds']:.0f}", "the same "
             f"within {told[50]['at_start']:.0e}"],
            ["NumPy and SciPy", "1", f"{other['value']:.8f}"],
        ],
    )  # fmt: skip
    title = "Dynamic programming for small tumours"
    save("stochastic_control", title, rows, [accuracy, beside])
    print_results(title, rows, [accuracy, beside])


if __name__ == "__main__":
    main()
