"""Tables from delimited text: comma, semicolon or tab."""

from __future__ import annotations

import codecs
import csv
import io
import re

from patients.cohort import CohortError
from patients.problems import Problem
from patients.readers.raw import RawTable, build_table

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
_EXPORT_UTF8 = "save it as “CSV UTF-8”"
_RUBBISH = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def read_csv(source: str, content: bytes) -> RawTable:
    """Read delimited text; the delimiter is the one that splits the header.

    Row numbers are those of a spreadsheet: a line break inside quotes does not start a new row.

    Parameters
    ----------
    source : str
        File name, for messages.
    content : bytes
        The whole file: UTF-8 or UTF-16 with or without byte-order mark, otherwise Windows-1252.

    Raises
    ------
    CohortError
        Bytes that are not text, a quote that is never closed, a file without rows.
    """
    text, remarks = _decode(source, content)
    first, _, rest = text.partition("\n")
    hinted = re.fullmatch(
        r"\s*\"?sep=([,;\t])\"?\s*", first, re.IGNORECASE
    )  # Excel's own hint; not a row to Excel
    if hinted:
        text, delimiter = rest, hinted[1]
    else:
        delimiter = _delimiter(text)
    return build_table(source, _records(source, text, delimiter), remarks, delimiter)


def _records(source: str, text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Split into numbered records."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    records: list[tuple[int, list[str]]] = []
    try:
        for number, record in enumerate(reader, start=1):
            records.append((number, record))
    except csv.Error as error:
        row = len(records) + 1
        raise CohortError(
            f'{source}, row {row}: broken quotes ({error}). A quotation mark (") opens in or after this row '
            'and does not close where its cell ends; delete it, or write it twice ("") inside a quoted cell'
        ) from None
    return records


def _delimiter(text: str) -> str:
    """Return the delimiter that splits the first line that any of them splits."""
    for line in text.splitlines()[:20]:
        fields = {
            d: len(next(csv.reader([line], delimiter=d, skipinitialspace=True), [])) for d in _DELIMITERS
        }
        best = max(fields, key=lambda d: fields[d])
        if fields[best] > 1:
            return best
    return ","


def _decode(source: str, content: bytes) -> tuple[str, list[Problem]]:
    """Turn bytes into text; say so where the encoding had to be guessed."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decode_utf16(source, content, "utf-16")
    # UTF-16 without a mark: every other byte of western text is zero.
    pairs = content[:2000]
    for zeros, codec in ((pairs[1::2], "utf-16-le"), (pairs[::2], "utf-16-be")):
        if len(zeros) > 4 and zeros.count(0) > 0.8 * len(zeros):
            return _decode_utf16(source, content, codec)
    if len(_RUBBISH.findall(content[:100_000])) > 0:
        raise CohortError(
            f"{source} is not a table of text: it holds bytes that no text has. If it comes from a "
            "spreadsheet or a statistics program, save it as .xlsx or as CSV (UTF-8)"
        )
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    remark = Problem(
        severity="warning",
        message="the file is not UTF-8; it was read as Windows-1252 (Latin-1), so letters with accents, µ "
        "or ≤ in names may come out wrong; numbers do not",
        remedy=_EXPORT_UTF8,
        file=source,
        row=row,
    )
    return text, [remark]


def _decode_utf16(source: str, content: bytes, codec: str) -> tuple[str, list[Problem]]:
    """Decode UTF-16, as Excel's “Unicode text” is."""
    try:
        text = content.decode(codec).removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise CohortError(f"{source} begins as UTF-16 and is broken further on; {_EXPORT_UTF8}") from None
    return text, [
        Problem(severity="note", message="the file is UTF-16 (“Unicode text”) and was read so", file=source)
    ]
