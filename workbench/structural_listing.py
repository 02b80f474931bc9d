"""Structural answers on the standard output."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from identifiability.structural.result import Structural, StructuralAnswer
from patients.problems import quoted
from workbench.listing import output_console

if TYPE_CHECKING:
    from workbench.structural_command import Asked, Question

_WORDS = {
    Structural.GLOBAL: ("global", "one value", "green"),
    Structural.LOCAL: ("local", "several isolated values", "yellow"),
    Structural.AT_LEAST_LOCAL: ("local or global", "isolated values; how many was not settled", "yellow"),
    Structural.NOT: ("not", "a continuum of values", "red"),
    Structural.KNOWN: ("known", "known", "dim"),
    Structural.UNSETTLED: ("unsettled", "not settled", "magenta"),
}
_TELL_AFTER_S = 2.0
# More patterns than this stand below each other, the unknowns side by side.
_MOST_COLUMNS = 5
_PATIENTS_SHOWN = 12
_LONGEST_EQUATION = 6000
_PRIMES = {1: "′", 2: "″", 3: "‴", 4: "⁗"}
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@contextmanager
def telling_of(question: Question, place: int, of: int, time_limit_s: float | None) -> Iterator[None]:
    """Say on the standard error what is being done, if it takes more than two seconds."""

    def tell() -> None:
        which = f" ({place} of {of})" if of > 1 else ""
        what = question.label or question.experiment.words
        limit = "" if time_limit_s is None else f"; global answers take at most {time_limit_s:g} s"
        print(f"evodose: {question.system.name}, {what}{which}: working{limit}", file=sys.stderr, flush=True)

    timer = threading.Timer(_TELL_AFTER_S, tell)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def print_answers(asked: Sequence[Asked], *, latex: bool) -> None:
    """Print the answers for one system: one in full, several side by side and then what is behind each."""
    console = output_console()
    answered = [a for a in asked if a.answer is not None]
    for a in asked:
        if a.answer is None:
            _line(console, f"{a.question.system.name}: {a.failure}", "red")
    if len(answered) == 1:
        _print_one(console, answered[0], latex=latex)
        return
    if answered:
        _line(console, answered[0].question.system.name, "bold")
        few = len(answered) <= _MOST_COLUMNS
        console.print(_side_by_side(answered) if few else _below_each_other(answered))
        for alike in _alike(answered):
            _print_behind(console, alike, latex=latex)


def print_remarks(remarks: Sequence[str]) -> None:
    """Print what a reader should know before the answers."""
    console = output_console()
    for remark in remarks:
        _line(console, f"Note: {remark}", "yellow")


def as_json(asked: Sequence[Asked]) -> str:
    """Return the answers for machines."""
    return json.dumps([_entry(a) for a in asked], indent=2, ensure_ascii=False) + "\n"


def _entry(asked: Asked) -> dict[str, Any]:
    """Return one answer for machines."""
    question, answer = asked.question, asked.answer
    entry: dict[str, Any] = {
        "model": question.system.name,
        "experiment": question.experiment.words,
        "pattern": question.label,
        "patients": list(question.patients),
    }
    if answer is None:
        return {**entry, "failure": asked.failure}
    return {
        **entry,
        "unknowns": {
            name: {"verdict": kind.name.lower(), "sentence": f"{name} {kind.value}"}
            for name, kind in zip(answer.parameters, answer.answers, strict=True)
        },
        "rank_defect": answer.rank_defect,
        "combinations": list(answer.combinations),
        "combinations_latex": list(answer.combinations_latex),
        "equations": list(answer.equations),
        "equations_latex": list(answer.equations_latex),
        "remarks": list(answer.remarks),
        "seconds": round(answer.seconds, 3),
    }


# ---- one answer -----------------------------------------------------------------------------------------
def _print_one(console: Console, asked: Asked, *, latex: bool) -> None:
    """Print an answer in full."""
    answer = _answer(asked)
    _line(console, f"{answer.model_name}, {asked.question.label or answer.experiment}", "bold")
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("unknown", "identifiable", "ideal data leave"):
        table.add_column(name, overflow="fold")
    for name, kind in zip(answer.parameters, answer.answers, strict=True):
        word, meaning, style = _WORDS[kind]
        table.add_row(name, Text(word, style=style), meaning)
    console.print(table)
    _line(console, f"Rank defect: {answer.rank_defect}")
    _print_rest(console, asked, asked.question.patients, answer.seconds, latex=latex)


def _alike(asked: Sequence[Asked]) -> list[list[Asked]]:
    """Return the answers in groups that differ in nothing but the dosing pattern."""
    groups: dict[tuple, list[Asked]] = {}
    for a in asked:
        answer = _answer(a)
        key = (answer.answers, answer.rank_defect, answer.combinations, answer.equations, answer.remarks)
        groups.setdefault(key, []).append(a)
    return list(groups.values())


def _print_behind(console: Console, alike: Sequence[Asked], *, latex: bool) -> None:
    """Print what stands behind one column, or one row, of several."""
    console.print()
    answer, label = _answer(alike[0]), alike[0].question.label
    heading = answer.experiment if label in ("", answer.experiment) else f"{label} ({answer.experiment})"
    if len(alike) > 1:
        heading += f" and {len(alike) - 1} more pattern{'s' if len(alike) > 2 else ''} with the same answers"
    _line(console, heading, "bold")
    patients = tuple(p for a in alike for p in a.question.patients)
    _print_rest(console, alike[0], patients, sum(_answer(a).seconds for a in alike), latex=latex)


def _print_rest(
    console: Console, asked: Asked, patients: Sequence[str], seconds: float, *, latex: bool
) -> None:
    """Print combinations, equations, remarks, seconds."""
    answer = _answer(asked)
    if patients:
        _line(console, f"Patients: {_some(patients)}")
    combinations = answer.combinations_latex if latex else tuple(map(readable, answer.combinations))
    if combinations:
        _line(console, "Identifiable combinations:" if len(combinations) > 1 else "Identifiable combination:")
        for text in combinations:
            _block(console, text)
    equations = answer.equations_latex if latex else answer.equations
    for i, text in enumerate(equations, 1):
        number = f" of output {i}" if len(equations) > 1 else ""
        phase = " in the first phase" if _switches(asked.question) else ""
        _line(console, f"Input-output equation{number}{phase}:")
        shown = text if latex else readable(text, _derivatives(asked.question))
        if len(shown) > _LONGEST_EQUATION:
            shown = f"({len(shown)} characters; --json FILE holds it)"
        else:
            shown += " = 0"
        _block(console, shown)
    for remark in answer.remarks:
        _line(console, f"Note: {remark}", "yellow")
    _line(console, f"{seconds:.2f} s", "dim")


# ---- several answers ------------------------------------------------------------------------------------
def _side_by_side(asked: Sequence[Asked]) -> Table:
    """Table with a column for each pattern."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("unknown", overflow="fold")
    for a in asked:
        table.add_column(Text(a.question.label or a.question.experiment.words), overflow="fold")
    for i, name in enumerate(_answer(asked[0]).parameters):
        table.add_row(name, *(_cell(_answer(a).answers[i]) for a in asked))
    table.add_section()
    table.add_row("rank defect", *(str(_answer(a).rank_defect) for a in asked))
    if any(a.question.patients for a in asked):
        table.add_row("patients", *(Text(_some(a.question.patients)) for a in asked))
    return table


