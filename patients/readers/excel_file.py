"""Tables from the first sheet of an Excel workbook."""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
import zipfile
from typing import Any

from patients.cohort import CohortError
from patients.problems import Problem
from patients.readers.raw import RawTable, build_table


def read_excel(source: str, content: bytes) -> RawTable:
    """Read the first sheet, every cell as the text that the spreadsheet shows.

    Dates come as ISO text, whole numbers without a decimal point, numbers formatted as ``000`` with their
    leading zeros (patient 007).

    Parameters
    ----------
    source : str
        File name, for messages.
    content : bytes
        The whole workbook.

    Raises
    ------
    CohortError
        A zip archive that is no workbook, a broken workbook, a sheet without rows.
    """
    _refuse_other_archives(source, content)
    sheets, grid = _grid(source, content, values=True)
    if any(value is None for row in grid.values() for value, _ in row):
        # A formula that was never computed has no stored value; it must not pass for a blank cell.
        _, formulas = _grid(source, content, values=False)
        for number, texts in formulas.items():
            row = grid.setdefault(number, [(None, "")] * len(texts))
            for i, (text, _) in enumerate(texts[: len(row)]):
                if row[i][0] is None and str(text).startswith("="):
                    row[i] = (text, "")
    remarks = []
    if len(sheets) > 1:
        others = ", ".join(repr(s) for s in sheets[1:6])
        remarks.append(
            Problem(
                severity="note",
                message=f"the first sheet, {sheets[0]!r}, was read; not read: {others}",
                remedy="move the sheet with the measurements to the front, if it is another one",
                file=source,
            )
        )
    records = ((n, [_text(value, shown) for value, shown in row]) for n, row in sorted(grid.items()))
    return build_table(source, records, remarks)


def _refuse_other_archives(source: str, content: bytes) -> None:
    """Say what a zip archive is, where it is not a workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        raise CohortError(
            f"{source} is a broken or incomplete Excel workbook or zip archive; open it in the spreadsheet "
            "program and save it again as .xlsx or CSV"
        ) from None
    if "xl/workbook.xml" in names:
        return
    what = "a zip archive: unpack it first"
    if "content.xml" in names:
        what = "an OpenDocument file: save it as .xlsx or CSV"
    elif "xl/workbook.bin" in names:
        what = "a binary Excel workbook (.xlsb): save it as .xlsx or CSV"
    elif "word/document.xml" in names:
        what = "a Word document: put its table into a spreadsheet and save that as .xlsx or CSV"
    raise CohortError(f"{source} is {what}")


def _grid(source: str, content: bytes, *, values: bool) -> tuple[list[str], dict[int, list[tuple[Any, str]]]]:
    """Return the sheets' names, and (value, number format) of the cells of each row of the first one.

    Rows without any value are left out: a formatted sheet may hold a million of them.
    """
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about charts and validation rules, which are not read here
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=values)
            try:
                if not book.worksheets:
                    raise CohortError(f"{source} holds no worksheet, only charts")
                sheet: Any = book.worksheets[0]
                sheet.reset_dimensions()  # some programs store a wrong size
                grid = {
                    n: [(getattr(c.value, "text", c.value), getattr(c, "number_format", "")) for c in row]
                    for n, row in enumerate(sheet.iter_rows(min_row=1), start=1)
                    if any(c.value is not None for c in row)
                }
                return [s.title for s in book.worksheets], grid
            finally:
                book.close()
    except CohortError:
        raise
    except Exception as error:  # openpyxl raises whatever the broken part of the file leads it into
        raise CohortError(
            f"{source} cannot be opened as an Excel workbook ({type(error).__name__}: {error}); open it in "
            "the spreadsheet program and save it again as .xlsx or CSV"
        ) from None


def _text(value: Any, shown: str) -> str:
    """Return a cell as the text that the spreadsheet shows."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, int) and re.fullmatch("0{2,}", shown):
        return str(value).zfill(len(shown))
    return repr(value) if isinstance(value, float) else str(value)
