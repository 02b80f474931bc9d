"""The command ``evodose switch``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli_options import INTERRUPTED, Quiet, say

SWITCH_EXIT_CODES = """\
Exit codes: 0 there is a schedule, or a refusal with its reason (no drug shrinks a line, no treatment is the cheapest);
1 the schedule is not proven to be near the best; 2 a wrong option, or a table that cannot be used; 130 interrupted."""


def switch(
    table: Annotated[
        Path | None,
        typer.Argument(
            metavar="TABLE",
            help="CSV or Excel: one row for each cell line, compartment and drug (docs/switching.md).",
        ),
    ] = None,
    horizon: Annotated[
        float | None, typer.Option(metavar="DAYS", help="Length of the treatment [100].")
    ] = None,
    dwell: Annotated[
        float, typer.Option(metavar="DAYS", help="Least time under a drug before the next one.")
    ] = 1.0,
    free_horizon: Annotated[
        float | None,
        typer.Option("--free-horizon", metavar="LIMIT", help="Find the best length, at most LIMIT days."),
    ] = None,
    subintervals: Annotated[
        int | None, typer.Option(metavar="N", help="Of Algorithm 1 [as many as the dwell time allows].")
    ] = None,
    toxicity_weight: Annotated[
        float, typer.Option("--toxicity-weight", metavar="C_G", help="Multiplies the table's toxicities.")
    ] = 1.0,
    transient_weight: Annotated[
        float, typer.Option("--transient-weight", metavar="F", help="Price of a cell on the way, per day.")
    ] = 0.0,
    mutation: Annotated[
        float, typer.Option(metavar="RATE", help="Per cell and day, into each other line of the compartment.")
    ] = 0.0,
    migration: Annotated[
        float, typer.Option(metavar="RATE", help="Per cell and day, into each other compartment.")
    ] = 0.0,
    uncertainty: Annotated[
        float,
        typer.Option(
            metavar="SD", help="Of the logarithms of EC50s, and of effects and growth; 0.3 is about 30 %."
        ),
    ] = 0.0,
    members: Annotated[int, typer.Option(metavar="N", help="Draws, with --uncertainty.")] = 50,
    seed: Annotated[int, typer.Option(help="Root of all random numbers.")] = 0,
    example: Annotated[
        bool,
        typer.Option("--example", help="Write a table to start from: five H3122 lines, four ALK inhibitors."),
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="For the results [runs/switch].")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Say which drug to give when, one at a time, to the cell lines of TABLE.

    Days under each drug come from a convex problem with a proven bound on what any other schedule could save;
    Algorithm 1 of Devia and Giordano arranges them so that a course that ends early costs little more than the best
    for its length. Writes switching.html, switching.csv and switching.json to FOLDER.
    """
    from workbench.switch_command import SwitchRequest, execute, write_example

    if example:
        typer.echo(write_example(output, table))
        return
    request = SwitchRequest.checked(
        table, output, horizon_days=horizon, dwell_days=dwell, limit_days=free_horizon, subintervals=subintervals,
        toxicity_weight=toxicity_weight, transient_weight=transient_weight, mutation_per_day=mutation,
        migration_per_day=migration, uncertainty=uncertainty, members=members, seed=seed,
    )  # fmt: skip
    try:
        code = execute(request, quiet=quiet)
    except KeyboardInterrupt:
        say("interrupted; nothing was written. Repeat the command.")
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(code)
