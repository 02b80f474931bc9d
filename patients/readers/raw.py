"""A table as text, with the row numbers of its file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from patients.cohort import CohortError

if TYPE_CHECKING:
    from patients.problems import Problem

# What Excel, R and databases put around text: ordinary, non-breaking and zero-width spaces, byte-order marks.
_INVISIBLE = " \t\r\n\v\f\u00a0\u2007\u202f\u200b\u200c\u200d\u2060\ufeff"


def trim(text: str) -> str:
    """Strip visible and invisible white space."""
    return text.strip(_INVISIBLE)


@dataclass(frozen=True)
class RawTable:
    """A table as the file writes it.

    Parameters
    ----------
    source : str
        File name.
    columns : tuple of str
        Header cells, trimmed.
    rows : tuple of (int, tuple of str)
        Row number in the file as a spreadsheet shows it, with the trimmed cells, possibly more than columns.
        Blank rows are left out, their numbers are not used again.
    header_row : int
        Row number of the header.
    delimiter : str
        What separates the cells; empty for a workbook, whose cells cannot shift.
    remarks : tuple of Problem
        What the reader had to assume.
    """

    source: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    header_row: int
    delimiter: str = ""
    remarks: tuple[Problem, ...] = ()

    def with_header_at(self, index: int) -> RawTable:
        """Return the table whose header is ``rows[index]``; what stands above it is dropped."""
        number, cells = self.rows[index]
        return replace(self, columns=cells, rows=self.rows[index + 1 :], header_row=number)


def build_table(
    source: str, records: Iterable[tuple[int, Iterable[str]]], remarks: Iterable[Problem], delimiter: str = ""
) -> RawTable:
    """Make a table of numbered records; the first that is not blank is the header.

    Raises
    ------
    CohortError
        No record, or a header without rows.
    """
    filled: list[tuple[int, tuple[str, ...]]] = []
    for number, record in records:
        cells = tuple(trim(cell) for cell in record)
        while cells and not cells[-1]:
            cells = cells[:-1]
        if cells:
            filled.append((number, cells))
    if not filled:
        raise CohortError(
            f"{source} is empty: it holds no table. Export it again, with a header and one row a visit"
        )
    (header_row, columns), *rows = filled
    if not rows:
        raise CohortError(
            f"{source} holds a header (row {header_row}) and no rows below it. Export it again, with data"
        )
    return RawTable(source, columns, tuple(rows), header_row, delimiter, tuple(remarks))
