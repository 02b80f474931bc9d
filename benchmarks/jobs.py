"""Jobs that the benchmarks time in fresh processes; each prints one line of JSON.

``python -m benchmarks.jobs fit FILE`` fits a cohort; ``… profiles FILE`` fits and profiles it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from patients.cohort import Patient


def fit(options: argparse.Namespace) -> dict[str, Any]:
    """Fit the cohort once, compilation included, then ``--again`` times."""
    from fitting.maximum_likelihood import FitFailure, fit_cohort

    said, patients = _read(options)
    said["late_imports_s"] = _import_late(options.engine)
    model = _model()
    seconds = []
    fits = ()
    for _ in range(1 + options.again):
        begun = time.perf_counter()
        fits = fit_cohort(
            patients,
            model,
            likelihood=options.likelihood,
            starts=options.starts,
            seed=options.seed,
            engine=options.engine,
        )
        seconds.append(time.perf_counter() - begun)
    done = [f for f in fits if not isinstance(f, FitFailure)]
    return said | {
        "first_s": seconds[0],
        "again_s": seconds[1:],
        "fitted": len(done),
        "converged": sum(f.converged for f in done),
        "failed": len(fits) - len(done),
        "likelihood": sorted({f.likelihood for f in done}),
        "best": {f.patient_id: [f.nll, f.starts_at_optimum, f.starts] for f in done},
    }


def profiles(options: argparse.Namespace) -> dict[str, Any]:
    """Fit and profile the cohort once, compilation included, then ``--again`` times."""
    from fitting.maximum_likelihood import fit_cohort
    from identifiability.diagnosis import diagnose_cohort

    said, patients = _read(options)
    model = _model()
    fitting, profiling, points = [], [], 0
    for _ in range(1 + options.again):
        begun = time.perf_counter()
        fits = fit_cohort(
            patients,
            model,
            likelihood=options.likelihood,
            starts=options.starts,
            seed=options.seed,
            engine=options.engine,
        )
        middle = time.perf_counter()
        diagnosed = diagnose_cohort(patients, fits, model, seed=options.seed, engine=options.engine)
        fitting.append(middle - begun)
        profiling.append(time.perf_counter() - middle)
        points = sum(len(p.values) for _, d in diagnosed if d is not None for p in d.profiles)
    both = [a + b for a, b in zip(fitting, profiling, strict=True)]
    return said | {
        "patients": len(patients),
        "points": points,
        "first_fit_s": fitting[0],
        "first_profiles_s": profiling[0],
        "first_s": both[0],
        "again_fit_s": fitting[1:],
        "again_profiles_s": profiling[1:],
        "again_s": both[1:],
    }


def _read(options: argparse.Namespace) -> tuple[dict[str, Any], tuple[Patient, ...]]:
    """Read the cohort file, its imports timed apart from everything else."""
    begun = time.perf_counter()
    from patients.loading import load_cohort

    cohort, _ = load_cohort(options.file)
    patients = tuple(p for p in cohort.patients if not options.patient or p.patient_id in options.patient)
    return {"load_s": time.perf_counter() - begun}, patients


def _import_late(engine: str) -> float:
    """Import what a fit imports where it is used, so that its time is that of the job, as on the other sides."""
    begun = time.perf_counter()
    for module in (
        ("numba", "scipy.stats", "jax", "diffrax") if engine == "diffrax" else ("numba", "scipy.stats")
    ):
        importlib.import_module(module)
    return time.perf_counter() - begun


def _model():
    """Return the model that all benchmarks fit."""
    from dynamics.catalogue import get_model

    return get_model("competition")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.jobs", description=__doc__)
    parser.add_argument("job", choices=["fit", "profiles"])
    parser.add_argument("file")
    parser.add_argument("--likelihood", default="auto")
    parser.add_argument("--engine", default="kernel", choices=["kernel", "diffrax"])
    parser.add_argument("--starts", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--again", type=int, default=0, help="further repetitions in the same process")
    parser.add_argument("--patient", action="append", default=[], help="only this patient; may be repeated")
    options = parser.parse_args(arguments)
    json.dump({"fit": fit, "profiles": profiles}[options.job](options), sys.stdout)
    print()


if __name__ == "__main__":
    main()
