"""What the commands print on the standard output."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from patients.problems import quoted
from workbench.report.labels import days, interval, marker_label, number, people, percent

if TYPE_CHECKING:
    from dynamics.model import Model
    from patients.check import CheckReport
    from workbench.decision import Decision
    from workbench.session import Outcome

_ROWS = 40
_WIDE = 120  # columns; a narrower table would squeeze the reasons into a thread
_PROBLEMS = 200
_WIDTH_OF_FILES = 150  # where the output is not a terminal there is no width to fit into


def output_console() -> Console:
    """Console of the standard output."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH_OF_FILES
    return console


# ---- the end of a run -----------------------------------------------------------------------------------
def print_outcome(outcome: Outcome, folder: Path, *, quiet: bool) -> None:
    """Print one row a patient, counts, and where the report lies."""
    console = output_console()
    if not quiet:
        wide = console.width >= _WIDE
        console.print(_decisions_table(outcome, with_reason=wide))
        for d in outcome.decisions[:_ROWS] if not wide else ():
            console.print(Text.assemble((f"{_name(d)}: ", "bold"), d.reason))
        left = len(outcome.decisions) - _ROWS
        if left > 0:
            console.print(f"… and {left} more in {folder / 'regimens.csv'}", markup=False)
        console.print()
    console.print(_counts(outcome), markup=False, soft_wrap=True)
    if outcome.computed == 0:
        console.print("Everything was there already; nothing was computed again (--fresh begins anew).")
    console.print(f"Report: {outcome.report}", markup=False, soft_wrap=True)


