"""The columns of a table of cell lines and drugs: names, units, what each value belongs to."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from patients.problems import ProblemLog
    from patients.readers.raw import RawTable

__all__ = ["COLUMNS", "KEYS", "VALUES", "Column", "find_columns"]


@dataclass(frozen=True)
class Column:
    """One column.

    Parameters
    ----------
    name : str
        Case, spaces, hyphens, underscores and brackets do not count.
    meaning : str
        What it holds, with the unit.
    level : tuple of str
        The keys that a value belongs to: it may stand in every row of them or in one, and must not differ.
    default : float or None
        Taken where the column or all its cells are blank; None where it must be given.
    zero : bool
        Whether zero is a value.
    signed : bool
        Whether a negative number is a value.
    """

    name: str
    meaning: str
    level: tuple[str, ...] = ()
    default: float | None = None
    zero: bool = True
    signed: bool = False


KEYS = (
    Column("line", "name of the cell line"),
    Column("compartment", "where in the body; blank where there is one place only"),
    Column("drug", "name of the drug"),
)
VALUES = (
    Column("ec50_nM", "EC50 of the drug on the line, nM", ("line", "drug"), zero=False),
    Column("hill", "Hill coefficient", ("line", "drug"), default=1.0, zero=False),
    Column("k_max_per_day", "what the drug takes from growth at saturation, per day", ("line", "drug")),
    Column(
        "growth_per_day",
        "net growth of the line without a drug, per day",
        ("line", "compartment"),
        signed=True,
    ),
    Column("cells", "cells at the start", ("line", "compartment")),
    Column("concentration_nM", "level of the drug in plasma while it is given, nM", ("drug",)),
    Column("penetration", "share of that level in the compartment", ("compartment", "drug"), default=1.0),
    Column("toxicity", "price of a day under the drug, in cells at the end", ("drug",), default=0.0),
)
NOTE = Column("note", "provenance or doubts, several parted by semicolons; printed with the result")
COLUMNS = (*KEYS, *VALUES, NOTE)
_OPTIONAL = {"compartment", "note"} | {c.name for c in VALUES if c.default is not None}


def find_columns(table: RawTable, log: ProblemLog) -> dict[str, int]:
    """Return the place of every known column; what is missing or named twice is an error in the log."""
    plain = [_plain(name) for name in table.columns]
    found: dict[str, int] = {}
    for column in COLUMNS:
        places = [i for i, name in enumerate(plain) if name == _plain(column.name)]
        if places:
            found[column.name] = places[0]
        if len(places) > 1:
            log.add(
                "error", f"the header names {column.name} {len(places)} times", "rename or delete all but one",
                row=table.header_row, column=table.columns[places[1]],
            )  # fmt: skip
    known = {plain[i] for i in found.values()}
    extra = {name: table.columns[i] for i, name in enumerate(plain) if name and name not in known}
    for column in COLUMNS:
        if column.name in found or column.name in _OPTIONAL:
            continue
        near = difflib.get_close_matches(_plain(column.name), list(extra), n=1, cutoff=0.5)
        hint = f"; is it the column {extra.pop(near[0])!r}? Then rename it" if near else ""
        log.add(
            "error", f"there is no column {column.name} ({column.meaning})", f"add it{hint}", row=table.header_row
        )  # fmt: skip
    for name in extra.values():
        log.add("note", "the column is not known and was ignored", row=table.header_row, column=name)
    return found


def _plain(name: str) -> str:
    """Return a name without what does not count."""
    return re.sub(r"[\s_\-().\[\]/]", "", name.casefold())
