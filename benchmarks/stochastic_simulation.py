"""Forward simulation of small tumours: compiled runs on all cores, against the same in vectorised NumPy.

``python -m benchmarks.stochastic_simulation`` simulates 1000 tumours at K = 10⁴ over 10⁴ generations without
drug, in a fresh process for each side, the sides in turn. It needs no cohort.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.measure import BenchmarkError, run_process
from benchmarks.record import Table, part, save
from benchmarks.table import print_results

TARGET_S = 10.0
# sensitive cells under no drug: the tumours stay near K, so that no side gains from tumours that die out
VALUES = {"K": 1e4, "gamma": 30.0, "sigma": 0.0, "mu": 1.0, "phi_s": 60.0, "phi_r": 60.0}
RATE, START, GENERATIONS, RUNS = 1.0, (0.6, 0.4), 10_000, 1000


def compiled(runs: int) -> dict[str, Any]:
    """Simulate with the project's kernel, once on all cores and once on one."""
    from dosing.stochastic.simulation.forward import simulate
    from dosing.stochastic.simulation.policies import NoDrug
    from dosing.stochastic.simulation.setting import SimulationSetting
    from dynamics.drug_resistance import DRUG_RESISTANCE

    setting = SimulationSetting.define(
        DRUG_RESISTANCE, VALUES, driver_rate=RATE, start=START, generations=GENERATIONS
    )
    begun = time.perf_counter()
    simulate(setting, NoDrug(), runs=2, marks=1)
    ready = time.perf_counter()
    found = simulate(setting, NoDrug(), runs=runs)
    ended = time.perf_counter()
    simulate(setting, NoDrug(), runs=runs, threads=1)
    alone = time.perf_counter()
    return {
        "load_s": ready - begun, "all_s": ended - ready, "one_s": alone - ended, "value": found.value,
        "error": found.value_error, "extinct": found.extinct,
    }  # fmt: skip


def by_numpy(runs: int) -> dict[str, Any]:
    """Simulate with NumPy's generator, all runs side by side in each generation."""
    import numpy as np

    rng = np.random.default_rng(0)
    k = VALUES["K"]
    g, mu, f_r = VALUES["gamma"] / k, VALUES["mu"] / k, VALUES["phi_r"] / k
    begun = time.perf_counter()
    s, r = np.full(runs, START[0] * k), np.full(runs, START[1] * k)
    hazard = np.zeros(runs)
    for _ in range(GENERATIONS):
        total = s + r
        hazard += RATE / k**2 * total
        room = (1 + g) / (1 + g * total / k)
        born_s = rng.poisson(np.maximum(room * s + mu * (r - s), 0))
        born_r = rng.poisson(np.maximum(room * r + mu * (s - r), 0))
        s, r = (
            np.clip(s + born_s - rng.poisson(s), 0, 1.5 * k),
            np.clip(r + born_r - rng.poisson(r * (1 + f_r)), 0, 1.5 * k),
        )
    values = np.exp(-hazard)
    return {
        "all_s": time.perf_counter() - begun, "value": float(values.mean()),
        "error": float(values.std() / np.sqrt(runs)), "extinct": float(np.mean(s + r == 0)),
    }  # fmt: skip


SIDES = {"compiled": compiled, "numpy": by_numpy}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stochastic_simulation", description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.side:
        json.dump(SIDES[options.side](options.runs), sys.stdout)
        print()
        return
    measured: dict[str, list[Any]] = {side: [] for side in SIDES}
    # the sides in turn, so that other work on the machine meets both alike
    for _ in range(options.repeat):
        for side, found in measured.items():
            command = [sys.executable, "-m", "benchmarks.stochastic_simulation", "--side", side]
            found.append(run_process([*command, "--runs", str(options.runs)]))
    own, other = measured["compiled"][-1].said, measured["numpy"][-1].said
    apart = abs(own["value"] - other["value"]) / (own["error"] ** 2 + other["error"] ** 2) ** 0.5
    if apart > 4:
        raise BenchmarkError(
            f"the sides differ by {apart:.1f} standard errors ({own['value']:.4f}, {other['value']:.4f}): they do not "
            "simulate the same tumours, and their times cannot be compared"
        )
    what = f"{options.runs} runs, K = 10⁴, 10⁴ generations"
    rows = [
        part(f"{what}: compiled, all cores", measured["compiled"], "all_s", "kernel loaded", TARGET_S),
        part(f"{what}: compiled, one core", measured["compiled"], "one_s", "kernel loaded"),
        part(f"{what}: NumPy", measured["numpy"], "all_s", "one core, all runs side by side"),
        part("kernel from the disk, or compiled", measured["compiled"], "load_s"),
    ]
    seconds = {name: median(row.wall_s) for name, row in zip(("all", "one", "numpy"), rows, strict=False)}
    table = Table(
        "NumPy's median time over that of the compiled kernel; and what both found.",
        ["", "ratio", "value", "standard error", "extinct"],
        [
            [f"compiled, {n}", f"{seconds['numpy'] / seconds[k]:.1f}", f"{own['value']:.4f}", f"{own['error']:.4f}",
             f"{own['extinct']:.3f}"]
            for n, k in (("all cores", "all"), ("one core", "one"))
        ]
        + [["NumPy", "1", f"{other['value']:.4f}", f"{other['error']:.4f}", f"{other['extinct']:.3f}"]],
    )  # fmt: skip
    title = "Small tumours simulated forwards"
    save("stochastic_simulation", title, rows, [table])
    print_results(title, rows, [table])


if __name__ == "__main__":
    main()
