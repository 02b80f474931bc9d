"""Eight melanoma patients, twelve starts each: evodose against the scripts that one would otherwise write.

``python -m benchmarks.cohort_fit`` measures everything in one run, prints ratios and, for every side, how many
starts reached the best optimum that any side found, so that a fast answer that did less is seen to have done less.
The SciPy rows take about a quarter of an hour. Set EVODOSE_PEER_PYTHON to an interpreter that has pyPESTO and AMICI.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.job_text import describe_job
from benchmarks.measure import BenchmarkError, Measurement, cohort_file, empty_cache, run_job, run_process
from benchmarks.record import Row, Table, part, save, whole
from benchmarks.table import print_results

SAME_OPTIMUM = 0.01  # as fitting.maximum_likelihood counts starts
TARGET = 50.0
SCIPY = {
    # name: method, rtol, atol, starts a patient (0: all); few starts where all would only lengthen the run
    "scipy-rk45": ("RK45", 1e-3, 1e-6, 0),
    "scipy-lsoda": ("LSODA", 1e-3, 1e-6, 3),
    "scipy-lsoda-tight": ("LSODA", 1e-8, 1e-8, 0),
    "scipy-rk45-tight": ("RK45", 1e-8, 1e-8, 2),
}
PEERS = {"pypesto": ("L-BFGS-B", 3), "pypesto-fides": ("fides", 0)}


@dataclass
class Side:
    """One way to do the job, with what it took and where its starts ended.

    Parameters
    ----------
    name : str
    process, job : list of float
        Seconds of whole processes; seconds without interpreter start-up, imports (save those that the compared
        program does lazily) and reading of the data, compilation included.
    cpu : list of float
        Processor seconds of whole processes.
    reached : dict of str to tuple (float, int, int)
        For each patient: best NLL, starts within ``SAME_OPTIMUM`` of it, starts made.
    share : float
        Part of the starts that was run; times are divided by it.
    values : dict of str to list of float
        Where every start ended, for the sides that tell.
    """

    name: str
    process: list[float]
    cpu: list[float]
    job: list[float]
    reached: dict[str, tuple[float, int, int]] = field(default_factory=dict)
    share: float = 1.0
    values: dict[str, list[float]] = field(default_factory=dict)

    def starts_at(self, patient: str, best: float) -> tuple[int, int]:
        """Count the starts that reached ``best``, and the starts made."""
        if patient in self.values:
            ends = self.values[patient]
            return sum(v <= best + SAME_OPTIMUM for v in ends), len(ends)
        own, count, starts = self.reached[patient]
        return (count if own <= best + SAME_OPTIMUM else 0), starts

    def best(self, patient: str) -> float:
        """Best NLL of a patient."""
        return min(self.values[patient]) if patient in self.values else self.reached[patient][0]


def evodose(name: str, measured: Sequence[Measurement]) -> Side:
    """Make a side of fresh processes of this project."""
    said = measured[-1].said
    return Side(
        name,
        [m.wall_s for m in measured],
        [m.cpu_s for m in measured],
        [m.said["first_s"] for m in measured],
        reached={p: (v[0], v[1], v[2]) for p, v in said["best"].items()},
    )


def other(name: str, measured: Sequence[Measurement], share: float = 1.0) -> Side:
    """Make a side of fresh processes of another program; the time of a part of the starts is scaled up."""

    def scaled(m: Measurement, seconds: float) -> float:
        """Scale up what grows with the starts: neither the start of the process nor a compilation."""
        return seconds + m.said.get("optimise_s", m.said["first_s"]) * (1 / share - 1)

    return Side(
        name,
        [scaled(m, m.wall_s) for m in measured],
        [scaled(m, m.cpu_s) for m in measured],
        [scaled(m, m.said["first_s"]) for m in measured],
        share=share,
        values=measured[-1].said["values"],
    )


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


def measure_scipy(job: dict[str, Any], key: str) -> tuple[list[Measurement], float]:
    """Run the SciPy script; return with it the share of the starts that was run."""
    method, rtol, atol, few = SCIPY[key]
    some, share = some_starts(job, few)
    command = [sys.executable, "-m", "benchmarks.scipy_job"]
    command += ["--method", method, "--rtol", str(rtol), "--atol", str(atol)]
    return [run_process(command, stdin=json.dumps(some))], share


def measure_peer(job: dict[str, Any], key: str) -> tuple[list[Measurement], float]:
    """Run pyPESTO and AMICI with the interpreter of their own environment.

    Raises
    ------
    BenchmarkError
        Where EVODOSE_PEER_PYTHON is not set; or the fit did not run.
    """
    python = os.environ.get("EVODOSE_PEER_PYTHON")
    if not python:
        raise BenchmarkError(
            "EVODOSE_PEER_PYTHON is not set: it names the interpreter of an environment with pyPESTO and AMICI"
        )
    interpreter = shutil.which(python)
    if interpreter is None:
        raise BenchmarkError(f"EVODOSE_PEER_PYTHON names {python}, which is not an interpreter")
    optimizer, few = PEERS[key]
    some, share = some_starts(job, few)
    # the environment's own SWIG must come first, as after activating it: AMICI's modules share types by its version
    path = os.pathsep.join([str(Path(interpreter).parent), os.environ.get("PATH", "")])
    command = [interpreter, str(Path(__file__).with_name("pypesto_job.py")), "--optimizer", optimizer]
    environment = {"PATH": path, "PYTHONPATH": ""}
    return [
        run_process(command, environment=environment, stdin=json.dumps(some), fails_with="pyPESTO + AMICI")
    ], share


def compare(sides: Sequence[Side], reference: Side, warm: float) -> Table:
    """Put the sides' times beside the reference's."""
    cells: list[list[Any]] = []
    for side in sides:
        process, cpu, job = min(side.process), min(side.cpu), min(side.job)
        reached = sum(side.starts_at(p, best)[0] for p, best in best_of(sides).items()) / side.share
        cells.append(
            [
                side.name + (f" ({side.share:.0%} of the starts run, times scaled up)" if side.share < 1 else ""),
                f"{process:.1f}", f"{process / min(reference.process):.1f}",
                f"{cpu:.1f}", f"{cpu / min(reference.cpu):.1f}",
                f"{job:.2f}", f"{job / min(reference.job):.1f}", f"{job / warm:.0f}",
                f"{reached:.0f}", f"{1000 * process / reached:.0f}" if reached else "–",
            ]
        )  # fmt: skip
    return Table(
        "Times and ratios (least of the repetitions; ratio = this row / first row). Process: from the start of the "
        "interpreter to its exit. CPU: user and system time of the same. Job: without imports and reading, compilation "
        "included. Warm: this row's job against evodose's job repeated in one process. At optimum: starts of all "
        "patients within 0.01 of the best NLL that any row found, and what one of them took.",
        [
            "",
            "process s",
            "ratio",
            "CPU s",
            "ratio",
            "job s",
            "ratio",
            "ratio to warm",
            "at optimum",
            "ms per start there",
        ],
        cells,
    )


def best_of(sides: Sequence[Side]) -> dict[str, float]:
    """Best NLL of each patient on any side."""
    return {p: min(side.best(p) for side in sides) for p in sides[0].reached}


def outcomes(sides: Sequence[Side]) -> Table:
    """Put the sides' answers beside each other."""
    best = best_of(sides)
    cells = []
    for patient, value in best.items():
        row: list[Any] = [patient]
        for side in sides:
            count, starts = side.starts_at(patient, value)
            row.append(f"{side.best(patient):.4f} ({count} of {starts})")
        cells.append(row)
    return Table(
        "Best NLL of each patient, and how many starts came within 0.01 of the best that any column found.",
        ["patient", *(side.name for side in sides)],
        cells,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    names = ["diffrax", *SCIPY, *PEERS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cohort_fit", description=__doc__)
    parser.add_argument("--starts", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeat", type=int, default=6, help="repetitions of the evodose rows")
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
                "JAX compiles a program for every batch size",
            )
        )
        rows.append(part("evodose, diffrax engine, the same fit again", diffrax, "again_s"))
        others.append(evodose("evodose, diffrax engine", diffrax))
    for key in [k for k in SCIPY if k in wanted]:
        measured, share = measure_scipy(job, key)
        method, rtol, atol, _ = SCIPY[key]
        name = f"SciPy {method} rtol {rtol:g} atol {atol:g} + Nelder–Mead"
        evaluations = measured[0].said["evaluations"]
        note = f"{share:.0%} of the starts, {evaluations} solutions of the model"
        rows.append(whole(f"{name}, whole process", measured, note))
        others.append(other(name, measured, share))
    versions: dict[str, str] = {}
    for key in [k for k in PEERS if k in wanted]:
        try:
            measured, share = measure_peer(job, key)
        except BenchmarkError as reason:
            skipped.append(f"pyPESTO + AMICI with {PEERS[key][0]} skipped: {reason}")
            continue
        said = measured[0].said
        versions = said["versions"]
        name = f"pyPESTO {versions['pypesto']} + AMICI {versions['amici']}, {PEERS[key][0]}"
        compiling, optimising = said["compile_s"], said["optimise_s"]
        note = (
            f"{share:.0%} of the starts; model compiled in {compiling:.1f} s, optimised in {optimising:.1f} s"
        )
        rows.append(whole(f"{name}, whole process", measured, note))
        others.append(other(name, measured, share))
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
            "compilation and late imports included",
        ),
        whole("evodose, whole process, kernels cached", cached, "and the fit three times more"),
        part("evodose, the fit alone, kernels cached", cached, "first_s", "late imports included"),
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
