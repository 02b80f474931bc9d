"""The known columns of a header: where they are, which are missing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from patients.problems import ProblemLog, plural, quoted

if TYPE_CHECKING:
    from patients.readers.raw import RawTable
    from patients.schema import Column

_HEADER_SEARCH = 30
_UNITS = {"week": 7.0, "month": 30.4375, "year": 365.25}


def match_columns(
    table: RawTable, columns: Sequence[Column], log: ProblemLog, *, instead: Mapping[str, str] | None = None
) -> tuple[RawTable, dict[str, int]]:
    """Return the table from its header on, and the position of every known column.

    Names match without regard to case, spaces, hyphens, underscores, brackets. A header below a title is
    found. What is missing is an error that proposes the likeliest column; what is not known is ignored, and
    named.

    Parameters
    ----------
    table : RawTable
    columns : sequence of Column
        What to look for.
    log : ProblemLog
        Takes the findings.
    instead : mapping, optional
        Required column -> column that may stand in for it (``time_days`` -> ``date``).
    """
    instead = instead or {}
    table = _below_title(table, columns, log, instead)
    plain = [_plain(name) for name in table.columns]
    found: dict[str, int] = {}
    for column in columns:
        places = [i for i, name in enumerate(plain) if name == _plain(column.name)]
        if len(places) > 1:
            log.add(
                "error",
                f"the header names {column.name} {len(places)} times, so it is not known which is meant",
                "rename or delete all but one",
                row=table.header_row,
                column=table.columns[places[1]],
            )
        if places:
            found[column.name] = places[0]
    missing = [c for c in columns if c.required and c.name not in found and instead.get(c.name) not in found]
    known = {plain[i] for i in found.values()}
    extra = [i for i, name in enumerate(plain) if name and name not in known]
    if missing and _explain_layout(table, {c.name for c in missing}, log):
        return table, found
    for column in missing:
        _report_missing(table, column, extra, instead.get(column.name, ""), log)
    wanted = [i for i in extra if any(resembles(table.columns[i], c) for c in missing)]
    optional = [
        c for c in columns if c.name not in found and not c.required and c.name not in instead.values()
    ]
    _report_ignored(table, [i for i in extra if i not in wanted], optional, log)
    blank = [i for i, name in enumerate(plain) if not name]
    if blank and any(len(cells) > i and cells[i] for _, cells in table.rows for i in blank):
        log.add(
            "note",
            f"{plural(len(blank), 'column')} without a name in the header "
            f"{'was' if len(blank) == 1 else 'were'} ignored",
            row=table.header_row,
        )
    return table, found


def _plain(name: str) -> str:
    """Return a name without what does not count."""
    return re.sub(r"[\s_\-().\[\]]", "", name.casefold())


def _below_title(
    table: RawTable, columns: Sequence[Column], log: ProblemLog, instead: Mapping[str, str]
) -> RawTable:
    """Skip title lines: the header is the first row that names every required column."""

    def complete(cells: Collection[str]) -> bool:
        names = {_plain(c) for c in cells}
        return all(
            _plain(c.name) in names or _plain(instead.get(c.name, c.name)) in names
            for c in columns
            if c.required
        )

    if complete(table.columns):
        return table
    for i, (number, cells) in enumerate(table.rows[:_HEADER_SEARCH]):
        if complete(cells):
            log.add(
                "note", f"the header was found in row {number}; what stands above it was skipped", row=number
            )
            return table.with_header_at(i)
    return table


def _report_missing(
    table: RawTable, column: Column, extra: list[int], stand_in: str, log: ProblemLog
) -> None:
    """Say which column is missing, and which one is probably meant."""
    likely = [i for i in extra if resembles(table.columns[i], column)]
    needed = f"{column.name}{f' (or {stand_in})' if stand_in else ''}"
    if likely:
        names = " or ".join(quoted(table.columns[i]) for i in likely)
        remedy = f"if {names} is what is meant, rename it to {column.name}"
        unit = next((u for i in likely for u in _UNITS if u in table.columns[i].casefold()), "")
        if column.name == "time_days" and unit:
            remedy += f" and multiply its values by {_UNITS[unit]:g}, so that they are days"
        elif column.name == "time_days" and any("hour" in table.columns[i].casefold() for i in likely):
            remedy += " and divide its values by 24, so that they are days"
        elif column.name == "dose":
            remedy += f" (as a {column.unit})"
        elif column.name == "t_start":
            remedy += "; a schedule has one row a segment, with its first and last day"
    else:
        remedy = f"add it: {column.meaning} ({column.unit})"
    log.add("error", f"the required column {needed} is missing", remedy, row=table.header_row)


def resembles(name: str, column: Column) -> bool:
    """Return True where a header cell is likely to mean ``column``: a synonym, or a misspelling."""
    plain = _plain(name)
    if not plain:
        return False
    synonyms = [_plain(s) for s in (column.name, *column.synonyms)]
    words = [_plain(w) for w in re.split(r"[\s_\-().\[\],/]+", name) if w]
    leading = {"".join(words[:n]) for n in range(1, len(words) + 1)}
    if plain in synonyms or leading & {s for s in synonyms if len(s) > 1}:
        return True
    return bool(difflib.get_close_matches(plain, [s for s in synonyms if len(s) > 4], n=1, cutoff=0.8))


def _explain_layout(table: RawTable, missing: Collection[str], log: ProblemLog) -> bool:
    """Name the usual reason why a whole header is not understood; return False where there is none."""
    if len(table.columns) == 1:
        log.add(
            "error",
            f"the header holds one column only, {quoted(table.columns[0])}",
            "separate the columns with commas, semicolons or tabs (spaces and | do not separate)",
            row=table.header_row,
        )
    elif any(re.fullmatch(r"[+-]?\d+([.,]\d+)?", c) for c in table.columns):
        log.add(
            "error",
            "the first row looks like data, not like a header",
            "put a first row with the names of the columns above it; a file has one row for each visit, "
            "not one column",
            row=table.header_row,
        )
    elif "burden" in missing and {"tstart", "tend"} <= {_plain(c) for c in table.columns}:
        log.add(
            "error",
            "this is a dose schedule, not a table of burdens",
            "give it as the schedule, next to the file with the burdens",
            row=table.header_row,
        )
    else:
        return False
    return True


def _report_ignored(table: RawTable, extra: list[int], optional: Sequence[Column], log: ProblemLog) -> None:
    """Name the columns that nobody reads; warn where one looks like an optional column that is missing."""
    if not extra:
        return
    for i in extra:
        for column in optional:
            if resembles(table.columns[i], column):
                log.add(
                    "warning",
                    f"this column is not read, but it looks like {column.name} ({column.meaning}), which is "
                    "missing",
                    f"if that is what it holds, rename it to {column.name} ({column.unit})",
                    row=table.header_row,
                    column=table.columns[i],
                )
                break
    names = ", ".join(table.columns[i] for i in extra)
    log.add("note", f"{plural(len(extra), 'unknown column')} ignored: {names}", row=table.header_row)
