"""The command ``evodose dose``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli_options import INTERRUPTED, Quiet, say

# The room that defines the objectives imports NumPy, which help should not wait for; a test holds the names together.
OBJECTIVES_HELP = (
    "containment: hold the tumour at the tolerable burden with little drug (Masud 2023); least-dose: least total dose "
    "with the burden never above the tolerable one and no more resistant cells at the end than at the start; "
    "least-burden: least mean burden under which the resistant cells never grow; "
    "longest-control: the longest expected time to progression over all tumours that the evidence admits; "
    "custom: own costs and conditions"
)


def dose(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="Run directory.")],
    patient: Annotated[
        list[str] | None, typer.Option("--patient", metavar="ID", help="Only this patient; may be repeated.")
    ] = None,
    objective: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"What to achieve [containment]. {OBJECTIVES_HELP}.")
    ] = None,
    k_tol: Annotated[
        float | None,
        typer.Option("--k-tol", help="Tolerable volume, in multiples of the first burden [the run's]."),
    ] = None,
    every: Annotated[
        float | None,
        typer.Option(
            metavar="DAYS", help="Hold a dose so long [median spacing of the patient's visits, 7 to 56 days]."
        ),
    ] = None,
    horizon: Annotated[float | None, typer.Option(metavar="DAYS", help="Whole days [the run's].")] = None,
    weight: Annotated[
        float | None,
        typer.Option(
            help="Of half the squared dose, in the unit of the burden: B of containment [balanced by the program], the "
            "price of least-burden."
        ),
    ] = None,
    running: Annotated[
        str | None,
        typer.Option(
            metavar="EXPR", help="Own running cost, such as 'S + R + B*u**2/2'; K_tol and V0 have values."
        ),
    ] = None,
    terminal: Annotated[
        str | None, typer.Option(metavar="EXPR", help="Own terminal cost, such as 'R'.")
    ] = None,
    subject_to: Annotated[
        list[str] | None,
        typer.Option(
            "--subject-to",
            metavar="CONDITION",
            help="Own condition, at the end ('S(T) == K_tol') or at every time ('S + R <= 1.2*V0'); repeatable.",
        ),
    ] = None,
    value: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=NUMBER", help="A number that own costs and conditions name; repeatable."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Delete all schedules in RUN and begin anew.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Compute an optimal schedule for every patient of RUN, and judge it on all that the evidence admits.

    The dose is held between visits. A patient for whom the run recommends no dose stays refused. Results go to
    RUN/schedules.html, schedules.csv, schedule_scores.csv and a JSON file a patient. Repeat the command to continue.
    """
    from workbench.dose_command import DoseRequest, execute
    from workbench.dose_options import DoseOptions, read_objective

    chosen = read_objective(objective, weight, running, terminal, subject_to or (), value or ())
    options = DoseOptions(chosen, k_tol, every, horizon)
    request = DoseRequest(run_folder, tuple(patient or ()), options, fresh)
    try:
        code = execute(request, quiet=quiet)
    except KeyboardInterrupt:
        say("interrupted; what was finished is kept. Repeat the same command to continue.")
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(code)
