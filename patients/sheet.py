"""A table whose columns are known, with the conventions that its cells show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from patients.calendar_dates import DateOrder, date_order, needs_order
from patients.header import match_columns
from patients.numerals import DecimalMark, Numeral, decimal_mark, read_number
from patients.problems import ProblemLog, UnusableCohortError

if TYPE_CHECKING:
    from patients.readers.raw import RawTable
    from patients.schema import Column

_NO_IDENTIFIER = frozenset(("", "nan", "none", "null", "<na>", "#n/a", "n/a"))


@dataclass(frozen=True)
class Sheet:
    """A table with its known columns.

    Parameters
    ----------
    table : RawTable
    position : mapping of str to int
        Known column -> its place in a row.
    log : ProblemLog
    mark : DecimalMark
        How the file writes decimals.
    order : DateOrder
        How the file writes dates.
    """

    table: RawTable
    position: Mapping[str, int]
    log: ProblemLog
    mark: DecimalMark
    order: DateOrder

    def cell(self, cells: Sequence[str], column: str) -> str:
        """Text of one cell, empty where the column or the cell does not exist."""
        i = self.position.get(column, -1)
        return cells[i] if 0 <= i < len(cells) else ""

    def number(self, cells: Sequence[str], column: str) -> Numeral:
        """Read one cell as a number."""
        return read_number(self.cell(cells, column), self.mark)

    def written(self, column: str) -> str:
        """Name of a column as the file writes it."""
        return self.table.columns[self.position[column]]

    def shifted(self, cells: Sequence[str]) -> bool:
        """Return True for a row with more cells than the header; a workbook's cells cannot shift."""
        return bool(self.table.delimiter) and len(cells) > len(self.table.columns)

    def named_rows(self) -> tuple[list[tuple[int, str, tuple[str, ...]]], list[int]]:
        """Return (row, patient, cells) of the rows that name a patient, and the rows that do not."""
        named, nameless = [], []
        for row, cells in self.table.rows:
            if cells == self.table.columns:
                self.log.add("note", "the header stands here again; the row was skipped", row=row)
                continue
            patient_id = self.cell(cells, "patient_id")
            if patient_id.casefold() not in _NO_IDENTIFIER:
                named.append((row, patient_id, cells))
                continue
            nameless.append(row)
            self.log.add(
                "error",
                "no patient_id; the row is dropped, because it is not known whose it is",
                "write the identifier into every row (spreadsheets often show it in a patient's first row "
                "only)",
                row=row,
                column=self.written("patient_id"),
                value=patient_id,
            )
        return named, nameless


def open_sheet(
    table: RawTable,
    columns: Sequence[Column],
    log: ProblemLog,
    *,
    numbers: Sequence[str],
    times: Sequence[str],
    instead: Mapping[str, str] | None = None,
) -> Sheet:
    """Find the columns of a table, and how it writes decimals, dates.

    Parameters
    ----------
    table : RawTable
    columns : sequence of Column
        What to look for.
    log : ProblemLog
        Takes the findings.
    numbers, times : sequence of str
        Columns that hold numbers, and those that may hold dates.
    instead : mapping, optional
        Required column -> column that may stand in for it.

    Raises
    ------
    UnusableCohortError
        Required columns are missing, or most rows do not fit the header.
    """
    log.found += table.remarks
    table, position = match_columns(table, columns, log, instead=instead)
    if any(p.severity == "error" for p in log.found):
        # Reading on would only repeat the header's errors for every row.
        raise UnusableCohortError(
            f"{log.file} cannot be used: its columns are not the expected ones", log.problems()
        )
    _refuse_shifted_rows(table, log)

    def texts(names: Sequence[str]) -> Iterable[str]:
        places = [position[n] for n in names if n in position]
        return (cells[i] for _, cells in table.rows for i in places if i < len(cells))

    sheet = Sheet(table, position, log, decimal_mark(texts(numbers)), date_order(texts(times)))
    _note_conventions(sheet, dated=any(needs_order(t) for t in texts(times)))
    return sheet


def _refuse_shifted_rows(table: RawTable, log: ProblemLog) -> None:
    """Stop where most rows hold more cells than the header has names, so that no cell is in its place."""
    longer = [row for row, cells in table.rows if table.delimiter and len(cells) > len(table.columns)]
    if 2 * len(longer) <= len(table.rows):
        return
    log.add(
        "error",
        f"{len(longer)} of {len(table.rows)} rows hold more cells than the header has names, so the cells "
        "cannot be matched with the columns",
        "where decimals are written with a comma (12,5), separate the columns with semicolons; where a "
        "column has no name, give it one",
        row=longer[0],
    )
    raise UnusableCohortError(f"{log.file} cannot be used: its rows do not fit its header", log.problems())


def _note_conventions(sheet: Sheet, *, dated: bool) -> None:
    """Write down how numbers, dates were understood for the whole file."""
    if sheet.mark is DecimalMark.COMMA:
        sheet.log.add("note", "numbers are written with a decimal comma and were read so (12,5 is 12.5)")
    elif sheet.mark is DecimalMark.BOTH:
        sheet.log.add(
            "warning",
            "some numbers are written with a decimal comma and some with a decimal point; both were read "
            "as decimals",
            "write all numbers in one way, best with a decimal point",
        )
    if dated and sheet.order in (DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST):
        sheet.log.add("note", f"dates were read {sheet.order.value}: some of them can only be read so")
