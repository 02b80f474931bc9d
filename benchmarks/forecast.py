"""Does it predict? Forecasts of later visits from the first ones, on four cohorts.

``python -m benchmarks.forecast`` trains on the first 60 % of each patient's visits, forecasts the others by every
method, and writes scores to ``results/forecast_<cohort>.json`` with a page ``.md`` beside it. Lesions are also
run under the protocol of TumorGrowth.jl. Only scores are written: no measurement leaves the folder of the cohorts but
by ``--visits FILE``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.forecast_cohorts import COHORTS, ForecastCohort
from benchmarks.measure import BenchmarkError
from benchmarks.record import RESULTS, Row, Table, save
from benchmarks.table import print_results
from fitting.forecast import (
    CohortContext,
    Evaluation,
    Forecaster,
    evaluate,
    first_share,
    paired_differences,
    split_cohort,
    summarise,
    tumorgrowth_protocol,
)
from fitting.forecast.baselines import ALONE, Baseline, GeneralBertalanffy, LogLinear, standard_baselines
from fitting.forecast.own import own_forecasters

if TYPE_CHECKING:
    import pandas as pd

SHARE = 0.6
SHOWN = ("log_density", "crps", "crps_log", "absolute_error", "absolute_log_error")

# sets of forecasters by the name that --methods takes; each is made anew for a cohort, from those before it
SETS: dict[str, Callable[[dict[str, Forecaster]], dict[str, Forecaster]]] = {
    "baselines": lambda _: dict(standard_baselines()),
    "evodose": lambda before: dict(own_forecasters(simple_of(before))),
}


def simple_of(before: dict[str, Forecaster]) -> list[Baseline] | None:
    """Baselines that are in the table already: the stack shares what they learned."""
    return [f for key, f in before.items() if isinstance(f, Baseline) and key in standard_baselines()] or None


@dataclass(frozen=True)
class Run:
    """What came of one cohort."""

    cohort: ForecastCohort
    patients: int
    skipped: int
    evaluation: Evaluation
    seconds: float
    load: float


def run(cohort: ForecastCohort, sets: Sequence[str]) -> Run:
    import os

    load = os.getloadavg()[0]
    patients = cohort.load().patients
    splits, skipped = split_cohort(patients, first_share(SHARE))
    forecasters: dict[str, Forecaster] = {}
    for name in sets:
        forecasters |= SETS[name](forecasters)
    began = time.perf_counter()

    def tell(method: str, done: int, total: int) -> None:
        if done % max(len(splits) // 4, 1) == 0 or done == total:
            print(f"\r{cohort.key}: {done} of {total} forecasts, {method}\033[K", end="", file=sys.stderr)

    evaluation = evaluate(splits, forecasters, context=CohortContext.of(splits), on_progress=tell)
    print(file=sys.stderr)
    return Run(cohort, len(patients), len(skipped), evaluation, time.perf_counter() - began, load)


def number(value: float, digits: int = 3) -> str:
    """Write a number with so many significant digits, or a dash."""
    return "–" if value != value else f"{value:.{digits}g}"


def with_error(row: pd.Series, name: str) -> str:
    """Write a mean with its standard error, to two digits of the latter."""
    mean, error = row[name], row[f"{name}_se"]
    if mean != mean:
        return "–"
    decimals = max(0, 1 - int(np.floor(np.log10(error)))) if error > 0 else 3
    return f"{mean:.{decimals}f} ± {error:.{decimals}f}"


def score_table(run: Run) -> Table:
    summary = summarise(run.evaluation)
    columns = [
        "method", "log density", f"CRPS, {run.cohort.unit}", "CRPS of the log", f"absolute error, {run.cohort.unit}",
        "absolute error of the log", "in the 50 % interval", "in the 90 % interval", "failed",
    ]  # fmt: skip
    cells = [
        [
            method,
            *(with_error(row, name) for name in SHOWN),
            *(f"{100 * row[name]:.0f} ± {100 * row[name + '_se']:.0f} %" for name in ("covered50", "covered90")),
            int(row["failed"]),
        ]
        for method, row in summary.iterrows()
    ]  # fmt: skip
    visits, patients = int(summary["visits"].max()), int(summary["patients"].max())
    return Table(
        f"**{run.cohort.title[0].upper()}{run.cohort.title[1:]}**: {patients} of {run.patients} patients "
        f"({run.skipped} have too few visits), {visits} held-out visits. Means over patients of each patient's mean, ± "
        "standard error over patients. Log density: higher is better; the others: lower.",
        columns,
        cells,
    )


def progression_table(run: Run) -> Table:
    summary = summarise(run.evaluation)
    columns, about = ["method"], []
    for rule in run.evaluation.rules:
        columns += [f"error, days: 1.2 × {rule}", "CRPS, days", "Brier score"]
        about.append(f"1.2 × {rule}: {summary[f'patients, {rule}'].max():.0f} patients")
    names = [f"{score}, {rule}" for rule in run.evaluation.rules for score in ("error", "crps", "brier")]
    cells = [[method, *(with_error(row, name) for name in names)] for method, row in summary.iterrows()]
    caption = (
        f"{run.cohort.title[0].upper()}{run.cohort.title[1:]}, time to progression up to the last visit, for those who "
        f"had not progressed before the cut ({'; '.join(about)})."
    )
    return Table(caption, columns, cells)


def paired_table(run: Run) -> Table:
    """Compare every method with the one that has the best log density."""
    summary = summarise(run.evaluation)
    reference = str(summary["log_density"].idxmax())
    columns, cells = ["method"], {}
    for score in ("log_density", "crps_log", "absolute_error"):
        columns += [score.replace("_", " "), "95 % interval", "better on"]
        for method, row in paired_differences(run.evaluation, reference, score).iterrows():
            cells.setdefault(method, [method]).extend(
                [
                    number(row["difference"]),
                    f"{number(row['low'])} to {number(row['high'])}",
                    f"{100 * row['better']:.0f} % of patients",
                ]
            )
    return Table(
        f"{run.cohort.title[0].upper()}{run.cohort.title[1:]}, differences from “{reference}”, which has the best log "
        "density: means over patients, bootstrap of patients.",
        columns,
        list(cells.values()),
    )


def protocol_table(lesions: ForecastCohort, sets: Sequence[str]) -> Table:
    forecasters: dict[str, Forecaster] = {
        "general Bertalanffy, each record alone, on volumes": GeneralBertalanffy(
            ALONE, pooled=False, power=3.0
        ),
        "general Bertalanffy, each record alone, on logarithms": GeneralBertalanffy(ALONE, pooled=False),
        "exponential, each record alone, on volumes": LogLinear(ALONE, pooled=False, power=3.0),
    }
    for name in sets:
        forecasters |= SETS[name](forecasters)
    _, summary = tumorgrowth_protocol(lesions.load().patients, forecasters)
    return Table(
        f"**TumorGrowth.jl's protocol** on {int(summary['records'].max())} lesions with at least six readings, "
        "the last two held out: mean absolute error of a record, ± standard error over records. Volume: 0.52 d³ "
        "over the largest of the file. Beats: the bootstrap interval of the paired difference in volume excludes "
        "0. Their data hold 641 such records; this file, with three of the trials, has fewer.",
        ["method", "error, mm", "error, 10⁻³ of the largest volume", "its median", "beats"],
        [
            [
                method,
                f"{row['mae_mm']:.2f} ± {row['mae_mm_se']:.2f}",
                f"{1e3 * row['mae_volume']:.2f} ± {1e3 * row['mae_volume_se']:.2f}",
                f"{1e3 * row['median_volume']:.2f}",
                row["beats"] or "none",
            ]
            for method, row in summary.iterrows()
        ],
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forecast", description=__doc__)
    keys = [c.key for c in COHORTS]
    parser.add_argument(
        "--cohort", action="append", choices=keys, help="one of them (again for more); all if absent"
    )
    parser.add_argument(
        "--methods", action="append", choices=list(SETS), help="sets of forecasters; all if absent"
    )
    parser.add_argument("--visits", type=Path, help="also write the scores of every held-out visit, as CSV")
    parser.add_argument("--name", default="forecast", help="of the files in results/")
    options = parser.parse_args(arguments)
    sets = options.methods or list(SETS)
    chosen = [c for c in COHORTS if options.cohort is None or c.key in options.cohort]
    runs = [run(cohort, sets) for cohort in chosen]
    tables = [make(r) for r in runs for make in (score_table, paired_table, progression_table)]
    for r in runs:
        for _, patient, method, reason in r.evaluation.failures.itertuples():
            print(f"{r.cohort.key}, {patient}, {method}: {reason}", file=sys.stderr)
    tables += [protocol_table(c, sets) for c in chosen if c.key == "lesions"]
    rows = [
        Row(
            f"{r.cohort.title}: all methods, {len(r.evaluation.patients)} patients",
            [r.seconds],
            load=[r.load],
        )
        for r in runs
    ]
    title = f"Forecasts from the first {100 * SHARE:.0f} % of the visits"
    if options.visits is not None:
        import pandas as pd

        pd.concat([r.evaluation.visits.assign(cohort=r.cohort.key) for r in runs]).to_csv(
            options.visits, index=False
        )
    save(options.name, title, rows, tables)
    (RESULTS / f"{options.name}.md").write_text(page(title, tables), encoding="utf-8")
    print_results(title, rows, tables)


def page(title: str, tables: Sequence[Table]) -> str:
    """Write the tables as Markdown."""
    lines = [f"# {title}", "", "Written by `python -m benchmarks.forecast`; no figure was typed.", ""]
    lines += [
        "A method's forecast is conditional on the days of the visits; the baselines read burdens and days only, not "
        "doses; the "
        "others read the doses too, as given unless the table says that the last one is held. A "
        "censored value counts as beyond its limit in every score.",
        "",
    ]
    for table in tables:
        lines += [
            table.caption,
            "",
            "| " + " | ".join(table.columns) + " |",
            "|" + " --- |" * len(table.columns),
        ]
        lines += ["| " + " | ".join(map(str, cells)) + " |" for cells in table.cells]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as problem:
        sys.exit(f"forecast: {problem}")
