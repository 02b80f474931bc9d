"""The command ``evodose``."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli_dose import dose
from workbench.cli_fit import fit
from workbench.cli_monitor import monitor
from workbench.cli_options import EXIT_CODES, INTERRUPTED, Fresh, Marker, Quiet, RunFolder, ScheduleFile, say
from workbench.cli_switch import SWITCH_EXIT_CODES, switch

if TYPE_CHECKING:
    from workbench.request import Request

# Nothing large is imported here: `evodose --help` answers at once.

app = typer.Typer(
    name="evodose",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # Rich's help pages take longer to import than the rest of --help together
    pretty_exceptions_enable=False,
    help="From tumour-burden series to dose recommendations, with how far the data support them.\n\n"
    "Research use only; not a medical device.",
    epilog=EXIT_CODES,
)


def _version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        from workbench.manifest import evodose_version

        typer.echo(f"evodose {evodose_version()}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take options of the whole command."""


@app.command(epilog=EXIT_CODES)
def run(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Cohort: CSV or Excel with patient_id, time_days, burden.")
    ],
    output: RunFolder,
    schedule: ScheduleFile = None,
    marker: Marker = None,
    model: Annotated[
        str, typer.Option(help="Name in the catalogue, or a .py or .yaml file.")
    ] = "competition",
    likelihood: Annotated[
        str, typer.Option(help="auto, poisson, negative_binomial, log_normal or normal.")
    ] = "auto",
    starts: Annotated[int, typer.Option(help="Starting points a patient.")] = 12,
    seed: Annotated[int, typer.Option(help="Root of all random numbers.")] = 0,
    k_tol: Annotated[
        float, typer.Option("--k-tol", help="Tolerable volume, in multiples of the first burden.")
    ] = 1.0,
    support: Annotated[
        float, typer.Option(help="Share of the admitted parameter sets that must support a recommended dose.")
    ] = 0.95,
    level: Annotated[float, typer.Option(help="Confidence level of the profiles.")] = 0.95,
    horizon: Annotated[float, typer.Option(help="Days over which strategies are compared.")] = 1460,
    patient: Annotated[
        list[str] | None, typer.Option("--patient", metavar="ID", help="Only this patient; may be repeated.")
    ] = None,
    fresh: Fresh = False,
    quiet: Quiet = False,
) -> None:
    """Fit, diagnose and dose every patient of FILE; results go to RUN.

    Repeat the command to continue a run that was interrupted: what is done is not computed again.
    """
    from workbench.options import RunOptions
    from workbench.request import Request

    options = RunOptions(likelihood, starts, seed, k_tol, support, level, horizon)
    request = Request(output, file, schedule, marker, model, options, tuple(patient or ()), fresh)
    _execute(request, quiet=quiet)


@app.command(epilog=EXIT_CODES)
def demo(
    output: RunFolder = Path("runs/demo"),
    seed: Annotated[int, typer.Option(help="Root of all random numbers.")] = 0,
    fresh: Fresh = False,
    quiet: Quiet = False,
) -> None:
    """Run the embedded cohort of six virtual patients; no real patient is among them."""
    from workbench.options import RunOptions
    from workbench.request import Request

    _execute(Request(output, options=RunOptions(seed=seed), fresh=fresh), quiet=quiet)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Cohort file.")],
    schedule: ScheduleFile = None,
    marker: Marker = None,
) -> None:
    """List every problem of FILE at once, and what would be fitted.

    Exit code 1 where no patient could be fitted.
    """
    from patients.check import check as check_file
    from workbench.listing import print_check
    from workbench.request import RequestError

    for path in (file, schedule):
        if path is not None and not path.is_file():
            raise RequestError(f"{path} does not exist" if not path.exists() else f"{path} is not a file")
    report = check_file(file, schedule, marker=marker)
    print_check(report)
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def models(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A model, or a .py or .yaml file.")
    ] = None,
) -> None:
    """List the model catalogue; with NAME, its equations, parameters, bounds and their reasons."""
    from workbench.listing import print_catalogue, print_model

    if name is None:
        print_catalogue()
    else:
        from dynamics.catalogue import get_model

        print_model(get_model(name))


