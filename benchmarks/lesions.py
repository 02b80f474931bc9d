"""628 patients with one target lesion each, from the file to their fits.

``python -m benchmarks.lesions`` measures fresh processes: reading, checking, the choice of the likelihood, twelve
starts for each patient; wall time, processor time, peak memory.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks.measure import BenchmarkError, cohort_file, empty_cache, run_job
from benchmarks.record import Table, part, save, whole
from benchmarks.table import print_results

TARGET_S = 60.0


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lesions", description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args(arguments)
    file = cohort_file("target_lesion_diameter.csv")
    cold, cached = [], []
    for _ in range(options.repeat):
        with empty_cache() as cache:
            cold.append(run_job("fit", str(file), cache=cache))
            cached.append(run_job("fit", str(file), cache=cache))
    rows = [
        whole("whole process, empty kernel cache", cold, "imports, reading, compilation, all fits", TARGET_S),
        whole("whole process, kernels cached", cached, "imports, reading, all fits", TARGET_S),
        part("of it, first imports and reading", cached, "load_s"),
        part("of it, imports of numba and scipy.stats", cached, "late_imports_s"),
        part("of it, fits", cached, "first_s"),
    ]
    said = cached[-1].said
    tables = [
        Table(
            "What came of it.",
            ["patients fitted", "of them converged", "could not be fitted", "likelihood"],
            [[said["fitted"], said["converged"], said["failed"], ", ".join(said["likelihood"])]],
        )
    ]
    title = "628 lesion patients, 12 starts each"
    save("lesions", title, rows, tables)
    print_results(title, rows, tables)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as problem:
        sys.exit(f"lesions: {problem}")
