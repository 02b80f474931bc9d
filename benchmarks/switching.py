"""Switching treatments: the durations problem of 18 lines and 4 drugs, against SLSQP and an unscaled cone problem.

``python -m benchmarks.switching`` solves 20 problems in a fresh process each time. It needs no cohort: cell numbers,
toxicities, weights and horizon are of the size that the paper's case study has; growth and kill rates are drawn.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.measure import BenchmarkError, run_process
from benchmarks.record import Table, part, save, whole
from benchmarks.table import print_results

TARGET_S = 0.1
LINES, DRUGS, DAYS, PROBLEMS = 18, 4, 100.0, 20
TOXICITY, WEIGHT = np.array([1e6, 5e4, 1e5, 1e6]), 0.7
SAME = 1e-6  # relative cost


def instance(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Growth (18,), kill (4, 18) per day, and cells (18,) of one drawn case."""
    random = np.random.default_rng(seed)
    growth = random.uniform(0.02, 0.15, LINES)
    kill = random.uniform(0, 0.35, (DRUGS, LINES)) * (random.random((DRUGS, LINES)) < 0.7)
    cells = np.full(LINES, 5e7)
    cells[0], cells[9:] = 9.56e9, 1e7
    return growth, kill, cells


def own() -> dict[str, Any]:
    """Solve by evodose: the first problem of the process, then others of its size; then curve and plan."""
    begun = time.perf_counter()
    import cvxpy  # noqa: F401

    imported = time.perf_counter()
    from dosing.switching.cost import SwitchingCost
    from dosing.switching.durations import durations_of, solve_durations
    from dosing.switching.free_horizon import horizon_curve
    from dosing.switching.model import SwitchingModel
    from dosing.switching.plan import plan_switching

    models = [
        SwitchingModel(
            np.diag(growth), kill, cells, tuple(f"L{j}" for j in range(LINES)), tuple(f"D{s}" for s in range(DRUGS))
        )
        for growth, kill, cells in map(instance, range(PROBLEMS))
    ]  # fmt: skip
    cost = SwitchingCost(TOXICITY, WEIGHT)
    answers, seconds, near = [], [], []
    for model in models:
        start = time.perf_counter()
        answers.append(durations_of(model, cost, DAYS))
        seconds.append(time.perf_counter() - start)
    for answer in answers:
        problem = answer.problem.with_horizon(DAYS - 1)
        start = time.perf_counter()
        solve_durations(problem, start=answer.durations * (1 - 1 / DAYS))
        near.append(time.perf_counter() - start)
    start = time.perf_counter()
    horizon_curve(models[0], cost, np.linspace(1, DAYS, 100))
    drawn = time.perf_counter()
    plan_switching(models[0], cost, horizon_days=DAYS, dwell_days=1.0)
    planned = time.perf_counter()
    if not all(a.gap < 1e-9 for a in answers):
        raise BenchmarkError("a durations problem was not proven to be solved")
    return {
        "import_s": imported - begun, "cold_s": seconds[0], "warm_s": seconds[1:], "near_s": near,
        "curve_s": drawn - start, "plan_s": planned - drawn, "costs": [a.cost for a in answers],
        "words": [a.cone_status for a in answers], "gap": max(a.gap for a in answers),
        "excess": max(a.cone_excess for a in answers),
    }  # fmt: skip


def slsqp(scaled: bool) -> dict[str, Any]:
    """Solve by SciPy: eight random starts, exact gradient, cost in cells or divided by the cells at the start."""
    from scipy.optimize import minimize

    costs, seconds, words = [], [], []
    for seed in range(PROBLEMS):
        growth, kill, cells = instance(seed)
        rates, scale = growth - kill, cells.sum() if scaled else 1.0
        random = np.random.default_rng(seed)

        def cost(tau: np.ndarray, rates=rates, cells=cells / scale, price=WEIGHT / scale * TOXICITY):
            z = cells * np.exp(tau @ rates)
            return float(z.sum() + price @ tau), rates @ z + price

        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = [
                minimize(
                    cost, DAYS * random.dirichlet(np.ones(DRUGS)), jac=True, method="SLSQP",
                    bounds=[(0, DAYS)] * DRUGS, constraints={"type": "eq", "fun": lambda tau: tau.sum() - DAYS},
                )
                for _ in range(8)
            ]  # fmt: skip
        seconds.append(time.perf_counter() - start)
        # an answer whose durations do not sum to the horizon is none
        sums = [f for f in found if abs(f.x.sum() - DAYS) < 1e-6 * DAYS]
        best = min(sums, key=lambda f: f.fun, default=None)
        costs.append(float("inf") if best is None else float(best.fun * scale))
        words.append("none met the sum" if best is None else ("success" if best.success else best.message))
    return {"solve_s": seconds, "costs": costs, "words": words}


