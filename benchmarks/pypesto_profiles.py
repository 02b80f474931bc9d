"""Profile likelihoods of one patient with pyPESTO and AMICI; runs in an environment of its own.

Reads the job of ``benchmarks/job_text.py``, for one patient, as JSON from its standard input, prints one line of
JSON. The model is compiled once; fits and profiles are then made anew with every step option of ``STEPS``.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

import argparse
import json
import logging
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from typing import Any

from pypesto_job import compile_model, fit_patient, make_optimizer, peer_problem, quiet, versions

# multiples of pyPESTO's own step sizes; 1: its defaults
STEPS = (1.0, 4.0, 0.25)
SIZES = ("default_step_size", "min_step_size", "max_step_size")


def step_options(multiple: float) -> Any:
    """Return pyPESTO's profile options with all step sizes multiplied."""
    import pypesto.profile

    usual = pypesto.profile.ProfileOptions()
    names = [f"{size}_{kind}" for size in SIZES for kind in ("absolute", "relative")]
    return pypesto.profile.ProfileOptions(**{name: multiple * usual[name] for name in names})


def profile(
    problem: Any, result: Any, optimizer: Any, multiple: float, names: Sequence[str]
) -> dict[str, Any]:
    """Profile all parameters; return the limits as pyPESTO reads them off, and the number of points."""
    import numpy as np
    import pypesto.profile

    result = pypesto.profile.parameter_profile(
        problem, result, optimizer, profile_options=step_options(multiple), progress_bar=False, filename=None
    )
    ratio = pypesto.profile.chi2_quantile_to_ratio(0.95, 1)
    limits, points = {}, 0
    for name, found in zip(names, result.profile_result.list[-1], strict=True):
        index = names.index(name)
        ends = pypesto.profile.calculate_approximate_ci(found.x_path[index], found.ratio_path, ratio)
        limits[name] = [float(np.exp(end)) for end in ends]
        points += len(found.ratio_path)
    return {"limits": limits, "points": points}


def clocks() -> tuple[float, float]:
    """Wall and processor time, with that of the compiler."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter(), time.process_time() + children.ru_utime + children.ru_stime


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="pypesto_profiles.py", description=__doc__)
    parser.add_argument("--optimizer", default="L-BFGS-B", choices=["L-BFGS-B", "fides"])
    options = parser.parse_args(arguments)
    job = json.load(sys.stdin)
    (patient,) = job["patients"]
    warnings.simplefilter("ignore")
    runs = []
    with tempfile.TemporaryDirectory() as folder, quiet():
        import amici.importers.sbml  # noqa: F401
        import pypesto.logging
        import pypesto.optimize
        import pypesto.profile

        pypesto.logging.log_to_console(logging.ERROR)
        begun = clocks()  # imports are not part of the job, to this side's advantage
        model = compile_model(job, folder)
        compiled = clocks()
        logging.disable(logging.CRITICAL)  # failed solves are part of a multi-start
        for multiple in STEPS:
            problem, optimizer = peer_problem(model, patient), make_optimizer(options.optimizer)
            start = clocks()
            result = fit_patient(problem, patient, optimizer)
            middle = clocks()
            values = [float(value) for value in result.optimize_result.fval]
            found = profile(problem, result, optimizer, multiple, job["parameters"])
            end = clocks()
            runs.append(
                found
                | {
                    "multiple": multiple,
                    "starts_s": middle[0] - start[0],
                    "starts_cpu_s": middle[1] - start[1],
                    "profiles_s": end[0] - middle[0],
                    "profiles_cpu_s": end[1] - middle[1],
                    "values": values,
                }
            )
    said = {
        "compile_s": compiled[0] - begun[0],
        "compile_cpu_s": compiled[1] - begun[1],
        "runs": runs,
        "versions": versions(),
    }
    json.dump(said, sys.stdout)
    print()


if __name__ == "__main__":
    main()
