"""The cohort fit with pyPESTO and AMICI; runs in an environment of its own.

Reads the job of ``benchmarks/job_text.py`` as JSON from its standard input, prints one line of JSON. AMICI turns
the equations into C++, compiles it, and solves them with CVODES; pyPESTO runs its multi-start on exact gradients.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

NAME = "competition_peer"


def compile_model(job: dict[str, Any], folder: str) -> Any:
    """Write the equations as SBML rate rules, let AMICI compile them, return the model."""
    import amici
    import sympy as sp
    from amici.importers.sbml import SbmlImporter
    from amici.importers.sbml.utils import (
        add_compartment,
        add_parameter,
        add_rate_rule,
        add_species,
        create_sbml_model,
        set_sbml_math,
    )
    from amici.importers.utils import MeasurementChannel
    from sympy.parsing.sympy_parser import parse_expr

    constants = list(job["patients"][0]["constants"])
    symbols = {n: sp.Symbol(n, real=True) for n in [*job["states"], *job["parameters"], *constants]}
    _document, sbml = create_sbml_model(NAME)
    add_compartment(sbml, "body")
    for name in [*job["parameters"], *constants]:
        add_parameter(sbml, name, constant=True, value=1.0)
    for name in job["states"]:
        add_species(sbml, name, compartment_id="body")
    for name, rate, first in zip(job["states"], job["rhs"], job["initial"], strict=True):
        add_rate_rule(sbml, symbols[name], parse_expr(rate, local_dict=symbols))
        assignment = sbml.createInitialAssignment()
        assignment.setSymbol(name)
        set_sbml_math(assignment, parse_expr(first, local_dict=symbols))
    poisson = MeasurementChannel(
        "burden",
        formula=parse_expr(job["output"], local_dict=symbols),
        noise_distribution=lambda y: f"{y} - m{y}*log({y}) + loggamma(m{y} + 1)",
    )
    SbmlImporter(sbml).sbml2amici(NAME, folder, observation_model=[poisson], fixed_parameters=constants)
    return amici.import_model_module(NAME, folder).get_model()


def peer_problem(model: Any, patient: dict[str, Any]) -> Any:
    """Return one patient's problem, with its starting points."""
    import amici.sim.sundials as asd
    import numpy as np
    import pypesto

    model.set_parameter_scale(asd.ParameterScaling.ln)
    data = asd.ExpData(model)
    data.set_timepoints(patient["times"])
    data.t_start = patient["times"][0]
    data.set_measurements(patient["burdens"])
    data.fixed_parameters = [patient["constants"][name] for name in model.get_fixed_parameter_ids()]
    solver = model.create_solver()
    solver.set_relative_tolerance(1e-8)
    solver.set_sensitivity_method(asd.SensitivityMethod.forward)
    solver.set_sensitivity_order(asd.SensitivityOrder.first)
    starts = np.array(patient["starts"])
    return pypesto.Problem(
        pypesto.AmiciObjective(model, solver, [data], max_sensi_order=1),
        lb=patient["lower"],
        ub=patient["upper"],
        x_guesses=starts,
        x_scales=["log"] * starts.shape[1],
    )


def fit_patient(problem: Any, patient: dict[str, Any], optimizer: Any) -> Any:
    """Run every start of one patient; return pyPESTO's result."""
    import pypesto.optimize

    return pypesto.optimize.minimize(
        problem, optimizer=optimizer, n_starts=len(patient["starts"]), progress_bar=False, filename=None
    )


def make_optimizer(name: str) -> Any:
    """Return pyPESTO's default optimizer, or fides."""
    import pypesto.optimize

    if name == "fides":
        import fides

        return pypesto.optimize.FidesOptimizer(verbose=logging.ERROR, hessian_update=fides.BFGS())
    return pypesto.optimize.ScipyOptimizer("L-BFGS-B")


def versions() -> dict[str, str]:
    """Versions that the results name."""
    return {p: version(p) for p in ("pypesto", "amici", "scipy", "numpy")}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="pypesto_job.py", description=__doc__)
    parser.add_argument("--optimizer", default="L-BFGS-B", choices=["L-BFGS-B", "fides"])
    options = parser.parse_args(arguments)
    job = json.load(sys.stdin)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder, quiet():
        import amici.importers.sbml  # noqa: F401
        import pypesto.logging
        import pypesto.optimize

        pypesto.logging.log_to_console(logging.ERROR)
        begun = time.perf_counter()  # imports are not part of the job, to this side's advantage
        model = compile_model(job, folder)
        compiled, compiled_cpu = time.perf_counter(), time.process_time()
        logging.disable(logging.CRITICAL)  # failed solves are part of a multi-start
        optimizer = make_optimizer(options.optimizer)
        values = {}
        for patient in job["patients"]:
            result = fit_patient(peer_problem(model, patient), patient, optimizer)
            values[patient["patient_id"]] = [float(value) for value in result.optimize_result.fval]
        ended, ended_cpu = time.perf_counter(), time.process_time()
    json.dump(
        {
            "first_s": ended - begun,
            "compile_s": compiled - begun,
            "starts_s": ended - compiled,
            "starts_cpu_s": ended_cpu - compiled_cpu,
            "values": values,
            "versions": versions(),
        },
        sys.stdout,
    )
    print()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send what compilers and solvers print to nowhere; the last line of the output is the result."""
    sys.stdout.flush()
    kept = os.dup(1)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            sys.stdout.flush()
            os.dup2(kept, 1)
            os.close(kept)


if __name__ == "__main__":
    main()
