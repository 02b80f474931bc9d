"""Dynamic programming on the birth-death lattice: time, error, and the plain recursion beside it (Fischer 2015).

``python -m benchmarks.stochastic_control`` solves K = 500 over 500 generations with both controls and the full lattice
read out, compares the graded grid with the exact recursion at K = 50 and 100, and times a dense NumPy recursion with
SciPy's Skellam distribution at K = 50 in the same process; ``--large`` adds K = 2000 over 2000 generations and the
exact recursion at K = 200. It needs no cohort. Other work on the machine shows as load beside every figure.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.measure import BenchmarkError, run_process
from benchmarks.record import Table, part, save, whole
from benchmarks.table import print_results

TARGET_S, LARGE_TARGET_S = 30.0, 480.0
PANELS = ("B", "D")


def profile(capacity: int) -> dict[str, Any]:
    """Solve the panel with slow mutation over K generations on the graded grid."""
    from dosing.stochastic.birth_death import PROFILE_PANELS, solve_graded

    problem = PROFILE_PANELS["D"].problem(float(capacity))
    if problem.horizon_generations != capacity:
        raise BenchmarkError(f"the horizon is {problem.horizon_generations} generations, not {capacity}")
    ticks: list[tuple[float, float]] = []
    begun = time.perf_counter()
    table = solve_graded(problem, progress=lambda share: ticks.append((share, time.perf_counter())))
    ended = time.perf_counter()
    return {
        "solve_s": ended - begun,
        "read_out_s": ended - max(when for share, when in ticks if share <= 0.5),
        "states": table.value.size,
        "value": table.value_at(0.6 * capacity, 0.4 * capacity),
    }


def errors(capacity: int) -> dict[str, Any]:
    """Compare the graded grid with the exact recursion."""
    import numpy as np

    from dosing.stochastic.birth_death import PROFILE_PANELS, solve_exact, solve_graded

    found: dict[str, Any] = {"cells": []}
    solve_graded(
        PROFILE_PANELS["D"].problem(10.0)
    )  # compiled kernels are read from disk, outside of the times
    for letter in PANELS:
        problem = PROFILE_PANELS[letter].problem(float(capacity))
        times = [time.perf_counter()]
        graded = solve_graded(problem)
        times.append(time.perf_counter())
        exact = solve_exact(problem)
        times.append(time.perf_counter())
        off = np.abs(graded.value / exact.value - 1)
        start = round(0.6 * capacity), round(0.4 * capacity)
        found["cells"].append([
            capacity, letter, problem.horizon_generations, f"{times[1] - times[0]:.2f}", f"{times[2] - times[1]:.2f}",
            f"{100 * off[start]:.1e} %", f"{100 * off.max():.1e} %",
            f"{100 * np.mean(graded.indices != exact.indices):.2f} %",
        ])  # fmt: skip
    found["solve_s"] = times[1] - times[0]
    found["exact_s"] = times[2] - times[1]
    return found


def dense(capacity: int) -> dict[str, Any]:
    """Write the recursion of eqs 9 and 10 as a user would, and time it beside this project's two."""
    import numpy as np
    from scipy.stats import skellam

    from dosing.stochastic.birth_death import PROFILE_PANELS, solve_exact, solve_graded

    problem = PROFILE_PANELS["D"].problem(float(capacity))
    values, edge, horizon = problem.values, problem.edge, problem.horizon_generations
    solve_graded(
        PROFILE_PANELS["D"].problem(10.0)
    )  # compiled kernels are read from disk, outside of the times
    begun = time.perf_counter()
    cells = np.arange(edge + 1)
    a, b = (grid.ravel()[:, None].astype(float) for grid in np.meshgrid(cells, cells, indexing="ij"))
    K, g, m = values["K"], values["gamma"] / values["K"], values["mu"] / values["K"]
    crowd = 1 + g * (a + b) / K
    weights = []
    for u in (0.0, 1.0):
        both = []
        for n, other, effect in (
            (a, b, u * values["phi_s"] / K),
            (b, a, (1 - u) * values["phi_r"] / K),
        ):
            births = np.maximum((1 + g) * n / crowd + m * (other - n), 1e-300)
            deaths = np.maximum(n * (1 + effect), 1e-300)
            mass = skellam.pmf(cells[None, :] - n, births, deaths)
            mass[:, 0] = skellam.cdf(-n[:, 0], births[:, 0], deaths[:, 0])
            mass[:, -1] = skellam.sf(edge - n[:, 0] - 1, births[:, 0], deaths[:, 0])
            mass[n[:, 0] == 0, 0] = 1 - mass[n[:, 0] == 0, 1:].sum(axis=1)
            both.append(mass)
        weights.append(both)
    value = np.ones((edge + 1, edge + 1))
    kept = np.exp(-problem.driver_rate / K**2 * (a + b)[:, 0])
    for _ in range(horizon):
        each = [np.einsum("sj,sj->s", first @ value, second) * kept for first, second in weights]
        value = np.maximum(*each).reshape(edge + 1, edge + 1)
    dense_s = time.perf_counter() - begun
    begun = time.perf_counter()
    graded = solve_graded(problem)
    graded_s = time.perf_counter() - begun
    begun = time.perf_counter()
    exact = solve_exact(problem)
    exact_s = time.perf_counter() - begun
    start = round(0.6 * capacity), round(0.4 * capacity)
    if abs(exact.value[start] / value[start] - 1) > 1e-6:
        raise BenchmarkError(f"dense sums give {value[start]}, the exact recursion {exact.value[start]}")
    return {
        "dense_s": dense_s, "graded_s": graded_s, "exact_s": exact_s,
        "over_graded": dense_s / graded_s, "over_exact": dense_s / exact_s,
        "dense_gib_at_500": 4 * 751**3 * 8 / 2**30, "off": float(abs(graded.value[start] / value[start] - 1)),
    }  # fmt: skip


