"""Posteriors of the melanoma patients: gradients, NUTS, and the documented route of PyMC in the same run.

``EVODOSE_DATA=folder python -m benchmarks.posteriors`` needs the folder of real cohorts. The baseline is the route of
PyMC's documentation for differential equations: SciPy's integrator inside a black-box operation, sampled without
gradients by DEMetropolisZ; same model, same priors, same data.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import BenchmarkError
from benchmarks.record import Row, Table, save

IDENTIFIED = ("MEL02", "MEL06", "MEL07", "MEL08")
TITLE = "Posteriors of eight melanoma patients"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--baseline-draws", type=int, default=4000)
    arguments = parser.parse_args()
    folder = os.environ.get("EVODOSE_DATA")
    if not folder:
        raise BenchmarkError("EVODOSE_DATA names no folder of real cohorts")
    from dynamics import get_model
    from patients import load_cohort

    cohort, _ = load_cohort(Path(folder) / "melanoma_ldh.csv")
    model = get_model("competition")
    rows: list[Row] = []
    gradients = gradient_table(cohort.patients, model)
    chosen = [p for p in cohort.patients if p.patient_id in IDENTIFIED]
    load = os.getloadavg()[0]
    four, seconds = sampled(chosen, model)
    rows.append(
        Row(
            "patients 2, 6, 7, 8: 4 x 1000 draws each, compilation included",
            [seconds],
            load=[load],
            target_s=60.0,
        )
    )
    eight, seconds = sampled(cohort.patients, model)
    rows.append(Row("all eight patients, compiled before", [seconds], load=[load], target_s=180.0))
    second = next(p for p in chosen if p.patient_id == "MEL02")
    ours = next(r for r in eight if r[0] == "MEL02")
    base = demetropolis(second, model, arguments.baseline_draws)
    speed = Table(
        "Patient 2: effective draws a second, least of all parameters",
        ["route", "s", "least ESS", "ESS a second", "ratio"],
        [
            ["PyMC: SciPy's `solve_ivp` in an Op, DEMetropolisZ, 4 chains", *base, 1.0],
            [
                "this workbench, compiled before",
                ours[1],
                ours[4],
                ours[4] / ours[1],
                ours[4] / ours[1] / base[2],
            ],
        ],
    )
    columns = ["patient", "s", "status", "R-hat", "least ESS", "divergences", "attempts"]
    tables = [gradients, Table("Four patients", columns, four), Table("All eight", columns, eight), speed]
    save(Path(__file__).stem, TITLE, rows, [rounded(t) for t in tables])


def rounded(table: Table) -> Table:
    """Show four digits."""
    cells = [[f"{c:.4g}" if isinstance(c, float) else c for c in row] for row in table.cells]
    return Table(table.caption, table.columns, cells)


def gradient_table(patients: Any, model: Any) -> Table:
    """Time one gradient of the log-likelihood at the optimum, with its error against a tolerance of 1e-10."""
    from numba import njit

    from fitting.kernels.run import kernel_data
    from fitting.likelihood import POISSON
    from fitting.maximum_likelihood import fit_cohort
    from fitting.problem import build_problem

    fits = fit_cohort(patients, model, likelihood="poisson")
    reference: dict[int, tuple[float, np.ndarray]] = {}
    cells: list[list[Any]] = [[p.patient_id, len(p)] for p in patients]
    for rtol in (1e-10, 1e-8, 1e-6):
        problem = build_problem(patients, model, POISSON, rtol=rtol)
        data, kernel = kernel_data(problem), problem.kernel().evaluate_one

        @njit
        def repeat(times, w, q, data, gradient, information, kernel=kernel):
            total = 0.0
            for _ in range(times):
                total += kernel(w, q, data, gradient, information)
            return total / times

        for w, fit in enumerate(fits):
            q = np.log(fit.estimates)  # type: ignore[union-attr]
            gradient, information = np.empty(len(q)), np.empty((len(q), len(q)))
            repeat(1, w, q, data, gradient, information)
            best = np.inf
            for _ in range(5):
                begun = time.perf_counter()
                value = repeat(400, w, q, data, gradient, information)
                best = min(best, (time.perf_counter() - begun) / 400)
            if rtol == 1e-10:
                reference[w] = (value, gradient.copy())
            known = reference[w]
            scale = np.sqrt(np.diag(information))
            off = float(np.max(np.abs(gradient - known[1]) / scale))
            if rtol != 1e-10:
                cells[w] += [best * 1e6, abs(value - known[0]), off]
    columns = ["patient", "visits"]
    for rtol in ("1e-8", "1e-6"):
        columns += [
            f"µs at {rtol}",
            "error of the log-likelihood",
            "error of the gradient, in standard errors",
        ]
    return Table("One gradient with the expected information, at the optimum", columns, cells)


def sampled(patients: Any, model: Any) -> tuple[list[list[Any]], float]:
    """Sample, and tell how long each patient took."""
    from fitting.bayesian import sample_cohort
    from fitting.posterior_checks.convergence import check_convergence

    cells: list[list[Any]] = []
    begun = last = time.perf_counter()

    def book(result: Any) -> None:
        nonlocal last
        now = time.perf_counter()
        check = check_convergence(result.tree)
        diverging = int(result.tree["sample_stats"].dataset["diverging"].sum())
        cells.append(
            [result.patient_id, now - last, result.status.name, check.worst_rhat, check.least_ess, diverging,
             1 + sum("attempt" in w for w in result.warnings[:1])]
        )  # fmt: skip
        last = now

    sample_cohort(patients, model, likelihood="poisson", on_result=book)
    return cells, time.perf_counter() - begun


def demetropolis(patient: Any, model: Any, draws: int) -> list[float]:
    """Sample patient 2 the way PyMC's documentation of differential equations does."""
    import arviz_stats
    import pymc as pm
    import pytensor.tensor as pt
    from pytensor.compile.ops import as_op
    from scipy.integrate import solve_ivp

    from benchmarks.scipy_job import right_hand_side
    from fitting.bayesian.prior_set import build_priors
    from fitting.likelihood import POISSON
    from fitting.problem import patient_constants

    priors = build_priors(model, POISSON)
    constants = patient_constants(model, patient)
    scale = np.log([constants[c.scale] if c.scale else 1.0 for c in priors.coordinates])
    job = {
        "parameters": list(model.parameter_names), "states": [s.name for s in model.state_symbols],
        "rhs": [str(e) for e in model.rhs],
    }  # fmt: skip
    rhs: Any = right_hand_side(
        job, constants | {model.input_symbols[0].name: float(patient.schedule.doses[0])}
    )
    start = [float(e.subs(constants)) for e in model.initial]
    solve: Any = solve_ivp

    @as_op(itypes=[pt.dvector], otypes=[pt.dvector])
    def outputs(q):
        found = solve(
            rhs, (patient.times[0], patient.times[-1]), start, method="LSODA", t_eval=patient.times,
            args=tuple(np.exp(q + scale)), rtol=1e-6, atol=1e-6,
        )  # fmt: skip
        return found.y.sum(axis=0) if found.success else np.full(len(patient.times), 1e-12)

    with pm.Model():
        q = pm.Normal("q", priors.mean, [c.sd for c in priors.coordinates], shape=len(priors.coordinates))
        pm.Poisson("burden", mu=pt.maximum(outputs(q), 1e-12), observed=patient.burdens)
        begun = time.perf_counter()
        tree = pm.sample(
            draws, tune=draws, chains=4, cores=2, step=pm.DEMetropolisZ(), progressbar=False, random_seed=1,
            compute_convergence_checks=False,
        )  # fmt: skip
    seconds = time.perf_counter() - begun
    least = float(arviz_stats.ess(tree, var_names=["q"])["q"].min())
    return [seconds, least, least / seconds]


if __name__ == "__main__":
    main()
