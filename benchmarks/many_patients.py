"""Virtual cohorts of 100 to 10,000 patients fitted by maximum a posteriori: how time and memory grow.

``python -m benchmarks.many_patients`` measures one fresh process a size, kernels cached: simulation, twelve starts a
patient, the curvature at the mode. The same run once more on the workers of a local Dask cluster, for one size. It
needs no cohort.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.measure import BenchmarkError, Measurement, empty_cache, run_process
from benchmarks.record import Row, Table, save, whole
from benchmarks.table import print_results

SIZES = (100, 300, 1000, 3000, 10_000)
CLUSTER_SIZE = 1000
MODEL = "competition"
VISITS = [0.0, 14, 28, 42, 60, 80, 100, 130, 160, 200]
DOSES = [(0, 60, 1.0), (60, 100, 0.0), (100, 300, 1.0)]
CHUNK = 256


def job(patients: int, workers: int) -> dict[str, Any]:
    """Simulate and fit; return what it took."""
    from dynamics import DoseSchedule, get_model
    from fitting.approximate import MostProbable, maximise_cohort
    from patients.virtual import sample_cohort
    from workbench.distributed import map_patients

    model = get_model(MODEL)
    cohort, _ = sample_cohort(model, patients, VISITS, DoseSchedule.from_rows(DOSES), 11)
    maximise_cohort(cohort.patients[:2], model, likelihood="poisson")  # loads the kernels
    before = _resident_mib()
    begun, begun_cpu = time.perf_counter(), time.process_time()
    options = {"likelihood": "poisson"}
    if workers:
        from distributed import LocalCluster

        with LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster:
            begun = time.perf_counter()  # the cluster is there when a user comes with its address
            address = cluster.scheduler_address
            found = map_patients(maximise_cohort, cohort.patients, MODEL, options, address=address, chunk=32)
            seconds = time.perf_counter() - begun
    else:
        found = map_patients(maximise_cohort, cohort.patients, MODEL, options, chunk=CHUNK)
        seconds = time.perf_counter() - begun
    done = [one for one in found.values() if isinstance(one, MostProbable)]
    return {
        "fit_s": seconds,
        "fit_cpu_s": time.process_time() - begun_cpu,
        "before_mib": before,
        "fitted": len(done),
        "converged": sum(one.converged for one in done),
        "observed": sum(one.curvature == "observed" for one in done),
    }


def _resident_mib() -> float:
    """Largest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(patients: int, cache: str, workers: int = 0) -> Measurement:
    """Run one size in a fresh process."""
    command = [
        sys.executable, "-m", "benchmarks.many_patients", "--job", str(patients), "--workers", str(workers),
    ]  # fmt: skip
    measured = run_process(command, environment={"EVODOSE_CACHE": cache, "OMP_NUM_THREADS": "1"})
    if not measured.said:
        raise BenchmarkError(f"the job of {patients} patients said nothing")
    return measured


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many_patients", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--job", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.job:
        print(json.dumps(job(options.job, options.workers)))
        return
    with empty_cache() as cache:
        measure(2, str(cache))  # compiles
        measured = {size: measure(size, str(cache)) for size in options.sizes}
        workers = len(os.sched_getaffinity(0))
        cluster = measure(CLUSTER_SIZE, str(cache), workers)
    rows: list[Row] = [
        whole(f"{size} patients, whole process", [m], "imports, simulation, kernels from the cache, all fits")
        for size, m in measured.items()
    ]
    name = f"{CLUSTER_SIZE} patients on {workers} Dask workers, fits alone"
    rows.append(
        Row(name, [cluster.said["fit_s"]], load=[cluster.load], note="each worker loads the kernels first")
    )
    cells = [
        [
            size, f"{m.said['fit_s']:.1f}", f"{1000 * m.said['fit_s'] / size:.1f}",
            f"{1000 * m.said['fit_cpu_s'] / size:.1f}", f"{m.peak_mib:.0f}",
            f"{1024 * (m.peak_mib - m.said['before_mib']) / size:.0f}",
            m.said["fitted"], m.said["converged"], m.said["observed"],
        ]
        for size, m in measured.items()
    ]  # fmt: skip
    columns = [
        "patients", "fits s", "ms a patient", "CPU ms a patient", "peak MiB", "KiB a patient above the start",
        "fitted", "mode reached", "observed curvature",
    ]  # fmt: skip
    caption = (
        f"How it grows: {len(VISITS)} visits, model {MODEL}, Poisson, 12 starts a patient, in batches of {CHUNK} "
        "patients; parameters drawn from the priors."
    )
    tables = [Table(caption, columns, cells)]
    title = "Virtual cohorts by maximum a posteriori"
    save("many_patients", title, rows, tables)
    print_results(title, rows, tables)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as problem:
        sys.exit(f"many_patients: {problem}")
