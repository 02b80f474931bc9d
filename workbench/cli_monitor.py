"""The command ``evodose monitor``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli_options import INTERRUPTED, Quiet, say


def monitor(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="Run directory.")],
    patient: Annotated[
        list[str] | None, typer.Option("--patient", metavar="ID", help="Only this patient; may be repeated.")
    ] = None,
    every: Annotated[
        str | None,
        typer.Option(
            metavar="DAYS",
            help="Intervals between visits, increasing; the first is what the others are compared with "
            "[7,14,28,42,56,84]. The patient's own median spacing is added.",
        ),
    ] = None,
    noise: Annotated[
        str | None,
        typer.Option(
            metavar="SD",
            help="Of the marker's logarithm; own: the noise that the patient's fit found [0,0.1,0.2,own].",
        ),
    ] = None,
    horizon: Annotated[float | None, typer.Option(metavar="DAYS", help="Whole days [the run's].")] = None,
    k_tol: Annotated[
        float | None,
        typer.Option("--k-tol", help="Tolerable volume, in multiples of the first burden [the run's]."),
    ] = None,
    tumours: Annotated[
        int | None, typer.Option(metavar="N", help="Plausible tumours that are treated, at most [120].")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Delete what this command left in RUN and begin anew.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Say what rarer visits and a noisier marker cost every patient of RUN, in days of expected time to progression.

    Plausible tumours of the patient are treated by adaptive therapy as written, by a rule tuned to each interval and
    noise, and by a particle filter. Who is refused a dose stays refused. Results go to RUN/monitoring.html and
    monitoring.csv; minutes a patient. Repeat the command to continue.
    """
    from workbench.monitor_command import MonitorRequest, execute
    from workbench.monitor_options import read_monitor_options

    options = read_monitor_options(every, noise, horizon, k_tol, tumours)
    request = MonitorRequest(run_folder, tuple(patient or ()), options, fresh)
    try:
        code = execute(request, quiet=quiet)
    except KeyboardInterrupt:
        say("interrupted; what was finished is kept. Repeat the same command to continue.")
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(code)
