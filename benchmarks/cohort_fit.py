"""Eight melanoma patients, twelve starts each: evodose against the scripts that one would otherwise write.

``python -m benchmarks.cohort_fit`` measures everything in one run, prints ratios and, for every side, how many
starts reached the best optimum that any side found, so that a fast answer that did less is seen to have done less.
The SciPy rows take about a quarter of an hour. Set EVODOSE_PEER_PYTHON to an interpreter that has pyPESTO and AMICI.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

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
from benchmarks.record import Row, part, save, whole
from benchmarks.sides import Side, compare, evodose, other, outcomes
from benchmarks.table import print_results

TARGET = 50.0
SCIPY = {
    # name: method, rtol, atol, starts a patient (0: all); few starts where all would only lengthen the run
    "scipy-rk45": ("RK45", 1e-3, 1e-6, 0),
    "scipy-lsoda": ("LSODA", 1e-3, 1e-6, 3),
    "scipy-lsoda-tight": ("LSODA", 1e-8, 1e-8, 0),
    "scipy-rk45-tight": ("RK45", 1e-8, 1e-8, 1),
}
PEERS = {"pypesto": ("L-BFGS-B", 3), "pypesto-fides": ("fides", 0)}


def some_starts(job: dict[str, Any], few: int) -> tuple[dict[str, Any], float]:
    """Keep the first few starts of each patient (0: all); return the share that is kept."""
    patients = [p | {"starts": p["starts"][: few or None]} for p in job["patients"]]
    kept, given = (sum(len(p["starts"]) for p in some) for some in (patients, job["patients"]))
    return job | {"patients": patients}, kept / given


def measure_evodose(
    file: Path, options: argparse.Namespace, repeat: int
) -> tuple[list[Measurement], list[Measurement]]:
    """Fit in fresh processes, each with an empty kernel cache, then again with what it compiled."""
    cold, cached = [], []
    for _ in range(repeat):
        with empty_cache() as cache:
            arguments = (
                str(file),
                "--likelihood",
                "poisson",
                "--starts",
                str(options.starts),
                "--seed",
                str(options.seed),
            )
            cold.append(run_job("fit", *arguments, cache=cache))
            cached.append(run_job("fit", *arguments, "--again", "3", cache=cache))
    return cold, cached


def measure_diffrax(file: Path, options: argparse.Namespace) -> list[Measurement]:
    """Fit with the JAX engine in a fresh process."""
    with empty_cache() as cache:
        arguments = (
            str(file),
            "--likelihood",
            "poisson",
            "--starts",
            str(options.starts),
            "--seed",
            str(options.seed),
        )
        return [run_job("fit", *arguments, "--engine", "diffrax", "--again", "1", cache=cache)]


def fewer(usual: int, wanted: int) -> int:
    """Combine two limits on the starts, of which 0 stands for none."""
    return min(usual, wanted) if usual and wanted else usual or wanted


def measure_scipy(job: dict[str, Any], key: str, limit: int) -> tuple[list[Measurement], float]:
    """Run the SciPy script; return with it the share of the starts that was run."""
    method, rtol, atol, few = SCIPY[key]
    some, share = some_starts(job, fewer(few, limit))
    command = [sys.executable, "-m", "benchmarks.scipy_job"]
    command += ["--method", method, "--rtol", str(rtol), "--atol", str(atol)]
    return [run_process(command, stdin=json.dumps(some))], share


def measure_peer(job: dict[str, Any], key: str, limit: int) -> tuple[list[Measurement], float]:
    """Run pyPESTO and AMICI with the interpreter of their own environment.

    Raises
    ------
    BenchmarkError
        Where EVODOSE_PEER_PYTHON is not set; or the fit did not run.
    """
    optimizer, few = PEERS[key]
    some, share = some_starts(job, fewer(few, limit))
    return [run_peer("pypesto_job.py", "--optimizer", optimizer, stdin=json.dumps(some))], share


def tell(row: Row) -> None:
    """Say that a long row is done."""
    print(
        f"{row.what}: {row.wall_s[0]:.1f} s, {row.cpu_s[0]:.1f} s of processor time",
        file=sys.stderr,
        flush=True,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    names = ["diffrax", *SCIPY, *PEERS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cohort_fit", description=__doc__)
    parser.add_argument("--starts", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeat", type=int, default=6, help="repetitions of the evodose rows")
    parser.add_argument(
        "--other-starts",
        type=int,
        default=0,
        help="at most so many starts a patient on the other sides; 0: all",
    )
    parser.add_argument(
        "--only", nargs="*", choices=names, help="besides evodose; the result is printed, not kept"
    )
    options = parser.parse_args(arguments)
    wanted = names if options.only is None else options.only

    file = cohort_file("melanoma_ldh.csv")
    job = describe_job(file, options.starts, options.seed)
    # half of evodose's repetitions come before the long rows and half after: both see the same machine
    cold, cached = measure_evodose(file, options, (options.repeat + 1) // 2)
    rows: list[Row] = []
    others: list[Side] = []
    skipped: list[str] = []
    if "diffrax" in wanted:
        diffrax = measure_diffrax(file, options)
        rows.append(
            whole(
                "evodose, diffrax engine, whole process",
                diffrax,
                "JAX compiles anew in every process",
            )
        )
        rows.append(part("evodose, diffrax engine, the same fit again", diffrax, "again_s"))
        others.append(evodose("evodose, diffrax engine", diffrax))
        tell(rows[-2])
    for key in [k for k in SCIPY if k in wanted]:
        measured, share = measure_scipy(job, key, options.other_starts)
        method, rtol, atol, _ = SCIPY[key]
        name = f"SciPy {method} rtol {rtol:g} atol {atol:g} + Nelder–Mead"
        evaluations = measured[0].said["evaluations"]
        note = f"{share:.0%} of the starts, {evaluations} solutions of the model"
        rows.append(whole(f"{name}, whole process", measured, note))
        others.append(other(name, measured, share))
        tell(rows[-1])
    versions: dict[str, str] = {}
    for key in [k for k in PEERS if k in wanted]:
        try:
            measured, share = measure_peer(job, key, options.other_starts)
        except BenchmarkError as reason:
            skipped.append(f"pyPESTO + AMICI with {PEERS[key][0]} skipped: {reason}")
            continue
        said = measured[0].said
        versions = said["versions"]
        name = f"pyPESTO {versions['pypesto']} + AMICI {versions['amici']}, {PEERS[key][0]}"
        compiling, optimising = said["compile_s"], said["starts_s"]
        note = (
            f"{share:.0%} of the starts; model compiled in {compiling:.1f} s, optimised in {optimising:.1f} s"
        )
        rows.append(whole(f"{name}, whole process", measured, note))
        others.append(other(name, measured, share))
        tell(rows[-1])
    more_cold, more_cached = measure_evodose(file, options, options.repeat // 2)
    cold, cached = cold + more_cold, cached + more_cached
    own = [
        whole(
            "evodose, whole process, empty kernel cache",
            cold,
            "imports, reading, compilation, all fits",
        ),
        part(
            "evodose, the fit alone, empty kernel cache",
            cold,
            "first_s",
            "compilation included, imports not",
        ),
        whole("evodose, whole process, kernels cached", cached, "and the fit three times more"),
        part("evodose, the fit alone, kernels cached", cached, "first_s", "imports not included"),
        part("evodose, the fit again in the same process", cached, "again_s"),
    ]
    first = evodose("evodose, empty kernel cache", cold)
    warm = median(own[-1].wall_s)
    sides = [first, *others]
    tables = [compare(sides, first, warm), outcomes(sides)]
    title = f"Cohort fit: 8 melanoma patients, {options.starts} starts each, Poisson likelihood"
    notes = [
        f"Declared target: the SciPy job takes at least {TARGET:.0f} times as long, compilation included.",
        *skipped,
    ]
    if options.only is None and options.starts == 12:
        save("cohort_fit", title, [*own, *rows], tables, notes=notes, peer_versions=versions)
    print_results(title, [*own, *rows], tables, notes)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as problem:
        sys.exit(f"cohort_fit: {problem}")