JOBS = {
    "profile": lambda: profile(500),
    "large": lambda: profile(2000),
    "errors50": lambda: errors(50),
    "errors100": lambda: errors(100),
    "errors200": lambda: errors(200),
    "dense": lambda: dense(50),
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stochastic_control", description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument(
        "--large", action="store_true", help="add K = 2000, and the exact recursion at K = 200"
    )
    parser.add_argument("--job", choices=list(JOBS), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.job:
        json.dump(JOBS[options.job](), sys.stdout)
        print()
        return

    def runs(job: str, repeat: int) -> list:
        command = [sys.executable, "-m", "benchmarks.stochastic_control", "--job", job]
        return [run_process(command) for _ in range(repeat)]

    profiles, plain = runs("profile", options.repeat), runs("dense", options.repeat)
    small = [*runs("errors50", 1), *runs("errors100", 1), *(runs("errors200", 1) if options.large else [])]
    rows = [
        whole("K = 500, whole process", profiles, "imports, kernels from disk, 500 generations, both controls"),
        part(
            "K = 500, solve", profiles, "solve_s",
            f"recursion on the graded grid, all {profiles[-1].said['states']:,} states read out", TARGET_S,
        ),
        part("K = 500, of that the read-out", profiles, "read_out_s"),
        part("K = 50, graded", plain, "graded_s", "50 generations, both controls, lattice read out"),
        part("K = 50, exact", plain, "exact_s"),
        part("K = 50, dense NumPy and SciPy", plain, "dense_s", "the same recursion, written plainly"),
    ]  # fmt: skip
    if options.large:
        large = runs("large", 1)
        rows.append(
            part(
                "K = 2000, solve", large, "solve_s",
                f"2000 generations, both controls, all {large[-1].said['states']:,} states read out", LARGE_TARGET_S,
            )
        )  # fmt: skip
    tables = [
        Table(
            "Graded grid against the exact recursion: times in s, difference of the value at (0.6, 0.4) K and at "
            "worst over all states, share of states with another control.",
            ["K", "panel", "generations", "graded s", "exact s", "off at start", "off at worst", "other control"],
            [row for run in small for row in run.said["cells"]],
        ),
        Table(
            "Dense recursion over this project's, K = 50, in one process each.",
            ["over graded", "over exact", "graded off at start", "dense at K = 500 would need"],
            [
                [
                    f"{r.said['over_graded']:.1f}", f"{r.said['over_exact']:.1f}", f"{100 * r.said['off']:.1e} %",
                    f"{r.said['dense_gib_at_500']:.0f} GiB",
                ]
                for r in plain
            ],
        ),
    ]  # fmt: skip
    title = f"Dynamic programming of births and deaths, {os.cpu_count()} cores"
    save("stochastic_control", title, rows, tables)
    print_results(title, rows, tables)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as problem:
        sys.exit(f"stochastic_control: {problem}")
