"""Coverage of intervals for the competition model, measured on virtual patients with few visits.

``python -m benchmarks.coverage`` simulates patients like those of Masud 2023, Table 1, with 5, 8, 12, 20 visits,
counts how often the 95 % intervals hold the truth, and writes ``docs/coverage.md`` with its figure.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dynamics import DoseSchedule, get_model
from fitting.likelihood import get_likelihood
from fitting.problem import build_problem
from identifiability.functions.formula import formula_quantity
from identifiability.resampling.coverage import METHODS, Coverage, measure_coverage
from identifiability.resampling.replicates import with_fresh_data
from patients import Patient

DOCS = Path(__file__).resolve().parents[1] / "docs"
VISITS = (5, 8, 12, 20)
LAST_DAY = 240.0
V0 = 400.0
TOLERABLE = 480.0
SCHEDULE = DoseSchedule.from_rows([(0, 60, 1.0), (60, 100, 0.0), (100, 160, 1.0), (160, 400, 0.3)])
RANGES = {"r": (0.10, 0.18), "K": (1.05 * V0, 2.3 * V0), "delta": (0.06, 0.14), "c": (1.7, 3.2)}
TARGETS = {
    "r": "growth rate r",
    "K": "capacity K",
    "delta": "kill rate delta",
    "c": "competition c",
    "window_low": "lower edge of the window",
    "window_high": "upper edge of the window",
}
METHOD_NAMES = {"profile": "profile likelihood", "wald": "Wald", "bootstrap": "parametric bootstrap"}


@dataclass(frozen=True)
class Run:
    """One number of visits."""

    visits: int
    coverage: Coverage
    seconds: float


def virtual_problem(patients: int, visits: int, seed: int):
    """Simulate Poisson data of patients whose parameters are drawn log-uniformly from the paper's ranges."""
    model = get_model("competition")
    generator = np.random.default_rng([seed, visits])
    low, high = np.log(np.array([RANGES[name] for name in model.parameter_names])).T
    truth = np.exp(low + generator.random((patients, len(low))) * (high - low))
    days = np.round(np.linspace(0.0, LAST_DAY, visits))
    blank = [
        Patient(f"virtual-{i}", days, np.full(visits, V0), SCHEDULE, virtual=True) for i in range(patients)
    ]
    problem = build_problem(blank, model, get_likelihood("poisson"), rtol=1e-7)
    return with_fresh_data(problem, np.log(truth), generator), truth


def edges(names: tuple[str, ...]):
    """Both edges of the dose window of the competition model, Masud 2023, eq. 4, as fractions of the MTD."""
    return [
        formula_quantity(f"r*(1 - {TOLERABLE}/K)/delta", names, name="window_low", lower=-3.0, upper=5.0),
        formula_quantity("r*(1 - 1/c)/delta", names, name="window_high", lower=-3.0, upper=5.0),
    ]


def measure(patients: int, bootstrap_patients: int, replicates: int, seed: int) -> list[Run]:
    names = get_model("competition").parameter_names
    runs = []
    for visits in VISITS:
        problem, truth = virtual_problem(patients, visits, seed)
        began = time.process_time()
        coverage = measure_coverage(
            problem, truth, [*names, *edges(names)],
            replicates=replicates, bootstrap_patients=bootstrap_patients, seed=seed,
        )  # fmt: skip
        runs.append(Run(visits, coverage, time.process_time() - began))
        print(f"{visits} visits: {runs[-1].seconds:.0f} s", flush=True)
    return runs


def percent(share: float) -> str:
    return "–" if np.isnan(share) else f"{100 * share:.1f}"


def table(runs: Sequence[Run], method: str, what: str) -> list[str]:
    """Write a Markdown table: targets down, numbers of visits across."""
    lines = [
        "| | " + " | ".join(f"{run.visits} visits" for run in runs) + " |",
        "|---|" + "---:|" * len(runs),
    ]
    for key, words in TARGETS.items():
        cells = []
        for run in runs:
            row = run.coverage.row(method, key)
            if what == "open":
                cells.append(percent(row.open_share))
                continue
            low, high = row.interval
            cells.append(f"{percent(row.share)} ({percent(low)} to {percent(high)})")
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    return lines


