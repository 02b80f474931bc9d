"""The first thing a new user runs: ``evodose demo`` with nothing compiled yet, and ``evodose --help``.

``python -m benchmarks.demo_cold`` measures whole processes and shows the stages that the run's manifest records.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.measure import BenchmarkError, Measurement, empty_cache, run_process
from benchmarks.record import Table, save, whole
from benchmarks.table import print_results

DEMO_TARGET_S, HELP_TARGET_S = 60.0, 0.5
EVODOSE = [sys.executable, "-m", "workbench.cli"]


def demo(cache: Path) -> tuple[Measurement, dict[str, float]]:
    """Run the demo into a new folder; return what it took, in all and by stage."""
    with tempfile.TemporaryDirectory(prefix="evodose-demo-") as folder:
        run = Path(folder) / "run"
        measured = run_process(
            [*EVODOSE, "demo", "-o", str(run), "--quiet"], environment={"EVODOSE_CACHE": str(cache)}
        )
        manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
        if not (run / "report.html").is_file():
            raise BenchmarkError("the demo left no report.html")
    return measured, manifest["timings_s"]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.demo_cold", description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args(arguments)
    cold, cached = [], []
    for _ in range(options.repeat):
        with empty_cache() as cache:
            cold.append(demo(cache))
            cached.append(demo(cache))
    helped = [run_process([*EVODOSE, "--help"]) for _ in range(10)]
    rows = [
        whole(
            "evodose demo, empty kernel cache",
            [m for m, _ in cold],
            "from the command to its report",
            DEMO_TARGET_S,
        ),
        whole("evodose demo, kernels cached", [m for m, _ in cached], "from the command to its report"),
        whole("evodose --help", helped, target_s=HELP_TARGET_S),
    ]
    stages = list(cold[0][1])
    tables = [
        Table(
            "Median seconds of each stage, from the run's manifest.",
            ["", *stages],
            [
                [name, *(f"{median(t.get(stage, 0.0) for _, t in runs):.2f}" for stage in stages)]
                for name, runs in (("empty kernel cache", cold), ("kernels cached", cached))
            ],
        )
    ]
    title = "evodose demo and evodose --help"
    save("demo_cold", title, rows, tables)
    print_results(title, rows, tables)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as problem:
        sys.exit(f"demo_cold: {problem}")