def plain(scaled: bool) -> dict[str, Any]:
    """Solve by CVXPY as the formula reads, built anew each time; divided by the cells at the start or not."""
    import cvxpy as cp

    costs, seconds, words = [], [], []
    for seed in range(PROBLEMS):
        growth, kill, cells = instance(seed)
        rates = growth - kill
        scale = cells.sum() if scaled else 1.0
        start = time.perf_counter()
        tau = cp.Variable(DRUGS, nonneg=True)
        objective = (
            cp.sum(cp.multiply(cells / scale, cp.exp(rates.T @ tau))) + (WEIGHT / scale * TOXICITY) @ tau
        )
        problem = cp.Problem(cp.Minimize(objective), [cp.sum(tau) == DAYS])  # pyright: ignore[reportArgumentType]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                problem.solve(solver=cp.CLARABEL)
                words.append(str(problem.status))
            except cp.SolverError:
                words.append("failed")
        seconds.append(time.perf_counter() - start)
        if tau.value is None:
            costs.append(float("inf"))
            continue
        days = np.maximum(tau.value, 0) * DAYS / np.maximum(tau.value, 0).sum()
        costs.append(float(cells @ np.exp(days @ rates) + WEIGHT * TOXICITY @ days))
    return {"solve_s": seconds, "costs": costs, "words": words}


SIDES = {
    "own": ("evodose", own),
    "slsqp": ("SLSQP, 8 starts", lambda: slsqp(False)),
    "even": ("SLSQP, 8 starts, divided by h x0", lambda: slsqp(True)),
    "plain": ("CVXPY as the formula reads", lambda: plain(False)),
    "divided": ("CVXPY, divided by h x0", lambda: plain(True)),
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.switching", description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--job", choices=list(SIDES), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.job:
        json.dump(SIDES[options.job][1](), sys.stdout)
        print()
        return
    measured: dict[str, list] = {name: [] for name in SIDES}
    # in turn, so that other work on the machine meets all sides alike
    for _ in range(options.repeat):
        for name, runs in measured.items():
            runs.append(run_process([sys.executable, "-m", "benchmarks.switching", "--job", name]))
    mine = measured["own"]
    rows = [
        whole("evodose, whole process", mine, f"imports, {PROBLEMS} problems twice, a curve, a plan"),
        part("of it, import of CVXPY", mine, "import_s"),
        part("evodose, first of a process", mine, "cold_s", "cone problem compiled, solved, certified", TARGET_S),
        part("evodose, another problem", mine, "warm_s", "filled in again, solved, certified", TARGET_S),
        part("evodose, from a neighbouring horizon", mine, "near_s", "Newton's method, certified"),
        part("evodose, 100 horizons", mine, "curve_s"),
        part("evodose, whole plan", mine, "plan_s", "dwell time 1 day, most subintervals, whole-model cost"),
        part("SLSQP, 8 starts", measured["slsqp"], "solve_s", "SciPy, cost in cells, exact gradient"),
        part("SLSQP, 8 starts, divided by h x0", measured["even"], "solve_s", "likewise"),
        part("CVXPY as the formula reads", measured["plain"], "solve_s", "built anew each time, not scaled"),
        part("CVXPY, divided by h x0", measured["divided"], "solve_s", "built anew each time"),
    ]  # fmt: skip
    best = np.min([m[-1].said["costs"] for m in measured.values()], axis=0)
    cells = []
    for name, runs in measured.items():
        excess = np.array(runs[-1].said["costs"]) / best - 1
        words = runs[-1].said["words"]
        told = ", ".join(f"{words.count(w)} {w}" for w in sorted(set(words)))
        cells.append([SIDES[name][0], int(np.sum(excess <= SAME)), f"{excess.max():.1e}", told])
    tables = [
        Table(
            f"What each side found in {PROBLEMS} problems, at the costs that the model gives its durations.",
            ["", "within 1e-6 of the best", "largest excess", "own word"],
            cells,
        )
    ]
    title = f"Switching durations: {LINES} lines, {DRUGS} drugs, {DAYS:g} days"
    said = mine[-1].said
    notes = [
        f"evodose's answers are proven to be within {said['gap']:.1e} of the best; before the Newton steps, the cone "
        f"solver's own answers were at most {said['excess']:.1e} dearer."
    ]
    save("switching", title, rows, tables, notes=notes)
    print_results(title, rows, tables, notes)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as problem:
        sys.exit(f"switching: {problem}")