@app.command()
def structural(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="In the catalogue, or a .py or .yaml file.")],
    name: Annotated[str | None, typer.Option(help="Only this system of a file with several.")] = None,
    dose: Annotated[str | None, typer.Option(metavar="LEVEL", help="One dose throughout.")] = None,
    phases: Annotated[str | None, typer.Option(metavar="LEVELS", help="Doses in turn: 1,0,1.")] = None,
    lengths: Annotated[str | None, typer.Option(metavar="DAYS", help="Of the phases: 30,14.")] = None,
    all_patterns: Annotated[bool, typer.Option("--all-patterns", help="Four patterns side by side.")] = False,
    cohort: Annotated[Path | None, typer.Option(metavar="FILE", help="Its patients' own dosing.")] = None,
    schedule: ScheduleFile = None,
    marker: Marker = None,
    patient: Annotated[
        list[str] | None, typer.Option("--patient", metavar="ID", help="Only this patient; may be repeated.")
    ] = None,
    unknown_initial: Annotated[
        str | None, typer.Option(metavar="S,R", help="These states, or `all`.")
    ] = None,
    local: Annotated[
        bool, typer.Option("--local", help="No global answers; a fraction of a second.")
    ] = False,
    time_limit: Annotated[float, typer.Option(metavar="SECONDS", help="For the global answers.")] = 20.0,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Answers as JSON.")] = None,
    latex: Annotated[bool, typer.Option("--latex", help="Equations and combinations in LaTeX.")] = False,
) -> None:
    """Say what ideal data could tell about the parameters of MODEL, from its equations alone.

    Every parameter and unknown initial state is globally, locally or not identifiable. Without an option, under a
    generic input; dosing as it is done may tell less. Exit code 3 where some of several systems failed.
    """
    from workbench.structural_command import StructuralRequest, execute

    request = StructuralRequest(
        model, name, dose, phases, lengths, all_patterns, cohort, schedule, marker, tuple(patient or ()),
        unknown_initial, local, time_limit,
    )  # fmt: skip
    code = execute(request, json_file=json_file, latex=latex)
    if code:
        raise typer.Exit(code)


