"""Profile likelihoods of the eight melanoma patients, all four parameters, several valleys deep.

``python -m benchmarks.profiles`` measures fits and profiles in fresh processes and again in the same process, for all
patients and for patient 2 alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks.measure import BenchmarkError, cohort_file, empty_cache, run_job
from benchmarks.record import Table, part, save, whole
from benchmarks.table import print_results

PATIENT_2 = "MEL02"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiles", description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args(arguments)
    file = str(cohort_file("melanoma_ldh.csv"))
    cold, cached, alone = [], [], []
    for _ in range(options.repeat):
        with empty_cache() as cache:
            cold.append(run_job("profiles", file, "--likelihood", "poisson", cache=cache))
            cached.append(run_job("profiles", file, "--likelihood", "poisson", "--again", "1", cache=cache))
            alone.append(
                run_job(
                    "profiles",
                    file,
                    "--likelihood",
                    "poisson",
                    "--patient",
                    PATIENT_2,
                    "--again",
                    "3",
                    cache=cache,
                )
            )
    rows = [
        whole(
            "8 patients, whole process, empty kernel cache",
            cold,
            "imports, reading, compilation, fits, 32 profiles",
        ),
        part("8 patients, fits and profiles, empty kernel cache", cold, "first_s", "compilation included"),
        part("8 patients, fits and profiles, kernels cached", cached, "first_s", "late imports included"),
        part("8 patients, fits, again in the same process", cached, "again_fit_s"),
        part("8 patients, profiles, again in the same process", cached, "again_profiles_s"),
        part(
            "patient 2 alone, 12 starts and 4 profiles, kernels cached",
            alone,
            "first_s",
            "late imports included",
        ),
        part("patient 2 alone, 12 starts and 4 profiles, again in the same process", alone, "again_s"),
    ]
    tables = [
        Table(
            "Points on the profiles.",
            ["", "patients", "profile points kept"],
            [
                [name, m.said["patients"], m.said["points"]]
                for name, m in (("all", cached[-1]), ("patient 2", alone[-1]))
            ],
        )
    ]
    title = "Profiles of the 8 melanoma patients"
    save("profiles", title, rows, tables)
    print_results(title, rows, tables)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as problem:
        sys.exit(f"profiles: {problem}")
