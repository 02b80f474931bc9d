"""Structural identifiability of published models: exact local ranks, then global answers.

``python -m benchmarks.structural`` analyses every model of the table that the tests check against the literature,
one after the other in one process, and counts how many of the published answers came out. It needs no cohort.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.measure import ROOT, BenchmarkError, run_process
from benchmarks.record import Table, part, save, whole
from benchmarks.table import print_results

TOTAL_TARGET_S, LOCAL_TARGET_S = 60.0, 1.0
PUBLISHED = ROOT / "tests" / "identifiability" / "structural"


def analyse_all(time_limit_s: float) -> dict[str, Any]:
    """Analyse every published model; the second process, which is started once, is part of the first answer."""
    sys.path.insert(0, str(PUBLISHED))
    from published import CASES  # pyright: ignore[reportMissingImports]

    from identifiability.structural.analysis import analyse
    from identifiability.structural.local import local_analysis
    from identifiability.structural.result import Structural

    models = []
    for case in CASES:
        system = case.system()
        begun = time.perf_counter()
        local_analysis(system)
        middle = time.perf_counter()
        answer = analyse(system, time_limit_s=time_limit_s)
        ended = time.perf_counter()
        expected = {
            **{name: {Structural.GLOBAL} for name in case.unique},
            **{name: {Structural.LOCAL} for name in case.several},
            **{name: {Structural.NOT} for name in case.free},
            **{name: {Structural.GLOBAL, Structural.LOCAL} for name in case.at_least_local},
        }
        given = {name: answer.answer(name) for name in expected}
        models.append(
            {
                "name": case.name,
                "parameters": len(expected),
                "local_s": middle - begun,
                "whole_s": ended - middle,
                "as_published": sum(given[name] in kinds for name, kinds in expected.items()),
                # known to be at least local where the source says which: unfinished, not wrong
                "open": sum(
                    given[name] is Structural.AT_LEAST_LOCAL and kinds != {Structural.NOT}
                    for name, kinds in expected.items()
                ),
                "combinations": len(answer.combinations),
            }
        )
    return {
        "models": models,
        "local_s": sum(m["local_s"] for m in models),
        "whole_s": sum(m["whole_s"] for m in models),
        "each_local_s": [m["local_s"] for m in models],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.structural", description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--time-limit", type=float, default=20.0, help="for the global answers of one model")
    parser.add_argument("--job", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.job:
        json.dump(analyse_all(options.time_limit), sys.stdout)
        print()
        return
    if not (PUBLISHED / "published.py").is_file():
        raise BenchmarkError("the table of published models, published.py, is not in the folder of tests")
    command = [
        sys.executable,
        "-m",
        "benchmarks.structural",
        "--job",
        "--time-limit",
        str(options.time_limit),
    ]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    measured = [run_process(command, environment={"PYTHONPATH": path}) for _ in range(options.repeat)]
    models = measured[-1].said["models"]
    rows = [
        whole(
            f"{len(models)} models, whole process", measured, "with the imports of SymPy, in two processes"
        ),
        part(
            f"{len(models)} models, local and global answers",
            measured,
            "whole_s",
            f"at most {options.time_limit:g} s a model for the global ones",
            TOTAL_TARGET_S,
        ),
        part(f"{len(models)} models, local answers alone", measured, "local_s"),
        part("one model, local answer", measured, "each_local_s", "every model of every run", LOCAL_TARGET_S),
    ]
    slowest = max(t for m in measured for t in m.said["each_local_s"])
    notes = [
        f"The slowest local answer of any run took {slowest:.2f} s.",
        "Where time was over, the second process was ended; the next model's time holds the start of a new one.",
    ]
    cells = [
        [
            m["name"], f"{1000 * m['local_s']:.0f}", f"{m['whole_s']:.2f}",
            f"{m['as_published']} of {m['parameters']}", m["open"], m["combinations"],
        ]
        for m in models
    ]  # fmt: skip
    tables = [
        Table(
            "Each model in the last run. Not settled: known to be at least locally identifiable when time was over.",
            ["", "local ms", "local and global s", "parameters as published", "not settled", "combinations"],
            cells,
        )
    ]
    title = "Structural identifiability of published models"
    save("structural", title, rows, tables, notes=notes)
    print_results(title, rows, tables, notes)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as problem:
        sys.exit(f"structural: {problem}")