def _below_each_other(asked: Sequence[Asked]) -> Table:
    """Table with a row for each pattern."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("dosing pattern", overflow="fold")
    if any(a.question.patients for a in asked):
        table.add_column("patients", overflow="fold")
    for name in _answer(asked[0]).parameters:
        table.add_column(name, overflow="fold")
    table.add_column("rank defect", justify="right")
    for a in asked:
        who = (
            [Text(_some(a.question.patients))] if len(table.columns) > len(_answer(a).parameters) + 2 else []
        )
        label = a.question.label or a.question.experiment.words
        answer = _answer(a)
        table.add_row(Text(label), *who, *map(_cell, answer.answers), str(answer.rank_defect))
    return table


def _cell(kind: Structural) -> Text:
    """Return a verdict in a word."""
    word, _, style = _WORDS[kind]
    return Text(word, style=style)


# ---- text -----------------------------------------------------------------------------------------------
def readable(text: str, derivatives: re.Pattern[str] | None = None) -> str:
    """Return an expression with raised exponents, middle dots and primes for derivatives.

    Parameters
    ----------
    text : str
        As SymPy reads it.
    derivatives : pattern, optional
        Matches what is a derivative: its name, an underscore, its order.
    """
    if derivatives is not None:
        text = derivatives.sub(lambda m: m[1] + _primes(int(m[2])), text)
    text = re.sub(r"\*\*(\d+)(?![\d.])", lambda m: m[1].translate(_RAISED), text)
    return text.replace("**", "^").replace("*", "·")


def _derivatives(question: Question) -> re.Pattern[str]:
    """Return what derivatives look like in this system's equations."""
    system = question.system
    taken = {s.name for s in (*system.parameters, *system.known)}
    inputs = [re.escape(s.name) for s in system.inputs]
    outputs = [f"{letter}{number}" for letter in ("y", "Y", "output") for number in (r"\d+", "")]
    names = "|".join(sorted([*inputs, *outputs], key=len, reverse=True))
    own = "".join(rf"(?!{re.escape(name)}\b)" for name in sorted(taken))
    return re.compile(rf"\b{own}({names})_(\d+)\b")


def _switches(question: Question) -> bool:
    """Whether the dose changes, so that there is an equation for each phase."""
    from identifiability.structural.experiment import Phases

    return isinstance(question.experiment, Phases) and len(question.experiment.levels) > 1


def _primes(order: int) -> str:
    """Return the mark of a derivative."""
    return _PRIMES.get(order, f"⁽{str(order).translate(_RAISED)}⁾")


def _some(patients: Sequence[str]) -> str:
    """Return the first patients; identifiers are data and may hold anything."""
    names = [quoted(p)[1:-1] for p in patients[:_PATIENTS_SHOWN]]
    left = len(patients) - len(names)
    return ", ".join(names) + (f" and {left} more" if left else "")


def _answer(asked: Asked) -> StructuralAnswer:
    """Return the answer of a question that has one."""
    assert asked.answer is not None
    return asked.answer


def _line(console: Console, text: str, style: str = "") -> None:
    """Print text that never carries markup."""
    console.print(Text(text, style=style), soft_wrap=True)


def _block(console: Console, text: str) -> None:
    """Print a long expression, indented, broken at blanks."""
    console.print(Padding(Text(text), (0, 0, 0, 4), expand=False))