def figure(runs: Sequence[Run], file: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    colours = {"profile": "#1b6ca8", "wald": "#c44536", "bootstrap": "#6a994e"}
    panels, axes = plt.subplots(2, 3, figsize=(10, 5.6), sharex=True, sharey=True, layout="constrained")
    lowest = min(run.coverage.row(m, key).interval[0] for run in runs for m in METHODS for key in TARGETS)
    for axis, (key, words) in zip(axes.flat, TARGETS.items(), strict=True):
        axis.axhline(95, color="0.4", linewidth=1, linestyle="--")
        for shift, method in zip((-0.12, 0.0, 0.12), METHODS, strict=True):
            rows = [run.coverage.row(method, key) for run in runs]
            share = np.array([100 * row.share for row in rows])
            low, high = 100 * np.array([row.interval for row in rows]).T
            axis.errorbar(
                np.arange(len(runs)) + shift, share, yerr=[share - low, high - share],
                color=colours[method], marker="o", markersize=4, linewidth=1.3, capsize=2,
                label=METHOD_NAMES[method],
            )  # fmt: skip
        axis.set_title(words, fontsize=10)
        axis.set_xticks(range(len(runs)), [str(run.visits) for run in runs])
        axis.grid(axis="y", color="0.9")
    axes[0, 0].set_ylim(np.floor(lowest * 10) * 10 - 2, 101)
    for axis in axes[:, 0]:
        axis.set_ylabel("coverage (%)")
    for axis in axes[1]:
        axis.set_xlabel("visits")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    panels.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    file.parent.mkdir(parents=True, exist_ok=True)
    panels.savefig(file, dpi=130)
    plt.close(panels)


def page(
    runs: Sequence[Run], patients: int, bootstrap_patients: int, replicates: int, seed: int, said: str
) -> str:
    ranges = ", ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in RANGES.items())
    singular = ", ".join(
        f"{run.coverage.row('wald', 'r').missing} of {run.coverage.patients} at {run.visits} visits"
        for run in runs
    )
    lines = [
        "# How often 95 % intervals hold the truth",
        "",
        f"Measured, not assumed: {patients} virtual patients for each number of visits (bootstrap: the first "
        f"{bootstrap_patients}, {replicates} replicates each), competition model, four parameters, Poisson noise, "
        f"first burden {V0:g}, visits evenly over {LAST_DAY:g} days; full dose to day 60, none to day 100, full "
        f"dose to day 160, 30 % after that. Parameters are drawn log-uniformly from ranges like those of Masud "
        f"2023, Table 1 ({ranges}); the window's edges are those of its eq. 4 at a tolerable burden of "
        f"{TOLERABLE:g}. Made by `python -m benchmarks.coverage` (seed {seed}); brackets give what so many patients "
        "leave open about the coverage itself (95 %, Wilson).",
        "",
        "![Coverage against the number of visits](images/coverage.png)",
        "",
        said.strip(),
    ]
    for method in METHODS:
        lines += [
            "",
            f"## {METHOD_NAMES[method].capitalize()}: coverage in %",
            "",
            *table(runs, method, "share"),
        ]
    lines += [
        "",
        "## Profile intervals that the data leave open, in %",
        "",
        "At least one side runs to a declared bound, or closes only because another parameter sits on its bound. "
        "Sides are followed along the valley of the optimum; a full profile looks into the others and finds more "
        "of them open.",
        "",
        *table(runs, "profile", "open"),
        "",
        "## What is counted, and how",
        "",
        "- Profile: the likelihood ratio at the true value, from a fit with that value held; the interval "
        "holds the truth where it stays below chi²(0.95, 1)/2. That fit starts at the true parameters, among "
        "others: what a profile would miss by overlooking a valley is not counted. An open interval counts like any "
        "other; it is wide.",
        "- Wald: 1.96 standard errors from the expected information, on the log scale for parameters, by the delta "
        f"method for edges. Patients without one, because the information is singular: {singular}.",
        "- Bootstrap: 2.5 % and 97.5 % percentiles of refits of simulated data; the first burden, at which the "
        "model starts, is kept.",
        "- The first burden carries no noise here, because the model takes it as known; noise in it would cost "
        "coverage that none of these intervals accounts for.",
        "",
        f"The whole run took {time.process_time():.0f} s of processor time on one core, compilation included.",
        "",
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--patients", type=int, default=400)
    parser.add_argument("--bootstrap-patients", type=int, default=100)
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--docs", type=Path, default=DOCS)
    options = parser.parse_args(arguments)
    runs = measure(options.patients, options.bootstrap_patients, options.replicates, options.seed)
    figure(runs, options.docs / "images" / "coverage.png")
    given = (options.patients, options.bootstrap_patients, options.replicates, options.seed)
    (options.docs / "coverage.md").write_text(page(runs, *given, summary(runs)), encoding="utf-8")


def summary(runs: Sequence[Run]) -> str:
    """Say what the numbers say, computed from them."""
    few, many = runs[0], runs[-1]

    def span(run: Run, method: str) -> str:
        shares = [run.coverage.row(method, key).share for key in TARGETS]
        return f"{100 * min(shares):.0f} to {100 * max(shares):.0f} %"

    return "\n".join(
        f"- {METHOD_NAMES[method].capitalize()}: {span(few, method)} at {few.visits} visits, "
        f"{span(many, method)} at {many.visits}."
        for method in METHODS
    )


if __name__ == "__main__":
    main()
