"""The command ``evodose fit``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli_options import INTERRUPTED, Marker, Quiet, ScheduleFile, say


def fit(
    source: Annotated[Path, typer.Argument(metavar="FILE_OR_RUN", help="Cohort file, or a run directory.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="RUN", help="Run directory of a cohort file.")
    ] = None,
    bayes: Annotated[bool, typer.Option("--bayes", help="A posterior a patient, besides the fit.")] = False,
    approximate: Annotated[
        str | None,
        typer.Option(
            metavar="METHOD", help="Instead of sampling: importance (seconds), laplace (a first look)."
        ),
    ] = None,
    population: Annotated[
        bool, typer.Option("--population", help="A population over the patients too.")
    ] = False,
    draws: Annotated[int | None, typer.Option(help="Of each chain [1000].")] = None,
    tune: Annotated[int | None, typer.Option(help="Draws before those, discarded [1000].")] = None,
    chains: Annotated[int | None, typer.Option(help="Number of chains [4].")] = None,
    sampler: Annotated[str | None, typer.Option(help="nutpie, pymc or numpyro.")] = None,
    prior: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=MEDIAN,FOLD", help="95 % of the mass within median / and * fold; repeatable."
        ),
    ] = None,
    patient: Annotated[
        list[str] | None, typer.Option("--patient", metavar="ID", help="Only this patient; may be repeated.")
    ] = None,
    schedule: ScheduleFile = None,
    marker: Marker = None,
    model: Annotated[str | None, typer.Option(help="With a cohort file, as in `run`.")] = None,
    likelihood: Annotated[str | None, typer.Option(help="With a cohort file, as in `run`.")] = None,
    seed: Annotated[int | None, typer.Option(help="With a cohort file, as in `run`.")] = None,
    dask: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Scheduler of a Dask cluster.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Delete what RUN holds; of a run directory, its posteriors.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Fit every patient by maximum likelihood; with --bayes, say what is data, what is prior, which doses that leaves.

    Tables, and with --bayes the page RUN/posteriors.html. Repeat the command to continue.
    """
    from workbench.fit_command import FitRequest, execute
    from workbench.fit_options import FitOptions, read_priors

    options = FitOptions(
        bayes, approximate, population, draws, tune, chains, sampler, read_priors(prior or ())
    )
    request = FitRequest(
        source, output, tuple(patient or ()), schedule, marker, model, likelihood, seed, options, fresh, dask
    )
    try:
        code = execute(request, quiet=quiet)
    except KeyboardInterrupt:
        say("interrupted; what was finished is kept. Repeat the same command to continue.")
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(code)
