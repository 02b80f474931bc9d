"""Jobs that the benchmarks time in fresh processes; each prints one line of JSON.

``python -m benchmarks.jobs fit FILE`` fits a cohort; ``… profiles FILE`` fits and profiles it; ``… limits FILE``
profiles it under other step options, seeds and tolerances.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import itertools
import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fitting.problem import CohortProblem
    from fitting.result import Fit
    from identifiability.profiles.profile import ProfiledPatient
    from patients.cohort import Patient

POINTS = (21, 41, 81)  # on a profile over the whole declared range; a diagnosis takes 41
SEEDS = (0, 1, 2)
TOLERANCES = (1e-6, 1e-7)  # of the solutions; a diagnosis takes 1e-7


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
    """Fit and profile the cohort once, compilation included, then ``--again`` times; then diagnose it, once."""
    from identifiability.diagnosis import diagnose_cohort

    said, patients = _read(options)
    said["late_imports_s"] = _import_late(options.engine)
    fitting, profiling, processor, processor_profiles, points = [], [], [], [], 0
    for _ in range(1 + options.again):
        begun, begun_cpu = time.perf_counter(), time.process_time()
        fits, problem = _fitted(patients, options)
        middle, middle_cpu = time.perf_counter(), time.process_time()
        profiled = _profiled(problem, fits, options.seed)
        fitting.append(middle - begun)
        profiling.append(time.perf_counter() - middle)
        processor.append(time.process_time() - begun_cpu)
        processor_profiles.append(time.process_time() - middle_cpu)
        points = sum(len(profile.values) for one in profiled for profile in one.profiles)
    both = [a + b for a, b in zip(fitting, profiling, strict=True)]
    begun = time.perf_counter()
    if options.diagnose:
        diagnose_cohort(patients, fits, _model(), seed=options.seed, engine=options.engine)
    return said | {
        "patients": len(patients),
        "points": points,
        "best": {f.patient_id: [f.nll, f.starts_at_optimum, f.starts] for f in fits},
        "limits": {
            fit.patient_id: {p.parameter: [*p.ci, p.lower_status, p.upper_status] for p in one.profiles}
            for fit, one in zip(fits, profiled, strict=True)
        },
        "first_fit_s": fitting[0],
        "first_profiles_s": profiling[0],
        "first_s": both[0],
        "again_fit_s": fitting[1:],
        "again_profiles_s": profiling[1:],
        "again_s": both[1:],
        "first_cpu_s": processor[0],
        "again_cpu_s": processor[1:],
        "again_profiles_cpu_s": processor_profiles[1:],
        "diagnosis_s": time.perf_counter() - begun,
    }


def limits(options: argparse.Namespace) -> dict[str, Any]:
    """Profile under other step options, seeds and tolerances; tell where every end comes to lie."""
    from identifiability.diagnosis import PROFILE_RTOL
    from identifiability.profiles.profile_settings import ProfileSettings

    said, patients = _read(options)
    settings, ends = [], {p.patient_id: {} for p in patients}
    for seed in SEEDS:
        # the fit draws its starts from the seed too: nothing is handed from one setting to the next
        fits, problem = _fitted(patients, argparse.Namespace(**vars(options) | {"seed": seed}))
        for rtol, points in itertools.product(TOLERANCES, POINTS):
            begun = time.perf_counter()
            profiled = _profiled(problem, fits, seed, rtol, points)
            settings.append(
                {
                    "seed": seed,
                    "rtol": rtol,
                    "points": points,
                    "diagnosis": (points, seed, rtol) == (ProfileSettings().points, 0, PROFILE_RTOL),
                    "seconds": time.perf_counter() - begun,
                }
            )
            for fit, one in zip(fits, profiled, strict=True):
                for profile in one.profiles:
                    found = [*profile.ci, profile.lower_status, profile.upper_status]
                    ends[fit.patient_id].setdefault(profile.parameter, []).append(found)
    return said | {"settings": settings, "ends": ends}


def _fitted(patients: Sequence[Patient], options: argparse.Namespace) -> tuple[list[Fit], CohortProblem]:
    """Fit all patients; return with the fits the problem that they solve."""
    from fitting.likelihood import get_likelihood
    from fitting.maximum_likelihood import FitFailure, fit_cohort, prepare
    from fitting.problem import build_problem

    model = _model()
    chosen, name, _ = prepare(patients, options.likelihood)
    fits = []
    for one in fit_cohort(
        chosen, model, likelihood=name, starts=options.starts, seed=options.seed, engine=options.engine
    ):
        if isinstance(one, FitFailure):
            raise SystemExit(f"patient {one.patient_id!r} could not be fitted: {one.reason}")
        fits.append(one)
    return fits, build_problem(chosen, model, get_likelihood(name), engine=options.engine)


def _profiled(
    problem: CohortProblem,
    fits: Sequence[Fit],
    seed: int,
    rtol: float | None = None,
    points: int | None = None,
) -> tuple[ProfiledPatient, ...]:
    """Profile as a diagnosis does, unless told otherwise."""
    from identifiability.diagnosis import PROFILE_RTOL
    from identifiability.profiles.profile import profile_cohort
    from identifiability.profiles.profile_settings import ProfileSettings

    problem = dataclasses.replace(problem, rtol=PROFILE_RTOL if rtol is None else rtol)
    settings = ProfileSettings(seed=seed)
    if points is not None:
        settings = dataclasses.replace(settings, points=points)
    return profile_cohort(problem, fits, settings)


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
    parser.add_argument("job", choices=["fit", "profiles", "limits"])
    parser.add_argument("file")
    parser.add_argument("--likelihood", default="auto")
    parser.add_argument("--engine", default="kernel", choices=["kernel", "diffrax"])
    parser.add_argument("--starts", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--again", type=int, default=0, help="further repetitions in the same process")
    parser.add_argument("--patient", action="append", default=[], help="only this patient; may be repeated")
    parser.add_argument("--diagnose", action="store_true", help="time a whole diagnosis after the profiles")
    options = parser.parse_args(arguments)
    jobs = {"fit": fit, "profiles": profiles, "limits": limits}
    json.dump(jobs[options.job](options), sys.stdout)
    print()


if __name__ == "__main__":
    main()