@app.command(epilog=EXIT_CODES)
def identify(
    source: Annotated[Path, typer.Argument(metavar="RUN_OR_FILE", help="Run directory, or a cohort file.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="RUN", help="Run directory of a cohort file.")
    ] = None,
    patient: Annotated[
        list[str] | None, typer.Option("--patient", metavar="ID", help="Only this patient; may be repeated.")
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="What further visits should settle: a parameter, window_low, …"),
    ] = None,
    days: Annotated[str | None, typer.Option(metavar="DAYS", help="Feasible visits: 200,230.")] = None,
    doses: Annotated[str | None, typer.Option(metavar="LEVELS", help="Feasible doses: 0,0.6,1.")] = None,
    day_ahead: Annotated[
        float | None, typer.Option("--day-ahead", metavar="N", help="Profile the burden N days ahead.")
    ] = None,
    progression_dose: Annotated[
        float | None, typer.Option(metavar="DOSE", help="Profile the time to progression under this dose.")
    ] = None,
    replicates: Annotated[int | None, typer.Option(help="Of the bootstrap [200].")] = None,
    simulations: Annotated[int | None, typer.Option(help="Of each plan of further visits [40].")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A first look: fewer of everything.")] = False,
    schedule: ScheduleFile = None,
    marker: Marker = None,
    model: Annotated[str | None, typer.Option(help="With a cohort file, as in `run`.")] = None,
    likelihood: Annotated[str | None, typer.Option(help="With a cohort file, as in `run`.")] = None,
    seed: Annotated[int | None, typer.Option(help="With a cohort file, as in `run`.")] = None,
    k_tol: Annotated[float | None, typer.Option("--k-tol", help="With a cohort file, as in `run`.")] = None,
    quiet: Quiet = False,
) -> None:
    """Say what is identified, why not, and what would change that.

    Adds to a run: profiles of the dose window, what moving a declared bound does, a bootstrap, two-dimensional
    profiles, what to measure next. Results go to RUN/identifiability.html and tables. Repeat the command to continue.
    """
    from workbench.identify_command import IdentifyRequest, execute
    from workbench.inquiry_options import InquiryOptions, numbers

    options = InquiryOptions(
        replicates, simulations, numbers("--days", days), numbers("--doses", doses), tuple(target or ()), day_ahead,
        progression_dose, quick,
    )  # fmt: skip
    request = IdentifyRequest(
        source, output, tuple(patient or ()), schedule, marker, model, likelihood, seed, k_tol, options
    )
    try:
        code = execute(request, quiet=quiet)
    except KeyboardInterrupt:
        say("interrupted; what was finished is kept. Repeat the same command to continue.")
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(code)


app.command(epilog=EXIT_CODES)(fit)
app.command(epilog=EXIT_CODES)(dose)
app.command(epilog=EXIT_CODES)(monitor)
app.command(epilog=SWITCH_EXIT_CODES)(switch)


@app.command()
def report(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="Run directory.")],
    patient: Annotated[
        list[str] | None,
        typer.Option("--patient", metavar="ID", help="Show this patient with all figures; may be repeated."),
    ] = None,
) -> None:
    """Make the tables and report.html of RUN again from its results."""
    from workbench.rerender import render_again

    path = render_again(run_folder, tuple(patient or ()))
    typer.echo(str(path))


def _execute(request: Request, *, quiet: bool) -> None:
    """Carry out a run and print how it ended."""
    from workbench.console import choose_observer
    from workbench.listing import print_outcome
    from workbench.session import execute

    try:
        with choose_observer(quiet=quiet) as observer:
            outcome = execute(request, observer)
    except KeyboardInterrupt:
        say("interrupted; what was finished is kept. Repeat the same command to continue.")
        raise typer.Exit(INTERRUPTED) from None
    print_outcome(outcome, request.folder, quiet=quiet)
    raise typer.Exit(outcome.exit_code)


def main() -> None:
    """Run the command; errors are sentences on the standard error, never tracebacks."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(
                stream, TextIOWrapper
            ):  # an identifier must not end a run on a terminal of few signs
                stream.reconfigure(errors="replace")
        code = app(prog_name="evodose", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # the reader of a pipe (`evodose models | head`) has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("EVODOSE_DEBUG") == "1":
            raise
        sys.exit(_explain(error))


def _explain(error: Exception) -> int:
    """Say what went wrong; return the exit code."""
    show = getattr(error, "format_message", None)  # a usage error of the command line itself
    if show is not None:
        text = show()
        print(
            text if text.startswith("Usage") else f"evodose: {text}\nTry `evodose --help`.", file=sys.stderr
        )
        return 2
    if isinstance(error, (ValueError, RuntimeError, OSError)) and _is_ours(error):
        from patients.problems import UnusableCohortError

        say(str(error))
        return 1 if isinstance(error, UnusableCohortError) else 2
    say(f"unexpected {type(error).__name__}: {error}\nSet EVODOSE_DEBUG=1 to see where it happened.")
    return 2


def _is_ours(error: Exception) -> bool:
    """Whether the message was written for a person: an error of this project, or of the file system."""
    rooms = ("dynamics", "patients", "fitting", "identifiability", "dosing", "workbench")
    return isinstance(error, OSError) or type(error).__module__.split(".")[0] in rooms


if __name__ == "__main__":
    main()
