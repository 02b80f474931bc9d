"""The hierarchical model of a cohort: time, R-hat, effective draws, divergences.

``python -m benchmarks.population --data DIR`` fits the patients under adaptive therapy and writes
``results/population.json``. Only figures of the population are written, no measurement.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from benchmarks.record import Row, Table, save
from benchmarks.table import print_results

COHORT, TARGET_S = "abiraterone_psa_adaptive.csv", 600.0


def main() -> None:
    """Fit, check, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("EVODOSE_DATA", ".")))
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--tune", type=int, default=1000)
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--cores", type=int, default=None)
    parser.add_argument("--adaptation", default="low_rank")
    parser.add_argument("--target-accept", type=float, default=0.95)
    parser.add_argument("--shared-dispersion", action="store_true")
    parser.add_argument("--method", default=None, choices=("two-stage", "joint"))
    parser.add_argument("--keep", type=Path, help="file for the population itself")
    given = parser.parse_args()
    from dynamics import get_model
    from fitting.population import fit_population, population_table, predict_visits
    from fitting.population.assembly import scalars_of
    from fitting.posterior_checks.convergence import check_convergence
    from patients.loading import load_cohort

    cohort, _ = load_cohort(given.data / COHORT)
    model = get_model("competition")
    load = os.getloadavg()[0]
    stages: dict[str, float] = {}
    began = time.perf_counter()

    def tell(what: str, share: float) -> None:
        stages.setdefault(what, time.perf_counter() - began)
        print(
            f"\r{time.perf_counter() - began:6.0f} s  {what} {100 * share:.0f} %\033[K",
            end="",
            file=sys.stderr,
        )

    cpu = time.process_time()
    population = fit_population(
        cohort.patients, model, draws=given.draws, tune=given.tune, chains=given.chains, cores=given.cores,
        adaptation=given.adaptation, target_accept=given.target_accept, shared_dispersion=given.shared_dispersion,
        method=given.method, progress=tell,
    )  # fmt: skip
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(file=sys.stderr)
    if given.keep:
        population.save(given.keep)
    check = check_convergence(scalars_of(population.tree))
    table = population_table(population, predict_visits(population, cohort.patients))
    what = f"{len(cohort)} patients, {given.chains} chains of {given.draws} draws after {given.tune}"
    stats = population.tree["sample_stats"].dataset
    figures = [
        ["R-hat, largest", round(check.worst_rhat, 4)],
        ["effective draws, least", round(check.least_ess)],
        ["divergences", check.divergences],
        ["gradients a draw, mean", round(float(stats["n_steps"].mean()), 1)],
        *[[f"{k}, began after s", round(v, 1)] for k, v in stages.items()],
        ["status", population.status],
    ]
    frame = table.to_frame().reset_index()
    tables = [
        Table("Sampler", ["figure", "value"], figures),
        Table(
            "Population",
            list(frame.columns),
            [
                [round(c, 4) if isinstance(c, float) else c for c in row]
                for row in frame.itertuples(index=False)
            ],
        ),
    ]
    rows = [
        Row(
            what,
            [seconds],
            [cpu],
            load=[load],
            note="compilation and exploration included",
            target_s=TARGET_S,
        )
    ]
    title = "Hierarchical model of the adaptive-therapy cohort"
    save("population", title, rows, tables)
    print_results(title, rows, tables)


if __name__ == "__main__":
    main()