def _decisions_table(outcome: Outcome, *, with_reason: bool) -> Table:
    """Table of the first patients' decisions; on a narrow terminal the reasons follow below it."""
    title = "Research use only; not a medical device"
    table = Table(title=title, title_style="dim", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("virtual patient" if outcome.virtual else "patient", overflow="fold", max_width=24)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("paper", no_wrap=True)
    table.add_column(outcome.criterion, no_wrap=True)
    table.add_column("decision", no_wrap=True)
    table.add_column("dose", justify="right", no_wrap=True)
    table.add_column("window, % MTD", justify="right", no_wrap=True)
    if with_reason:
        table.add_column("reason", overflow="fold", min_width=40)
    for d in outcome.decisions[:_ROWS]:
        cells = _decision_cells(d)
        table.add_row(*(cells if with_reason else cells[:-1]))
    return table


def _name(d: Decision) -> str:
    """Write the identifier of a patient so that it is safe on a terminal."""
    return quoted(d.patient_id)[1:-1]


def _decision_cells(d: Decision) -> tuple[Text | str, ...]:
    """Cells of one patient; text of the data never carries markup."""
    if d.failed:
        word = Text("failed", style="bold red")
    elif d.action == "recommend":
        word = Text("recommend", style="bold green")
    else:
        word = Text("refuse", style="yellow")
    window = "–" if math.isnan(d.window_low) else f"{100 * d.window_low:.1f} – {100 * d.window_high:.1f}"
    return (
        Text(_name(d)), str(d.n_points), _verdict(d.paper), _verdict(d.profile), word,
        percent(d.dose_fraction), window, Text(d.reason),
    )  # fmt: skip


def _verdict(identified: bool | None) -> Text:
    """Write a criterion's answer in a word."""
    if identified is None:
        return Text("–", style="dim")
    return Text("identified", style="green") if identified else Text("no", style="yellow")


def _counts(outcome: Outcome) -> str:
    """Say how many patients came to what."""
    decisions = outcome.decisions
    recommended = sum(d.action == "recommend" for d in decisions)
    refused = len(decisions) - recommended - outcome.failed
    text = f"{people(len(decisions), virtual=outcome.virtual)}: {recommended} recommended, {refused} refused"
    if outcome.failed:
        text += f", {outcome.failed} failed"
    if outcome.rejected:
        text += f"; {len(outcome.rejected)} left out without a usable series (exclusions.csv)"
    return text + "."


# ---- evodose check --------------------------------------------------------------------------------------
def print_check(report: CheckReport) -> None:
    """Print every problem, then what would be fitted."""
    console = output_console()
    for problem in report.problems[:_PROBLEMS]:
        style = {"error": "red", "warning": "yellow"}.get(problem.severity, "dim")
        console.print(Text(str(problem), style=style), soft_wrap=True)
    if len(report.problems) > _PROBLEMS:
        console.print(f"… and {len(report.problems) - _PROBLEMS} more")
    usable = [p for p in report.patients if p.usable]
    if report.patients:
        table = Table(title=Text(f"What would be fitted of {report.source}"), title_justify="left")
        for name, side in (
            ("patient", "left"), ("points", "right"), ("left out", "right"), ("censored", "right"),
            ("days", "right"), ("burden", "right"), ("marker", "left"), ("dose", "left"),
        ):  # fmt: skip
            table.add_column(name, justify=side, overflow="fold")  # type: ignore[arg-type]
        for p in report.patients[:_PROBLEMS]:
            name = Text(quoted(p.patient_id)[1:-1])
            if not p.usable:
                table.add_row(
                    name, "–", "–", "–", "–", "–", "", Text(f"not fitted: {p.reason}", style="yellow")
                )
                continue
            table.add_row(
                name, str(p.n_used), str(p.n_excluded), str(p.n_censored),
                f"{days(p.first_day)} – {days(p.last_day)}", interval(p.burden_min, p.burden_max),
                Text(marker_label(p.marker)), Text(p.doses),
            )  # fmt: skip
        console.print(table)
        if len(report.patients) > _PROBLEMS:
            console.print(f"… and {len(report.patients) - _PROBLEMS} more patients")
    counts = ", ".join(
        f"{report.count(s)} {s}{'' if report.count(s) == 1 else 's'}" for s in ("error", "warning", "note")
    )
    console.print(f"{counts}. {len(usable)} of {len(report.patients)} patients can be fitted.", markup=False)


# ---- evodose models -------------------------------------------------------------------------------------
def print_catalogue() -> None:
    """Print name, title, parameters, source of every model; apart, those for the study of control."""
    from dynamics.catalogue import catalogue_names, control_names, get_model

    table = Table(box=None, pad_edge=False)
    for name in ("model", "what it describes", "parameters", "source"):
        table.add_column(name, overflow="fold")
    for name in catalogue_names():
        model = get_model(name)
        table.add_row(name, Text(model.title), ", ".join(model.parameter_names), Text(model.source))
    apart = Table(box=None, pad_edge=False)
    for name in ("model", "what it describes", "controls", "source"):
        apart.add_column(name, overflow="fold")
    for name in control_names():
        model = get_model(name)
        controls = ", ".join(i.name for i in model.inputs)
        apart.add_row(name, Text(model.title), controls, Text(model.source))
    console = output_console()
    console.print(table)
    console.print("\nFor dose optimisation, not fitted: all numbers of these models are declared.")
    console.print(apart)
    console.print(
        "\nevodose models NAME prints equations, bounds and their reasons; NAME may be a .py or .yaml file."
    )


def print_model(model: Model) -> None:
    """Print equations, states, parameters with bounds, constants, assumptions, source."""
    console = output_console()

    def line(text: str = "", style: str = "") -> None:
        console.print(Text(text, style=style), soft_wrap=True)

    line(f"{model.name}: {model.title}" if model.title else model.name, "bold")
    line(f"Source: {model.source}" if model.source else "")
    line("\nEquations (time in days)")
    for state in model.states:
        meaning = f"    {state.meaning}" if state.meaning else ""
        line(f"  d{state.name}/dt = {state.rhs}{meaning}")
    for state in model.states:
        line(f"  {state.name}(0) = {state.initial}")
    for output in model.outputs:
        line(f"  {output.name} = {output.expr}")
    for given in model.inputs:
        line(f"  {given.name}: {given.meaning}, in [{given.lower:g}, {given.upper:g}]")
    table = Table(title="Parameters", title_justify="left")
    for name in ("name", "unit", "bounds", "meaning", "why these bounds"):
        table.add_column(name, overflow="fold")
    for p in model.parameters:
        scale = f" × {p.scale}" if p.scale else ""
        table.add_row(
            p.name,
            p.unit,
            f"[{p.lower:g}, {p.upper:g}]{scale}".replace("[", r"\["),
            Text(p.meaning),
            Text(p.bounds_reason),
        )
    console.print(table)
    for c in model.constants:
        value = "the burden at the first visit" if c.from_data else number(c.value)
        line(f"  {c.name} = {value}: {c.meaning}")
    if model.assumptions:
        line("\nAssumptions")
        for assumption in model.assumptions:
            line(f"  - {assumption}")
