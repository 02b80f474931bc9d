"""The cohort fit as a script around SciPy does it: ``solve_ivp`` inside Nelder-Mead, start after start.

Reads the job of ``benchmarks/job_text.py`` as JSON from its standard input, prints one line of JSON. It imports
nothing of the project, so that its start-up is that of such a script.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import minimize
from scipy.special import gammaln


def right_hand_side(job: dict[str, Any], constants: dict[str, float]) -> Callable:
    """Make the plain Python function that a person would have typed: ``f(t, x, r, K, delta, c)``."""
    text = (
        f"def rhs(t, x, {', '.join(job['parameters'])}):\n"
        f"    {', '.join(job['states'])} = x\n"
        f"    return [{', '.join(job['rhs'])}]\n"
    )
    scope: dict[str, Any] = dict(constants)
    exec(text, scope)
    return scope["rhs"]


def fit_patient(
    job: dict[str, Any], patient: dict[str, Any], method: str, rtol: float, atol: float
) -> tuple[list[float], int]:
    """Minimise the Poisson negative log-likelihood (Masud 2023, eq. 9) from every start of one patient.

    Returns
    -------
    values : list of float
        Where each start ended.
    evaluations : int
        Solutions of the model in all.
    """
    solve: Any = solve_ivp  # the published types know neither `args` nor a method chosen at run time
    rhs = right_hand_side(job, patient["constants"])
    times, burdens = np.array(patient["times"]), np.array(patient["burdens"])
    x0 = [eval(e, {}, patient["constants"]) for e in job["initial"]]
    factorials = float(gammaln(burdens + 1).sum())
    names = job["states"]
    evaluations = 0

    def nll(q: np.ndarray) -> float:
        nonlocal evaluations
        evaluations += 1
        solution = solve(
            rhs,
            (times[0], times[-1]),
            x0,
            method=method,
            t_eval=times,
            args=tuple(np.exp(q)),
            rtol=rtol,
            atol=atol,
        )
        if not solution.success:
            return 1e12
        mu = np.maximum(eval(job["output"], {}, dict(zip(names, solution.y, strict=True))), 1e-12)
        value = float((mu - burdens * np.log(mu)).sum()) + factorials
        return value if np.isfinite(value) else 1e12

    bounds = list(zip(patient["lower"], patient["upper"], strict=True))
    ends = [
        # the default limit of 200 evaluations a parameter would cut many starts short of a minimum
        minimize(
            nll, start, method="Nelder-Mead", bounds=bounds, options={"maxiter": 20_000, "maxfev": 20_000}
        )
        for start in patient["starts"]
    ]
    return [float(end.fun) for end in ends], evaluations


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scipy_job", description=__doc__)
    parser.add_argument("--method", default="LSODA")
    parser.add_argument("--rtol", type=float, default=1e-8)
    parser.add_argument("--atol", type=float, default=1e-8)
    options = parser.parse_args(arguments)
    job = json.load(sys.stdin)
    begun, begun_cpu = time.perf_counter(), time.process_time()
    values, evaluations = {}, 0
    with np.errstate(all="ignore"):
        for patient in job["patients"]:
            values[patient["patient_id"]], n = fit_patient(
                job, patient, options.method, options.rtol, options.atol
            )
            evaluations += n
    took, took_cpu = time.perf_counter() - begun, time.process_time() - begun_cpu
    json.dump(
        {
            "first_s": took,
            "starts_s": took,
            "starts_cpu_s": took_cpu,
            "evaluations": evaluations,
            "values": values,
        },
        sys.stdout,
    )
    print()


if __name__ == "__main__":
    main()
