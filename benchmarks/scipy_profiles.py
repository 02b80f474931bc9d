"""Profile likelihoods as a script around SciPy does them: Nelder-Mead over the others, warm from point to point.

Reads the job of ``benchmarks/job_text.py``, for one patient, as JSON from its standard input, prints one line of
JSON. It imports nothing of the project. The search goes outwards from the optimum over an even grid of the declared
range; what it had taken when the profile had risen above the threshold by one, where many would stop, is told apart.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import chi2

from benchmarks.scipy_job import Likelihood, fit_patient, nelder_mead

MARGIN = 1.0


def side(
    nll: Likelihood, patient: dict[str, Any], best: Any, index: int, grid: Sequence[float], threshold: float
) -> tuple[float, int, float]:
    """Follow the profile outwards over ``grid``.

    Returns
    -------
    limit : float
        Logarithm of the parameter where the rise first crosses the threshold, interpolated; the last grid point, the
        declared bound, where it never does.
    needed : int
        Points up to a rise of ``MARGIN`` above the threshold.
    needed_s : float
        Seconds that they took.
    """
    bounds = list(zip(patient["lower"], patient["upper"], strict=True))
    others = [i for i in range(len(bounds)) if i != index]
    q, last, rise = np.array(best.x), float(best.x[index]), 0.0
    limit, needed, needed_s = float("nan"), 0, 0.0

    def held(part: np.ndarray) -> float:
        q[others] = part
        return nll(q)

    begun = time.perf_counter()
    for count, value in enumerate(grid, 1):
        q[index] = value
        end = nelder_mead(held, q[others], [bounds[i] for i in others])
        q[others] = end.x
        risen = float(end.fun) - float(best.fun)
        if np.isnan(limit) and risen > threshold:
            limit = last + (threshold - rise) / (risen - rise) * (value - last)
        if rise <= threshold + MARGIN:  # the point before had not risen so far
            needed, needed_s = count, time.perf_counter() - begun
        last, rise = value, max(rise, risen)
    return (last if np.isnan(limit) else limit), needed, needed_s


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scipy_profiles", description=__doc__)
    parser.add_argument("--method", default="LSODA")
    parser.add_argument("--rtol", type=float, default=1e-8)
    parser.add_argument("--atol", type=float, default=1e-8)
    parser.add_argument("--points", type=int, default=41, help="on the grid of the declared range")
    parser.add_argument("--parameter", action="append", default=[], help="only this one; may be repeated")
    options = parser.parse_args(arguments)
    job = json.load(sys.stdin)
    (patient,) = job["patients"]
    begun, begun_cpu = time.perf_counter(), time.process_time()
    with np.errstate(all="ignore"):
        nll = Likelihood(job, patient, options.method, options.rtol, options.atol)
        ends = fit_patient(nll, patient)
        best = min(ends, key=lambda end: end.fun)
        fitted, fitted_cpu = time.perf_counter(), time.process_time()
        limits: dict[str, list[float]] = {}
        points, needed, needed_s = 0, 0, 0.0
        names = options.parameter or job["parameters"]
        for name in names:
            index = job["parameters"].index(name)
            grid = np.linspace(patient["lower"][index], patient["upper"][index], options.points)
            centre, pair = best.x[index], []
            for outwards in (grid[grid < centre][::-1], grid[grid > centre]):
                limit, n, seconds = side(nll, patient, best, index, outwards.tolist(), chi2.ppf(0.95, 1) / 2)
                pair.append(float(np.exp(limit)))
                points, needed, needed_s = points + len(outwards), needed + n, needed_s + seconds
            limits[name] = pair
        ended, ended_cpu = time.perf_counter(), time.process_time()
    said = {
        "first_s": ended - begun,
        "starts_s": fitted - begun,
        "starts_cpu_s": fitted_cpu - begun_cpu,
        "profiles_s": ended - fitted,
        "profiles_cpu_s": ended_cpu - fitted_cpu,
        "profiled": len(names) / len(job["parameters"]),
        "points": points,
        "needed": needed,
        "needed_s": needed_s,
        "evaluations": nll.evaluations,
        "values": [float(end.fun) for end in ends],
        "limits": limits,
    }
    json.dump(said, sys.stdout)
    print()


if __name__ == "__main__":
    main()
