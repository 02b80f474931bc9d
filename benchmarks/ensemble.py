"""Ensemble control: one gradient through 1225 tumours x 8000 steps, solvers, and growth with the number of tumours.

``python -m benchmarks.ensemble`` needs no cohort. With ``EVODOSE_TORCH_PYTHON`` naming an interpreter that has PyTorch,
the same gradient by automatic differentiation is timed in turn with it; without, that side is left out and said so.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import BenchmarkError, Measurement, run_process
from benchmarks.record import Row, Table, part, save, whole
from benchmarks.table import print_results

R_S, N0, DAYS = 0.027, 0.5, 1000
GOAL_TIMES, GOAL_MIB = 100, 500


def posed(members: int | None = None, cost: str = "hyperbolic") -> Any:
    """Problem of Scagliotti 2026 at n0 = 0.5, or the same with any number of members drawn in its box."""
    from dosing.ensemble import EnsembleProblem, hyperbolic_cost, linear_cost
    from dynamics import get_model
    from dynamics.ensemble import Ensemble

    model = get_model("turnover")
    if members is None:
        rates, shares = (
            a.ravel()
            for a in np.meshgrid(0.50 + 0.02 * np.arange(25), 0.002 * np.arange(1, 50), indexing="ij")
        )
    else:
        rng = np.random.default_rng(0)
        rates, shares = rng.uniform(0.5, 0.98, members), rng.uniform(0.002, 0.098, members)
    one = np.ones(len(rates))
    values = np.column_stack([R_S * one, R_S * rates, one, 0.75 * one, 0 * one])
    ensemble = Ensemble(model.parameter_names, values, one / len(one), {"V0": N0}, "Scagliotti 2026, eq. 3.6")
    running = {"hyperbolic": hyperbolic_cost, "linear": linear_cost}[cost](model, unit="K", rate="r_S")
    return EnsembleProblem.define(
        model, ensemble, horizon_days=DAYS, running=running, constants={"f_R": shares}
    )


def _timed(work: Callable[[], Any], repeat: int) -> list[float]:
    seconds = []
    for _ in range(repeat):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return seconds


def gradient(repeat: int) -> dict[str, Any]:
    """Time one gradient, doses at every step; the compiled kernels are read first."""
    from dosing.ensemble import EnsembleEvaluation

    problem = posed()
    evaluation = EnsembleEvaluation(problem)
    begun = time.perf_counter()
    outcomes, slope = evaluation.gradient(0.5, problem.weights)
    first = time.perf_counter() - begun
    seconds = _timed(lambda: evaluation.gradient(0.5, problem.weights), repeat)
    return {
        "first_s": first, "gradient_s": seconds, "value": float(outcomes.costs.mean()),
        "first": float(slope[0, 0]), "sum": float(slope.sum()),
    }  # fmt: skip


def in_jax(repeat: int) -> dict[str, Any]:
    """Time the same gradient in JAX, on whatever device it finds."""
    from dosing.ensemble import EnsembleEvaluation
    from dosing.ensemble.jax_witness import jax_device, jax_gradient

    problem = posed()
    compiled = jax_gradient(EnsembleEvaluation(problem))
    begun = time.perf_counter()
    costs, _, slope = compiled(0.5, problem.weights)
    first = time.perf_counter() - begun
    seconds = _timed(lambda: compiled(0.5, problem.weights), repeat)
    return {
        "first_s": first, "gradient_s": seconds, "value": float(costs.mean()), "first": float(slope[0, 0]),
        "sum": float(slope.sum()), "device": jax_device(),
    }  # fmt: skip


def row_of_table_6(repeat: int) -> dict[str, Any]:  # noqa: ARG001
    """Run the 500 updates of the paper, linear cost."""
    from dosing.ensemble import projected_gradient

    found = projected_gradient(posed(cost="linear"), time_unit_days=1 / R_S)
    return {"solve_s": found.seconds, "value": found.value, "gradients": found.gradient_evaluations}


def held_doses(repeat: int) -> dict[str, Any]:  # noqa: ARG001
    """Optimise doses held for ten days, hyperbolic cost."""
    from dosing.ensemble import ensemble_switching, optimise

    found = optimise(posed())
    agreement = ensemble_switching(found).agreement["u"]
    return {
        "solve_s": found.seconds, "value": found.value, "gradients": found.gradient_evaluations,
        "status": found.status.name, "share": agreement.share, "message": found.message,
    }  # fmt: skip


def growth(repeat: int) -> dict[str, Any]:
    """Time one gradient from 10² to 10⁵ members."""
    from dosing.ensemble import EnsembleEvaluation

    found = {}
    for members in (100, 1000, 10_000, 100_000):
        problem = posed(members)
        evaluation = EnsembleEvaluation(problem)
        evaluation.gradient(0.5, problem.weights)
        found[str(members)] = _timed(
            lambda e=evaluation, p=problem: e.gradient(0.5, p.weights), repeat if members <= 10_000 else 1
        )
    return {"seconds": found}


JOBS = {"gradient": gradient, "jax": in_jax, "table_6": row_of_table_6, "held": held_doses, "growth": growth}


def _run(name: str, repeat: int) -> Measurement:
    return run_process([sys.executable, "-m", "benchmarks.ensemble", "--job", name, "--repeat", str(repeat)])


def _torch(repeat: int) -> Measurement | None:
    """Run PyTorch's side, or return None where no interpreter was named."""
    python = os.environ.get("EVODOSE_TORCH_PYTHON")
    if not python:
        return None
    problem = posed()
    column = problem.ensemble.column
    job = {
        "r_R": column("r_R").tolist(), "f_R": problem.constants["f_R"].tolist(), "r_S": R_S, "kill": 1.5, "n0": N0,
        "step_days": problem.step_days, "steps": problem.steps, "repeat": repeat,
        "threads": len(os.sched_getaffinity(0)),
    }  # fmt: skip
    script = str(Path(__file__).with_name("ensemble_torch.py"))
    environment = {"PYTHONPATH": "", "OMP_NUM_THREADS": str(job["threads"])}
    return run_process([python, script], stdin=json.dumps(job), environment=environment, fails_with="PyTorch")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ensemble", description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--job", choices=sorted(JOBS), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.job:
        print(json.dumps(JOBS[options.job](options.repeat)))
        return
    _run("gradient", 1)  # compiles, so that what follows reads the kernels from disk
    own, torch = [], []
    for _ in range(3):  # in turn, so that other work on the machine meets both sides alike
        own.append(_run("gradient", options.repeat * 4))
        peer = _torch(min(options.repeat, 3))
        torch += [peer] if peer is not None else []
    jax, row, held, grown = (_run(n, options.repeat) for n in ("jax", "table_6", "held", "growth"))
    device = jax.said["device"]
    rows: list[Row] = [
        part(
            "one gradient, kernels",
            own,
            "gradient_s",
            "1225 tumours x 8000 Euler steps, a dose for every step",
        ),
        part("one gradient, JAX", [jax], "gradient_s", f"the same on {device}"),
        whole("kernels, whole process", own, f"imports and all gradients; goal: under {GOAL_MIB} MiB"),
        part("a row of Table 6", [row], "solve_s", "500 updates, linear cost, n0 = 0.5", 20.0),
        part("doses held for ten days", [held], "solve_s", held.said["message"], 10.0),
    ]
    sides = [("kernels", own[-1].said), (f"JAX, {device}", jax.said)]
    notes = [
        f"Held doses: J2 = {held.said['value']:.6f} after {held.said['gradients']} gradients through all members "
        f"({held.said['status'].lower()}); the doses agree with the sign of the switching function over "
        f"{100 * held.said['share']:.0f} % of the time. Table 6, linear: J1 = {row.said['value']:.8f}.",
    ]
    if torch:
        rows.insert(
            1,
            part(
                "one gradient, PyTorch", torch, "gradient_s", f"PyTorch {torch[-1].said['torch']}, all cores"
            ),
        )
        # the fastest of each side: other work on the machine slows PyTorch's threads down far more than the kernels
        fastest = [min(s for m in side for s in m.said["gradient_s"]) for side in (torch, own)]
        ratio = fastest[0] / fastest[1]
        sides.append(("PyTorch", torch[-1].said))
        notes.append(
            f"PyTorch takes {ratio:.0f} times as long as the kernels (fastest runs; goal: {GOAL_TIMES}); its "
            "peak memory is "
            f"{torch[-1].said['peak_mib']:.0f} MiB."
        )
    else:
        notes.append("PyTorch was not measured: EVODOSE_TORCH_PYTHON names no interpreter.")
    cells = [[n, f"{s['value']:.9f}", f"{s['first']:.9e}", f"{s['sum']:.9e}"] for n, s in sides]
    each = [
        [m, f"{min(s):.4f}", f"{1e9 * min(s) / (int(m) * 8000):.2f}"]
        for m, s in grown.said["seconds"].items()
    ]
    tables = [
        Table(
            "What each side found.",
            ["", "cost", "derivative in the first dose", "sum of all derivatives"],
            cells,
        ),
        Table("One gradient through 8000 steps.", ["tumours", "min s", "ns a tumour and step"], each),
    ]
    title = "Ensemble control: gradients and solvers on the ensemble of Scagliotti 2026"
    save("ensemble", title, rows, tables, notes=notes, device=device)
    print_results(title, rows, tables, notes)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as problem:
        sys.exit(f"ensemble: {problem}")
