"""Reading a table of cell lines and drugs: every problem at once, with its place and its remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dosing.switching.model import SwitchingError
from dosing.switching.table.columns import KEYS, VALUES, find_columns
from dosing.switching.table.filling import Row, check_rows, fill
from dosing.switching.table.switching_table import SwitchingTable
from patients.cohort import CohortError
from patients.numerals import DecimalMark, decimal_mark, read_number
from patients.problems import Problem, ProblemLog, plural
from patients.readers.any_file import read_table

if TYPE_CHECKING:
    from patients.readers.raw import RawTable

__all__ = ["SwitchingTableError", "read_switching_table"]

_LISTED = 60


class SwitchingTableError(SwitchingError):
    """A table that cannot be used, with everything that was found in it.

    Parameters
    ----------
    file : str
    problems : sequence of Problem
    instead : str
        Why it cannot be read at all, in place of problems.
    """

    def __init__(self, file: str, problems: Iterable[Problem], instead: str = "") -> None:
        self.problems = tuple(problems)
        if instead:
            super().__init__(instead)
            return
        errors = [p for p in self.problems if p.severity == "error"]
        lines = [
            f"{file} cannot be used: {plural(len(errors), 'problem')}",
            *(f"  {p}" for p in errors[:_LISTED]),
        ]
        if len(errors) > _LISTED:
            lines.append(f"  … and {len(errors) - _LISTED} more")
        super().__init__("\n".join(lines))


@dataclass(frozen=True)
class _Names:
    """Spellings of the keys: case and repeated spaces do not count, the first spelling is kept."""

    spelled: dict[tuple[str, str], str]

    def of(self, key: str, text: str) -> str:
        plain = re.sub(r"\s+", " ", text).casefold()
        return self.spelled.setdefault((key, plain), text)


def read_switching_table(path: str | Path) -> SwitchingTable:
    """Read cell lines, compartments and drugs from a CSV file or an Excel workbook.

    One row for each line, compartment and drug, with the columns of :data:`dosing.switching.table.COLUMNS`. What
    belongs to a line or a drug alone may stand in all of its rows or in one of them.

    Parameters
    ----------
    path : str or Path
        Comma, semicolon or tab; decimal point or comma; with or without byte-order mark.

    Raises
    ------
    SwitchingTableError
        All problems at once.
    """
    path = Path(path)
    try:
        table = read_table(path)
    except CohortError as error:
        raise SwitchingTableError(path.name, (), str(error).replace("a visit", "a line and drug")) from None
    log = ProblemLog(path.name, list(table.remarks))
    place = find_columns(table, log)
    rows = _rows(table, place, log) if all(k.name in place for k in KEYS if k.name != "compartment") else []
    if rows:
        check_rows(rows, log)
    # values are only looked for where rows can be told apart
    filled = fill(rows, set(place), log)
    if any(p.severity == "error" for p in log.found):
        raise SwitchingTableError(path.name, log.problems())
    return _table(path.name, rows, filled, log)


def _rows(table: RawTable, place: dict[str, int], log: ProblemLog) -> list[Row]:
    """Read names and numbers, row by row."""

    def cell(cells: tuple[str, ...], name: str) -> str:
        i = place.get(name, -1)
        return cells[i] if 0 <= i < len(cells) else ""

    numeric = [c for c in VALUES if c.name in place]
    mark = decimal_mark(cell(cells, c.name) for _, cells in table.rows for c in numeric)
    if mark is DecimalMark.BOTH:
        log.add(
            "warning",
            "some numbers have a decimal comma and some a decimal point; both were read as decimals",
        )
    names, rows = _Names({}), []
    for number, cells in table.rows:
        if cells == table.columns:
            continue
        if table.delimiter and len(cells) > len(table.columns):
            log.add(
                "error", f"the row has {len(cells)} cells, but the header names {len(table.columns)} columns",
                "put quotes around a text with a comma, and semicolons between columns where decimals have a comma",
                row=number,
            )  # fmt: skip
            continue
        key = {k.name: names.of(k.name, cell(cells, k.name)) for k in KEYS}
        for name in ("line", "drug"):
            if not key[name]:
                log.add(
                    "error",
                    f"the row names no {name}",
                    "write the name into every row",
                    row=number,
                    column=name,
                )
        values: dict[str, float] = {}
        for column in numeric:
            text = cell(cells, column.name)
            read = read_number(text, mark)
            complaint, remedy = read.complaint, read.remedy
            if not complaint and read.sign:
                complaint, remedy = (
                    "a bound is no value",
                    "write the bound alone, and say in note that it is one",
                )
            elif not complaint and not read.missing:
                if not np.isfinite(read.value):
                    complaint, remedy = "it is not finite", "write a number"
                elif read.value < 0 and not column.signed:
                    complaint, remedy = (
                        f"{column.name} cannot be negative",
                        "write the number without its sign",
                    )
                elif read.value == 0 and not column.zero:
                    complaint, remedy = f"{column.name} must be above zero", "write the measured value"
            if complaint:
                log.add(
                    "error", complaint, remedy, row=number, column=table.columns[place[column.name]], value=text
                )  # fmt: skip
                # a value that cannot be read is not missing besides
                values[column.name] = float("nan")
            elif not read.missing:
                values[column.name] = read.value
        if key["line"] and key["drug"]:
            rows.append(
                Row(number, key["line"], key["compartment"], key["drug"], values, cell(cells, "note"))
            )
    if not rows and not log.found:
        log.add(
            "error", "no row names a line and a drug", "write one row for each line, compartment and drug"
        )
    return rows


def _table(
    file: str, rows: list[Row], filled: dict[str, dict[tuple[str, ...], float]], log: ProblemLog
) -> SwitchingTable:
    """Arrange what was read."""
    places = list(dict.fromkeys((r.line, r.compartment) for r in rows))
    # lines of one compartment stand together
    order = list(dict.fromkeys(c for _, c in places))
    places.sort(key=lambda p: order.index(p[1]))
    drugs = list(dict.fromkeys(r.drug for r in rows))

    def array(name: str) -> np.ndarray:
        level = next(c.level for c in VALUES if c.name == name)
        return np.array([
            [filled[name][tuple({"line": i, "compartment": c, "drug": s}[k] for k in level)] for i, c in places]
            for s in drugs
        ])  # fmt: skip

    return SwitchingTable(
        lines=tuple(i for i, _ in places), compartments=tuple(c for _, c in places), drugs=tuple(drugs),
        growth_per_day=array("growth_per_day")[0], cells=array("cells")[0], ec50_nM=array("ec50_nM"),
        hill=array("hill"), k_max_per_day=array("k_max_per_day"), concentration_nM=array("concentration_nM")[:, 0],
        penetration=array("penetration"), toxicity=array("toxicity")[:, 0], source=file, notes=_notes(rows),
        findings=tuple(str(p) for p in log.problems()),
    )  # fmt: skip


def _notes(rows: list[Row]) -> tuple[str, ...]:
    """Collect the notes, each once, with what it is about."""
    said: dict[str, list[Row]] = {}
    for row in rows:
        for text in row.note.split(";"):
            if text.strip():
                said.setdefault(text.strip(), []).append(row)
    every = {k.name: {getattr(r, k.name) for r in rows} for k in KEYS}
    found = []
    for text, own in said.items():
        about = {
            name: ", ".join(dict.fromkeys(getattr(r, name) for r in own))
            for name in every
            if {getattr(r, name) for r in own} != every[name]
        }
        place = f"in {about['compartment']}" if "compartment" in about else ""
        what = " on ".join(about[name] for name in ("drug", "line") if name in about)
        found.append(": ".join(part for part in (f"{what} {place}".strip(), text) if part))
    return tuple(found)
