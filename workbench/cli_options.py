"""Options and words that several commands of ``evodose`` share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

EXIT_CODES = """\
Exit codes: 0 all patients have a result (a refusal with its reason is a result); 1 nothing could be fitted, or
`check` found nothing that could be; 2 a wrong option, or a file that cannot be used; 3 finished, but some patients
failed; 130 interrupted (repeat the command to continue)."""

INTERRUPTED = 130

RunFolder = Annotated[
    Path, typer.Option("--output", "-o", metavar="RUN", help="Run directory; an existing one is continued.")
]
ScheduleFile = Annotated[
    Path | None,
    typer.Option(
        "--schedule",
        metavar="FILE",
        help="Doses: patient_id, t_start, t_end, dose; overrides the dose column.",
    ),
]
Marker = Annotated[str | None, typer.Option(help="Which marker to read, from a file with several.")]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Delete what an earlier run left in RUN and begin anew.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no table: only what must be read.")]


def say(text: str) -> None:
    """Print to the standard error."""
    print(f"evodose: {text}", file=sys.stderr)
