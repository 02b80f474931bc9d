"""Profile likelihoods of the eight melanoma patients, all four parameters, several valleys deep.

``python -m benchmarks.profiles`` measures fits and profiles in fresh processes and again in the same process, for all
patients and for patient 2 alone; for that patient the same with pyPESTO + AMICI and with SciPy; how far the ends of
the confidence sets move with step options, seeds and tolerances. Set EVODOSE_PEER_PYTHON to an interpreter that has
pyPESTO and AMICI.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.cohort_fit import some_starts, tell
from benchmarks.job_text import describe_job
from benchmarks.measure import (
    BenchmarkError,
    Measurement,
    cohort_file,
    empty_cache,
    run_job,
    run_peer,
    run_process,
)
from benchmarks.profile_sides import ProfileSide, compare_profiles, limits_found, moved, own_side, peer_sides
from benchmarks.profile_sides import scipy_sides as sides_of_scipy
from benchmarks.record import Row, Table, part, save, whole
from benchmarks.table import print_results

PATIENT_2 = "MEL02"
COHORT_TARGET_S, PATIENT_TARGET_S = 10.0, 2.0
SCIPY = {
    "RK45": (1e-3, 1e-6),
    "LSODA": (1e-8, 1e-8),
}  # solve_ivp's own choice; what an experienced user would take
SCIPY_STARTS, SCIPY_PARAMETER = 3, "delta"  # a part of the starts and of the profiles, scaled up


def measure_own(file: str, repeat: int) -> dict[str, list[Measurement]]:
    """Fit and profile in fresh processes, each with an empty kernel cache, then with what it compiled."""
    measured: dict[str, list[Measurement]] = {"cold": [], "cached": [], "alone cold": [], "alone": []}
    common = (file, "--likelihood", "poisson")
    for _ in range(repeat):
        with empty_cache() as cache:
            measured["cold"].append(run_job("profiles", *common, cache=cache))
            measured["cached"].append(run_job("profiles", *common, "--again", "3", "--diagnose", cache=cache))
        with empty_cache() as cache:
            alone = (*common, "--patient", PATIENT_2)
            measured["alone cold"].append(run_job("profiles", *alone, cache=cache))
            measured["alone"].append(run_job("profiles", *alone, "--again", "5", cache=cache))
    return measured


def own_rows(measured: dict[str, list[Measurement]]) -> list[Row]:
    """Name what was measured."""
    cold, cached, alone = measured["cold"], measured["cached"], measured["alone"]
    two = "patient 2 alone, 12 starts and 4 profiles"
    return [
        whole(
            "8 patients, whole process, empty kernel cache",
            cold,
            "imports, reading, compilation, fits, 32 profiles",
        ),
        part(
            "8 patients, fits and profiles, empty kernel cache",
            cold,
            "first_s",
            "compilation included",
            cpu_key="first_cpu_s",
        ),
        part("8 patients, fits and profiles, kernels cached", cached, "first_s", cpu_key="first_cpu_s"),
        part("8 patients, fits, again in the same process", cached, "again_fit_s"),
        part(
            "8 patients, profiles, again in the same process",
            cached,
            "again_profiles_s",
            target_s=COHORT_TARGET_S,
            cpu_key="again_profiles_cpu_s",
        ),
        part(
            "8 patients, whole diagnosis after that",
            cached,
            "diagnosis_s",
            "profiles, information, structural answer in a second process, verdicts",
        ),
        part(
            f"{two}, empty kernel cache",
            measured["alone cold"],
            "first_s",
            "compilation included",
            cpu_key="first_cpu_s",
        ),
        part(f"{two}, kernels cached", alone, "first_s", cpu_key="first_cpu_s"),
        part(
            f"{two}, again in the same process",
            alone,
            "again_s",
            target_s=PATIENT_TARGET_S,
            cpu_key="again_cpu_s",
        ),
    ]


def measure_scipy(job: dict[str, Any]) -> tuple[list[Row], list[ProfileSide]]:
    """Run the SciPy script with both solvers."""
    some, share = some_starts(job, SCIPY_STARTS)
    rows, sides = [], []
    for method, (rtol, atol) in SCIPY.items():
        command = [sys.executable, "-m", "benchmarks.scipy_profiles", "--parameter", SCIPY_PARAMETER]
        command += ["--method", method, "--rtol", str(rtol), "--atol", str(atol)]
        measured = run_process(command, stdin=json.dumps(some))
        name = f"SciPy {method} rtol {rtol:g} atol {atol:g}"
        note = f"{share:.0%} of the starts, one profile of four; {measured.said['evaluations']} solutions of the model"
        rows.append(whole(f"patient 2, {name} + Nelder–Mead, whole process", [measured], note))
        sides += sides_of_scipy(name, measured, share)
        tell(rows[-1])
    return rows, sides


def measure_peer(job: dict[str, Any]) -> tuple[list[Row], list[ProfileSide], dict[str, str]]:
    """Run pyPESTO and AMICI in their own environment; with rows and sides return the versions."""
    measured = run_peer("pypesto_profiles.py", stdin=json.dumps(job))
    sides = peer_sides(measured)
    parts = "; ".join(
        f"steps × {r['multiple']:g}: starts {r['starts_s']:.1f} s, profiles {r['profiles_s']:.1f} s"
        for r in measured.said["runs"]
    )
    note = f"compiled once in {measured.said['compile_s']:.1f} s; {parts}"
    row = whole(f"patient 2, pyPESTO + AMICI, {len(sides)} step options, whole process", [measured], note)
    tell(row)
    return [row], sides, measured.said["versions"]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiles", description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument(
        "--only",
        nargs="*",
        choices=["scipy", "pypesto", "limits"],
        help="besides evodose; the result is printed, not kept",
    )
    options = parser.parse_args(arguments)
    wanted = ["scipy", "pypesto", "limits"] if options.only is None else options.only
    file = cohort_file("melanoma_ldh.csv")
    measured = measure_own(str(file), options.repeat)
    rows = own_rows(measured)
    sides = [own_side(PATIENT_2, measured["alone cold"], measured["alone"])]
    job = describe_job(file, 12, 0)
    job["patients"] = [p for p in job["patients"] if p["patient_id"] == PATIENT_2]
    notes, versions = [], {}
    if "pypesto" in wanted:
        try:
            more, others, versions = measure_peer(job)
            rows, sides = rows + more, sides + others
        except BenchmarkError as reason:
            notes.append(f"pyPESTO + AMICI skipped: {reason}")
    if "scipy" in wanted:
        more, others = measure_scipy(job)
        rows, sides = rows + more, sides + others
    tables = [
        Table(
            "Points on the profiles.",
            ["", "patients", "profile points kept"],
            [
                [name, m.said["patients"], m.said["points"]]
                for name, m in (("all", measured["cached"][-1]), ("patient 2", measured["alone"][-1]))
            ],
        ),
        compare_profiles(sides),
        limits_found(sides),
    ]
    if "limits" in wanted:
        with empty_cache() as cache:
            limits = run_job("limits", str(file), "--likelihood", "poisson", cache=cache)
        tables += moved(limits.said, PATIENT_2)
    title = "Profiles of the 8 melanoma patients"
    if options.only is None:
        save("profiles", title, rows, tables, notes=notes, peer_versions=versions)
    print_results(title, rows, tables, notes)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as problem:
        sys.exit(f"profiles: {problem}")
