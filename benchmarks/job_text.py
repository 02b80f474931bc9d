"""The fitting job as plain text, so that programs that know nothing of this project can do the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.measure import BenchmarkError


def describe_job(file: Path, starts: int, seed: int) -> dict[str, Any]:
    """Write down equations, data, bounds and starting points of a cohort fit.

    The equations are printed from the model's symbols, in a syntax that Python, SymPy and a person read alike.
    Starting points are those of :func:`fitting.maximum_likelihood.fit_cohort` with the same seed; bounds and
    starts are logarithms.

    Raises
    ------
    BenchmarkError
        A patient whose dose changes between visits: the plain scripts of the comparison know one dose.
    """
    from dynamics.catalogue import get_model
    from fitting.likelihood import get_likelihood
    from fitting.problem import build_problem, patient_constants
    from fitting.starts import latin_hypercube, patient_generator
    from patients.loading import load_cohort

    cohort, _ = load_cohort(file)
    model = get_model("competition")
    problem = build_problem(cohort.patients, model, get_likelihood("poisson"))
    patients = []
    for w, patient in enumerate(cohort.patients):
        doses = set(problem.courses.doses[w, 1 : problem.courses.n_switches[w], 0].tolist())
        if len(doses) != 1:
            raise BenchmarkError(
                f"patient {patient.patient_id!r} is dosed at {sorted(doses)}; the comparison needs one dose"
            )
        points = latin_hypercube(
            problem.start_lower[w],
            problem.start_upper[w],
            starts,
            patient_generator(seed, patient.patient_id, "starts"),
        )
        patients.append(
            {
                "patient_id": patient.patient_id,
                "times": patient.times.tolist(),
                "burdens": patient.burdens.tolist(),
                "constants": patient_constants(model, patient) | {model.input_symbols[0].name: doses.pop()},
                "lower": problem.lower[w].tolist(),
                "upper": problem.upper[w].tolist(),
                "starts": points.tolist(),
            }
        )
    return {
        "states": [s.name for s in model.state_symbols],
        "rhs": [str(e) for e in model.rhs],
        "initial": [str(e) for e in model.initial],
        "output": str(model.output[0]),
        "parameters": list(model.parameter_names),
        "patients": patients,
    }
