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


class Likelihood:
    """Poisson negative log-likelihood of one patient (Masud 2023, eq. 9); counts how often it is asked."""

    def __init__(
        self, job: dict[str, Any], patient: dict[str, Any], method: str, rtol: float, atol: float
    ) -> None:
        self.rhs = right_hand_side(job, patient["constants"])
        self.times, self.burdens = np.array(patient["times"]), np.array(patient["burdens"])
        self.x0 = [eval(e, {}, patient["constants"]) for e in job["initial"]]
        self.factorials = float(gammaln(self.burdens + 1).sum())
        self.names, self.output = job["states"], job["output"]
        self.method, self.rtol, self.atol = method, rtol, atol
        self.evaluations = 0

    def __call__(self, q: np.ndarray) -> float:
        """Return the value at logarithms of the parameters."""
        self.evaluations += 1
        solve: Any = solve_ivp  # the published types know neither `args` nor a method chosen at run time
        solution = solve(
            self.rhs,
            (self.times[0], self.times[-1]),
            self.x0,
            method=self.method,
            t_eval=self.times,
            args=tuple(np.exp(q)),
            rtol=self.rtol,
            atol=self.atol,
        )
        if not solution.success:
            return 1e12
        mu = np.maximum(eval(self.output, {}, dict(zip(self.names, solution.y, strict=True))), 1e-12)
        value = float((mu - self.burdens * np.log(mu)).sum()) + self.factorials
        return value if np.isfinite(value) else 1e12


def nelder_mead(nll: Callable[[np.ndarray], float], start: Any, bounds: Sequence[tuple[float, float]]) -> Any:
    """Minimise from one start."""
    # the default limit of 200 evaluations a parameter would cut many starts short of a minimum
    options: Any = {"maxiter": 20_000, "maxfev": 20_000}
    return minimize(nll, start, method="Nelder-Mead", bounds=bounds, options=options)


def fit_patient(nll: Likelihood, patient: dict[str, Any]) -> list[Any]:
    """Minimise from every start of one patient; return where each ended."""
    bounds = list(zip(patient["lower"], patient["upper"], strict=True))
    return [nelder_mead(nll, start, bounds) for start in patient["starts"]]


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
            nll = Likelihood(job, patient, options.method, options.rtol, options.atol)
            values[patient["patient_id"]] = [float(end.fun) for end in fit_patient(nll, patient)]
            evaluations += nll.evaluations
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
